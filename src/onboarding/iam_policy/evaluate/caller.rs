//! Who makes a request, and the condition keys that follow from it.
//!
//! **Invariant:** knows no policy. What is not known of a caller is none, and never taken for absent.

use super::key_value::KeyValue;
use crate::domain::{AccountId, RoleArn};
use crate::onboarding::iam_policy::{BackendPrincipal, PrincipalKind};

/// Who makes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// An identity of an account: a role's session, a user, or the root user.
    Account(AccountCaller),
    /// A service of AWS: `ec2.amazonaws.com`.
    Service(String),
    /// Somebody who signed in with an identity provider: the ARN of a SAML or OIDC provider, or the name of a web
    /// identity provider such as `cognito-identity.amazonaws.com`.
    Federated(String),
    /// A caller without any credentials.
    #[cfg_attr(not(test), expect(dead_code, reason = "IAM documents it, and STS refuses calls without a signature"))]
    Anonymous,
}

/// What kind of identity an account's caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdentityKind {
    Role,
    User,
    Root,
    /// A session of `sts:GetFederationToken`.
    FederatedUser,
}

/// An identity of an account. Each part may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AccountCaller {
    /// The partition of its ARNs: `aws`.
    pub partition: String,
    pub account: Option<AccountId>,
    pub kind: Option<IdentityKind>,
    /// The ARN of the role with its path, of the user, of the federated user, or of the account's root.
    pub arn: Option<String>,
    /// The name of the role's session.
    pub session: Option<String>,
    /// The unique id, without the session: `AROA…`, `AIDA…`.
    pub unique_id: Option<String>,
}

impl Caller {
    /// A session of a role, by the session's name and the role's unique id (with or without the session), if known.
    pub(crate) fn session_of(role: &RoleArn, session: Option<&str>, unique_id: Option<&str>) -> Self {
        Self::Account(AccountCaller {
            session: session.map(str::to_owned),
            unique_id: unique_id.map(|id| id.split(':').next().unwrap_or_default().to_owned()),
            ..AccountCaller::of(&role.partition, &role.account_id, IdentityKind::Role, role.to_string())
        })
    }

    /// The backend as it comes: a session of a role, or a user.
    pub(crate) fn of_backend(principal: &BackendPrincipal, session: &str, unique_id: Option<&str>) -> Self {
        let (kind, session) = match principal.kind {
            PrincipalKind::Role => (IdentityKind::Role, Some(session.to_owned())),
            PrincipalKind::User => (IdentityKind::User, None),
        };
        Self::Account(AccountCaller {
            session,
            unique_id: unique_id.map(|id| id.split(':').next().unwrap_or_default().to_owned()),
            ..AccountCaller::of(&principal.partition, &principal.account_id, kind, principal.to_string())
        })
    }

    /// What follows from the caller for a condition key, whose name is in lower case.
    ///
    /// AWS's source: "AWS global condition context keys" and the table of principals in "IAM policy elements: Variables".
    pub(super) fn key(&self, key: &str) -> Option<KeyValue> {
        match self {
            Self::Account(caller) => caller.key(key),
            Self::Service(name) => match key {
                "aws:principalisawsservice" => Some(one("true")),
                "aws:principalservicename" => Some(one(name)),
                "aws:username" => Some(KeyValue::Absent),
                // IAM does not document what these are for a service.
                "aws:principalarn" | "aws:principalaccount" | "aws:principaltype" => Some(KeyValue::Unknown),
                _ => None,
            },
            Self::Federated(provider) => match key {
                "aws:federatedprovider" => Some(one(provider)),
                "aws:principalisawsservice" => Some(one("false")),
                "aws:username" => Some(KeyValue::Absent),
                "aws:principalarn" | "aws:principalaccount" | "aws:principaltype" => Some(KeyValue::Unknown),
                _ => None,
            },
            Self::Anonymous => match key {
                "aws:principalisawsservice" => Some(one("false")),
                "aws:principaltype" => Some(one("Anonymous")),
                // The user guide says of both that they are absent, and that they are `anonymous`.
                "aws:userid" | "aws:principalaccount" => Some(KeyValue::Unknown),
                "aws:principalarn" | "aws:principalorgid" | "aws:principalorgpaths" | "aws:username" => {
                    Some(KeyValue::Absent)
                }
                _ => None,
            },
        }
    }
}

fn one(value: &str) -> KeyValue {
    KeyValue::Values(vec![value.to_owned()])
}

