//! Reads the policies of an IAM user: its own, and those of its groups.
//!
//! **Invariant:** knows IAM's operations, and nothing of what follows from a document.

use aws_config::SdkConfig;
use aws_sdk_iam::Client;
use aws_sdk_iam::types::AttachedPolicy;

use super::document::PolicyDocument;
use super::role_reader::{IamCaller, PlainIamCaller, document_of, managed_document};
use crate::aws::{AwsError, AwsErrorKind};
use crate::onboarding::paging::{ListedPage, list};

/// The policies of a user.
#[derive(Debug, Default)]
pub(crate) struct UserPolicies {
    pub documents: Vec<PolicyDocument>,
    /// What could not be read, with the reason.
    pub unread: Vec<(String, AwsError)>,
}

/// Reads one user.
pub(crate) struct UserReader<'a> {
    iam: Client,
    caller: PlainIamCaller,
    user: &'a str,
}

/// Lists the names of a kind of policies, page by page.
macro_rules! policy_names {
    ($operation:literal, $call:expr) => {
        list($operation, async |marker: Option<String>| {
            let page = $call.set_marker(marker).send().await?;
            Ok(ListedPage {
                items: Some(page.policy_names),
                next_token: page.marker,
                is_truncated: Some(page.is_truncated),
            })
        })
        .await
        .complete()
    };
}

/// Lists the attached policies, page by page.
macro_rules! attached_policies {
    ($operation:literal, $call:expr) => {
        list($operation, async |marker: Option<String>| {
            let page = $call.set_marker(marker).send().await?;
            Ok(ListedPage {
                items: page.attached_policies,
                next_token: page.marker,
                is_truncated: Some(page.is_truncated),
            })
        })
        .await
        .complete()
    };
}

impl<'a> UserReader<'a> {
    /// Reads a user of the caller's own account.
    pub(crate) fn new(config: &SdkConfig, user: &'a str) -> Self {
        let caller = PlainIamCaller::new(config);
        Self { iam: caller.client(), caller, user }
    }

    /// Reads the policies of the user. It needs `iam:ListGroupsForUser`, `iam:ListGroupPolicies` and
    /// `iam:GetGroupPolicy`. What else is denied is part of the answer.
    ///
    /// # Errors
    ///
    /// Returns an error if one of these three calls fails, or another one for another reason than a denial.
    pub(crate) async fn policies(&self) -> Result<UserPolicies, AwsError> {
        let mut policies = UserPolicies::default();
        for group in self.groups().await? {
            let names = policy_names!("iam:ListGroupPolicies", self.iam.list_group_policies().group_name(&group))?;
            for name in names {
                let response = self.iam.get_group_policy().group_name(&group).policy_name(&name).send().await?;
                policies.documents.push(document_of(&name, response.policy_document())?);
            }
            let attached = attached_policies!(
                "iam:ListAttachedGroupPolicies",
                self.iam.list_attached_group_policies().group_name(&group)
            );
            self.add_attached(&mut policies, format!("the policies attached to the group {group}"), attached).await?;
        }
        self.add_own_inline(&mut policies).await?;
        let attached = attached_policies!(
            "iam:ListAttachedUserPolicies",
            self.iam.list_attached_user_policies().user_name(self.user)
        );
        self.add_attached(&mut policies, "the policies attached to the user".to_owned(), attached).await?;
        Ok(policies)
    }

    async fn groups(&self) -> Result<Vec<String>, AwsError> {
        let page = async |marker: Option<String>| {
            let page = self.iam.list_groups_for_user().user_name(self.user).set_marker(marker).send().await?;
            let items = Some(page.groups.into_iter().map(|group| group.group_name).collect());
            Ok(ListedPage { items, next_token: page.marker, is_truncated: Some(page.is_truncated) })
        };
        list("iam:ListGroupsForUser", page).await.complete()
    }

    async fn add_own_inline(&self, policies: &mut UserPolicies) -> Result<(), AwsError> {
        let read = async || {
            let mut documents = Vec::new();
            for name in policy_names!("iam:ListUserPolicies", self.iam.list_user_policies().user_name(self.user))? {
                let response = self.iam.get_user_policy().user_name(self.user).policy_name(&name).send().await?;
                documents.push(document_of(&name, response.policy_document())?);
            }
            Ok(documents)
        };
        let documents = policies.unless_denied("the inline policies of the user".to_owned(), read().await)?;
        policies.documents.extend(documents.into_iter().flatten());
        Ok(())
    }

    async fn add_attached(
        &self,
        policies: &mut UserPolicies,
        what: String,
        attached: Result<Vec<AttachedPolicy>, AwsError>,
    ) -> Result<(), AwsError> {
        for policy in policies.unless_denied(what, attached)?.into_iter().flatten() {
            let arn = policy.policy_arn.unwrap_or_default();
            let document = managed_document(&self.caller, &arn).await;
            let document = policies.unless_denied(format!("the policy {arn}"), document)?;
            policies.documents.extend(document);
        }
        Ok(())
    }
}

impl UserPolicies {
    /// Notes a denial. Another failure is an error.
    fn unless_denied<T>(&mut self, what: String, read: Result<T, AwsError>) -> Result<Option<T>, AwsError> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) if matches!(error.kind, AwsErrorKind::Denied | AwsErrorKind::ScpDenied) => {
                self.unread.push((what, error));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
