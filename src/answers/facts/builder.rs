//! Small estates for tests, written by hand.
//!
//! Every account of a row is answered in the row's region for every table, unless the test says otherwise.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::table::Opening;
use super::{CellWord, Cells, ColumnData, Facts, Read, RowFilter, TableBuilder, TextColumn};
use crate::inventory::{GLOBAL, Status};

/// The moment of every estate of a test: ages count from it.
pub(crate) const NOW: &str = "2026-11-28T12:00:00Z";

/// Builds facts from rows in JSON.
#[derive(Debug, Default)]
pub(crate) struct FactsBuilder {
    rows: BTreeMap<&'static str, Vec<Value>>,
    statuses: BTreeMap<(String, String, String), Status>,
    places: BTreeSet<(String, String)>,
    tables: BTreeSet<&'static str>,
    selection: RowFilter,
}

impl FactsBuilder {
    /// An estate whose answers read these tables.
    pub(crate) fn new(reads: &[Read]) -> Self {
        Self { tables: reads.iter().map(|read| read.table).collect(), ..Self::default() }
    }

    /// Adds a row. `account_id`, `region` and `id` are required; `owner_id` is the account unless it is given. Lists and
    /// objects are columns of JSON; texts of the form `2026-01-01T00:00:00Z` are times.
    pub(crate) fn row(mut self, table: &'static str, row: Value) -> Self {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        self.places.insert((text("account_id"), text("region")));
        self.tables.insert(table);
        self.rows.entry(table).or_default().push(row);
        self
    }

    /// Adds an account that was asked in a region, without rows.
    pub(crate) fn account(mut self, account_id: &str, region: &str) -> Self {
        self.places.insert((account_id.to_owned(), region.to_owned()));
        self
    }

    /// Says that a cell was not answered. Rows of the cell stay: they are those of its last full answer.
    pub(crate) fn status(mut self, account_id: &str, region: &str, table: &str, status: Status) -> Self {
        self.places.insert((account_id.to_owned(), region.to_owned()));
        self.statuses.insert((account_id.to_owned(), region.to_owned(), table.to_owned()), status);
        self
    }

    /// Says what the user asked for.
    pub(crate) fn selection(mut self, selection: RowFilter) -> Self {
        self.selection = selection;
        self
    }

    /// Returns the facts.
    pub(crate) fn facts(self) -> Facts {
        let at: Timestamp = NOW.parse().unwrap();
        let is_global = |table: &str| {
            table.starts_with("route53_") && table != "route53_zone_associations"
                || [
                    "accounts",
                    "cloudfront_distributions",
                    "s3_buckets",
                    "globalaccelerator_accelerators",
                    "route53domains_domains",
                ]
                .contains(&table)
        };
        let mut cells =
            Cells::new(self.tables.iter().filter(|table| is_global(table)).map(|table| (*table).to_owned()));
        let accounts: BTreeSet<&String> = self.places.iter().map(|(account, _)| account).collect();
        for table in &self.tables {
            let places: BTreeSet<(String, String)> = if is_global(table) {
                accounts.iter().map(|account| ((*account).clone(), GLOBAL.to_owned())).collect()
            } else {
                self.places.iter().filter(|(_, region)| region != GLOBAL).cloned().collect()
            };
            for (account_id, region) in places {
                let key = (account_id.clone(), region.clone(), (*table).to_owned());
                let status = self.statuses.get(&key).copied();
                if region == "*" && status.is_none() {
                    continue;
                }
                let status = status.unwrap_or(Status::Ok);
                cells.add(
                    CellWord {
                        account_id,
                        region,
                        table: (*table).to_owned(),
                        status,
                        error_code: (!status.is_answered()).then(|| crate::aws::ACCESS_DENIED.to_owned()),
                        word_at: at,
                        last_answered: status.is_answered().then_some(at),
                    }
                    .borrowed(),
                );
            }
        }
        let tables = self.rows.iter().map(|(table, rows)| build(table, rows)).collect();
        Facts::new(tables, cells.finish(), self.selection, at)
    }
}

const OPENING: [&str; 8] = ["account_id", "account_alias", "region", "id", "arn", "owner_id", "tags", "collected_at"];

fn build(table: &'static str, rows: &[Value]) -> super::FactTable {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for row in rows {
        names.extend(row.as_object().unwrap().keys().map(String::as_str).filter(|name| !OPENING.contains(name)));
    }
    let columns: Vec<(&'static str, ColumnData)> = names
        .iter()
        .map(|name| {
            let name: &'static str = Box::leak((*name).to_owned().into_boxed_str());
            let sample = rows.iter().map(|row| &row[name]).find(|value| !value.is_null()).unwrap_or(&Value::Null);
            let data = match sample {
                Value::Bool(_) => ColumnData::Flag(Vec::new()),
                Value::Number(number) if number.is_i64() => ColumnData::Integer(Vec::new()),
                Value::Number(_) => ColumnData::Double(Vec::new()),
                Value::String(text) if text.parse::<Timestamp>().is_ok() => ColumnData::Time(Vec::new()),
                _ => ColumnData::Text(TextColumn::default()),
            };
            (name, data)
        })
        .collect();
    let mut builder = TableBuilder::new(table, columns.clone());
    for row in rows {
        let text = |name: &str| row[name].as_str();
        let tags = row["tags"].as_object().map(|tags| Value::Object(tags.clone()).to_string());
        let at: Timestamp = text("collected_at").unwrap_or(NOW).parse().unwrap();
        builder.push(Opening {
            account_id: text("account_id").unwrap(),
            account_alias: text("account_alias"),
            region: text("region").unwrap(),
            id: text("id").unwrap(),
            arn: text("arn"),
            owner_id: text("owner_id").or(text("account_id")),
            tags: tags.as_deref(),
            collected_at: Some(at.as_microsecond()),
        });
        for (index, (name, _)) in columns.iter().enumerate() {
            let value = &row[*name];
            match builder.column(index).unwrap() {
                ColumnData::Flag(values) => values.push(value.as_bool()),
                ColumnData::Integer(values) => values.push(value.as_i64()),
                ColumnData::Double(values) => values.push(value.as_f64()),
                ColumnData::Time(values) => {
                    values.push(value.as_str().map(|text| text.parse::<Timestamp>().unwrap().as_microsecond()))
                }
                ColumnData::Text(values) => match value {
                    Value::Null => values.push(None),
                    Value::String(text) => values.push(Some(text)),
                    json => values.push(Some(&json.to_string())),
                },
            }
        }
    }
    builder.finish()
}
