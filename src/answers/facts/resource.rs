//! One resource of an estate, as its owner sees it, else as the first of its observers does.
//!
//! **Invariant:** borrows everything from its table.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::one_tag::one_tag;
use super::{ColumnData, FactTable};

/// A resource, with the accounts that see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resource<'a> {
    pub(super) table: &'a FactTable,
    /// Its rows: the owner's first, if the owner sees it.
    pub(super) rows: &'a [u32],
}

impl FactTable {
    /// Every resource once, in the order of account, region and id.
    pub(crate) fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| Resource { table: self, rows: &self.rows[start as usize..*end as usize] })
    }
}

impl FactTable {
    /// A resource, by its place among all.
    pub(crate) fn resource(&self, number: u32) -> Option<Resource<'_>> {
        let end = *self.ends.get(number as usize)? as usize;
        let start = (number as usize).checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        Some(Resource { table: self, rows: self.rows.get(start..end)? })
    }

    /// Every row as a resource of its own.
    pub(crate) fn single_rows(&self) -> impl Iterator<Item = Resource<'_>> {
        self.rows.chunks(1).map(|rows| Resource { table: self, rows })
    }
}

impl<'a> Resource<'a> {
    /// The account that its first row was collected in.
    pub(crate) fn observer(self) -> &'a str {
        self.table.account_id.get(self.row()).unwrap_or_default()
    }

    fn row(self) -> usize {
        self.rows.first().map_or(usize::MAX, |row| *row as usize)
    }

    /// The name of its table.
    pub(crate) fn table(self) -> &'static str {
        self.table.name
    }

    /// The account that owns it. If AWS names none, the account that sees it.
    pub(crate) fn account_id(self) -> &'a str {
        self.table.owner(self.row())
    }

    /// The alias of the owner's account, if the owner sees it and has an alias.
    pub(crate) fn account_alias(self) -> Option<&'a str> {
        let seen_by_owner = self.table.account_id.get(self.row()) == Some(self.account_id());
        self.table.account_alias.get(self.row()).filter(|_| seen_by_owner)
    }

    /// The region, or `global`.
    pub(crate) fn region(self) -> &'a str {
        self.table.region.get(self.row()).unwrap_or_default()
    }

    pub(crate) fn id(self) -> &'a str {
        self.table.id.get(self.row()).unwrap_or_default()
    }

    pub(crate) fn arn(self) -> Option<Cow<'a, str>> {
        self.table.arn.get(self.row(), self.id())
    }

    /// The value of its tag `Name`, unless it is empty.
    pub(crate) fn name(self) -> Option<String> {
        self.tag("Name").filter(|name| !name.is_empty())
    }

    /// Its owner's tags. A participant's copy of a shared resource has none.
    pub(crate) fn tags(self) -> BTreeMap<String, String> {
        let tags = self.table.tags.get(self.row());
        tags.and_then(|tags| serde_json::from_str(tags).ok()).unwrap_or_default()
    }

    pub(crate) fn tag(self, key: &str) -> Option<String> {
        one_tag(self.table.tags.get(self.row())?, key)
    }

    /// Whether the row is the owner's, so that absent tags mean that there are none.
    pub(crate) fn is_seen_by_owner(self) -> bool {
        self.table.account_id.get(self.row()) == Some(self.account_id())
    }

    /// The accounts that see it, in order.
    pub(crate) fn observers(self) -> impl Iterator<Item = &'a str> {
        let accounts: BTreeSet<&str> =
            self.rows.iter().filter_map(|row| self.table.account_id.get(*row as usize)).collect();
        accounts.into_iter()
    }

    /// When the row was collected.
    pub(crate) fn collected_at(self) -> Option<Timestamp> {
        let micros = self.table.collected_at.get(self.row());
        micros.and_then(|micros| Timestamp::from_microsecond(micros).ok())
    }

    fn column(self, name: &str) -> Option<&'a ColumnData> {
        let table: &'a FactTable = self.table;
        table.columns.iter().find(|(column, _)| *column == name).map(|(_, data)| data)
    }

    /// The text of a column, also of one with JSON.
    pub(crate) fn text(self, column: &str) -> Option<&'a str> {
        match self.column(column)? {
            ColumnData::Text(values) => values.get(self.row()),
            _ => None,
        }
    }

    pub(crate) fn flag(self, column: &str) -> Option<bool> {
        match self.column(column)? {
            ColumnData::Flag(values) => values.get(self.row()).copied().flatten(),
            _ => None,
        }
    }

    pub(crate) fn integer(self, column: &str) -> Option<i64> {
        match self.column(column)? {
            ColumnData::Integer(values) => values.get(self.row()).copied().flatten(),
            _ => None,
        }
    }

    pub(crate) fn double(self, column: &str) -> Option<f64> {
        match self.column(column)? {
            ColumnData::Double(values) => values.get(self.row()).copied().flatten(),
            _ => None,
        }
    }

    pub(crate) fn time(self, column: &str) -> Option<Timestamp> {
        match self.column(column)? {
            ColumnData::Time(values) => {
                values.get(self.row()).copied().flatten().and_then(|micros| Timestamp::from_microsecond(micros).ok())
            }
            _ => None,
        }
    }

    /// The JSON of a column. `null` if it is absent, or is no JSON.
    pub(crate) fn json(self, column: &str) -> Value {
        self.text(column).and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
    }

    /// The items of a column with a JSON list. None if it is absent.
    pub(crate) fn items(self, column: &str) -> Vec<Value> {
        match self.json(column) {
            Value::Array(items) => items,
            _ => Vec::new(),
        }
    }
}
