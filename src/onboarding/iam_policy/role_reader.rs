//! Reads a role from IAM: its trust policy, its inline and attached policies, its boundary, how long its sessions may be.
//!
//! **Invariant:** knows IAM's operations, and nothing of how a call is made ([`IamCaller`]) or what follows from a document.

use aws_config::SdkConfig;
use aws_sdk_iam::Client;

use super::document::PolicyDocument;
use super::json::decode_document;
use crate::aws::listing::{self, ListedPage, list};
use crate::aws::{AwsError, AwsErrorKind, Identity};
use crate::domain::{Arn, RoleArn};
use crate::input::ParseError;

/// The actions of `RoleReader::role`.
pub const READ_ROLE_ACTIONS: &[&str] = &[
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
];
/// Those of them whose resource is the role.
pub(crate) const OWN_ROLE_ACTIONS: &[&str] =
    &["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"];
/// Those of them whose resource is a policy that is attached to the role.
pub(crate) const POLICY_ACTIONS: &[&str] = &["iam:GetPolicy", "iam:GetPolicyVersion"];

/// Makes single calls to IAM, with its own credentials and limits.
pub(crate) trait IamCaller {
    fn client(&self) -> Client;

    /// Makes one call. `send` may be called again, if the session has expired.
    async fn call<T, E, F>(&self, operation: &'static str, send: impl Fn() -> F) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, E>>,
        E: Into<AwsError>;
}

/// Calls IAM with the SDK alone, with the credentials of its configuration.
pub(crate) struct PlainIamCaller(Client);

impl PlainIamCaller {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }
}

impl IamCaller for PlainIamCaller {
    fn client(&self) -> Client {
        self.0.clone()
    }

    async fn call<T, E, F>(&self, _operation: &'static str, send: impl Fn() -> F) -> Result<T, AwsError>
    where
        F: Future<Output = Result<T, E>>,
        E: Into<AwsError>,
    {
        send().await.map_err(Into::into)
    }
}

/// A role, as IAM describes it.
#[derive(Debug)]
pub(crate) struct RoleDescription {
    /// The trust policy, or why it could not be understood.
    pub trust: Result<PolicyDocument, AwsError>,
    /// The longest session, in seconds.
    pub max_session_seconds: Option<i32>,
    pub policies: RolePolicies,
    /// The permissions boundary by its ARN, if the role has one.
    pub boundary: Option<(String, Result<PolicyDocument, AwsError>)>,
    /// The id that IAM gave the role.
    pub unique_id: String,
}

/// The policies of a role. What could not be read is part of the answer.
#[derive(Debug, Default)]
pub(crate) struct RolePolicies {
    /// Each policy by its name.
    pub documents: Vec<(String, Result<PolicyDocument, AwsError>)>,
    /// Why a listing of policies ended early, so that there may be more of them.
    pub listing_error: Option<AwsError>,
}

impl RolePolicies {
    /// The documents that could be read.
    pub(crate) fn readable(&self) -> impl Iterator<Item = &PolicyDocument> {
        self.documents.iter().filter_map(|(_, document)| document.as_ref().ok())
    }

    /// Returns whether nothing is missing.
    pub(crate) fn is_complete(&self) -> bool {
        self.listing_error.is_none() && self.documents.iter().all(|(_, document)| document.is_ok())
    }

    /// Returns all documents, or the first error.
    pub(crate) fn all(self) -> Result<Vec<PolicyDocument>, AwsError> {
        match self.listing_error {
            Some(error) => Err(error),
            None => self.documents.into_iter().map(|(_, document)| document).collect(),
        }
    }
}

/// Reads one role and its policies from IAM.
pub(crate) struct RoleReader<'a, C> {
    iam: Client,
    caller: C,
    role_name: &'a str,
}

impl<'a> RoleReader<'a, PlainIamCaller> {
    /// Reads `backend_role` with the credentials of this identity. IAM finds a role by its name alone, so an identity of
    /// another account would read another role.
    pub(crate) fn of_backend(config: &SdkConfig, identity: &Identity, role: &'a RoleArn) -> Result<Self, AwsError> {
        let partition = identity.arn.parse::<Arn>().map(|arn| arn.partition);
        if identity.account_id != role.account_id.as_str() || partition.as_ref() != Ok(&role.partition) {
            let message = format!(
                "this runs as {}, which is not of the account {} of that role: sign in there (AWS_PROFILE)",
                identity.arn, role.account_id
            );
            return Err(AwsError::new(AwsErrorKind::WrongAccount, message));
        }
        Ok(Self::of_caller(config, role.name()))
    }

    /// Reads a role of the caller's own account.
    pub(crate) fn of_caller(config: &SdkConfig, role_name: &'a str) -> Self {
        Self::new(PlainIamCaller::new(config), role_name)
    }
}

