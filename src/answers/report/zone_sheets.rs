//! The hosted zones and their records, as they are.
//!
//! **Invariant:** says where a record leads, and not who holds the target.

use serde_json::{Value, json};

use super::report_sheet::{ReportColumn, column, text};
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::questions::ColumnKind;

pub(super) const ZONES: Read =
    Read::subject("route53_hosted_zones", &["name", "config", "resource_record_set_count", "vpcs", "delegation_set"]);
pub(super) const RECORDS: Read = Read::subject(
    "route53_records",
    &[
        "name",
        "name_decoded",
        "type",
        "set_identifier",
        "ttl",
        "resource_records",
        "alias_target",
        "hosted_zone_id",
        "hosted_zone_name",
        "private_zone",
    ],
);

pub(super) fn zone_columns() -> Vec<ReportColumn> {
    vec![
        text("account_id"),
        text("id"),
        text("name"),
        column("private", ColumnKind::Flag),
        column("records", ColumnKind::Integer),
        text("comment"),
        column("name_servers", ColumnKind::Json),
        column("vpcs", ColumnKind::Json),
    ]
}

pub(super) fn zone_rows(facts: &Facts) -> impl Iterator<Item = Vec<Value>> {
    facts.selected(ZONES.table).map(|zone| {
        let config = zone.json("config");
        let vpcs: Vec<Value> = zone.items("vpcs").iter().map(|vpc| vpc["VPCId"].clone()).collect();
        vec![
            json!(zone.account_id()),
            json!(zone.id()),
            json!(zone.text("name")),
            json!(config["PrivateZone"] == true),
            json!(zone.integer("resource_record_set_count")),
            json!(config["Comment"].as_str().filter(|comment| !comment.is_empty())),
            zone.json("delegation_set")["NameServers"].clone(),
            if vpcs.is_empty() { Value::Null } else { json!(vpcs) },
        ]
    })
}

pub(super) fn record_columns() -> Vec<ReportColumn> {
    vec![
        text("account_id"),
        text("hosted_zone_id"),
        text("zone_name"),
        column("private", ColumnKind::Flag),
        text("name"),
        text("type"),
        text("set_identifier"),
        column("ttl", ColumnKind::Integer),
        column("targets", ColumnKind::Json),
    ]
}

pub(super) fn record_rows(facts: &Facts) -> impl Iterator<Item = Vec<Value>> {
    facts.selected(RECORDS.table).map(|record| {
        vec![
            json!(record.account_id()),
            json!(record.text("hosted_zone_id")),
            json!(record.text("hosted_zone_name")),
            json!(record.flag("private_zone")),
            json!(record.text("name_decoded").or(record.text("name"))),
            json!(record.text("type")),
            json!(record.text("set_identifier")),
            json!(record.integer("ttl")),
            targets(record),
        ]
    })
}

/// The values of a record set, or what it is an alias of.
fn targets(record: Resource<'_>) -> Value {
    let alias = record.json("alias_target");
    if let Some(name) = alias["DNSName"].as_str() {
        return json!([name]);
    }
    record.items("resource_records").iter().map(|value| value["Value"].clone()).collect()
}
