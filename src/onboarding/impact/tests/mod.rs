//! Policies with the truth about each, held against the judgement; and policies that nobody wrote.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::catalogue::{Catalogue, SECRET_ACTIONS, actions_of, resource_of};
use crate::domain::RoleArn;
use crate::onboarding::iam_policy::decode_document;
use crate::onboarding::iam_policy::evaluate::{IdentityPolicies, NamedPolicy};
use crate::onboarding::iam_policy::role_reader::READ_ROLE_ACTIONS;
use crate::onboarding::safety::Safety;

const CASES: &str = include_str!("cases.json");

/// The reads of all resource types that are granted on every resource.
fn needed() -> Vec<&'static str> {
    let all = actions_of(Catalogue::get().unwrap().tables().iter()).into_iter();
    all.filter(|action| resource_of(action) == "*").collect()
}

/// The action that lists the custom domain names of API Gateway reads its keys elsewhere.
#[test]
fn an_action_for_one_resource_is_not_expected_on_others() {
    let needed = ["apigateway:GET"];
    let judged = |resources: Value| {
        let statement = json!({ "Sid": "Names", "Effect": "Allow", "Action": "apigateway:GET", "Resource": resources });
        judge(&IdentityPolicies::of(vec![document(&[statement])]), &needed)
    };
    for own in [json!("arn:aws:apigateway:*::/domainnames"), json!(["arn:*:apigateway:*::/domainnames"])] {
        let judgement = judged(own);
        assert_eq!((judgement.safety, judgement.missing.len()), (Safety::Safe, 0), "{judgement:?}");
    }
    for beyond in ["*", "arn:aws:apigateway:*::/*", "arn:aws:apigateway:*::/domainnames*"] {
        let judgement = judged(json!(beyond));
        assert_eq!((judgement.safety, judgement.missing.len()), (Safety::Weak, 0), "{beyond}: {judgement:?}");
        assert_eq!(judgement.findings[0].actions, needed);
    }
    let elsewhere = judged(json!("arn:aws:apigateway:*::/apikeys"));
    assert_eq!((elsewhere.safety, elsewhere.missing.as_slice()), (Safety::Weak, &["apigateway:GET".to_owned()][..]));
}

fn document(statements: &[Value]) -> NamedPolicy {
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    NamedPolicy::new("the policy", decode_document(&text).unwrap())
}

/// The template's own statements, with so many of the reads.
fn template(needed: &[&str]) -> Vec<Value> {
    vec![
        json!({ "Sid": "ReadAlways", "Effect": "Allow", "Action": needed, "Resource": "*" }),
        json!({ "Sid": "NeverReadSecrets", "Effect": "Deny", "Action": SECRET_ACTIONS, "Resource": "*" }),
    ]
}

fn judge(policies: &IdentityPolicies, needed: &[&str]) -> ImpactJudgement {
    let role: RoleArn = "arn:aws:iam::111122223333:role/rolecall-inventory".parse().unwrap();
    let now = "2026-11-28T12:00:00Z".parse().unwrap();
    judge_impact(&RoleGrants { role: &role, unique_id: None, policies, needed, optional: READ_ROLE_ACTIONS, now })
}

fn policies_of(case: &Value, needed: &[&str]) -> IdentityPolicies {
    let own = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let mut statements = match case.get("instead") {
        None if case["half"] == true => template(&needed[..needed.len() / 2]),
        None => template(needed),
        Some(instead) => own(instead),
    };
    for statement in statements.iter_mut().filter(|statement| statement["needed"] == true) {
        let members = statement.as_object_mut().unwrap();
        members.remove("needed");
        members.insert("Effect".into(), json!("Allow"));
        members.insert("Action".into(), json!(needed));
    }
    statements.extend(own(&case["statements"]));
    if case["deny_all_but_needed"] == true {
        statements.push(json!({ "Effect": "Deny", "NotAction": needed, "Resource": "*" }));
    }
    let policies = IdentityPolicies::of(vec![document(&statements)]);
    match &case["boundary"] {
        Value::Null => policies,
        Value::String(text) if text == "unread" => policies.with_boundary(NamedPolicy::unreadable("the boundary")),
        Value::String(_) => policies.with_boundary(document(&template(needed))),
        list => policies.with_boundary(document(&own(list))),
    }
}

