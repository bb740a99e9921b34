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
fn a_number_is_the_text_that_it_is_written_as() {
    let text = r#"{"Id":"1 \\\" 2","Statement":[{"Effect":"Allow","Action":"*","Condition":{"StringEquals":{
        "sts:ExternalId":[123456789012345678901234567890,1.50,-7,1e3,"8",true],"a:\"9\"":0}}}]}"#;
    let statement = &decode_document(text).unwrap().statements[0];
    let values: Vec<Vec<&str>> = statement.conditions.iter().map(|condition| condition.texts().collect()).collect();
    assert_eq!(values, [vec!["0"], vec!["123456789012345678901234567890", "1.50", "-7", "1e3", "8", "true"]]);
    for wrong in ["01", "1.", "-", "1e", "+1", "1-2"] {
        let text =
            format!(r#"{{"Statement":{{"Effect":"Allow","Action":"*","Condition":{{"Bool":{{"a:b":{wrong}}}}}}}}}"#);
        assert!(decode_document(&text).is_err(), "{wrong}");
    }
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
        r#"{"Version":"2012-10-18","Statement":[]}"#,
        r#"{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*"}}"#,
        r#"{"Statement":[],"Statement":[{"Effect":"Allow","Action":"*"}]}"#,
        r#"{"Statement":{"Effect":"Allow","Condition":{"StringEquals":{"sts:ExternalId":"s3cret","sts:ExternalId":"x"}}}}"#,
        r#"%7B%22Statement%22%3A%5B%5D%2C%22Statement%22%3A%5B%5D%7D"#,
        r#"{"Statement":[}"#,
        r#"{"Statement":{"Effect":"Allow"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":null,"NotAction":"a:*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":[1]}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":true}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":{"aws":"*"}}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":{"AWS":111122223333}}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":"*","NotPrincipal":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","NotResource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Condition":{"StringEquals":{"a:b":{"c":"d"}}}}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Condition":{"StringEquals":{"a:b":null}}}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Sid":1}}"#,
        r#"{"Statement":{"Effect":["Allow"],"Action":"*"}}"#,
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
    not a policy document: an action, a resource or a principal is no string
    not a policy document: a statement has Action and NotAction
    not a policy document: a principal is neither "*" nor an object
    not a policy document: the condition `StringEquals` is no object
    not a policy document: `Actions` is not known
    not a policy document: the Version `2012-10-18` is not known
    not a policy document: document.Statement: gives the field `Effect` twice: keep one of them
    not a policy document: document: gives the field `Statement` twice: keep one of them
    not a policy document: document.Statement.Condition.StringEquals: gives the field `sts:ExternalId` twice: keep one of them
    not a policy document: document: gives the field `Statement` twice: keep one of them
    not a policy document: document: is not JSON: expected value at line 1 column 15
    not a policy document: a statement has neither Action nor NotAction
    not a policy document: a statement has Action and NotAction
    not a policy document: an action, a resource or a principal is no string
    not a policy document: an action, a resource or a principal is no string
    not a policy document: the kind of principal `aws` is not known
    not a policy document: an action, a resource or a principal is no string
    not a policy document: a statement has Principal and NotPrincipal
    not a policy document: a statement has Resource and NotResource
    not a policy document: a value is neither a string nor a number nor a boolean
    not a policy document: a value is neither a string nor a number nor a boolean
    not a policy document: Sid is no string
    not a policy document: Effect is no string
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
        actions in element_of(texts_of("[a-z*?:%]{1,8}")).prop_map(|actions| actions.or(Some(Element::Is(vec!["*".into()])))),
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
