//! The rows of one night, with the opening columns that every table has.
//!
//! **Invariant:** knows no column but the opening ones.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::accounts::{DemoAccount, Site};
use super::forms::{RowForm, text};
use super::ids::number;

/// The rows of one night, by table.
#[derive(Debug)]
pub(super) struct DemoRows {
    /// The number of the night: 1 is the first.
    pub night: usize,
    started_at: Timestamp,
    pub tables: BTreeMap<&'static str, Vec<Value>>,
}

impl DemoRows {
    /// The rows of a night, none so far.
    pub(super) fn new(night: usize, started_at: Timestamp) -> Self {
        Self { night, started_at, tables: BTreeMap::new() }
    }

    /// Adds a resource that only its owner sees. `columns` is an object; it has `tags` unless there are none, and `id`
    /// if the table has no column of its own for it.
    pub(super) fn add(&mut self, site: Site, table: &'static str, columns: Value) {
        self.add_for(&[site.account], site, table, columns);
    }

    /// Adds a resource that these accounts see. A participant sees no tags.
    pub(super) fn add_for(
        &mut self,
        observers: &[&'static DemoAccount],
        site: Site,
        table: &'static str,
        columns: Value,
    ) {
        let Value::Object(mut columns) = columns else { return };
        columns.retain(|_, value| !value.is_null());
        let form = RowForm::of(table);
        let owner = text(&columns, "owner_id").unwrap_or_else(|| site.account_id().to_owned());
        let id = text(&columns, form.id).unwrap_or_default();
        let arn = form.arn.of(site.region, &owner, (&id, &columns));
        if let Some(column) = form.arn_column {
            columns.insert(column.to_owned(), arn.clone().into());
        }
        columns.insert("partition".to_owned(), "aws".into());
        columns.insert("region".to_owned(), site.region.into());
        columns.insert("id".to_owned(), id.into());
        columns.insert("arn".to_owned(), arn.into());
        columns.insert("owner_id".to_owned(), owner.clone().into());
        for account in observers {
            let mut row = columns.clone();
            let tags = row.remove("tags").filter(|_| account.account_id == owner);
            row.insert("tags".to_owned(), tags.unwrap_or(Value::Null));
            row.insert("account_id".to_owned(), account.account_id.into());
            row.insert("account_alias".to_owned(), account.alias.into());
            row.insert("collected_at".to_owned(), self.collected_at(account, site.region, table).to_string().into());
            self.tables.entry(table).or_default().push(Value::Object(row));
        }
    }

    /// When a cell was read: within the four minutes after the start of the run.
    fn collected_at(&self, account: &DemoAccount, region: &str, table: &str) -> Timestamp {
        let cell = format!("{} {region} {table} {}", account.account_id, self.night);
        let millis = 2_000 + number(&cell, 238_000);
        let offset = SignedDuration::from_millis(i64::try_from(millis).unwrap_or_default());
        self.started_at.checked_add(offset).unwrap_or(self.started_at)
    }
}
