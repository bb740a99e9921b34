//! A corpus of names in two accounts: split horizon, wildcards, routed sets, delegations, kinds that a stranger can claim, and
//! cells that were not answered.
//!
//! `expected.txt` has the verdict on each value: of the first case all, of the others those that differ from it. It is what the
//! verdicts were when they were read against the rules of the contract; the failed test prints what they are now.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::dns_verdict::DnsVerdict;
use super::super::holder_tables::{
    HOLDER_TABLES, PROFILE_ASSOCIATIONS, PROFILE_RESOURCES, RESOLVER_RULES, RULE_ASSOCIATIONS,
};
use super::super::{AskedRecords, DnsJudge, DnsRow, PublishedRanges, holder_reads, zone_reads};
use crate::answers::facts::{Facts, FactsBuilder};
use crate::catalogue::Catalogue;
use crate::inventory::Status;

const CORPUS: &str = include_str!("corpus.json");
const EXPECTED: &str = include_str!("expected.txt");

/// The tables of today's catalogue, with those that hold names.
pub(super) fn every_table() -> BTreeSet<&'static str> {
    let catalogue = Catalogue::get().unwrap();
    let today = catalogue.tables().iter().map(|table| table.entry.table);
    let holders = HOLDER_TABLES.iter().map(|table| table.table);
    let views = [RESOLVER_RULES, RULE_ASSOCIATIONS, PROFILE_ASSOCIATIONS, PROFILE_RESOURCES];
    today.chain(holders).chain(views).collect()
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// A record of a line such as `www A 192.0.2.1|192.0.2.2` or `www ALIAS A Z1 other.example.com.`.
pub(super) fn record(zone: &Value, line: &str) -> Value {
    let (name, rest) = line.split_once(' ').unwrap();
    let (kind, rest) = rest.split_once(' ').unwrap();
    let (name, set) = name.split_once('#').map_or((name, None), |(name, set)| (name, Some(set)));
    let apex = zone["name"].as_str().unwrap();
    let name = if name == "@" { apex.to_owned() } else { format!("{name}.{apex}") };
    let mut row = json!({
        "account_id": zone["account"], "region": "global", "id": format!("{}/{name}/{line}", zone["id"].as_str().unwrap()),
        "name_decoded": name, "type": kind, "hosted_zone_id": zone["id"], "hosted_zone_name": apex,
        "private_zone": !zone["vpcs"].is_null(), "set_identifier": set,
    });
    if kind == "ALIAS" {
        let words: Vec<&str> = rest.split(' ').collect();
        row["type"] = json!(words[0]);
        row["alias_target"] = json!({ "HostedZoneId": words[1], "DNSName": words[2] });
    } else {
        row["resource_records"] = rest.split('|').map(|value| json!({ "Value": value })).collect();
    }
    row
}

/// The row of a zone.
pub(super) fn zone_row(zone: &Value) -> Value {
    let vpcs = zone["vpcs"].as_array().into_iter().flatten().map(|vpc| json!({ "VPCId": vpc })).collect::<Value>();
    let mut row = json!({
        "account_id": zone["account"], "region": "global", "id": zone["id"], "name": zone["name"],
        "config": { "PrivateZone": !zone["vpcs"].is_null() }, "vpcs": vpcs,
    });
    if zone["servers"].is_array() {
        row["delegation_set"] = json!({ "NameServers": zone["servers"] });
    }
    row
}

/// The facts of an estate with what was not answered: `account region table [status]`, `*` for every table.
fn facts(estate: &Value, unanswered: &[&str], tables: &BTreeSet<&'static str>) -> Facts {
    let reads = [holder_reads(tables), zone_reads(tables)].concat();
    let mut builder = FactsBuilder::new(&reads);
    for (account, regions) in estate["places"].as_object().unwrap() {
        for region in regions.as_array().unwrap() {
            builder = builder.account(account, region.as_str().unwrap());
        }
        let regions = estate["enabled"][account].as_array().into_iter().flatten();
        let regions: Value = regions.map(|region| json!({ "RegionName": region, "OptInStatus": "opted-in" })).collect();
        builder = builder
            .row("accounts", json!({ "account_id": account, "region": "global", "id": account, "regions": regions }));
    }
    for (table, rows) in
        estate["tables"].as_object().unwrap().iter().filter(|(table, _)| tables.contains(table.as_str()))
    {
        for row in rows.as_array().unwrap() {
            builder = builder.row(leak(table), row.clone());
        }
    }
    for zone in estate["zones"].as_array().unwrap() {
        builder = builder.row("route53_hosted_zones", zone_row(zone));
        for line in estate["records"][zone["id"].as_str().unwrap()].as_array().into_iter().flatten() {
            builder = builder.row("route53_records", record(zone, line.as_str().unwrap()));
        }
    }
    for cell in unanswered {
        let words: Vec<&str> = cell.split(' ').collect();
        let status = words.get(3).and_then(|status| Status::of_name(status)).unwrap_or(Status::Denied);
        let is_global = |table: &str| {
            ["s3_", "cloudfront_", "globalaccelerator_", "accounts"].iter().any(|start| table.starts_with(start))
                || table.starts_with("route53_") && table != "route53_zone_associations"
        };
        for read in &reads {
            if words[2] == read.table || words[2] == "*" && is_global(read.table) == (words[1] == "global") {
                builder = builder.status(words[0], words[1], read.table, status);
            }
        }
    }
    builder.facts()
}

