//! Reads a customer role's own policies through a session in the role. The role of our template does not allow that, so
//! there is usually nothing to read.
//!
//! **Invariant:** knows how the calls are made; what is read is [`role_reader`](crate::onboarding::iam_policy::role_reader)'s.

use std::sync::Arc;

use aws_sdk_iam::Client;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::aws::{AwsError, Priority, Service, ServiceClient, Session};
use crate::domain::Partition;
use crate::onboarding::iam_policy::role_reader::{IamCaller, RoleDescription, RoleReader};

/// Reads a role. A role that may not call `iam:GetRole` is an error.
pub(super) async fn read(
    session: &Arc<Session>,
    partition: &Partition,
    role_name: &str,
) -> Result<RoleDescription, AwsError> {
    let caller = SessionIamCaller { client: session.client(Service::Iam, partition.iam_region, Priority::Normal) };
    RoleReader::new(caller, role_name).role().await
}

/// Calls IAM within the limits of an account's session.
struct SessionIamCaller {
    client: ServiceClient,
}

impl IamCaller for SessionIamCaller {
    async fn call<T, E>(
        &self,
        operation: &'static str,
        send: impl AsyncFn(Client) -> Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<T, AwsError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.client.ticket.open(operation, None).await;
        let result = self.client.ticket.calling(send(self.client.iam())).await.map_err(AwsError::of);
        self.client.ticket.close();
        result
    }
}
