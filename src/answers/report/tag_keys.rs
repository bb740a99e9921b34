//! The keys of tags, and how many resources have each.
//!
//! **Invariant:** counts what owners see: a participant's copy of a shared resource has no tags.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::report_sheet::{ReportColumn, column, text};
use crate::answers::facts::Facts;
use crate::answers::questions::ColumnKind;

/// The examples of values that a row has.
const EXAMPLES: usize = 5;

pub(super) fn columns() -> Vec<ReportColumn> {
    vec![
        text("key"),
        column("resources", ColumnKind::Integer),
        column("accounts", ColumnKind::Integer),
        column("values", ColumnKind::Integer),
        column("examples", ColumnKind::Json),
    ]
}

#[derive(Default)]
struct KeyUse<'a> {
    resources: usize,
    accounts: BTreeSet<&'a str>,
    values: BTreeSet<String>,
}

/// A row for each key, in their order.
pub(super) fn rows(facts: &Facts, tables: &[&'static str]) -> Vec<Vec<Value>> {
    let mut keys: BTreeMap<String, KeyUse<'_>> = BTreeMap::new();
    for resource in tables.iter().flat_map(|table| facts.selected(table)).filter(|one| one.is_seen_by_owner()) {
        for (key, value) in resource.tags() {
            let key = keys.entry(key).or_default();
            key.resources += 1;
            key.accounts.insert(resource.account_id());
            key.values.insert(value);
        }
    }
    let row = |(key, used): (String, KeyUse<'_>)| {
        let examples: Vec<&String> = used.values.iter().take(EXAMPLES).collect();
        vec![json!(key), json!(used.resources), json!(used.accounts.len()), json!(used.values.len()), json!(examples)]
    };
    keys.into_iter().map(row).collect()
}