pub(super) fn judged(facts: &Facts, tables: &BTreeSet<&'static str>, asked: &AskedRecords) -> Vec<DnsRow> {
    let mut judge = DnsJudge::new(PublishedRanges::included(), tables.clone());
    judge.add_holders(facts);
    let mut rows = Vec::new();
    judge.judge(facts, asked, |row| rows.push(row));
    rows
}

fn lines(rows: &[DnsRow]) -> BTreeMap<String, String> {
    let line = |row: &DnsRow| {
        let set = row.set_identifier.as_ref().map_or(String::new(), |set| format!("#{set}"));
        let key = format!("{} {}{set} {} {}", row.hosted_zone_id, row.name, row.r#type, row.target);
        let kind = row.kind.map_or(String::new(), |kind| format!(" {kind}"));
        let holder = row.holder.as_ref().map_or(String::new(), |holder| format!(" {}/{}", holder.table, holder.id));
        let cells: BTreeSet<String> =
            row.needs.iter().map(|cell| format!("{}/{}", cell.account_id, cell.region)).collect();
        let needs = if cells.is_empty() {
            String::new()
        } else {
            format!(" needs {}", cells.into_iter().collect::<Vec<_>>().join(" "))
        };
        (key, format!("{}{kind}{holder}{needs}", row.verdict.name()))
    };
    let lines: BTreeMap<String, String> = rows.iter().map(line).collect();
    assert_eq!(lines.len(), rows.len(), "a value has one row");
    lines
}

#[test]
fn the_corpus_has_its_verdicts() {
    let corpus: Value = serde_json::from_str(CORPUS).unwrap();
    let (mut told, mut whole) = (String::new(), BTreeMap::new());
    for case in corpus["cases"].as_array().unwrap() {
        let without: Vec<&str> = case["without"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let tables: BTreeSet<&'static str> =
            every_table().into_iter().filter(|table| !without.contains(table)).collect();
        let unanswered: Vec<&str> = case["unanswered"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let rows = judged(&facts(&corpus["base"], &unanswered, &tables), &tables, &AskedRecords::default());
        let lines = lines(&rows);
        told.push_str(&format!("{}\n", case["case"].as_str().unwrap()));
        for (value, verdict) in lines.iter().filter(|(value, verdict)| whole.get(*value) != Some(*verdict)) {
            told.push_str(&format!("    {value}: {verdict}\n"));
        }
        if whole.is_empty() {
            whole = lines;
        }
        for row in &rows {
            assert_eq!(row.verdict == DnsVerdict::Takeable, row.kind.is_some(), "{row:?}");
            assert!(row.verdict != DnsVerdict::Held || row.holder.is_some(), "{row:?}");
            assert!(row.reason.ends_with('.') && !row.reason.contains(".."), "{row:?}");
        }
    }
    if let Ok(place) = std::env::var("DNS_CORPUS") {
        std::fs::write(place, &told).unwrap();
    }
    assert_eq!(told, EXPECTED, "the verdicts are now:\n{told}");
}

#[test]
fn every_reason_is_a_sentence() {
    let corpus: Value = serde_json::from_str(CORPUS).unwrap();
    let facts = facts(&corpus["base"], &["222222222222 eu-central-1 *"], &every_table());
    let rows = judged(&facts, &every_table(), &AskedRecords::default());
    let told: BTreeSet<String> = rows.iter().map(|row| format!("{}: {}", row.verdict.name(), row.reason)).collect();
    insta::assert_snapshot!(told.into_iter().collect::<Vec<_>>().join("\n"));
}