impl AccountCaller {
    fn of(partition: &str, account: &AccountId, kind: IdentityKind, arn: String) -> Self {
        Self {
            partition: partition.to_owned(),
            account: Some(account.clone()),
            kind: Some(kind),
            arn: Some(arn),
            ..Self::default()
        }
    }

    /// The ARN of the role's session: `arn:aws:sts::<account>:assumed-role/<role>/<session>`.
    pub(super) fn session_arn(&self) -> Option<String> {
        let (account, arn, session) = (self.account.as_ref()?, self.arn.as_ref()?, self.session.as_ref()?);
        let role = arn.rsplit('/').next()?;
        let partition = &self.partition;
        (self.kind == Some(IdentityKind::Role))
            .then(|| format!("arn:{partition}:sts::{account}:assumed-role/{role}/{session}"))
    }

    fn key(&self, key: &str) -> Option<KeyValue> {
        // An identity of an account has the key, whatever its value is.
        let present = |value: Option<String>| value.map_or(KeyValue::Present, |value| KeyValue::Values(vec![value]));
        match key {
            "aws:principalaccount" => Some(present(self.account.as_ref().map(ToString::to_string))),
            "aws:principalarn" => Some(present(self.arn.clone())),
            "aws:userid" => Some(present(self.user_id())),
            "aws:username" => Some(match (self.kind, &self.arn) {
                (Some(IdentityKind::User), arn) => {
                    present(arn.as_ref().and_then(|arn| arn.rsplit('/').next()).map(str::to_owned))
                }
                (Some(_), _) => KeyValue::Absent,
                (None, _) => KeyValue::Unknown,
            }),
            "aws:principaltype" => Some(present(self.kind.map(|kind| kind.principal_type().to_owned()))),
            "aws:tokenissuetime" if matches!(self.kind, Some(IdentityKind::Role | IdentityKind::FederatedUser)) => {
                Some(KeyValue::Present)
            }
            "aws:principalisawsservice" => Some(one("false")),
            "aws:principalservicename" | "aws:principalservicenameslist" => Some(KeyValue::Absent),
            _ => None,
        }
    }

    /// The value of `aws:userid`.
    fn user_id(&self) -> Option<String> {
        match self.kind? {
            IdentityKind::Role => Some(format!("{}:{}", self.unique_id.as_ref()?, self.session.as_ref()?)),
            IdentityKind::User => self.unique_id.clone(),
            IdentityKind::Root => self.account.as_ref().map(ToString::to_string),
            IdentityKind::FederatedUser => {
                let name = self.arn.as_ref()?.rsplit('/').next()?;
                Some(format!("{}:{name}", self.account.as_ref()?))
            }
        }
    }
}

impl IdentityKind {
    /// The value of `aws:PrincipalType`.
    fn principal_type(self) -> &'static str {
        match self {
            Self::Role => "AssumedRole",
            Self::User => "User",
            Self::Root => "Account",
            Self::FederatedUser => "FederatedUser",
        }
    }
}

#[cfg(test)]
impl Caller {
    /// A session of a role. Its session name and unique id are not known.
    pub(crate) fn role(role: &RoleArn) -> Self {
        Self::session_of(role, None, None)
    }

    /// A user of an account, by its name with its path.
    pub(crate) fn user(partition: &str, account: &AccountId, path_and_name: &str, unique_id: Option<&str>) -> Self {
        let arn = format!("arn:{partition}:iam::{account}:user/{path_and_name}");
        Self::Account(AccountCaller {
            unique_id: unique_id.map(str::to_owned),
            ..AccountCaller::of(partition, account, IdentityKind::User, arn)
        })
    }

    /// The root user of an account.
    pub(crate) fn root(partition: &str, account: &AccountId) -> Self {
        let arn = format!("arn:{partition}:iam::{account}:root");
        Self::Account(AccountCaller::of(partition, account, IdentityKind::Root, arn))
    }

    /// Some identity of an account, of which no more is known.
    pub(crate) fn someone_of(partition: &str, account: &AccountId) -> Self {
        Self::Account(AccountCaller {
            partition: partition.to_owned(),
            account: Some(account.clone()),
            ..AccountCaller::default()
        })
    }

    /// Some identity of some account, of which no more is known.
    pub(crate) fn someone(partition: &str) -> Self {
        Self::Account(AccountCaller { partition: partition.to_owned(), ..AccountCaller::default() })
    }
}