#[test]
fn roles_are_judged_as_the_truth_has_it() {
    let needed = needed();
    let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
    assert!(cases.len() > 80);
    let mut wrong = String::new();
    for case in &cases {
        let judgement = judge(&policies_of(case, &needed), &needed);
        let verdict = match judgement.safety {
            Safety::Unsafe => "unsafe",
            _ if !judgement.missing.is_empty() => "gaps",
            Safety::Weak => "weak",
            Safety::Safe => "safe",
        };
        let worst = judgement.findings.first().map(|finding| serde_json::to_value(finding.kind).unwrap());
        let narrower = case["narrower"] == true;
        let as_expected = case.get("worst").is_none_or(|expected| Some(expected) == worst.as_ref())
            && case["truth"] == verdict
            && (!narrower || !judgement.may_be_narrower.is_empty());
        if !as_expected {
            wrong.push_str(&format!("{case}\n  {verdict}: {judgement:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_finding_names_the_first_actions_and_the_statements() {
    let needed = needed();
    let mut statements = template(&needed);
    statements.push(json!({ "Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": { "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } } }));
    let judgement = judge(&IdentityPolicies::of(vec![document(&statements)]), &needed);
    assert_eq!(judgement.may_be_narrower, ["aws:SourceIp"]);
    let kinds: Vec<ImpactKind> = judgement.findings.iter().map(|finding| finding.kind).collect();
    assert!(kinds.is_sorted() && kinds.len() > 6, "{kinds:?}");
    let first = &judgement.findings[0];
    assert_eq!(
        (first.actions.len(), first.statements.as_slice()),
        (5, &["statement `Everything` of the policy".to_owned()][..])
    );
    assert!(first.count > 20);
}

/// Rolecall's sessions have a policy of their own, so a role that may do everything gives them the planned reads.
#[test]
fn sessions_are_narrowed_by_their_own_policy() {
    let needed = needed();
    let everything = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    let role = IdentityPolicies::of(vec![document(&[everything])]);
    let judgement = judge(&role.clone().with_session(document(&template(&needed))), &needed);
    assert_eq!((judgement.safety, judgement.sessions), (Safety::Unsafe, Safety::Safe));
    let wider = json!({ "Effect": "Allow", "Action": ["ec2:Describe*"], "Resource": "*" });
    let judgement = judge(&role.clone().with_session(document(&[wider])), &needed);
    assert_eq!(judgement.sessions, Safety::Unsafe);
    assert_eq!(judge(&role, &needed).sessions, Safety::Unsafe);
}

#[test]
fn an_unread_policy_is_said_to_narrow_and_hides_nothing() {
    let needed = needed();
    let mut statements = template(&needed);
    statements.push(json!({ "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*" }));
    let policies = IdentityPolicies::of(vec![document(&statements), NamedPolicy::unreadable("hidden")]);
    let judgement = judge(&policies, &needed);
    assert_eq!((judgement.safety, judgement.may_be_narrower), (Safety::Unsafe, vec!["hidden".to_owned()]));
}

fn statement_strategy() -> impl Strategy<Value = Value> {
    let action = prop_oneof![
        Just("*".to_owned()),
        "(ec2|s3|iam|E?2|\\*|tomorrow):[*?DGLPcreateobjs]{0,12}",
        "[a-z:*?]{0,12}",
        "\\PC{0,12}",
        prop::sample::select(needed()).prop_map(str::to_owned),
    ];
    let resource = prop_oneof![Just("*".to_owned()), "arn:aws:s3:::[ab*?$]{0,6}(\\$\\{aws:username\\})?", "\\PC{0,12}"];
    let condition = prop_oneof![
        Just(json!({})),
        (
            "(StringEquals|StringNotLike|DateLessThan|Bool|Null|Odd)(IfExists)?",
            "(aws:RequestedRegion|aws:CurrentTime|aws:PrincipalArn|x)",
            "\\PC{0,12}"
        )
            .prop_map(|(operator, key, value)| json!({ operator: { key: value } })),
    ];
    let lists = (prop::collection::vec(action, 0..6), prop::collection::vec(resource, 0..4));
    (lists, condition, any::<[bool; 3]>()).prop_map(
        |((actions, resources), condition, [deny, not_action, not_resource])| {
            json!({
                "Effect": if deny { "Deny" } else { "Allow" },
                (if not_action { "NotAction" } else { "Action" }): actions,
                (if not_resource { "NotResource" } else { "Resource" }): resources,
                "Condition": condition,
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// More denials, a boundary or fewer statements never make a role look more dangerous; no policy makes it panic.
    #[test]
    fn a_judgement_is_monotonous(
        statements in prop::collection::vec(statement_strategy(), 0..6),
        boundary in prop::option::of(prop::collection::vec(statement_strategy(), 0..4)),
    ) {
        let needed = needed();
        let of = |statements: &[Value]| IdentityPolicies::of(vec![document(statements)]);
        let whole = judge(&of(&statements), &needed);
        let counts = |judgement: &ImpactJudgement| judgement.findings.iter().map(|finding| finding.count).sum::<usize>();
        let allows: Vec<Value> = statements.iter().filter(|one| one["Effect"] == "Allow").cloned().collect();
        prop_assert!(judge(&of(&allows), &needed).safety >= whole.safety);
        if let Some(boundary) = boundary {
            let within = judge(&of(&statements).with_boundary(document(&boundary)), &needed);
            prop_assert!(within.safety <= whole.safety && counts(&within) <= counts(&whole));
            let unread = of(&statements).with_boundary(NamedPolicy::unreadable("the boundary"));
            prop_assert_eq!(judge(&unread, &needed).safety, whole.safety);
        }
        for finding in &whole.findings {
            prop_assert!(!finding.statements.is_empty() && finding.actions.len() == finding.count.min(5));
        }
    }
}

/// The sources of a finding, without a policy that has nothing of it.
#[test]
fn every_source_of_a_finding_is_named_once() {
    let needed = needed();
    let grant = |sid: &str, action: &str| json!({ "Sid": sid, "Effect": "Allow", "Action": action, "Resource": "*" });
    let mut policies = vec![document(&template(&needed))];
    policies.push(document(&[grant("A", "s3:PutObject"), grant("B", "ec2:DescribeTags"), grant("C", "s3:Put*")]));
    let judgement = judge(&IdentityPolicies::of(policies), &needed);
    let writes = judgement.findings.iter().find(|finding| finding.kind == ImpactKind::Write).unwrap();
    let names: BTreeSet<&str> = writes.statements.iter().map(String::as_str).collect();
    assert_eq!(names.len(), writes.statements.len());
    assert_eq!(writes.statements.len(), 2, "{:?}", writes.statements);
}
