//! Reads a customer's role through its own session: its trust policy, its permission policies and its session duration. The
//! template's role may not read itself, so there is usually nothing to read.
//!
//! **Invariant:** knows IAM's calls, and nothing of what follows from the documents.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::aws::{AwsError, Cancellation, Priority, Service, ServiceClient, Session};
use crate::domain::Partition;
use crate::onboarding::iam_policy::read::PolicyText;

/// The actions that reading a role needs.
pub(super) const READ_ROLE: &[&str] = &[
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
];

/// A role, as IAM describes it.
#[derive(Clone, Debug, Default)]
pub(super) struct RoleText {
    /// Its trust policy.
    pub trust: Option<PolicyText>,
    /// The longest duration of its sessions, in seconds.
    pub max_session_seconds: Option<i32>,
    /// Its policies by name, without the document if that could not be read.
    pub policies: Vec<(String, Option<PolicyText>)>,
    /// Whether some of their names could not be read.
    pub has_more: bool,
    /// Whether it has a permissions boundary.
    pub has_boundary: bool,
}

/// Reads a role, within the session's time budget. Fails if the role itself may not be read; a policy that may not be is left
/// out.
pub(super) async fn read(session: &Arc<Session>, partition: &Partition, role_name: &str) -> Result<RoleText, AwsError> {
    let (stop, _watch) = session.cancellation(&CancellationToken::new());
    let client = session.client(Service::Iam, partition.iam_region, Priority::Normal);
    let reader = RoleReader { iam: client.iam(), client, stop, role: role_name };
    let send = || reader.iam.get_role().role_name(role_name).send();
    let role = reader.client.call("iam:GetRole", &reader.stop, send).await?.role;
    let mut text = RoleText {
        trust: role.as_ref().and_then(|role| role.assume_role_policy_document()).and_then(PolicyText::read),
        max_session_seconds: role.as_ref().and_then(|role| role.max_session_duration()),
        policies: Vec::new(),
        has_more: false,
        has_boundary: role.as_ref().is_some_and(|role| role.permissions_boundary().is_some()),
    };
    for found in [reader.inline().await, reader.attached().await] {
        text.has_more |= found.is_err();
        text.policies.extend(found.unwrap_or_default());
    }
    Ok(text)
}

struct RoleReader<'a> {
    client: ServiceClient,
    iam: aws_sdk_iam::Client,
    stop: Cancellation,
    role: &'a str,
}

impl RoleReader<'_> {
    async fn inline(&self) -> Result<Vec<(String, Option<PolicyText>)>, AwsError> {
        let (mut found, mut marker) = (Vec::new(), None);
        loop {
            let send = || self.iam.list_role_policies().role_name(self.role).set_marker(marker.clone()).send();
            let page = self.client.call("iam:ListRolePolicies", &self.stop, send).await?;
            for name in page.policy_names {
                let send = || self.iam.get_role_policy().role_name(self.role).policy_name(&name).send();
                let text = self.client.call("iam:GetRolePolicy", &self.stop, send).await;
                let document = text.ok().and_then(|answer| PolicyText::read(answer.policy_document()));
                found.push((name, document));
            }
            marker = page.marker.filter(|_| page.is_truncated);
            if marker.is_none() {
                return Ok(found);
            }
        }
    }

    async fn attached(&self) -> Result<Vec<(String, Option<PolicyText>)>, AwsError> {
        let (mut found, mut marker) = (Vec::new(), None);
        loop {
            let send = || self.iam.list_attached_role_policies().role_name(self.role).set_marker(marker.clone()).send();
            let page = self.client.call("iam:ListAttachedRolePolicies", &self.stop, send).await?;
            for policy in page.attached_policies.unwrap_or_default() {
                let arn = policy.policy_arn.unwrap_or_default();
                let document = self.managed(&arn).await.ok().flatten();
                found.push((policy.policy_name.unwrap_or(arn), document));
            }
            marker = page.marker.filter(|_| page.is_truncated);
            if marker.is_none() {
                return Ok(found);
            }
        }
    }

    async fn managed(&self, arn: &str) -> Result<Option<PolicyText>, AwsError> {
        let send = || self.iam.get_policy().policy_arn(arn).send();
        let policy = self.client.call("iam:GetPolicy", &self.stop, send).await?.policy;
        let version = policy.and_then(|policy| policy.default_version_id).unwrap_or_default();
        let send = || self.iam.get_policy_version().policy_arn(arn).version_id(&version).send();
        let answer = self.client.call("iam:GetPolicyVersion", &self.stop, send).await?;
        Ok(answer.policy_version.and_then(|version| version.document).as_deref().and_then(PolicyText::read))
    }
}
