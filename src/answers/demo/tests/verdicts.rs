//! Each record that is planted for a verdict has it, with the tables that are collected today.

use super::*;
use crate::answers::dns::{AskedRecords, DnsJudge, PublishedRanges};

/// The verdicts of a name and type, with the kinds of holders.
fn verdicts() -> BTreeMap<String, Vec<String>> {
    let facts = state::facts();
    let collected = tables().iter().map(|(table, _)| *table).collect();
    let mut judge = DnsJudge::new(PublishedRanges::included(), collected);
    judge.add_holders(&facts);
    let mut verdicts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    judge.judge(&facts, &AskedRecords::default(), |row| {
        let holder = row.holder.as_ref().map_or(String::new(), |holder| format!(" {}", holder.table));
        let zone = if row.private_zone { "private " } else { "" };
        let key = format!("{zone}{} {}", row.name.trim_end_matches('.'), row.r#type);
        verdicts.entry(key).or_default().push(format!("{}{holder}", row.verdict.name()));
    });
    verdicts
}

#[test]
fn every_record_has_its_verdict() {
    let verdicts = verdicts();
    let told: String = verdicts.iter().map(|(name, verdicts)| format!("{name}: {}\n", verdicts.join(", "))).collect();
    if let Ok(place) = std::env::var("DNS_DEMO") {
        std::fs::write(place, &told).unwrap();
    }
    assert_eq!(told, include_str!("verdicts.txt"), "the verdicts are now:\n{told}");
    for verdict in ["held", "unheld", "takeable", "foreign", "unknown", "broken"] {
        assert!(verdicts.values().flatten().any(|found| found.starts_with(verdict)), "{verdict} has a case");
    }
}
