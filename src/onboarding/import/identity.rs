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
    let (holder, partition) = holder(identity)?;
    let (documents, unread) = match holder {
        PolicyHolder::User(name) => {
            let policies = UserReader::new(config, &name).policies().await?;
            (policies.documents, policies.unread)
        }
        PolicyHolder::Role(name) => (RoleReader::of_caller(config, &name).policies().await.all()?, Vec::new()),
    };
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

/// Who has the policies, and the partition that it is in.
fn holder(identity: &Identity) -> Result<(PolicyHolder, String), AwsError> {
    let found = identity.arn.parse::<Arn>().ok().and_then(|arn| {
        let mut parts = arn.resource.split('/');
        let holder = match (arn.service.as_str(), parts.next(), parts.next()) {
            // IAM finds a user by its name alone, without its path.
            ("iam", Some("user"), Some(first)) => PolicyHolder::User(parts.next_back().unwrap_or(first).to_owned()),
            ("sts", Some("assumed-role"), Some(name)) => PolicyHolder::Role(name.to_owned()),
            _ => return None,
        };
        Some((holder, arn.partition))
    });
    found.ok_or_else(|| {
        let message = format!("this runs as {}, which is neither an IAM user nor a session of a role", identity.arn);
        AwsError::new(AwsErrorKind::WrongAccount, message)
    })
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
        assert_eq!(of("iam::999999999999:user/team/scanner").unwrap().0, PolicyHolder::User("scanner".to_owned()));
        assert_eq!(of("iam::999999999999:user/scanner").unwrap().0, PolicyHolder::User("scanner".to_owned()));
        assert_eq!(
            of("sts::999999999999:assumed-role/backend/me").unwrap().0,
            PolicyHolder::Role("backend".to_owned())
        );
        for other in ["iam::999999999999:root", "sts::999999999999:federated-user/x", "iam::999999999999:role/x"] {
            assert!(of(other).unwrap_err().to_string().contains("neither an IAM user nor"), "{other}");
        }
    }
}
