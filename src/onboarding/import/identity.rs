//! Imports the roles that the caller's own policies let it assume: those of an IAM user with its groups, or of a role.
//!
//! **Invariant:** the inline policies of a user's groups have to be readable. Of what else cannot be read it is said that roles may
//! be missing.

use aws_config::SdkConfig;

use super::ImportCandidates;
use super::backend_role::roles_in;
use crate::aws::{AwsError, AwsErrorKind, Identity};
use crate::domain::Arn;
use crate::onboarding::iam_policy::role_reader::RoleReader;
use crate::onboarding::iam_policy::user_reader::UserReader;

/// Who the caller is, as far as its policies are concerned.
#[derive(Debug, PartialEq, Eq)]
enum PolicyHolder {
    /// The user with this name.
    User(String),
    /// A session of the role with this name.
    Role(String),
}

/// Reads the caller's own policies with its own credentials.
///
/// # Errors
///
/// Returns an error if the caller is neither a user nor a session of a role, or if its policies cannot be read.
pub(crate) async fn identity(
    config: &SdkConfig,
    identity: &Identity,
    no_external_id: bool,
) -> Result<ImportCandidates, AwsError> {
    let (documents, unread) = match holder(identity)? {
        PolicyHolder::User(name) => {
            let policies = UserReader::new(config, &name).policies().await?;
            (policies.documents, policies.unread)
        }
        PolicyHolder::Role(name) => (RoleReader::of_caller(config, &name).policies().await.all()?, Vec::new()),
    };
    let partition = identity.arn.parse::<Arn>().map_or_else(|_| "aws".to_owned(), |arn| arn.partition);
    let mut candidates = roles_in(&documents, &partition, no_external_id);
    for (what, error) in unread {
        candidates.leave_out(
            what,
            format!(
                "cannot be read ({error}): roles that they alone allow are missing, and what they deny is not known"
            ),
        );
    }
    Ok(candidates)
}

fn holder(identity: &Identity) -> Result<PolicyHolder, AwsError> {
    let arn = identity.arn.parse::<Arn>().ok();
    let resource = arn.as_ref().map(|arn| (arn.service.as_str(), arn.resource.as_str()));
    match resource {
        // IAM finds a user by its name alone, without its path.
        Some(("iam", resource)) if resource.starts_with("user/") => {
            return Ok(PolicyHolder::User(resource.rsplit('/').next().unwrap_or_default().to_owned()));
        }
        Some(("sts", resource)) => {
            let mut parts = resource.split('/');
            if let (Some("assumed-role"), Some(name)) = (parts.next(), parts.next()) {
                return Ok(PolicyHolder::Role(name.to_owned()));
            }
        }
        _ => {}
    }
    let message = format!("this runs as {}, which is neither an IAM user nor a session of a role", identity.arn);
    Err(AwsError::new(AwsErrorKind::WrongAccount, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_a_user_or_a_role() {
        let of = |resource: &str| {
            let arn = format!("arn:aws:{resource}");
            holder(&Identity { account_id: "999999999999".into(), arn, unique_id: None })
        };
        assert_eq!(of("iam::999999999999:user/team/scanner").unwrap(), PolicyHolder::User("scanner".to_owned()));
        assert_eq!(of("sts::999999999999:assumed-role/backend/me").unwrap(), PolicyHolder::Role("backend".to_owned()));
        for other in ["iam::999999999999:root", "sts::999999999999:federated-user/x", "iam::999999999999:role/x"] {
            assert!(of(other).unwrap_err().to_string().contains("neither an IAM user nor"), "{other}");
        }
    }
}
