use proptest::prelude::*;

use super::super::document::EXTERNAL_ID;
use super::*;

#[test]
fn documents_are_read_encoded_or_not_and_in_all_their_forms() {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"AWS":["arn:aws:iam::999999999999:root","AROAEXAMPLE"],"Service":"ec2.amazonaws.com"},
        "Condition":{"StringEquals":{"sts:ExternalId":"x%20y"},"ArnEquals":{"aws:PrincipalArn":"a"}}}}"#;
    let encoded = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let document = decode_document(text).unwrap();
    assert_eq!(decode_document(&encoded).unwrap(), document);
    let statement = &document.statements[0];
    assert_eq!(statement.principal_names(), ["arn:aws:iam::999999999999:root", "AROAEXAMPLE", "ec2.amazonaws.com"]);
    assert_eq!(statement.external_ids().len(), 1);
    assert!(statement.looks_at(EXTERNAL_ID) && !statement.looks_at("aws:sourceaccount"));
    assert!(!format!("{document:?}").contains("x%20y"), "an external ID is a secret");
    for (operator, value, narrows) in [
        ("ArnLike", "arn:aws:iam::1:role/x", true),
        ("ArnLike", "arn:aws:iam::1:role/*", false),
        ("ArnEqualsIfExists", "arn:aws:iam::1:role/x", false),
        ("ForAnyValue:StringEquals", "x", false),
        ("StringNotEquals", "x", false),
        ("StringEquals", "x", true),
    ] {
        let text = format!(
            r#"{{"Statement":{{"Effect":"Allow","Condition":{{"{operator}":{{"aws:PrincipalArn":"{value}"}}}}}}}}"#
        );
        let statement = &decode_document(&text).unwrap().statements[0];
        assert_eq!(statement.is_narrowed_by(&["aws:principalarn"]), narrows, "{operator} {value}");
    }
    let open = r#"{"Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":["*"],"Principal":"*"}]}"#;
    let open = decode_document(open).unwrap();
    assert!(open.statements[0].covers("ec2:RunInstances") && open.statements[0].principal_names() == ["*"]);
    assert!(!open.statements[0].covers("iam:PassRole") && open.statements[0].action_patterns() == ["*"]);
}

#[test]
fn numbers_and_booleans_are_values() {
    let text = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{
        "Bool":{"aws:SecureTransport":false},"NumericLessThan":{"aws:MultiFactorAuthAge":[60,"90"]}}}}"#;
    let statement = &decode_document(text).unwrap().statements[0];
    let values: Vec<Vec<&str>> = statement.conditions.iter().map(|condition| condition.texts().collect()).collect();
    assert_eq!(values, [vec!["false"], vec!["60", "90"]]);
}

#[test]
fn what_is_not_understood_is_an_error() {
    let mut problems = String::new();
    for text in [
        "no document",
        "[]",
        "{}",
        r#"{"Statement":[1]}"#,
        r#"{"Statement":{"Action":"*"}}"#,
        r#"{"Statement":{"Effect":"allow"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":{}}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"a:*","NotAction":"b:*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Principal":"arn:aws:iam::1:root"}}"#,
        r#"{"Statement":{"Effect":"Allow","Condition":{"StringEquals":"x"}}}"#,
        r#"{"Statement":{"Effect":"Allow","Actions":"*"}}"#,
    ] {
        problems.push_str(&format!("{}\n", decode_document(text).unwrap_err()));
    }
    insta::assert_snapshot!(problems, @r#"
    not a policy document: it is no JSON object
    not a policy document: it is no JSON object
    not a policy document: it has no Statement
    not a policy document: a statement is no object
    not a policy document: the Effect of a statement is neither Allow nor Deny
    not a policy document: the Effect of a statement is neither Allow nor Deny
    not a policy document: a value is neither a string nor a number nor a boolean
    not a policy document: a statement has Action and NotAction
    not a policy document: a principal is neither "*" nor an object
    not a policy document: the condition StringEquals is no object
    not a policy document: Actions is not known
    "#);
}

fn texts_of(pattern: &'static str) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(pattern, 0..4)
}

/// An element in either of its forms, or none.
fn element_of<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Option<Element<T>>> {
    (value, 0..3).prop_map(|(value, form)| match form {
        0 => None,
        1 => Some(Element::Is(value)),
        _ => Some(Element::IsNot(value)),
    })
}

fn principals_of() -> impl Strategy<Value = Principals> {
    let kinds = proptest::collection::btree_map("AWS|Service|Federated", texts_of("[a-z*:/]{1,8}"), 0..3);
    prop_oneof![Just(Principals::Everyone), kinds.prop_map(Principals::Named)]
}

fn conditions_of() -> impl Strategy<Value = Vec<Condition>> {
    let keys = ("(StringEquals|ArnLike|ForAnyValue:StringLike|Bool)", "[a-z]{1,3}:[A-Za-z]{1,6}");
    let conditions = proptest::collection::btree_map(keys, texts_of("[ -~é]{0,6}"), 0..5);
    conditions.prop_map(|conditions| {
        conditions.into_iter().map(|((operator, key), values)| Condition::new(&operator, &key, values)).collect()
    })
}

prop_compose! {
    fn statements()(
        sid in proptest::option::of("[A-Za-z0-9]{0,5}"),
        allows in any::<bool>(),
        principals in element_of(principals_of()),
        actions in element_of(texts_of("[a-z*?:%]{1,8}")),
        resources in element_of(texts_of("[ -~]{1,8}")),
        conditions in conditions_of(),
    ) -> Statement {
        let effect = if allows { Effect::Allow } else { Effect::Deny };
        Statement { sid, effect, principals, actions, resources, conditions }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        version in proptest::option::of("2012-10-17|2008-10-17"),
        id in proptest::option::of("[a-z]{0,4}"),
        statements in proptest::collection::vec(statements(), 0..4),
    ) {
        let document = PolicyDocument { version, id, statements };
        let text = serde_json::to_string(&document).unwrap();
        prop_assert_eq!(&decode_document(&text).unwrap(), &document, "{}", text);
        let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
        prop_assert_eq!(&decode_document(&encoded).unwrap(), &document, "{}", encoded);
    }
}
