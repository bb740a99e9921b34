//! Generated policies and requests: both implementations agree, and nothing panics or takes long.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;
use super::naive::{self, Known};
use super::policy;
use crate::domain::RoleArn;

const ROLE: &str = "arn:aws:iam::999999999999:role/team/backend";
const SESSION: &str = "arn:aws:sts::999999999999:assumed-role/backend/run";

/// A condition key, the operators that fit it, the values that policies compare it with, and those that requests have.
type Key = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const TEXTS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
];
const KEYS: &[Key] = &[
    ("sts:ExternalId", TEXTS, &["abc", "ABC", "a*", "?bc", "*", "", "a${*}"], &["abc", "ABC", "axc", "a*"]),
    ("aws:TagKeys", TEXTS, &["x", "y", "*", "x?"], &["x", "y", "z", "xy"]),
    ("aws:PrincipalTag/Team", TEXTS, &["red", "RED", "r*d"], &["red", "RED", "blue"]),
    (
        "aws:MultiFactorAuthAge",
        &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        &["60", "60.0", "3600", "0"],
        &["60", "59", "3600"],
    ),
    (
        "aws:CurrentTime",
        &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        &["2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"],
        &["2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "2027-01-01T00:00:00Z"],
    ),
    ("aws:SecureTransport", &["Bool"], &["true", "False"], &["true", "false"]),
    (
        "aws:SourceIp",
        &["IpAddress", "NotIpAddress"],
        &["203.0.113.0/24", "203.0.113.7", "0.0.0.0/0", "128.0.0.0/1"],
        &["203.0.113.7", "203.0.113.8", "10.0.0.1"],
    ),
    (
        "aws:SourceArn",
        &["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"],
        &["arn:aws:sns:*:999999999999:*", "arn:aws:sns:eu-west-1:999999999999:a", "arn:*:*:*:*:?", "*"],
        &["arn:aws:sns:eu-west-1:999999999999:a", "arn:aws:sns:eu-west-1:111122223333:a:b", "arn:aws:s3:::a"],
    ),
    (
        "aws:PrincipalArn",
        &["ArnEquals", "ArnNotLike"],
        &[ROLE, "arn:aws:iam::999999999999:role/*", "arn:aws:iam::*:user/x"],
        &[],
    ),
];

fn texts(from: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    proptest::collection::vec(proptest::sample::select(from), 1..3)
}

fn conditions() -> impl Strategy<Value = Value> {
    let one = proptest::sample::select(KEYS).prop_flat_map(|(key, operators, wanted, _)| {
        let name = (proptest::sample::select(operators), 0..7_usize, any::<bool>());
        (name, texts(wanted), any::<bool>()).prop_map(move |((operator, form, if_exists), values, lower)| {
            let if_exists = if if_exists { "IfExists" } else { "" };
            // A key of several values has no documented answer without a set operator.
            let form = if key == "aws:TagKeys" { form % 3 } else { form };
            let operator = match form {
                // With IfExists it has no documented answer for a key that is absent.
                0 => format!("ForAnyValue:{operator}"),
                1 => format!("ForAllValues:{operator}{if_exists}"),
                2 => return ("Null".to_owned(), key.to_owned(), json!(["true", "false"][usize::from(lower)])),
                _ => format!("{operator}{if_exists}"),
            };
            (operator, if lower { key.to_lowercase() } else { key.to_owned() }, json!(values))
        })
    });
    proptest::collection::vec(one, 0..3).prop_map(|all| {
        let mut operators: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
        for (operator, key, values) in all {
            operators.entry(operator).or_default().insert(key, values);
        }
        json!(operators)
    })
}

fn principals() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec![
        json!("*"),
        json!({"AWS": "*"}),
        json!({"AWS": "999999999999"}),
        json!({"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::999999999999:root"]}),
        json!({"AWS": ROLE}),
        json!({"AWS": SESSION, "Service": "ec2.amazonaws.com"}),
        json!({"AWS": "AROAEXAMPLE"}),
        json!({"AWS": ["arn:aws:iam::111122223333:root", "AIDADEAD"]}),
        json!({"Service": ["ec2.amazonaws.com", "s3.amazonaws.com"]}),
        json!({"Federated": "cognito-identity.amazonaws.com"}),
    ])
}

