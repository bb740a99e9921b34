//! Trust policies with the truth about each: `cases.json`. Safe, weak (works, but opener than need be or easily broken), unsafe.

mod hostile;
mod properties;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;
use crate::onboarding::iam_policy::decode_document;

const EXTERNAL_ID: &str = "7d0c5a1e-4b1f-4c6a-9d57-3f2b8e6a1c90";
const CASES: &str = include_str!("cases.json");

fn judged_with(statements: &Value, external_id: Option<&str>) -> TrustJudgement {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let document =
        decode_document(&text.replace("{account}", "111122223333")).unwrap_or_else(|error| panic!("{error}: {text}"));
    let backend: BackendPrincipal = "arn:aws:iam::999999999999:role/rolecall-backend".parse().unwrap();
    let (account, external_id) = ("111122223333".parse().unwrap(), external_id.map(SecretString::from));
    let subject = TrustSubject {
        backend: &backend,
        backend_unique_id: Some("AROAROLECALLBACKEND00"),
        session_name: "rolecall-20261128-0a1b2c3d",
        account: &account,
        external_id: external_id.as_ref(),
        now: "2026-11-28T12:00:00Z".parse::<Timestamp>().unwrap(),
    };
    judge_trust(&subject, &document)
}

fn judged(statements: &Value) -> TrustJudgement {
    judged_with(statements, Some(EXTERNAL_ID))
}

fn cases() -> Vec<Value> {
    let all: Value = serde_json::from_str(CASES).unwrap();
    all["trust"].as_array().unwrap().clone()
}

fn word(safety: Safety) -> String {
    format!("{safety:?}").to_lowercase()
}

#[test]
fn every_case_is_judged_as_it_is() {
    let mut wrong = Vec::new();
    for case in cases() {
        let judgement = judged(&case["statements"]);
        if word(judgement.safety) != case["truth"] {
            wrong.push(format!("{} {}: {:?}, {:#?}", case["case"], case["note"], judgement.safety, judgement.remarks));
        }
        let told = format!("{judgement:?}");
        assert!(!told.contains(EXTERNAL_ID) && !told.contains("vendor-default"), "{}: {told}", case["case"]);
        assert!(!judgement.remarks.iter().any(|remark| remark.text.contains(char::is_control)), "{}", case["case"]);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_sentence_says_who_gets_in_and_by_which_statement() {
    let mut told = String::new();
    for case in cases() {
        for remark in judged(&case["statements"]).complaints() {
            told.push_str(&format!("{}: {:?}: {}\n", case["case"].as_str().unwrap(), remark.safety, remark.text));
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_target_of_the_own_organization_needs_no_external_id() {
    let root = json!({"AWS": "arn:aws:iam::999999999999:root"});
    let role = json!({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::999999999999:role/rolecall-backend"}});
    let allow = |principal: &Value, condition: &Value| json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, "Condition": condition}]);
    for (statements, truth) in [
        (allow(&root, &role), Safety::Safe),
        (allow(&root, &json!({})), Safety::Weak),
        (allow(&json!("*"), &json!({"StringEquals": {"aws:PrincipalOrgID": "o-own0000000"}})), Safety::Weak),
        (allow(&json!("*"), &json!({})), Safety::Unsafe),
        (allow(&json!({"AWS": "666666666666"}), &json!({})), Safety::Unsafe),
    ] {
        let judgement = judged_with(&statements, None);
        assert_eq!(judgement.safety, truth, "{statements}: {judgement:#?}");
    }
    let refused = judged_with(&allow(&json!({"AWS": "111122223333"}), &json!({})), None);
    assert_eq!(refused.answer(CallerClass::Backend), CallerAnswer::Refused);
}

#[test]
fn answers_are_given_for_each_class_of_callers() {
    let answers = |statements: &Value| {
        let judgement = judged(statements);
        judgement.answers.iter().map(|(class, answer)| format!("{class:?} {answer}")).collect::<Vec<_>>().join("; ")
    };
    let template = &cases()[0]["statements"];
    insta::assert_snapshot!(answers(template), @"Backend gets in; BackendWithoutExternalId is refused; BackendWithAnotherExternalId is refused; OtherIdentityOfBackendAccount is refused; AnyAccount is refused");
    insta::assert_snapshot!(answers(&json!([{"Effect": "Allow", "Principal": "*", "Action": "*"}])), @"Backend gets in; BackendWithoutExternalId gets in; BackendWithAnotherExternalId gets in; OtherIdentityOfBackendAccount gets in; AnyAccount gets in; Federated gets in; Service gets in");
}
