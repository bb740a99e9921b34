//! The verdicts that are findings, as rules of SARIF.
//!
//! **Invariant:** a finding is a row, and no row of a verdict that is none.

use serde_json::{Map, Value};

use crate::answers::dns::takeable_kinds;
use crate::cli::answers::{FindingLevel, FindingRule, SarifResult};

/// The rules, one for each verdict that is a finding.
pub(super) static RULES: &[FindingRule] = &[
    FindingRule {
        id: "takeable",
        level: FindingLevel::Error,
        text: "Nobody in the estate holds the target of a DNS record, and a stranger can claim it.",
    },
    FindingRule {
        id: "unheld",
        level: FindingLevel::Warning,
        text: "Nobody in the estate holds the target of a DNS record, which has the form of an AWS resource.",
    },
    FindingRule { id: "broken", level: FindingLevel::Warning, text: "A DNS record cannot work." },
    FindingRule {
        id: "unknown",
        level: FindingLevel::Note,
        text: "A cell that could have the target of a DNS record was not answered.",
    },
];

/// A row as a finding, if it is one.
pub(super) fn finding(columns: &[&'static str], row: Vec<Value>) -> Option<SarifResult> {
    let mut row: Map<String, Value> = columns.iter().map(|name| (*name).to_owned()).zip(row).collect();
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rule = RULES.iter().position(|rule| rule.id == text("verdict"))?;
    let (name, kind) = (text("name"), text("type"));
    let path = ["route53", &text("account_id"), &text("hosted_zone_id"), &name, &kind].map(str::to_owned).to_vec();
    let fingerprint =
        [text("hosted_zone_id"), name.clone(), kind.clone(), text("set_identifier"), text("target")].join(" ");
    let claimed = takeable_kinds().find(|claimed| row.get("kind").and_then(Value::as_str) == Some(claimed.kind));
    let message = format!("{name} {kind} {}: {}", text("target"), text("reason"));
    if let Some(claimed) = claimed {
        row.insert("source".to_owned(), claimed.source.into());
    }
    Some(SarifResult { rule, message, path, fingerprint, row: Value::Object(row) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_findings_have_a_rule() {
        let columns = ["hosted_zone_id", "name", "type", "target", "verdict", "reason"];
        let row = |verdict: &str| {
            vec![json!("Z1"), json!("a/b.example."), json!("A"), json!("192.0.2.1"), json!(verdict), json!("So.")]
        };
        let of =
            |verdict: &str| finding(&columns, row(verdict)).map(|finding| (RULES[finding.rule].level, finding.message));
        let message = "a/b.example. A 192.0.2.1: So.".to_owned();
        assert_eq!(of("takeable"), Some((FindingLevel::Error, message.clone())));
        assert_eq!(of("unknown"), Some((FindingLevel::Note, message)));
        assert_eq!((of("held"), of("foreign")), (None, None));
        for verdict in ["takeable", "unheld", "broken", "unknown"] {
            assert!(of(verdict).is_some(), "{verdict}");
        }
    }
}