fn statements(with_principal: bool) -> impl Strategy<Value = Value> {
    let actions = proptest::sample::select(vec![
        json!({"Action": "sts:AssumeRole"}),
        json!({"Action": ["STS:assume*", "s3:*"]}),
        json!({"Action": "*"}),
        json!({"Action": "s3:GetObject"}),
        json!({"NotAction": "sts:TagSession"}),
        json!({"NotAction": ["sts:Assume?ole", "s3:Get*"]}),
    ]);
    let resources = proptest::sample::select(vec![
        json!({"Resource": "*"}),
        json!({"Resource": ["arn:aws:iam::111122223333:role/x", "arn:aws:s3:::a/*"]}),
        json!({"NotResource": "arn:aws:iam::*:role/x"}),
    ]);
    let one = (any::<bool>(), actions, resources, principals(), conditions()).prop_map(
        move |(allow, actions, resources, principals, conditions)| {
            let mut statement = json!({"Effect": if allow { "Allow" } else { "Deny" }, "Condition": conditions});
            let members = statement.as_object_mut().unwrap();
            members.extend(actions.as_object().unwrap().clone());
            if with_principal {
                members.insert("Principal".into(), principals);
            } else {
                members.extend(resources.as_object().unwrap().clone());
            }
            statement
        },
    );
    proptest::collection::vec(one, 0..5).prop_map(Value::from)
}

/// Whose request it is: the caller, and all texts by which principals name it.
fn callers() -> impl Strategy<Value = (Caller, Vec<String>)> {
    let role: RoleArn = ROLE.parse().unwrap();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    proptest::sample::select(vec![
        (
            Caller::session_of(&role, Some("run"), Some("AROAEXAMPLE:run")),
            names(&[
                "*",
                "AWS *",
                "AWS 999999999999",
                "AWS arn:aws:iam::999999999999:root",
                &format!("AWS {ROLE}"),
                &format!("AWS {SESSION}"),
                "AWS AROAEXAMPLE",
            ]),
        ),
        (Caller::Service("ec2.amazonaws.com".into()), names(&["*", "AWS *", "Service ec2.amazonaws.com"])),
        (
            Caller::Federated("cognito-identity.amazonaws.com".into()),
            names(&["*", "AWS *", "Federated cognito-identity.amazonaws.com"]),
        ),
    ])
}

/// What is known of each key: nothing, or all its values.
type Knowledge = Vec<(&'static str, Option<Vec<&'static str>>)>;

fn knowledge(hidden: bool) -> impl Strategy<Value = Knowledge> {
    KEYS.iter()
        .filter(|(_, _, _, values)| !values.is_empty())
        .map(|&(key, _, _, values)| {
            let most = if key == "aws:TagKeys" { 3 } else { 1 };
            let values = proptest::collection::vec(proptest::sample::select(values), 0..=most);
            (values, any::<bool>()).prop_map(move |(values, hide)| (key, (!(hidden && hide)).then_some(values)))
        })
        .collect::<Vec<_>>()
}

fn context(caller: &Caller, knowledge: &Knowledge) -> RequestContext {
    // What a caller that is no account's has for an ARN is not documented, and the second implementation has none.
    let first = match caller {
        Caller::Account(_) => RequestContext::others_absent(),
        _ => RequestContext::others_absent().with_absent("aws:PrincipalArn"),
    };
    knowledge.iter().fold(first, |context, (key, known)| match known {
        None => context.with(key, KeyValue::Unknown),
        Some(values) if values.is_empty() => context.with_absent(key),
        Some(values) => context.with_values(key, values),
    })
}

