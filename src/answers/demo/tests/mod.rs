//! The generated estate is whole, what is planted in it is there, and its nights differ where they should.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use super::*;
use crate::inventory::Status;

mod whole;
mod state;
mod planted;
mod searched;
mod verdicts;
mod narrowed;
mod changes;
mod linked;

/// The documentation of the catalogue, which names every table and column.
const CATALOGUE: &str = include_str!("../../../../infra/CATALOGUE.md");

/// Every table, and whether it is global. Public snapshots may not be documented yet.
fn tables() -> Vec<(&'static str, bool)> {
    let mut tables: Vec<(&str, bool)> = CATALOGUE
        .lines()
        .filter(|line| line.starts_with("| ["))
        .filter_map(|line| {
            let name = line.split(['[', ']']).nth(1)?;
            Some((name, line.contains("| global |")))
        })
        .collect();
    if !tables.iter().any(|(name, _)| *name == "ec2_public_snapshots") {
        tables.push(("ec2_public_snapshots", false));
    }
    tables
}

/// The nights over all tables.
static NIGHTS: LazyLock<Vec<Night>> = LazyLock::new(|| nights(&tables()));

fn text<'a>(row: &'a Value, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_default()
}

/// The rows of a table in a night, 1 for the first.
fn rows(night: usize, table: &str) -> &'static [Value] {
    NIGHTS[night - 1].rows.get(table).map_or(&[], Vec::as_slice)
}

fn named<'a>(rows: &'a [Value], name: &str) -> Option<&'a Value> {
    rows.iter().find(|row| row["tags"]["Name"] == name)
}
