//! Checks the answers on small estates, the terms, and that what is looked for is declared for every table.

mod estate;
mod relations;
mod names_and_words;
mod terms;
mod declared;
mod hostile;

use super::*;
use crate::answers::facts::{Facts, FactsBuilder};
use serde_json::{Value, json};

pub(super) const A: &str = "111122223333";
pub(super) const B: &str = "444455556666";

/// The rows for these texts, short: relation, table, id, value.
pub(super) fn found(facts: &Facts, texts: &[&str]) -> Vec<String> {
    let terms: Vec<Query> = texts.iter().map(|text| Query::parse(text).unwrap()).collect();
    look_up(facts, &terms).iter().map(short).collect()
}

pub(super) fn short(hit: &Hit) -> String {
    let relation = json!(hit.relation);
    format!("{} {} {} {}", relation.as_str().unwrap(), hit.table, hit.id, hit.value.as_deref().unwrap_or("-"))
}

/// Adds the opening values to a row.
pub(super) fn row(account: &str, region: &str, id: &str, mut more: Value) -> Value {
    more["account_id"] = json!(account);
    more["region"] = json!(region);
    more["id"] = json!(id);
    more
}

/// A record in a zone.
pub(super) fn record(zone: &str, name: &str, kind: &str, values: &[&str]) -> Value {
    let values: Vec<Value> = values.iter().map(|value| json!({"Value": value})).collect();
    row(
        A,
        "global",
        &format!("{zone}/{name}/{kind}"),
        json!({"hosted_zone_id": zone, "name": name, "name_decoded": name, "type": kind, "resource_records": values}),
    )
}

/// An alias in a zone.
pub(super) fn alias(zone: &str, name: &str, kind: &str, target: &str, target_zone: &str) -> Value {
    let mut record = record(zone, name, kind, &[]);
    record["resource_records"] = Value::Null;
    record["alias_target"] = json!({"DNSName": target, "HostedZoneId": target_zone, "EvaluateTargetHealth": false});
    record
}
