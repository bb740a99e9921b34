//! Odd and large policies: nothing panics, and nothing takes long.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::*;
use crate::domain::RoleArn;
use crate::onboarding::iam_policy::decode_document;

const POLICIES: u64 = 10_000;

/// A small generator of numbers, so that every run has the same policies.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap() % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// A text of up to this many odd pieces.
    fn text(&mut self, most: usize) -> String {
        const PIECES: &[&str] = &[
            "a",
            "b",
            "*",
            "?",
            "a*",
            "é",
            "ß",
            "\u{1b}[31m",
            "\u{202e}",
            "\"",
            "\\",
            "${",
            "}",
            "${aws:username}",
            "${aws:PrincipalTag/x, 'y'}",
            "${*}",
            ":",
            "/",
            "arn:aws:iam::999999999999:",
            "role/",
            "root",
            "AROA",
            "9",
            "-1e99",
            "0.",
            "2026-01-01T00:00:00Z",
            "203.0.113.0/24",
            "::1",
            "true",
            "\u{0}",
            "😀",
            " ",
            "sts:",
            "=",
        ];
        (0..self.below(most + 1)).map(|_| self.pick(PIECES)).collect()
    }

    fn texts(&mut self, most: usize) -> Vec<String> {
        (0..self.below(4)).map(|_| self.text(most)).collect()
    }

    fn operator(&mut self) -> String {
        let set = self.pick(&["", "", "ForAnyValue:", "ForAllValues:", "ForNoValue:"]);
        let base = self.pick(&[
            "StringEquals",
            "StringLike",
            "StringNotLike",
            "stringnotequalsignorecase",
            "NumericLessThan",
            "NumericEquals",
            "DateGreaterThan",
            "DateNotEquals",
            "Bool",
            "BinaryEquals",
            "IpAddress",
            "NotIpAddress",
            "ArnLike",
            "ArnNotEquals",
            "Null",
            "Not",
            "é",
        ]);
        format!("{set}{base}{}", self.pick(&["", "IfExists", "ifexists"]))
    }

    fn statement(&mut self, most: usize) -> Value {
        let mut operators: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
        for _ in 0..self.below(4) {
            let (operator, values) = (self.operator(), self.texts(most));
            let key = match self.below(4) {
                0 => "sts:ExternalId".to_owned(),
                1 => "AWS:tagkeys".to_owned(),
                2 => "aws:PrincipalArn".to_owned(),
                _ => self.text(3),
            };
            operators.entry(operator).or_default().insert(key, values);
        }
        let action = if self.below(2) == 0 { json!("*") } else { json!(self.texts(most)) };
        let kind = self.pick(&["AWS", "Service", "Federated", "CanonicalUser"]);
        let principal = if self.below(2) == 0 { json!("*") } else { json!({kind: self.texts(3)}) };
        json!({
            "Sid": self.text(3),
            "Effect": self.pick(&["Allow", "Deny"]),
            self.pick(&["Action", "Action", "NotAction"]): action,
            self.pick(&["Principal", "Principal", "NotPrincipal"]): principal,
            self.pick(&["Resource", "NotResource"]): if self.below(2) == 0 { json!("*") } else { json!(self.texts(most)) },
            "Condition": operators,
        })
    }

    /// A document, mostly small; some have 200 statements or texts of kilobytes.
    fn document(&mut self) -> String {
        let (statements, most) = match self.below(50) {
            0 => (200, 2),
            1 => (3, 200),
            _ => (self.below(6), 12),
        };
        let statements: Vec<Value> = (0..statements).map(|_| self.statement(most)).collect();
        json!({"Version": self.pick(&["2012-10-17", "2008-10-17"]), "Statement": statements}).to_string()
    }
}

