//! Both implementations agree on policies of resources beside those of an identity; and where an answer is open, it may
//! turn out both ways.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;
use super::naive::{self, Known};
use super::policy;
use crate::domain::RoleArn;

const ROLE: &str = "arn:aws:iam::999999999999:role/backend";
const SESSION: &str = "arn:aws:sts::999999999999:assumed-role/backend/run";

/// What a group of statements says: nothing, an Allow, a Deny.
fn group() -> impl Strategy<Value = Value> {
    let one = prop_oneof![3 => Just("Allow"), 1 => Just("Deny")];
    let actions = proptest::sample::select(vec!["*", "sqs:*", "s3:*"]);
    let statement =
        (one, actions).prop_map(|(effect, action)| json!({"Effect": effect, "Action": action, "Resource": "*"}));
    proptest::collection::vec(statement, 0..3).prop_map(Value::from)
}

fn resource_group() -> impl Strategy<Value = Value> {
    let principals =
        proptest::sample::select(vec![ROLE, SESSION, "999999999999", "arn:aws:iam::999999999999:root", "666666666666"]);
    let effect = prop_oneof![3 => Just("Allow"), 1 => Just("Deny")];
    let statement = (effect, principals)
        .prop_map(|(effect, name)| json!({"Effect": effect, "Action": "*", "Principal": {"AWS": name}}));
    proptest::collection::vec(statement, 0..3).prop_map(Value::from)
}

/// "Determining whether a request is allowed or denied within an account", step by step, for a role's session.
fn naive_answer(
    identity: &Value,
    boundary: Option<&Value>,
    resource: &Value,
    action: &str,
    same_account: bool,
) -> bool {
    let known = |names: &[&str]| Known {
        action: action.to_owned(),
        resource: "r".into(),
        names: names.iter().map(|name| format!("AWS {name}")).collect(),
        keys: Default::default(),
    };
    let everything = known(&[ROLE, SESSION, "999999999999", "arn:aws:iam::999999999999:root"]);
    let only_allows = |group: &Value| {
        Value::from(
            group.as_array().unwrap().iter().filter(|one| one["Effect"] == "Allow").cloned().collect::<Vec<_>>(),
        )
    };
    let groups: Vec<&Value> = [Some(identity), boundary, Some(resource)].into_iter().flatten().collect();
    if groups.iter().any(|group| naive::denies(group, &everything)) {
        return false;
    }
    let allows = |group: &Value, known: &Known| naive::allows(&only_allows(group), known);
    let by_boundary = boundary.is_none_or(|boundary| allows(boundary, &everything));
    let by_identity = allows(identity, &everything) && by_boundary;
    if !same_account {
        return by_identity && allows(resource, &everything);
    }
    if allows(resource, &known(&[SESSION])) {
        return true;
    }
    if allows(resource, &known(&[ROLE])) && by_boundary {
        return true;
    }
    by_identity && (!action.starts_with("kms:") || allows(resource, &everything))
}

/// A condition on a key, with the operators for texts.
fn condition(key: &'static str) -> impl Strategy<Value = Value> {
    let operators = proptest::sample::select(vec![
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
        "StringLikeIfExists",
        "StringNotEqualsIfExists",
        "ForAnyValue:StringLike",
        "ForAllValues:StringEquals",
        "ForAllValues:StringNotLike",
        "ForAnyValue:StringNotLike",
        "ForAllValues:StringLike",
        "ForAnyValue:StringEquals",
        "Null",
    ]);
    let values = proptest::collection::vec(proptest::sample::select(vec!["abc", "a*", "?bc", "*", "ABC"]), 0..3);
    (operators, values, any::<bool>()).prop_map(move |(operator, values, is_null)| match operator {
        "Null" => json!({"Null": {key: is_null.to_string()}}),
        operator => json!({operator: {key: values}}),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn policies_of_resources_have_the_answer_of_the_second_implementation(
        identity in group(), boundary in proptest::option::of(group()), resource in resource_group(),
        action in proptest::sample::select(vec!["sqs:SendMessage", "s3:GetObject", "kms:Decrypt"]), same_account in any::<bool>(),
    ) {
        let role: RoleArn = ROLE.parse().unwrap();
        let account = if same_account { "999999999999" } else { "111122223333" };
        let arn = format!("arn:aws:any:eu-west-1:{account}:r");
        let caller = Caller::session_of(&role, Some("run"), None);
        let request = AccessRequest::new(caller, action, &arn, RequestContext::others_absent());
        let mut policies = IdentityPolicies::of(vec![NamedPolicy::new("identity", policy(&identity))]);
        if let Some(boundary) = &boundary {
            policies = policies.with_boundary(NamedPolicy::new("boundary", policy(boundary)));
        }
        let evaluation = evaluate(&policies, Some(&policy(&resource)), &request);
        let expected = naive_answer(&identity, boundary.as_ref(), &resource, action, same_account);
        prop_assert_eq!(evaluation.is_allowed(), expected, "{:?}", evaluation);
        prop_assert_eq!(evaluation.is_denied(), !expected, "{:?}", evaluation);
    }

    /// Exact where every unknown key stands once. A key that stands twice counts as two: that is sound, and not exact.
    #[test]
    fn an_answer_is_open_just_if_the_unknown_keys_decide_it(
        first in condition("a:first"), second in condition("a:second"), effect in proptest::sample::select(vec!["Allow", "Deny"]),
        joined in any::<bool>(),
    ) {
        let statements = if joined {
            let mut both = first.clone();
            for (operator, keys) in second.as_object().unwrap() {
                let known = both.as_object_mut().unwrap().entry(operator).or_insert(json!({}));
                known.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
            }
            json!([{"Effect": "Allow", "Action": "*", "Principal": "*", "Condition": both}])
        } else {
            json!([
                {"Effect": "Allow", "Action": "*", "Principal": "*", "Condition": first},
                {"Effect": effect, "Action": "*", "Principal": "*", "Condition": second},
            ])
        };
        let request = AccessRequest::new(Caller::Anonymous, "a:b", "*", RequestContext::others_unknown());
        let evaluation = evaluate_resource_policy(&policy(&statements), &request);
        let choices: [&[&str]; 10] = [&["*"], &["a*"], &["?bc"], &[], &[""], &["abc"], &["ABC"], &["axc"], &["xbc"], &["zz"]];
        let mut answers = std::collections::BTreeSet::new();
        for (some, other) in choices.iter().flat_map(|some| choices.iter().map(move |other| (some, other))) {
            let keys = [("a:first", some), ("a:second", other)].into_iter().filter(|(_, values)| !values.is_empty());
            let texts = |values: &&[&str]| values.iter().map(|value| (*value).to_owned()).collect();
            let keys = keys.map(|(key, values)| (key.to_owned(), texts(values))).collect();
            let known = Known { action: "a:b".into(), resource: "*".into(), names: vec!["*".into()], keys };
            answers.insert(naive::allows(&statements, &known));
        }
        let is_open = !evaluation.open_questions().is_empty();
        prop_assert_eq!(is_open, answers.len() == 2, "{:?} {}", evaluation, statements);
        prop_assert!(is_open || answers.contains(&evaluation.is_allowed()), "{:?} {}", evaluation, statements);
    }
}
