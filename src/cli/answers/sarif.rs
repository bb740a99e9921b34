//! Findings in SARIF 2.1.0, for tools that show the results of checks.
//!
//! A finding has no place in a source file. Its place is the record, as a path of zone, name and type.
//!
//! **Invariant:** knows no command. What the inventory has is text, and never a link or markup.

use std::io::{Result, Write};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};

use super::coverage_text;
use super::json_text::json as text_of;
use crate::answers::facts::Coverage;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FindingLevel {
    Error,
    Warning,
    Note,
}

/// A rule that findings are of.
#[derive(Clone, Debug)]
pub(crate) struct FindingRule {
    pub id: &'static str,
    pub level: FindingLevel,
    pub text: &'static str,
}

/// A finding.
#[derive(Clone, Debug)]
pub(crate) struct SarifResult {
    /// The place of its rule.
    pub rule: usize,
    pub message: String,
    /// The parts of the path of what it is about.
    pub path: Vec<String>,
    /// What tells it from all others, from one run to the next.
    pub fingerprint: String,
    /// The row.
    pub row: Value,
}

/// Writes findings as one run of rolecall. Cells that are not known are notifications.
pub(crate) fn write_sarif(
    rules: &[FindingRule],
    findings: impl Iterator<Item = SarifResult>,
    coverage: &Coverage,
    out: &mut dyn Write,
) -> Result<()> {
    let described = rules.iter().map(|rule| {
        json!({
            "id": rule.id,
            "shortDescription": { "text": rule.text },
            "defaultConfiguration": { "level": rule.level },
        })
    });
    let driver = json!({
        "name": "rolecall", "version": env!("CARGO_PKG_VERSION"), "rules": described.collect::<Value>(),
    });
    let mut notes = vec![json!({ "level": "note", "message": { "text": coverage_text::sentence(coverage, false) } })];
    notes.extend(coverage.unknown.iter().map(|cell| {
        let values = coverage_text::values(cell).map(|value| value.unwrap_or_else(|| "-".to_owned()));
        json!({ "level": "warning", "message": { "text": format!("Unknown: {}", values.join(" ")) } })
    }));
    let invocation = json!({ "executionSuccessful": true, "toolExecutionNotifications": notes });
    writeln!(out, "{{\n  \"$schema\": \"{SCHEMA}\",\n  \"version\": \"2.1.0\",\n  \"runs\": [\n    {{")?;
    writeln!(out, "      \"tool\": {{ \"driver\": {} }},", text_of(&driver)?)?;
    writeln!(out, "      \"invocations\": [{}],", text_of(&invocation)?)?;
    writeln!(out, "      \"properties\": {},", text_of(&json!({ "coverage": coverage }))?)?;
    write!(out, "      \"results\": [")?;
    let mut comma = "";
    for finding in findings {
        let Some(rule) = rules.get(finding.rule) else { continue };
        write!(out, "{comma}\n        {}", text_of(&result(rule, &finding))?)?;
        comma = ",";
    }
    let end = if comma.is_empty() { "" } else { "\n      " };
    writeln!(out, "{end}]\n    }}\n  ]\n}}")
}

fn result(rule: &FindingRule, finding: &SarifResult) -> Value {
    let encoded = finding.path.iter().map(|part| utf8_percent_encode(part, NON_ALPHANUMERIC).to_string());
    let encoded: Vec<String> = encoded.collect();
    json!({
        "ruleId": rule.id,
        "ruleIndex": finding.rule,
        "level": rule.level,
        "message": { "text": finding.message },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": encoded.join("/") } },
            "logicalLocations": [{ "fullyQualifiedName": finding.path.join("/"), "kind": "resource" }],
        }],
        "partialFingerprints": { "rolecall/v1": finding.fingerprint },
        "properties": finding.row,
    })
}
