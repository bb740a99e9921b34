//! What a customer's role says of itself, where it may read that: its trust, its policies, how long its sessions may be.
//! The role of our template may not, so most of the time there is nothing to read.
//!
//! Knows IAM's calls, and nothing of what is to be made of the documents.

use std::sync::Arc;

use crate::aws::AwsError;
use crate::aws::Priority;
use crate::aws::{Service, ServiceClient, Session};
use crate::domain::Partition;
use crate::onboarding::iam_policy::read::PolicyText;

/// What is asked to read a role.
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
    /// Whom it lets in.
    pub trust: Option<PolicyText>,
    /// How long its sessions may be, in seconds.
    pub max_session_seconds: Option<i32>,
    /// Its policies by name. None instead of a document where that could not be read.
    pub policies: Vec<(String, Option<PolicyText>)>,
    /// Whether not even all of their names could be.
    pub has_more: bool,
    /// Whether a permissions boundary narrows it.
    pub has_boundary: bool,
}

/// Reads a role. IAM answers the role itself first: whoever may not have that gets its cause.
pub(super) async fn read(session: &Arc<Session>, partition: &Partition, role_name: &str) -> Result<RoleText, AwsError> {
    let reader =
        RoleReader { client: session.client(Service::Iam, partition.iam_region, Priority::Normal), role: role_name };
    let iam = reader.client.iam();
    let answer = reader.call("iam:GetRole", iam.get_role().role_name(role_name).send()).await?;
    let role = answer.role;
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
    role: &'a str,
}

impl RoleReader<'_> {
    async fn call<T, E>(
        &self,
        operation: &'static str,
        request: impl Future<
            Output = Result<
                T,
                aws_sdk_iam::error::SdkError<E, aws_smithy_runtime_api::client::orchestrator::HttpResponse>,
            >,
        >,
    ) -> Result<T, AwsError>
    where
        E: aws_sdk_iam::error::ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.client.ticket.open(operation, None).await;
        let answer = self.client.ticket.calling(request).await.map_err(AwsError::of);
        self.client.ticket.close();
        answer
    }

    async fn inline(&self) -> Result<Vec<(String, Option<PolicyText>)>, AwsError> {
        let (iam, mut found, mut marker) = (self.client.iam(), Vec::new(), None);
        loop {
            let request = iam.list_role_policies().role_name(self.role).set_marker(marker);
            let page = self.call("iam:ListRolePolicies", request.send()).await?;
            for name in page.policy_names {
                let request = iam.get_role_policy().role_name(self.role).policy_name(&name);
                let text = self.call("iam:GetRolePolicy", request.send()).await;
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
        let (iam, mut found, mut marker) = (self.client.iam(), Vec::new(), None);
        loop {
            let request = iam.list_attached_role_policies().role_name(self.role).set_marker(marker);
            let page = self.call("iam:ListAttachedRolePolicies", request.send()).await?;
            for policy in page.attached_policies.unwrap_or_default() {
                let arn = policy.policy_arn.unwrap_or_default();
                let document = self.managed(&iam, &arn).await.ok().flatten();
                found.push((policy.policy_name.unwrap_or(arn), document));
            }
            marker = page.marker.filter(|_| page.is_truncated);
            if marker.is_none() {
                return Ok(found);
            }
        }
    }

    async fn managed(&self, iam: &aws_sdk_iam::Client, arn: &str) -> Result<Option<PolicyText>, AwsError> {
        let policy = self.call("iam:GetPolicy", iam.get_policy().policy_arn(arn).send()).await?;
        let version = policy.policy.and_then(|policy| policy.default_version_id).unwrap_or_default();
        let request = iam.get_policy_version().policy_arn(arn).version_id(version);
        let answer = self.call("iam:GetPolicyVersion", request.send()).await?;
        Ok(answer.policy_version.and_then(|version| version.document).as_deref().and_then(PolicyText::read))
    }
}
