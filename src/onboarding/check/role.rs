//! What follows from what a role says of itself: whom its trust policy lets in, what it grants besides, how long its
//! sessions may be. Pure; how the role was read is not known here.

use super::findings::{Finding, Severity};
use super::own::RoleText;
use crate::aws::{AwsError, AwsErrorKind};
use crate::customers::Target;
use crate::domain::RoleArn;
use crate::onboarding::iam_policy::read::{EXTERNAL_ID, Statement};
use crate::onboarding::iam_policy::write;

/// What the role says of itself, where it may.
pub(super) fn of_role(
    role: &Result<RoleText, AwsError>,
    needed: &[&'static str],
    backend_role: &RoleArn,
    target: &Target,
) -> Vec<Finding> {
    let role = match role {
        Ok(role) => role,
        Err(cause) if matches!(cause.kind, AwsErrorKind::Denied | AwsErrorKind::ScpDenied) => {
            return vec![Finding::new(
                Severity::Note,
                "the role may not read its own policies, and our template's may not: what else it grants is not known. \
                 Each session is narrowed to the planned reads all the same",
                "",
            )];
        }
        Err(cause) => {
            // Without the request id, so that the same of many accounts is told once.
            let why = cause.code.as_deref().unwrap_or(&cause.message);
            let what = format!("the role's own policies could not be read: {why}");
            return vec![Finding::new(Severity::Note, what, "")];
        }
    };
    let mut found = of_trust(role, backend_role, target.external_id.is_some());
    if let Some(seconds) = role.max_session_seconds {
        let what = format!(
            "the role allows sessions of {}; ours last an hour, which is all that a role entered from another role has",
            in_words(seconds)
        );
        let to_do = if seconds > 3600 { "an hour is enough: MaxSessionDuration 3600" } else { "" };
        found.push(Finding::new(Severity::Note, what, to_do));
    }
    found.extend(of_grants(role, needed));
    found
}

fn in_words(seconds: i32) -> String {
    match (seconds / 3600, seconds % 3600 / 60) {
        (1, 0) => "1 hour".into(),
        (hours, 0) => format!("{hours} hours"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Narrow to some callers of the principal.
const NARROWING: &[&str] = &["aws:principalarn", "aws:userid"];
const ACCOUNTS: &[&str] = &["aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths"];

fn of_trust(role: &RoleText, backend_role: &RoleArn, with_external_id: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let enters = |statement: &&Statement| statement.covers("sts:AssumeRole");
    for statement in role.trust.iter().flat_map(|trust| trust.allowing()).filter(enters) {
        let narrowed = statement.is_narrowed_by(NARROWING);
        let ours = backend_role.to_string();
        let others: Vec<String> = statement.named(NARROWING[0]).into_iter().filter(|arn| *arn != ours).collect();
        let mut tell = |severity, what: String, to_do: &str| {
            let finding = Finding::new(severity, what, to_do);
            found.push(finding.pasting(write::trust(backend_role, with_external_id)));
        };
        let own_root = [
            backend_role.account_id.to_string(),
            format!("arn:{}:iam::{}:root", backend_role.partition, backend_role.account_id),
        ];
        for principal in &statement.principals {
            if principal == "*" && !narrowed && !statement.is_narrowed_by(ACCOUNTS) {
                let what =
                    "its trust policy lets in everybody in the world who knows the external ID: Principal is \"*\"";
                tell(Severity::Unsafe, what.into(), "replace the trust policy");
            } else if principal == "*" {
                let what = "its trust policy has the Principal \"*\", which conditions alone narrow";
                tell(Severity::Warning, what.into(), "name the backend's account as the principal");
            } else if own_root.contains(principal) && !others.is_empty() {
                let what = format!("its trust policy lets in {} too", others.join(", "));
                tell(Severity::Warning, what, "narrow it to backend_role alone by aws:PrincipalArn");
            } else if own_root.contains(principal) && !narrowed {
                let what = "its trust policy lets in everybody in the backend's account who may assume roles";
                tell(Severity::Warning, what.into(), "narrow it to backend_role by aws:PrincipalArn");
            } else if *principal == backend_role.to_string() {
                let what = "its trust policy names backend_role itself as the principal: IAM stores that by an internal id, \
                            and the trust breaks on the day that backend_role is made anew";
                tell(Severity::Warning, what.into(), "name the account, and the role in a condition");
            } else if principal.starts_with("AROA") || principal.starts_with("AIDA") {
                let what = format!("its trust policy names {principal}, a role or user that is there no more");
                tell(Severity::Warning, what, "take it out");
            } else if !own_root.contains(principal) {
                let what = format!("its trust policy lets in {principal} too, which is not this backend");
                tell(Severity::Warning, what, "take it out, unless the customer wants it so");
            }
        }
        // What the customer's own roles and services come with is the customer's matter.
        let is_ours = |principal: &String| {
            principal == "*" || own_root.contains(principal) || *principal == backend_role.to_string()
        };
        let ours = statement.principals.iter().any(is_ours);
        if ours && with_external_id && !statement.is_narrowed_by(&[EXTERNAL_ID]) {
            let what = format!("its trust policy asks {} for no external ID", statement.principals.join(", "));
            tell(Severity::Unsafe, what, "ask for the external ID in every statement");
        }
    }
    found
}

/// What the names of actions begin with that only read.
const READS: &[&str] =
    &["batchdescribe", "batchget", "batchlist", "describe", "get", "list", "lookup", "search", "view"];
/// And of those that AWS's own auditors' policies have besides: mostly harmless. Whatever is in neither list is taken for a
/// write.
const ODD: &[&str] = &[
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

/// Whether all that a pattern stands for begins like one of these.
fn is_one_of(pattern: &str, verbs: &[&str]) -> bool {
    let name = pattern.split_once(':').map_or("", |(_, name)| name).to_ascii_lowercase();
    let literal = name.split(['*', '?']).next().unwrap_or_default();
    verbs.iter().any(|verb| literal.starts_with(verb))
}

/// What may be more than a read, by its name.
fn is_odd(pattern: &str) -> bool {
    is_one_of(pattern, ODD)
}

fn writes(pattern: &str) -> bool {
    !is_one_of(pattern, READS) && !is_odd(pattern)
}

/// More than is needed: patterns that are none of the needed actions.
fn of_grants(role: &RoleText, needed: &[&'static str]) -> Vec<Finding> {
    let mut more: Vec<String> = Vec::new();
    let mut unread = Vec::new();
    for (name, document) in &role.policies {
        let Some(document) = document else {
            unread.push(name.as_str());
            continue;
        };
        let beyond: Vec<&str> = document
            .allowing()
            .flat_map(|statement| &statement.actions)
            .filter(|pattern| !needed.iter().any(|action| action.eq_ignore_ascii_case(pattern)))
            .map(String::as_str)
            .collect();
        if !beyond.is_empty() {
            let shown = beyond.iter().take(5).copied().collect::<Vec<_>>().join(", ");
            let rest = beyond.len().saturating_sub(5);
            let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            more.push(format!("{name}: {shown}{rest}"));
        }
    }
    let mut found = Vec::new();
    if !more.is_empty() {
        let everything = role.policies.iter().filter_map(|(_, document)| document.as_ref());
        let all: Vec<&String> =
            everything.flat_map(|document| document.allowing()).flat_map(|statement| &statement.actions).collect();
        let writing = all.iter().any(|pattern| writes(pattern));
        let odd: Vec<&str> = all.iter().map(|one| one.as_str()).filter(|one| is_odd(one)).take(3).collect();
        let boundary = if role.has_boundary {
            " (perhaps narrowed by its permissions boundary, which is not looked at)"
        } else {
            ""
        };
        let what = format!(
            "it grants more than rolecall reads{boundary}: {}{}",
            more.join("; "),
            match (writing, odd.as_slice()) {
                (true, _) => ". Writes are among it".to_owned(),
                (false, []) => String::new(),
                (false, some) => format!(". Perhaps not all of it only reads ({})", some.join(", ")),
            }
        );
        let severity = if writing { Severity::Unsafe } else { Severity::Warning };
        found.push(Finding::new(
            severity,
            what,
            "detach what is not needed. Each of our sessions is narrowed to the planned reads all the same",
        ));
    }
    if role.has_more {
        unread.push("those that may not even be listed");
    }
    if !unread.is_empty() {
        let what = format!("these of its policies could not be read: {}", unread.join(", "));
        found.push(Finding::new(Severity::Note, what, ""));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::Registry;
    use crate::onboarding::iam_policy::read::PolicyText;

    fn told(trust: &str, policies: &[(&str, Option<&str>)], external_id: &str) -> String {
        let registry =
            format!(r#"{{"version":1,"targets":[{{"account_id":"111122223333","external_id":{external_id}}}]}}"#);
        let registry = Registry::read(registry.as_bytes(), "aws").unwrap();
        let role = RoleText {
            trust: PolicyText::read(&format!(r#"{{"Statement":[{trust}]}}"#)),
            max_session_seconds: None,
            has_more: false,
            policies: policies
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.map(|text| PolicyText::read(text).unwrap())))
                .collect(),
            has_boundary: false,
        };
        let backend = "arn:aws:iam::999999999999:role/rolecall-backend".parse().unwrap();
        let found = of_role(&Ok(role), &["ec2:DescribeVpcs"], &backend, &registry.targets[0]);
        found.iter().map(|one| format!("{:?}: {}\n", one.severity, one.what)).collect()
    }

    fn statement(principal: &str, conditions: &str) -> String {
        format!(
            r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal},"Condition":{{{conditions}}}}}"#
        )
    }

    #[test]
    fn a_trust_policy_is_judged_by_whom_it_lets_in() {
        let id = r#""StringEquals":{"sts:ExternalId":"x"}"#;
        let by_role =
            format!(r#"{id},"ArnLike":{{"aws:PrincipalArn":"arn:aws:iam::999999999999:role/rolecall-backend"}}"#);
        let root = r#"{"AWS":"arn:aws:iam::999999999999:root"}"#;
        let mut all = String::new();
        for (name, trust, external_id) in [
            ("as our template has it", statement(root, &by_role), "\"abcd\""),
            (
                "another role besides",
                statement(root, &by_role.replace(r#":"arn:aws:iam::999999999999:role/rolecall-backend""#, r#":["arn:aws:iam::999999999999:role/rolecall-backend","arn:aws:iam::999999999999:role/other"]"#)),
                "\"abcd\"",
            ),
            ("everybody in the backend's account", statement(root, id), "\"abcd\""),
            ("everybody", statement(r#""*""#, id), "\"abcd\""),
            ("everybody, narrowed", statement(r#"{"AWS":"*"}"#, &by_role), "\"abcd\""),
            (
                "the role itself",
                statement(r#"{"AWS":"arn:aws:iam::999999999999:role/rolecall-backend"}"#, id),
                "\"abcd\"",
            ),
            ("a role that is gone", statement(r#"{"AWS":"AROAEXAMPLE"}"#, id), "\"abcd\""),
            ("another account", statement(r#"{"AWS":"123456789012"}"#, id), "\"abcd\""),
            ("no external ID", statement(root, r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::999999999999:role/rolecall-backend"}"#), "\"abcd\""),
            ("any external ID", statement(root, r#""StringLike":{"sts:ExternalId":"*"}"#), "\"abcd\""),
            (
                "narrowed to everybody",
                statement(r#""*""#, r#""StringEquals":{"sts:ExternalId":"x"},"ArnLike":{"aws:PrincipalArn":"*"}"#),
                "\"abcd\"",
            ),
            ("the customer's own service", statement(r#"{"Service":"ec2.amazonaws.com"}"#, ""), "\"abcd\""),
            ("no external ID, and none wanted", statement(root, r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::999999999999:role/rolecall-backend"}"#), "null"),
        ] {
            all.push_str(&format!("# {name}\n{}", told(&trust, &[], external_id)));
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn what_is_granted_beyond_the_reads_is_told() {
        let allow =
            |actions: &str| format!(r#"{{"Statement":{{"Effect":"Allow","Action":{actions},"Resource":"*"}}}}"#);
        let needed = allow(r#""EC2:DescribeVPCs""#);
        assert_eq!(told("", &[("ours", Some(&needed))], "null"), "");
        let reads = allow(r#"["ec2:Describe*","s3:ListBucket"]"#);
        let writes = allow(r#""ec2:*""#);
        insta::assert_snapshot!(told("", &[("ours", Some(&needed)), ("more", Some(&reads)), ("hidden", None)], "null"), @r"
        Warning: it grants more than rolecall reads: more: ec2:Describe*, s3:ListBucket
        Note: these of its policies could not be read: hidden
        ");
        insta::assert_snapshot!(told("", &[("all", Some(&writes))], "null"), @"Unsafe: it grants more than rolecall reads: all: ec2:*. Writes are among it");
        // What AWS's own SecurityAudit has, some of it by other verbs than most.
        let audit = allow(
            r#"["apigateway:GET","config:DeliverConfigSnapshot","ec2:Describe*","iam:GenerateCredentialReport"]"#,
        );
        insta::assert_snapshot!(told("", &[("SecurityAudit", Some(&audit))], "null"), @"Warning: it grants more than rolecall reads: SecurityAudit: apigateway:GET, config:DeliverConfigSnapshot, ec2:Describe*, iam:GenerateCredentialReport. Perhaps not all of it only reads (config:DeliverConfigSnapshot, iam:GenerateCredentialReport)");
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
            assert!(writes(writing), "{writing}");
        }
        for reading in ["ec2:Describe*", "ec2:describevpcs", "apigateway:GET", "s3:List*", "dynamodb:BatchGetItem"] {
            assert!(!writes(reading) && !is_odd(reading), "{reading}");
        }
        assert!(is_odd("iam:GenerateCredentialReport") && is_odd("config:Deliver*") && is_odd("logs:StartQuery"));
    }
}
