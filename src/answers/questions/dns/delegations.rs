//! Delegations within the estate that lead to the wrong name servers.
//!
//! **Invariant:** compares whole sets. A set that differs in one name server is wrong, and one of the zones' sets is enough.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::super::connectivity::values::{column, list, text};
use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use crate::answers::facts::{Facts, Read, Resource, RowFilter};

const ZONES: &str = "route53_hosted_zones";
const RECORDS: &str = "route53_records";

pub(super) const QUESTION: Question = Question {
    name: "delegations",
    title: "Delegations that do not match",
    description: "NS records of public zones for names that are public zones of the estate too, whose name servers are not those \
                  of any of these zones: one row for each zone of the name. The verdict is `mismatched`, or `unknown` if a zone \
                  that matches may be where nobody could look.",
    why: "The child zone is not asked. If its former name servers are given to somebody else's zone of that name, that zone \
          answers.",
    columns: &[
        column("hosted_zone_id", ColumnKind::Text),
        column("zone_name", ColumnKind::Text),
        column("name", ColumnKind::Text),
        column("name_servers", ColumnKind::Json),
        column("child_account_id", ColumnKind::Text),
        column("child_zone_id", ColumnKind::Text),
        column("child_name_servers", ColumnKind::Json),
        column("verdict", ColumnKind::Text),
    ],
    options: &[],
    reads: &[
        Read::subject(
            RECORDS,
            &["name", "name_decoded", "type", "resource_records", "hosted_zone_id", "hosted_zone_name", "private_zone"],
        ),
        Read::context(ZONES, &["name", "config", "delegation_set"]),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/delegations.duckdb.sql"),
        athena: include_str!("../sql/delegations.athena.sql"),
    },
    answer,
};

/// A name as DNS compares it.
fn folded(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The name servers of an NS record.
fn delegated(record: Resource<'_>) -> BTreeSet<String> {
    record.items("resource_records").iter().filter_map(|value| text(value, &["Value"])).map(folded).collect()
}

/// A public zone, with its name servers. They are none if the zone's details could not be read.
struct ChildZone<'a> {
    zone: Resource<'a>,
    name_servers: BTreeSet<String>,
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut children: HashMap<String, Vec<ChildZone<'_>>> = HashMap::new();
    for zone in facts.all(ZONES).filter(|zone| zone.json("config")["PrivateZone"] != Value::Bool(true)) {
        let set = zone.json("delegation_set");
        let name_servers = list(&set, "NameServers").filter_map(Value::as_str).map(folded).collect();
        children
            .entry(folded(zone.text("name").unwrap_or_default()))
            .or_default()
            .push(ChildZone { zone, name_servers });
    }
    let knows_zones = facts.cells.coverage(&[Read::context(ZONES, &[])], &RowFilter::default()).unknown.is_empty();
    let mut rows = Vec::new();
    for record in facts.selected(RECORDS).filter(|record| record.text("type") == Some("NS")) {
        let name = folded(record.text("name").unwrap_or_default());
        let is_apex = record.text("hosted_zone_name").is_some_and(|zone| folded(zone) == name);
        if is_apex || record.flag("private_zone") == Some(true) {
            continue;
        }
        let Some(children) = children.get(&name) else { continue };
        let name_servers = delegated(record);
        if children.iter().any(|child| child.name_servers == name_servers) {
            continue;
        }
        let is_certain = knows_zones
            && facts.is_answered(record.account_id(), record.region(), RECORDS)
            && children.iter().all(|child| !child.name_servers.is_empty());
        for child in children {
            let values = vec![
                json!(record.text("hosted_zone_id")),
                json!(record.text("hosted_zone_name")),
                json!(record.text("name_decoded").or(record.text("name"))),
                json!(name_servers),
                json!(child.zone.account_id()),
                json!(child.zone.id()),
                json!(child.name_servers),
                json!(if is_certain { "mismatched" } else { "unknown" }),
            ];
            rows.push(AnswerRow::of(record, values).based_on(child.zone));
        }
    }
    rows
}
