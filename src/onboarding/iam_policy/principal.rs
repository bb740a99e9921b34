//! The identity that customers' roles are to let in: a role, or an IAM user.

use std::fmt;
use std::str::FromStr;

use crate::domain::{AccountId, Arn, RoleArn};
use crate::input::ParseError;

/// The kind of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalKind {
    Role,
    User,
}

/// An identity of the backend's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BackendPrincipal {
    pub kind: PrincipalKind,
    pub partition: String,
    pub account_id: AccountId,
    /// Its name, after its path if it has one: `team/rolecall-backend`.
    pub path_and_name: String,
}

impl BackendPrincipal {
    /// Its name, without its path.
    pub(crate) fn name(&self) -> &str {
        self.path_and_name.rsplit('/').next().unwrap_or_default()
    }

    /// `role` or `user`.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self.kind {
            PrincipalKind::Role => "role",
            PrincipalKind::User => "user",
        }
    }
}

impl From<RoleArn> for BackendPrincipal {
    fn from(role: RoleArn) -> Self {
        let RoleArn { partition, account_id, path_and_name } = role;
        Self { kind: PrincipalKind::Role, partition, account_id, path_and_name }
    }
}

impl FromStr for BackendPrincipal {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let user = text.parse::<Arn>().ok().filter(|arn| arn.service == "iam").and_then(|arn| {
            let path_and_name = arn.resource.strip_prefix("user/")?.to_owned();
            let account_id = arn.account_id?;
            Some(Self { kind: PrincipalKind::User, partition: arn.partition, account_id, path_and_name })
        });
        match user {
            Some(user) => Ok(user),
            None => text.parse::<RoleArn>().map(Into::into),
        }
    }
}

impl fmt::Display for BackendPrincipal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, account_id, path_and_name, .. } = self;
        write!(formatter, "arn:{partition}:iam::{account_id}:{}/{path_and_name}", self.kind_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_users_are_read_and_written_alike() {
        for (arn, kind, name) in [
            ("arn:aws:iam::999999999999:role/team/backend", PrincipalKind::Role, "backend"),
            ("arn:aws-cn:iam::999999999999:user/scanner", PrincipalKind::User, "scanner"),
            ("arn:aws:iam::999999999999:user/team/scanner", PrincipalKind::User, "scanner"),
        ] {
            let principal: BackendPrincipal = arn.parse().unwrap();
            assert_eq!((principal.kind, principal.name(), principal.to_string()), (kind, name, arn.to_owned()));
        }
        for other in ["arn:aws:iam::999999999999:root", "arn:aws:sts::999999999999:assumed-role/x/y", "scanner"] {
            assert!(other.parse::<BackendPrincipal>().is_err(), "{other}");
        }
    }
}