/// Documents that are made to be slow, of ten kilobytes and more.
fn slow_documents() -> Vec<String> {
    let document = |statements: Vec<Value>| json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let like = |values: Value| json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {"StringLike": {"sts:ExternalId": values}}});
    let number = |digits: String| json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {"NumericLessThan": {"a:number": digits}}});
    vec![
        document(vec![like(json!("a*".repeat(5_000) + "b"))]),
        document(vec![like(json!("*a".repeat(600) + "b"))]),
        document(vec![like(json!("*?".repeat(600)))]),
        document(vec![like(json!(vec![format!("*{}b", "a".repeat(200)); 50]))]),
        document(vec![like(json!(vec![format!("*{}b", "a?".repeat(100)); 50]))]),
        document(vec![like(json!(vec![format!("*{}b", "a".repeat(1_000)); 10]))]),
        document(vec![like(json!("${aws:username}".repeat(700)))]),
        document((0..200).map(|_| like(json!("a*a*a*a*a*a*a*a*a*a*a*a*b"))).collect()),
        document(
            (0..200)
                .map(|index| json!({"Effect": "Deny", "Principal": {"AWS": format!("{index:012}")}, "Action": "*"}))
                .collect(),
        ),
        document(vec![number("9".repeat(10_000))]),
        document(vec![json!({"Effect": "Allow", "Principal": "*", "Action": vec!["s*:*a*e*o*e*x"; 700]})]),
        document(vec![json!({"Effect": "Allow", "Principal": "*", "NotAction": "é".repeat(5_000)})]),
    ]
}

fn request() -> AccessRequest {
    let role: RoleArn = "arn:aws:iam::999999999999:role/team/backend".parse().unwrap();
    let context = RequestContext::others_unknown()
        // The longest external ID that STS takes.
        .with_value("sts:ExternalId", &"a".repeat(1_224))
        .with_value("aws:username", &"b".repeat(64))
        .with_value("a:number", &"8".repeat(10_000))
        .with_values("aws:TagKeys", &["a", "b", ""]);
    AccessRequest::new(
        Caller::session_of(&role, Some("run"), None),
        "sts:AssumeRole",
        "arn:aws:iam::111122223333:role/x",
        context,
    )
}

#[test]
fn no_policy_makes_the_evaluation_panic() {
    let (mut numbers, request, mut read) = (Numbers(15), request(), 0);
    let documents = (0..POLICIES).map(|_| numbers.document()).chain(slow_documents());
    for text in documents {
        let Ok(document) = decode_document(&text) else { continue };
        read += 1;
        let alone = evaluate_resource_policy(&document, &request);
        let policies = IdentityPolicies::of(vec![NamedPolicy::new("p", document.clone())]);
        let together = evaluate(&policies, Some(&document), &request);
        // Nobody is allowed by both policies whom the resource's denies for sure.
        assert!(!(alone.is_denied() && alone.statement.is_some() && together.is_allowed()), "{text}");
    }
    assert!(read > POLICIES * 9 / 10, "only {read} were documents");
}

#[test]
fn what_is_no_document_is_refused() {
    for text in [
        "[".repeat(100_000),
        "{\"Statement\":".repeat(200),
        "{\"a\":1e999999}".into(),
        "{\"Statement\":\"\\ud800\"}".into(),
    ] {
        assert!(decode_document(&text).is_err());
    }
}

/// Prints what an evaluation costs: `cargo test --release cost_of -- --ignored --nocapture`.
#[test]
#[ignore = "prints a measurement"]
#[expect(clippy::print_stdout, reason = "the measurement is what it is for")]
fn cost_of_an_evaluation() {
    let measure = |name: &str, documents: &mut dyn Iterator<Item = String>| {
        let (mut worst, mut total, mut count, mut bytes) = (Duration::ZERO, Duration::ZERO, 0_u32, 0);
        for text in documents {
            let Ok(document) = decode_document(&text) else { continue };
            let request = request();
            // The best of three: other processes interrupt a measurement.
            let took = (0..3).map(|_| {
                let began = tokio::time::Instant::now();
                let _ = evaluate_resource_policy(&document, &request);
                began.elapsed()
            });
            let took = took.min().unwrap_or_default();
            (worst, total, count, bytes) = (worst.max(took), total + took, count + 1, bytes.max(text.len()));
        }
        println!(
            "{name}: {count} policies of at most {bytes} bytes, {:?} each, the slowest {worst:?}",
            total / count.max(1)
        );
    };
    let mut numbers = Numbers(15);
    measure("odd", &mut (0..POLICIES).map(|_| numbers.document()));
    for (index, document) in slow_documents().into_iter().enumerate() {
        measure(&format!("slow {index}"), &mut std::iter::once(document));
    }
}
