//! Reads the policies of an IAM user: its own, and those of its groups.
//!
//! **Invariant:** knows IAM's operations, and nothing of what follows from a document.

use aws_config::SdkConfig;
use aws_sdk_iam::Client;
use aws_sdk_iam::types::AttachedPolicy;

use super::document::PolicyDocument;
use super::role_reader::{IamCaller, PlainIamCaller, document_of, managed_document};
use crate::aws::listing::{ListedPage, list};
use crate::aws::{AwsError, AwsErrorKind};

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

/// Makes a listing of IAM, page by page. The operations have no type in common, but members of the same names. An `optional`
/// list may be missing in an answer.
macro_rules! listed {
    ($operation:literal, $call:expr, optional $list:ident) => {
        listed!($operation, $call, |page| page.$list)
    };
    ($operation:literal, $call:expr, $list:ident) => {
        listed!($operation, $call, |page| Some(page.$list))
    };
    ($operation:literal, $call:expr, |$page:ident| $items:expr) => {
        list($operation, async |marker: Option<String>| {
            let $page = $call.set_marker(marker).send().await?;
            Ok(ListedPage { items: $items, next_token: $page.marker, is_truncated: Some($page.is_truncated) })
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
            let names =
                listed!("iam:ListGroupPolicies", self.iam.list_group_policies().group_name(&group), policy_names)?;
            for name in names {
                let response = self.iam.get_group_policy().group_name(&group).policy_name(&name).send().await?;
                policies.documents.push(document_of(&name, response.policy_document())?);
            }
            let attached = listed!(
                "iam:ListAttachedGroupPolicies",
                self.iam.list_attached_group_policies().group_name(&group),
                optional attached_policies
            );
            self.add_attached(&mut policies, format!("the policies attached to the group {group}"), attached).await?;
        }
        self.add_own_inline(&mut policies).await?;
        let attached = listed!(
            "iam:ListAttachedUserPolicies",
            self.iam.list_attached_user_policies().user_name(self.user),
            optional attached_policies
        );
        self.add_attached(&mut policies, "the policies attached to the user".to_owned(), attached).await?;
        Ok(policies)
    }

    async fn groups(&self) -> Result<Vec<String>, AwsError> {
        let groups = listed!("iam:ListGroupsForUser", self.iam.list_groups_for_user().user_name(self.user), groups)?;
        Ok(groups.into_iter().map(|group| group.group_name).collect())
    }

    async fn add_own_inline(&self, policies: &mut UserPolicies) -> Result<(), AwsError> {
        let read = async || {
            let mut documents = Vec::new();
            for name in
                listed!("iam:ListUserPolicies", self.iam.list_user_policies().user_name(self.user), policy_names)?
            {
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
