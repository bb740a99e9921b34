//! Record sets as exports need them: the name, the values, and what makes Route 53 choose the set.
//!
//! **Invariant:** reads one record set, and knows no format.

use serde_json::{Map, Value, json};

use super::master_text::ExportName;
use crate::answers::facts::{Read, Resource};
use crate::answers::lookup::texts;

/// The columns of record sets that exports read.
pub(super) const RECORD_COLUMNS: &[&str] = &[
    "name",
    "name_decoded",
    "type",
    "set_identifier",
    "ttl",
    "resource_records",
    "alias_target",
    "weight",
    "aws_region",
    "failover",
    "multi_value_answer",
    "geo_location",
    "geo_proximity_location",
    "cidr_routing_config",
    "health_check_id",
    "traffic_policy_instance_id",
    "hosted_zone_id",
    "hosted_zone_name",
    "private_zone",
];

pub(super) const RECORDS: Read = Read::subject("route53_records", RECORD_COLUMNS);

/// The columns that make a set one of several, with the names of their policies.
const POLICIES: [(&str, &str); 7] = [
    ("weight", "weighted"),
    ("aws_region", "latency"),
    ("failover", "failover"),
    ("geo_location", "geolocation"),
    ("geo_proximity_location", "geoproximity"),
    ("cidr_routing_config", "CIDR"),
    ("multi_value_answer", "multivalue"),
];

/// What a record set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SetForm {
    /// Values that everybody gets.
    Plain,
    /// The values of another name. AWS answers with them.
    Alias,
    /// One of several sets of a name and type, chosen by a policy, which is named. It may be an alias too.
    Routed(&'static str),
}

/// A record set.
#[derive(Clone, Debug)]
pub(super) struct RecordSet<'f> {
    pub name: ExportName,
    pub kind: &'f str,
    /// In seconds. An alias has none.
    pub ttl: Option<i64>,
    pub values: Vec<String>,
    pub form: SetForm,
    pub row: Resource<'f>,
}

impl<'f> RecordSet<'f> {
    /// Reads a record set. `None` if its name is no DNS name.
    pub(super) fn read(row: Resource<'f>) -> Option<Self> {
        Some(Self {
            name: ExportName::read(written_name(row))?,
            kind: row.text("type").unwrap_or_default(),
            ttl: row.integer("ttl"),
            values: row.text("resource_records").map(|text| texts(text, "Value")).unwrap_or_default(),
            form: form(row),
            row,
        })
    }

    /// The target of an alias.
    pub(super) fn alias_target(&self) -> Option<Value> {
        self.row.text("alias_target").and_then(|text| serde_json::from_str(text).ok())
    }
}

/// The name as AWS writes it.
pub(super) fn written_name(row: Resource<'_>) -> &str {
    row.text("name").or_else(|| row.text("name_decoded")).unwrap_or_default()
}

fn form(row: Resource<'_>) -> SetForm {
    let has = |column: &str| {
        row.integer(column).is_some()
            || row.flag(column) == Some(true)
            || row.text(column).is_some_and(|text| !matches!(text, "" | "null"))
    };
    let policy = POLICIES.iter().find(|(column, _)| has(column)).map(|(_, policy)| *policy);
    match policy.or_else(|| has("set_identifier").then_some("routed")) {
        Some(policy) => SetForm::Routed(policy),
        None if has("traffic_policy_instance_id") => SetForm::Routed("traffic policy"),
        None if has("alias_target") => SetForm::Alias,
        None => SetForm::Plain,
    }
}

/// Every column of a record set that has a value, as JSON.
pub(super) fn columns_of(row: Resource<'_>) -> Map<String, Value> {
    let value = |column: &str| -> Value {
        if let Some(text) = row.text(column) {
            let nested = text.starts_with(['[', '{']).then(|| serde_json::from_str(text).ok()).flatten();
            return nested.unwrap_or_else(|| json!(text));
        }
        row.integer(column).map(Value::from).or_else(|| row.flag(column).map(Value::from)).unwrap_or(Value::Null)
    };
    let is_of_zone = |column: &str| matches!(column, "hosted_zone_id" | "hosted_zone_name" | "private_zone");
    let columns = RECORD_COLUMNS.iter().filter(|column| !is_of_zone(column));
    let values = columns.map(|column| ((*column).to_owned(), value(column)));
    values.filter(|(_, value)| !value.is_null()).collect()
}
