//! What holds for every trust policy.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{cases, judged};

/// One statement of any case.
fn statement() -> impl Strategy<Value = Value> {
    let all: Vec<Value> = cases().iter().flat_map(|case| case["statements"].as_array().unwrap().clone()).collect();
    proptest::sample::select(all)
}

fn statements() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(statement(), 0..4)
}

/// Writes the names of all condition keys and operators in another case.
fn in_another_case(mut statement: Value) -> Value {
    if let Some(operators) = statement["Condition"].as_object() {
        let keys = |keys: &Value| {
            let keys = keys.as_object().unwrap().iter().map(|(key, values)| (key.to_uppercase(), values.clone()));
            Value::Object(keys.collect())
        };
        let operators = operators.iter().map(|(operator, of)| (operator.to_lowercase(), keys(of)));
        statement["Condition"] = Value::Object(operators.collect());
    }
    statement
}

/// One statement for each principal.
fn split(statement: &Value) -> Vec<Value> {
    let Some(kinds) = statement["Principal"].as_object() else { return vec![statement.clone()] };
    let names = kinds.iter().flat_map(|(kind, names)| {
        let names = names.as_array().cloned().unwrap_or_else(|| vec![names.clone()]);
        names.into_iter().map(move |name| (kind.clone(), name))
    });
    let with = |(kind, name): (String, Value)| {
        let mut one = statement.clone();
        one["Principal"] = json!({kind: name});
        one
    };
    names.map(with).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_allow_makes_no_policy_safer(statements in statements(), more in statement()) {
        let before = judged(&json!(statements));
        let mut all = statements;
        all.push(more);
        all.last_mut().unwrap()["Effect"] = json!("Allow");
        let after = judged(&json!(all));
        // The remark that backend_role may not get in may go.
        let lets_backend_in = before.answer(super::CallerClass::Backend) == super::CallerAnswer::GetsIn;
        prop_assert!(after.safety >= before.safety || !lets_backend_in, "{:?} {:?}", before, after);
    }

    #[test]
    fn a_deny_lets_nobody_in(statements in statements(), more in statement()) {
        let before = judged(&json!(statements));
        let mut all = statements;
        all.push(more);
        all.last_mut().unwrap()["Effect"] = json!("Deny");
        let after = judged(&json!(all));
        for (class, answer) in &before.answers {
            // A Deny that is not decidable makes a sure answer an open one, and none more open.
            prop_assert!(after.answer(*class) <= *answer, "{:?}: {:?} {:?}", class, before, after);
        }
    }

    #[test]
    fn the_case_of_names_changes_nothing(statements in statements()) {
        let other: Vec<Value> = statements.iter().cloned().map(in_another_case).collect();
        prop_assert_eq!(judged(&json!(statements)).answers, judged(&json!(other)).answers);
    }

    #[test]
    fn it_makes_no_difference_how_principals_are_spread_over_statements(statements in statements()) {
        let other: Vec<Value> = statements.iter().flat_map(split).collect();
        prop_assert_eq!(judged(&json!(statements)).answers, judged(&json!(other)).answers);
    }
}
