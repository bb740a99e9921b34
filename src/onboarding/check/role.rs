//! Judges what a role says about itself, besides its trust policy: what it grants beyond the planned reads, and how long its
//! sessions may be.
//!
//! **Invariant:** makes no calls.

use super::findings::{Finding, Severity};
use crate::aws::{AwsError, AwsErrorKind};
use crate::onboarding::iam_policy::role_reader::RoleDescription;

/// Returns the findings about a role's own policies.
pub(super) fn of_role(role: &Result<RoleDescription, AwsError>, needed: &[&'static str]) -> Vec<Finding> {
    let role = match role {
        Ok(role) => role,
        Err(error) if is_denied(error) => {
            let message = "the role may not read its own policies (the template's role may not either), so it is unknown \
                           what else it grants. Sessions are limited to the planned reads all the same";
            return vec![Finding::new(Severity::Note, message, "")];
        }
        Err(error) => {
            let message = format!("the role's own policies could not be read: {error}");
            return vec![Finding::new(Severity::Gap, message, "check again")];
        }
    };
    let mut findings = Vec::new();
    findings.extend(role.max_session_seconds.map(of_session_length));
    findings.extend(of_grants(role, needed));
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

/// Prefixes of actions that only read.
const READ_PREFIXES: &[&str] =
    &["batchdescribe", "batchget", "batchlist", "describe", "get", "list", "lookup", "search", "view"];
/// Other prefixes in the policies of AWS's own auditors: mostly harmless. An action with neither prefix counts as a write.
const AUDIT_PREFIXES: &[&str] = &[
    "check",
    "count",
    "deliver",
    "detect",
    "discover",
    "estimate",
    "filter",
    "generatecredentialreport",
    "generateservicelastaccessed",
    "preview",
    "query",
    "scan",
    "select",
    "simulate",
    "startquery",
    "test",
    "validate",
    "verify",
];

/// Returns whether every action that a pattern matches has one of these prefixes.
fn has_prefix(pattern: &str, prefixes: &[&str]) -> bool {
    let name = pattern.split_once(':').map_or("", |(_, name)| name).to_ascii_lowercase();
    let literal = name.split(['*', '?']).next().unwrap_or_default();
    prefixes.iter().any(|prefix| literal.starts_with(prefix))
}

/// Returns whether a pattern may do more than read, judged by its name.
fn is_doubtful(pattern: &str) -> bool {
    has_prefix(pattern, AUDIT_PREFIXES)
}

fn is_write(pattern: &str) -> bool {
    !has_prefix(pattern, READ_PREFIXES) && !is_doubtful(pattern)
}

/// Returns the finding about patterns that match more than the needed actions.
fn of_grants(role: &RoleDescription, needed: &[&'static str]) -> Option<Finding> {
    let mut extra: Vec<String> = Vec::new();
    let mut granted: Vec<&str> = Vec::new();
    for (name, document) in &role.policies.documents {
        let Ok(document) = document else { continue };
        let patterns: Vec<&str> = document.allowing().flat_map(|statement| statement.action_patterns()).collect();
        let is_needed = |pattern: &str| needed.iter().any(|action| action.eq_ignore_ascii_case(pattern));
        let beyond: Vec<&str> = patterns.iter().copied().filter(|pattern| !is_needed(pattern)).collect();
        granted.extend(patterns);
        if !beyond.is_empty() {
            let shown = beyond.iter().take(5).copied().collect::<Vec<_>>().join(", ");
            let rest = beyond.len().saturating_sub(5);
            let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            extra.push(format!("{name}: {shown}{rest}"));
        }
    }
    if extra.is_empty() {
        return None;
    }
    let has_writes = granted.iter().any(|pattern| is_write(pattern));
    let doubtful: Vec<&str> = granted.iter().copied().filter(|pattern| is_doubtful(pattern)).take(3).collect();
    let boundary =
        if role.has_boundary { " (its permissions boundary, which is not read, may narrow that)" } else { "" };
    let writes = match (has_writes, doubtful.as_slice()) {
        (true, _) => ". Some of these actions write".to_owned(),
        (false, []) => String::new(),
        (false, some) => format!(". Some of these actions may write ({})", some.join(", ")),
    };
    let message = format!("it grants more than rolecall reads{boundary}: {}{writes}", extra.join("; "));
    let severity = if has_writes { Severity::Unsafe } else { Severity::Warning };
    let remedy = "detach what is not needed. Sessions are limited to the planned reads all the same";
    Some(Finding::new(severity, message, remedy))
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
        let message = format!("these of its policies could not be read: {}", names.join(", "));
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
    use crate::onboarding::iam_policy::decode_document;
    use crate::onboarding::iam_policy::role_reader::RolePolicies;

    fn findings_about(role: &Result<RoleDescription, AwsError>) -> String {
        let found = of_role(role, &["ec2:DescribeVpcs"]);
        found.iter().map(|one| format!("{:?}: {}\n", one.severity, one.message)).collect()
    }

    fn findings(policies: &[(&str, Option<&str>)]) -> String {
        let unreadable = || AwsError::new(AwsErrorKind::Unreadable, "not a policy document");
        let documents = policies.iter().map(|(name, text)| {
            ((*name).to_owned(), text.map(|text| decode_document(text).unwrap()).ok_or_else(unreadable))
        });
        let role = RoleDescription {
            trust: Ok(decode_document(r#"{"Statement":[]}"#).unwrap()),
            policies: RolePolicies { documents: documents.collect(), listing_error: None },
            max_session_seconds: None,
            has_boundary: false,
        };
        findings_about(&Ok(role))
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
            Ok(RoleDescription { trust, policies, max_session_seconds: None, has_boundary: false })
        };
        let nobody = || Ok(decode_document(r#"{"Statement":[]}"#).unwrap());
        let not_listed = with(nobody(), Some(error(AwsErrorKind::Throttled)));
        insta::assert_snapshot!(findings_about(&not_listed), @"Gap: it is unknown what these of its policies grant: those that could not be listed (ACode: a message)");
        let hidden = with(nobody(), Some(error(AwsErrorKind::Denied)));
        insta::assert_snapshot!(findings_about(&hidden), @"Note: these of its policies could not be read: those that could not be listed");
    }

    #[test]
    fn grants_beyond_the_reads_are_found() {
        let allow =
            |actions: &str| format!(r#"{{"Statement":{{"Effect":"Allow","Action":{actions},"Resource":"*"}}}}"#);
        let needed = allow(r#""EC2:DescribeVPCs""#);
        assert_eq!(findings(&[("ours", Some(&needed))]), "");
        let reads = allow(r#"["ec2:Describe*","s3:ListBucket"]"#);
        let writes = allow(r#""ec2:*""#);
        insta::assert_snapshot!(findings(&[("ours", Some(&needed)), ("more", Some(&reads)), ("hidden", None)]), @r"
        Warning: it grants more than rolecall reads: more: ec2:Describe*, s3:ListBucket
        Gap: it is unknown what these of its policies grant: hidden (not a policy document)
        ");
        insta::assert_snapshot!(findings(&[("all", Some(&writes))]), @"Unsafe: it grants more than rolecall reads: all: ec2:*. Some of these actions write");
        // What AWS's own SecurityAudit has, some of it by other verbs than most.
        let audit = allow(
            r#"["apigateway:GET","config:DeliverConfigSnapshot","ec2:Describe*","iam:GenerateCredentialReport"]"#,
        );
        insta::assert_snapshot!(findings(&[("SecurityAudit", Some(&audit))]), @"Warning: it grants more than rolecall reads: SecurityAudit: apigateway:GET, config:DeliverConfigSnapshot, ec2:Describe*, iam:GenerateCredentialReport. Some of these actions may write (config:DeliverConfigSnapshot, iam:GenerateCredentialReport)");
    }

    #[test]
    fn writes_are_known_by_their_verbs() {
        for writing in [
            "*",
            "ec2:*",
            "ec2:CreateVpc",
            "s3:De*",
            "ec2:Des*",
            "iam:PassRole",
            "ec2:*Vpcs",
            "x:?ut",
            "kms:Decrypt",
            "kms:GenerateDataKey",
            "sqs:PurgeQueue",
            "rds:FailoverDBCluster",
            "apigateway:POST",
        ] {
            assert!(is_write(writing), "{writing}");
        }
        for reading in ["ec2:Describe*", "ec2:describevpcs", "apigateway:GET", "s3:List*", "dynamodb:BatchGetItem"] {
            assert!(!is_write(reading) && !is_doubtful(reading), "{reading}");
        }
        assert!(
            is_doubtful("iam:GenerateCredentialReport")
                && is_doubtful("config:Deliver*")
                && is_doubtful("logs:StartQuery")
        );
    }
}
