//! Policies that are made to waste time, to fill the terminal, or to make the judgement show an external ID.

use serde_json::{Value, json};

use super::*;

fn allow(principal: &Value, condition: &Value) -> Value {
    json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, "Condition": condition})
}

fn numbered(count: usize, text: impl Fn(usize) -> String) -> Vec<String> {
    (0..count).map(text).collect()
}

#[test]
fn a_policy_with_values_for_a_billion_attempts_is_not_tried_in_full() {
    let mentioned = |statement: &Value| {
        let document = decode_document(&json!({"Statement": statement}).to_string()).unwrap();
        mentioned::Mentioned::by(&document, "2026-11-28T12:00:00Z".parse().unwrap())
    };
    let many = allow(
        &json!("*"),
        &json!({
            "StringEquals": {"aws:PrincipalAccount": numbered(150, |at| format!("{at:012}")), "sts:ExternalId": numbered(150, |at| at.to_string())},
            "ArnLike": {"aws:PrincipalArn": numbered(150, |at| format!("arn:*:*:*:*:{at}"))},
            "DateNotEquals": {"aws:CurrentTime": numbered(60, |at| format!("{}-01-01", 2030 + at))},
        }),
    );
    let cut = mentioned(&many);
    assert!(
        cut.is_cut && cut.accounts.len() * cut.identities.len() * cut.external_ids.len() * cut.moments.len() <= 20_000
    );
    // What is left out is judged by the worst case, even if nobody who is tried gets in.
    let (ids, arns) = (numbered(40, |at| format!("{at}")), numbered(80, |at| format!("a:*:::{at}:{at}")));
    let days = numbered(6, |at| format!("{}-01-01", 2030 + at));
    let nobody = json!({"StringEquals": {"sts:ExternalId": ids}, "ArnLike": {"aws:PrincipalArn": arns}, "DateEquals": {"aws:CurrentTime": days}, "Null": {"aws:PrincipalArn": "true"}});
    assert_eq!(judged(&json!([allow(&json!({"AWS": "111122223333"}), &nobody)])).safety, Safety::Unsafe);
    // Policies of customers with many accounts are tried in full.
    let usual = json!({
        "StringEquals": {"aws:PrincipalAccount": numbered(60, |at| format!("{at:012}"))},
        "ArnLike": {"aws:PrincipalArn": numbered(10, |at| format!("arn:aws:iam::*:role/{at}"))},
    });
    assert!(!mentioned(&allow(&json!("*"), &usual)).is_cut);
}

#[test]
fn a_policy_of_megabytes_is_not_evaluated() {
    for condition in [
        json!({"StringLike": {"sts:ExternalId": "*a".repeat(1_000_000)}}),
        json!({"StringEquals": {"sts:ExternalId": numbered(100_000, |at| at.to_string())}}),
        json!({"x".repeat(1_000_000): {"sts:ExternalId": "a"}}),
    ] {
        let judgement = judged(&json!([allow(&json!("*"), &condition)]));
        assert_eq!(judgement.safety, Safety::Unsafe);
        assert!(judgement.remarks.iter().all(|remark| remark.text.len() < 1_000));
    }
}

#[test]
fn no_text_of_a_policy_reaches_the_terminal_uncut() {
    let odd = format!("\u{1b}[2J\u{7}{}", "x".repeat(2_000));
    let principals = [
        json!({"AWS": format!("arn:aws:iam::666666666666:role/{odd}")}),
        json!({"AWS": format!("AROA{odd}")}),
        json!({"Federated": odd}),
        json!({"Service": odd}),
        json!("*"),
    ];
    let conditions = [
        json!({}),
        json!({"StringEquals": {"aws:PrincipalArn": format!("arn:aws:iam::999999999999:role/{odd}")}}),
        json!({"StringEquals": {"aws:userid": format!("AROA{odd}:*")}}),
        json!({"StringEquals": {format!("aws:PrincipalTag/{odd}"): "x"}}),
        json!({odd.clone(): {"sts:ExternalId": "x"}}),
        json!({"StringEquals": {"sts:ExternalId": odd}}),
    ];
    for principal in &principals {
        for condition in &conditions {
            for action in ["sts:AssumeRole", "*"] {
                let mut statement = allow(principal, condition);
                statement["Action"] = json!(action);
                statement["Sid"] = json!(odd);
                for remark in judged(&json!([statement])).remarks {
                    assert!(!remark.text.contains(char::is_control), "{}", remark.text);
                    assert!(remark.text.len() < 1_500, "{}", remark.text.len());
                }
            }
        }
    }
}

#[test]
fn no_external_id_is_told() {
    let ids = ["a-second-secret", "a-third-?-secret", "secret-by-pattern*"];
    for operator in
        ["StringEquals", "StringLike", "StringNotEquals", "ForAllValues:StringEquals", "Unknown", "Null", "Bool"]
    {
        let condition = json!({operator: {"sts:ExternalId": [EXTERNAL_ID, ids[0], ids[1], ids[2]]}});
        for principal in [json!("*"), json!({"AWS": "999999999999"}), json!({"AWS": "666666666666"})] {
            let told = format!("{:?}", judged(&json!([allow(&principal, &condition)])));
            assert!(!told.contains("secret") && !told.contains(EXTERNAL_ID), "{told}");
        }
    }
}