/// All that a request may be: every key that is not known has each of its values, or none.
fn completions(names: &[String], caller: &Caller, knowledge: &Knowledge) -> Vec<Known> {
    let mut keys = BTreeMap::new();
    if let Caller::Account(_) = caller {
        keys.insert("aws:principalarn".to_owned(), vec![ROLE.to_owned()]);
    }
    let first = Known { action: "sts:AssumeRole".into(), resource: RESOURCE.into(), names: names.to_vec(), keys };
    let mut all = vec![first];
    for (key, known) in knowledge {
        let (_, _, _, values) = KEYS.iter().find(|(name, ..)| name == key).unwrap();
        let choices: Vec<Vec<&str>> = match known {
            Some(values) => vec![values.clone()],
            // Two values are enough to differ, and keep the number of completions small.
            None => std::iter::once(Vec::new()).chain(values.iter().take(2).map(|value| vec![*value])).collect(),
        };
        all = choices
            .iter()
            .flat_map(|choice| {
                all.iter().map(|request| {
                    let mut request = request.clone();
                    let values: Vec<String> = choice.iter().map(|value| (*value).to_owned()).collect();
                    if !values.is_empty() {
                        request.keys.insert(key.to_lowercase(), values);
                    }
                    request
                })
            })
            .collect();
    }
    all
}

const RESOURCE: &str = "arn:aws:iam::111122223333:role/x";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_known_request_has_the_answer_of_the_second_implementation(
        statements in statements(true), (caller, names) in callers(), knowledge in knowledge(false),
    ) {
        let request = AccessRequest::new(caller.clone(), "sts:AssumeRole", RESOURCE, context(&caller, &knowledge));
        let evaluation = evaluate_resource_policy(&policy(&statements), &request);
        let known = completions(&names, &caller, &knowledge);
        prop_assert_eq!(known.len(), 1);
        let expected = naive::allows(&statements, &known[0]);
        prop_assert_eq!(evaluation.is_allowed(), expected, "{:?} {}", evaluation, statements);
        prop_assert_eq!(evaluation.is_denied(), !expected, "{:?} {}", evaluation, statements);
    }

    #[test]
    fn what_is_decided_holds_however_the_unknown_keys_turn_out(
        statements in statements(true), (caller, names) in callers(), knowledge in knowledge(true),
    ) {
        let request = AccessRequest::new(caller.clone(), "sts:AssumeRole", RESOURCE, context(&caller, &knowledge));
        let evaluation = evaluate_resource_policy(&policy(&statements), &request);
        let answers: Vec<bool> =
            completions(&names, &caller, &knowledge).iter().map(|known| naive::allows(&statements, known)).collect();
        match &evaluation.decision {
            PolicyDecision::Allowed => prop_assert!(answers.iter().all(|allowed| *allowed), "{}", statements),
            PolicyDecision::Denied(_) => prop_assert!(!answers.iter().any(|allowed| *allowed), "{}", statements),
            PolicyDecision::Undecidable(keys) => {
                // Each key that it names is one that is not known, and there is one.
                let hidden = |key: &String| knowledge.iter().any(|(name, known)| known.is_none() && name.eq_ignore_ascii_case(key));
                prop_assert!(!keys.is_empty() && keys.iter().all(hidden), "{:?}", keys);
            }
        }
    }

    #[test]
    fn boundary_and_session_policy_only_narrow(
        identity in statements(false), boundary in statements(false), session in statements(false),
        with in (any::<bool>(), any::<bool>()), knowledge in knowledge(false),
    ) {
        let (caller, names) = (Caller::session_of(&ROLE.parse::<RoleArn>().unwrap(), Some("run"), None), Vec::new());
        let request = AccessRequest::new(caller.clone(), "sts:AssumeRole", RESOURCE, context(&caller, &knowledge));
        let mut policies = IdentityPolicies::of(vec![NamedPolicy::new("identity", policy(&identity))]);
        let mut groups = vec![&identity];
        if with.0 {
            policies = policies.with_boundary(NamedPolicy::new("boundary", policy(&boundary)));
            groups.push(&boundary);
        }
        if with.1 {
            policies = policies.with_session(NamedPolicy::new("session", policy(&session)));
            groups.push(&session);
        }
        let known = completions(&names, &caller, &knowledge);
        let expected = naive::groups_allow(&groups, &known[0]);
        prop_assert_eq!(evaluate(&policies, None, &request).is_allowed(), expected);
    }
}
