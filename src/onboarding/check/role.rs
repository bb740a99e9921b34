//! Judges what a role says about itself besides its trust policy: what it grants, and how long its sessions may be.
//!
//! **Invariant:** makes no calls.

use super::findings::{Finding, Severity};
use super::grants;
use crate::aws::{AwsError, AwsErrorKind};
use crate::customers::Target;
use crate::onboarding::iam_policy::role_reader::RoleDescription;

/// Returns the findings about a role's own policies.
pub(super) fn of_role(
    role: &Result<RoleDescription, AwsError>,
    needed: &[&'static str],
    target: &Target,
) -> Vec<Finding> {
    let role = match role {
        Ok(role) => role,
        Err(error) if is_denied(error) => {
            let message = "the role may not read its own policies, so it is unknown what else it grants. Sessions are \
                           limited to the planned reads all the same";
            let remedy = "deploy the template with SelfRead=yes to let `check` read it";
            return vec![Finding::new(Severity::Note, message, remedy)];
        }
        Err(error) => {
            let message = format!("the role's own policies could not be read: {error}");
            return vec![Finding::new(Severity::Gap, message, "check again")];
        }
    };
    let mut findings = Vec::new();
    findings.extend(role.max_session_seconds.map(of_session_length));
    findings.extend(grants::of_grants(role, needed, target));
    findings.extend(of_unreadable(role));
    findings
}

fn of_session_length(seconds: i32) -> Finding {
    let message = format!(
        "the role allows sessions of {}; rolecall's last an hour, the most that a role assumed from another role may have",
        duration_text(seconds)
    );
    let remedy = if seconds > 3600 { "an hour is enough: MaxSessionDuration 3600" } else { "" };
    Finding::new(Severity::Note, message, remedy)
}

fn duration_text(seconds: i32) -> String {
    match (seconds / 3600, seconds % 3600 / 60) {
        (1, 0) => "1 hour".into(),
        (hours, 0) => format!("{hours} hours"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Returns the findings about policies that could not be read. A denial is the customer's decision; after any other error
/// it is unknown whether the role grants too much.
fn of_unreadable(role: &RoleDescription) -> Vec<Finding> {
    let documents = role
        .policies
        .documents
        .iter()
        .filter_map(|(name, document)| document.as_ref().err().map(|error| (name.as_str(), error)));
    let listing = role.policies.listing_error.iter().map(|error| ("those that could not be listed", error));
    let (denied, failed): (Vec<_>, Vec<_>) = documents.chain(listing).partition(|(_, error)| is_denied(error));
    let mut findings = Vec::new();
    if !denied.is_empty() {
        let names: Vec<&str> = denied.into_iter().map(|(name, _)| name).collect();
        let names = names.join(", ");
        let message = format!("these of its policies could not be read, so it is unknown what they grant: {names}");
        findings.push(Finding::new(Severity::Note, message, ""));
    }
    // A boundary grants nothing. Without it a role may only look as if it could do more.
    if let Some((name, Err(error))) = &role.boundary {
        let message = format!("its permissions boundary {name} could not be read: {error}");
        findings.push(Finding::new(Severity::Note, message, ""));
    }
    if !failed.is_empty() {
        let texts: Vec<String> = failed.into_iter().map(|(name, error)| format!("{name} ({error})")).collect();
        let message = format!("it is unknown what these of its policies grant: {}", texts.join(", "));
        findings.push(Finding::new(Severity::Gap, message, "check again"));
    }
    findings
}

fn is_denied(error: &AwsError) -> bool {
    matches!(error.kind, AwsErrorKind::Denied | AwsErrorKind::ScpDenied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::Registry;
    use crate::onboarding::iam_policy::decode_document;
    use crate::onboarding::iam_policy::role_reader::RolePolicies;

    fn findings_about(role: &Result<RoleDescription, AwsError>) -> String {
        let registry = r#"{"version":1,"targets":[{"account_id":"111122223333","external_id":null}]}"#;
        let registry = Registry::read(registry.as_bytes(), "aws").unwrap();
        let found = of_role(role, &["ec2:DescribeVpcs"], &registry.targets[0]);
        found.iter().map(|one| format!("{:?}: {}\n", one.severity, one.message)).collect()
    }

    #[test]
    fn only_a_denial_to_read_the_role_lets_it_be_ready() {
        let error = |kind| AwsError { code: Some("ACode".into()), ..AwsError::new(kind, "a message") };
        for kind in [AwsErrorKind::Denied, AwsErrorKind::ScpDenied] {
            assert!(findings_about(&Err(error(kind))).starts_with("Note: "), "{kind:?}");
        }
        for kind in [
            AwsErrorKind::Throttled,
            AwsErrorKind::OutOfTime,
            AwsErrorKind::Unreadable,
            AwsErrorKind::NotFound,
            AwsErrorKind::Unsupported,
            AwsErrorKind::Other,
        ] {
            let found = findings_about(&Err(error(kind)));
            assert_eq!(found, "Gap: the role's own policies could not be read: ACode: a message\n", "{kind:?}");
        }
        let with = |trust, listing_error| {
            let policies = RolePolicies { documents: Vec::new(), listing_error };
            Ok(RoleDescription { trust, policies, max_session_seconds: None, boundary: None, unique_id: String::new() })
        };
        let nobody = || Ok(decode_document(r#"{"Statement":[]}"#).unwrap());
        let not_listed = with(nobody(), Some(error(AwsErrorKind::Throttled)));
        insta::assert_snapshot!(findings_about(&not_listed), @"Gap: it is unknown what these of its policies grant: those that could not be listed (ACode: a message)");
        let hidden = with(nobody(), Some(error(AwsErrorKind::Denied)));
        insta::assert_snapshot!(findings_about(&hidden), @"Note: these of its policies could not be read, so it is unknown what they grant: those that could not be listed");
    }
}
