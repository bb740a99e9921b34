//! The findings about what a role grants beyond the planned reads: by impact, with the actions and the statements.
//!
//! **Invariant:** makes no calls. What a permission means is [`impact`](crate::onboarding::impact)'s.

use super::findings::{Finding, Severity};
use crate::aws::SessionPolicy;
use crate::catalogue::{Catalogue, session_policies};
use crate::customers::Target;
use crate::domain::RoleArn;
use crate::onboarding::iam_policy::decode_document;
use crate::onboarding::iam_policy::evaluate::{IdentityPolicies, NamedPolicy};
use crate::onboarding::iam_policy::role_reader::{READ_ROLE_ACTIONS, RoleDescription};
use crate::onboarding::impact::{ActionTable, ImpactFinding, ImpactJudgement, ImpactKind, RoleGrants, judge_impact};
use crate::onboarding::safety::Safety;

/// The statements, and the reasons for less, that a finding names.
const SHOWN: usize = 3;

/// Returns a finding for each kind of permission that the role should not have.
pub(super) fn of_grants(role: &RoleDescription, needed: &[&'static str], target: &Target) -> Vec<Finding> {
    let arn: Option<RoleArn> = target.role_arn().and_then(|arn| arn.parse().ok());
    let Some(arn) = arn else { return Vec::new() };
    let policies = policies_of(role);
    let judgement = judge_impact(&RoleGrants {
        role: &arn,
        unique_id: Some(role.unique_id.as_str()).filter(|id| !id.is_empty()),
        policies: &policies,
        needed,
        optional: READ_ROLE_ACTIONS,
        now: jiff::Timestamp::now(),
    });
    judgement.findings.iter().map(|one| of_kind(one, &judgement)).collect()
}

/// All policies that apply to the role, and to the sessions of runs.
fn policies_of(role: &RoleDescription) -> IdentityPolicies {
    let read = role.policies.documents.iter().map(|(name, document)| match document {
        Ok(document) => NamedPolicy::new(name, document.clone()),
        Err(_) => NamedPolicy::unreadable(&format!("the policy {name}, which could not be read")),
    });
    let unlisted = role.policies.listing_error.iter();
    let unlisted = unlisted.map(|_| NamedPolicy::unreadable("the policies that could not be listed"));
    let policies = IdentityPolicies::of(read.chain(unlisted).collect());
    let policies = match &role.boundary {
        None => policies,
        Some((name, Ok(document))) => policies.with_boundary(NamedPolicy::new(name, document.clone())),
        Some((name, Err(_))) => policies.with_boundary(NamedPolicy::unreadable(&format!(
            "its permissions boundary {name}, which could not be read"
        ))),
    };
    session_documents().into_iter().fold(policies, IdentityPolicies::with_session)
}

/// The policies that a session of a run may have, whatever it reads. They stand for whichever of them it gets.
fn session_documents() -> Vec<NamedPolicy> {
    let Ok(catalogue) = Catalogue::get() else { return Vec::new() };
    let documents = session_policies(catalogue.tables().iter()).into_iter().flat_map(|policy| match policy {
        SessionPolicy::One(document) => vec![document],
        SessionPolicy::Two { ec2, rest } => vec![ec2, rest],
    });
    documents.map(|text| read_session_policy(&text)).collect()
}

fn read_session_policy(text: &str) -> NamedPolicy {
    const NAME: &str = "the session policy";
    decode_document(text).map_or_else(|_| NamedPolicy::unreadable(NAME), |document| NamedPolicy::new(NAME, document))
}

fn of_kind(finding: &ImpactFinding, judgement: &ImpactJudgement) -> Finding {
    let ImpactFinding { kind, actions, count, statements } = finding;
    let listed = actions.join(", ");
    let actions = if *count > actions.len() { format!("{count} actions, such as {listed}") } else { listed };
    let unknown = match kind {
        ImpactKind::UnknownWrite | ImpactKind::UnknownRead => {
            format!(" (not in the table of {})", ActionTable::date())
        }
        _ => String::new(),
    };
    let narrower = match judgement.may_be_narrower.as_slice() {
        [] => String::new(),
        reasons => format!(". It may do less, depending on {}", first(reasons)),
    };
    let message =
        format!("the role may {}: {actions}{unknown}, by {}{narrower}", kind.verb_phrase(), first(statements));
    let severity = if kind.is_unsafe() { Severity::Unsafe } else { Severity::Warning };
    let sessions = match judgement.sessions {
        Safety::Safe | Safety::Weak => "rolecall's own sessions are limited to the planned reads all the same",
        Safety::Unsafe => "rolecall's own sessions may do some of it too",
    };
    Finding::new(
        severity,
        message,
        format!("the customer takes these actions out of the policy, or detaches it; {sessions}"),
    )
}

fn first(texts: &[String]) -> String {
    let shown = texts.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match texts.len().saturating_sub(SHOWN) {
        0 => shown,
        rest => format!("{shown} and {rest} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{AwsError, AwsErrorKind};
    use crate::catalogue::actions_of;
    use crate::customers::Registry;
    use crate::onboarding::iam_policy::role_reader::RolePolicies;
    use crate::onboarding::iam_policy::{PolicyDocument, write};

    const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/boundary";

    fn unreadable() -> AwsError {
        AwsError::new(AwsErrorKind::Unreadable, "not a policy document")
    }

    fn role(policies: &[(&str, Option<&str>)], boundary: Option<Option<&str>>) -> RoleDescription {
        let read = |text: Option<&str>| text.map(|text| decode_document(text).unwrap()).ok_or_else(unreadable);
        RoleDescription {
            trust: Ok(PolicyDocument::default()),
            max_session_seconds: None,
            policies: RolePolicies {
                documents: policies.iter().map(|(name, text)| ((*name).to_owned(), read(*text))).collect(),
                listing_error: None,
            },
            boundary: boundary.map(|text| (BOUNDARY.to_owned(), read(text))),
            unique_id: String::new(),
        }
    }

    fn findings_about(role: &RoleDescription) -> String {
        let registry = br#"{"version":1,"targets":[{"account_id":"111122223333","external_id":null}]}"#;
        let registry = Registry::read(registry, "aws").unwrap();
        let needed: Vec<&str> = actions_of(Catalogue::get().unwrap().tables().iter()).into_iter().collect();
        let found = of_grants(role, &needed, &registry.targets[0]);
        found.iter().map(|one| format!("{:?}: {} -> {}\n", one.severity, one.message, one.remedy)).collect()
    }

    fn findings(policies: &[(&str, Option<&str>)], boundary: Option<Option<&str>>) -> String {
        findings_about(&role(policies, boundary))
    }

    fn allow(actions: &str) -> String {
        format!(r#"{{"Statement":{{"Effect":"Allow","Action":{actions},"Resource":"*"}}}}"#)
    }

    #[test]
    fn the_template_grants_nothing_beyond_the_reads() {
        let template = write::customer(&actions_of(Catalogue::get().unwrap().tables().iter()));
        let template = serde_json::to_string(&template).unwrap();
        assert_eq!(findings(&[("rolecall-reads", Some(&template))], None), "");
        let itself = allow(r#"["iam:GetRole","IAM:getpolicy"]"#);
        assert_eq!(findings(&[("rolecall-reads", Some(&template)), ("itself", Some(&itself))], None), "");
    }

    #[test]
    fn findings_name_the_actions_and_the_statements() {
        let reads = allow(r#"["ec2:DescribeTags","s3:ListBucket","logs:GetLogEvents"]"#);
        insta::assert_snapshot!(findings(&[("more", Some(&reads)), ("hidden", None)], None));
        let tags = allow(r#"["ec2:CreateTags","tomorrow:*"]"#);
        insta::assert_snapshot!(findings(&[("tags", Some(&tags))], None));
        insta::assert_snapshot!(findings(&[("AdministratorAccess", Some(&allow("\"*\"")))], None));
    }

    #[test]
    fn a_boundary_narrows_what_a_role_may_do() {
        let (all, harmless) = (allow("\"*\""), allow(r#"["ec2:DescribeVpcs","ec2:DescribeTags"]"#));
        let within = findings(&[("all", Some(&all))], Some(Some(&harmless)));
        insta::assert_snapshot!(within);
        let write = allow("\"s3:PutObject\"");
        let unread = findings(&[("a write", Some(&write))], Some(None));
        insta::assert_snapshot!(unread);
    }

    #[test]
    fn sessions_of_runs_may_do_none_of_it() {
        let all = allow("\"*\"");
        let policies = policies_of(&role(&[("all", Some(&all))], None));
        assert!(policies.session.len() > 2 && policies.session.iter().all(|policy| policy.document.is_some()));
        assert!(!findings(&[("all", Some(&all))], None).contains("some of it too"));
    }
}
