//! Reads a customer role's own policies through a session in the role. The template's role may read itself only
//! with `SelfRead=yes`.
//!
//! **Invariant:** knows how the calls are made; what is read is [`role_reader`](crate::onboarding::iam_policy::role_reader)'s.

use std::sync::Arc;

use aws_sdk_iam::Client;
use tokio_util::sync::CancellationToken;

use crate::aws::{AwsError, Cancellation, Priority, Service, ServiceClient, Session};
use crate::domain::Partition;
use crate::onboarding::iam_policy::role_reader::{IamCaller, RoleDescription, RoleReader};

/// Reads a role, within the session's time budget. A role that may not call `iam:GetRole` is an error.
pub(super) async fn read(
    session: &Arc<Session>,
    partition: &Partition,
    role_name: &str,
) -> Result<RoleDescription, AwsError> {
    let (stop, _watch) = session.cancellation(&CancellationToken::new());
    let client = session.client(Service::Iam, partition.iam_region, Priority::Normal);
    RoleReader::new(SessionIamCaller { client, stop }, role_name).role().await
}

/// Calls IAM within the limits of an account's session.
struct SessionIamCaller {
    client: ServiceClient,
    stop: Cancellation,
}

impl IamCaller for SessionIamCaller {
    fn client(&self) -> Client {
        self.client.iam()
    }

    async fn call<T, E, F>(&self, operation: &'static str, send: impl Fn() -> F) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, E>>,
        E: Into<AwsError>,
    {
        self.client.call(operation, &self.stop, send).await
    }
}