impl<'a, C: IamCaller> RoleReader<'a, C> {
    pub(crate) fn new(caller: C, role_name: &'a str) -> Self {
        Self { iam: caller.client(), caller, role_name }
    }

    /// Reads the role and its policies. Only a failure of `iam:GetRole` itself is an error.
    pub(crate) async fn role(&self) -> Result<RoleDescription, AwsError> {
        let send = || self.iam.get_role().role_name(self.role_name).send();
        let role = self.caller.call("iam:GetRole", send).await?.role;
        let role = role.ok_or_else(|| listing::unreadable("iam:GetRole", "has no role"))?;
        let trust = role.assume_role_policy_document().unwrap_or_default();
        let boundary = role.permissions_boundary().map(|one| one.permissions_boundary_arn().unwrap_or_default());
        Ok(RoleDescription {
            trust: decode_document(trust)
                .map_err(|error| AwsError::new(AwsErrorKind::Unreadable, format!("the trust policy is {error}"))),
            max_session_seconds: role.max_session_duration(),
            policies: self.policies().await,
            boundary: match boundary {
                Some(arn) => Some((arn.to_owned(), self.managed_document(arn).await)),
                None => None,
            },
            unique_id: role.role_id().to_owned(),
        })
    }

    /// Reads the inline and the attached policies.
    pub(crate) async fn policies(&self) -> RolePolicies {
        let mut policies = RolePolicies::default();
        let inline_error = self.inline(&mut policies).await;
        let attached_error = self.attached(&mut policies).await;
        policies.listing_error = inline_error.or(attached_error);
        policies
    }

    async fn inline(&self, policies: &mut RolePolicies) -> Option<AwsError> {
        const OPERATION: &str = "iam:ListRolePolicies";
        let page = async |marker: Option<String>| {
            let send = || self.iam.list_role_policies().role_name(self.role_name).set_marker(marker.clone()).send();
            let page = self.caller.call(OPERATION, send).await?;
            let items = Some(page.policy_names);
            Ok(ListedPage { items, next_token: page.marker, is_truncated: Some(page.is_truncated) })
        };
        let listing = list(OPERATION, page).await;
        for name in listing.items {
            let document = self.inline_document(&name).await;
            policies.documents.push((name, document));
        }
        listing.error
    }

    async fn inline_document(&self, name: &str) -> Result<PolicyDocument, AwsError> {
        let send = || self.iam.get_role_policy().role_name(self.role_name).policy_name(name).send();
        let response = self.caller.call("iam:GetRolePolicy", send).await?;
        document_of(name, response.policy_document())
    }

    async fn attached(&self, policies: &mut RolePolicies) -> Option<AwsError> {
        const OPERATION: &str = "iam:ListAttachedRolePolicies";
        let page = async |marker: Option<String>| {
            let send =
                || self.iam.list_attached_role_policies().role_name(self.role_name).set_marker(marker.clone()).send();
            let page = self.caller.call(OPERATION, send).await?;
            let items = page.attached_policies;
            Ok(ListedPage { items, next_token: page.marker, is_truncated: Some(page.is_truncated) })
        };
        let listing = list(OPERATION, page).await;
        for policy in listing.items {
            let arn = policy.policy_arn.unwrap_or_default();
            let document = self.managed_document(&arn).await;
            policies.documents.push((policy.policy_name.unwrap_or(arn), document));
        }
        listing.error
    }

    async fn managed_document(&self, arn: &str) -> Result<PolicyDocument, AwsError> {
        managed_document(&self.caller, arn).await
    }
}

/// Reads the document of a policy that is no part of a role, a user or a group.
pub(super) async fn managed_document(caller: &impl IamCaller, arn: &str) -> Result<PolicyDocument, AwsError> {
    let iam = caller.client();
    let send = || iam.get_policy().policy_arn(arn).send();
    let policy = caller.call("iam:GetPolicy", send).await?.policy;
    let version = policy.and_then(|policy| policy.default_version_id).unwrap_or_default();
    let send = || iam.get_policy_version().policy_arn(arn).version_id(&version).send();
    let response = caller.call("iam:GetPolicyVersion", send).await?;
    let text = response.policy_version.and_then(|version| version.document).unwrap_or_default();
    document_of(arn, &text)
}

/// The document of a policy with this name or ARN.
pub(super) fn document_of(policy: &str, text: &str) -> Result<PolicyDocument, AwsError> {
    let unreadable =
        |error: ParseError| AwsError::new(AwsErrorKind::Unreadable, format!("the policy {policy} is {error}"));
    decode_document(text).map_err(unreadable)
}
