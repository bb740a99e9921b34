//! Turns the nights of the generated estate into runs that the engine commits.
//!
//! **Invariant:** a column that the catalogue does not have is an error, and never left out.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::accounts::ACCOUNTS;
use super::nights::{Night, NightCell, nights};
use crate::catalogue::{Catalogue, Reach, Table};
use crate::decode::{UtcTime, Value};
use crate::domain::Format;
use crate::engine::RecordedRun;
use crate::inventory::{CellType, Column, ColumnType, LedgerRow, Location, OPENING_COLUMNS, Page, Record};

/// How long a generated run takes.
const DURATION: SignedDuration = SignedDuration::from_secs(240);

/// The runs of the generated estate, oldest first.
pub(crate) fn runs(catalogue: &'static Catalogue) -> Result<Vec<RecordedRun>, String> {
    let tables: Vec<(&'static str, bool)> =
        catalogue.tables().iter().map(|table| (table.entry.table, table.entry.reach == Reach::Global)).collect();
    nights(&tables).iter().map(|night| run(night, catalogue)).collect()
}

fn run(night: &Night, catalogue: &'static Catalogue) -> Result<RecordedRun, String> {
    let mut accounts = Vec::new();
    for account in ACCOUNTS {
        let id = account.account_id.parse().map_err(|error| format!("{error}"))?;
        accounts.push((id, Some(account.name.to_owned())));
    }
    let mut pages = Vec::new();
    for (index, table) in catalogue.tables().iter().enumerate() {
        let rows = night.rows.get(table.entry.table).map(Vec::as_slice).unwrap_or_default();
        pages.append(&mut pages_of(index, table, rows)?);
    }
    let run_id = night.run_id.parse().map_err(|error| format!("{error}"))?;
    let ledger = night.cells.iter().map(|cell| ledger_row(night, cell, catalogue)).collect::<Result<_, _>>()?;
    let ended_at = night.started_at.checked_add(DURATION).map_err(|error| error.to_string())?;
    Ok(RecordedRun { run_id, started_at: night.started_at, ended_at, format: Format::Parquet, accounts, pages, ledger })
}

/// The rows of a table, a page for each account, region and time.
fn pages_of(index: usize, table: &Table, rows: &[Json]) -> Result<Vec<Page>, String> {
    let columns = table.all_columns();
    let own = &columns[OPENING_COLUMNS.len()..columns.len() - 1];
    let mut pages: BTreeMap<(String, String, String), Page> = BTreeMap::new();
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let key = (text("account_id"), text("region"), text("collected_at"));
        let collected_at: Timestamp =
            key.2.parse().map_err(|error| format!("{}: collected_at: {error}", table.entry.table))?;
        let page = pages.entry(key).or_insert_with(|| Page {
            table: index,
            location: Location {
                account_id: text("account_id").into(),
                account_alias: row["account_alias"].as_str().map(Into::into),
                partition: "aws",
                region: text("region").into(),
                collected_at,
            },
            records: Vec::new(),
        });
        page.records.push(record(row, table, own)?);
    }
    Ok(pages.into_values().collect())
}

fn record(row: &Json, of: &Table, own: &[Column]) -> Result<Record, String> {
    let table = of.entry.table;
    let names = row.as_object().into_iter().flat_map(|row| row.keys());
    let is_known = |name: &str| OPENING_COLUMNS.contains(&name) || own.iter().any(|column| column.name == name);
    if let Some(unknown) = names.into_iter().find(|name| !is_known(name)) {
        return Err(format!("table {table} has no column {unknown}"));
    }
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    let tags = row["tags"].as_object();
    let pair = |(key, value): (&String, &Json)| (key.clone(), value.as_str().unwrap_or_default().to_owned());
    Ok(Record {
        id: text("id").unwrap_or_default(),
        arn: text("arn"),
        owner_id: text("owner_id"),
        tags: tags.map(|tags| tags.iter().map(pair).collect()),
        values: own.iter().map(|column| value(&row[&column.name], column, table)).collect::<Result<_, _>>()?,
        extra: None,
        digest: Some(of.digest_of_columns(row.as_object().cloned().unwrap_or_default())),
    })
}

fn value(json: &Json, column: &Column, table: &str) -> Result<Value, String> {
    let value = match (column.kind, json) {
        (_, Json::Null) => Some(Value::Missing),
        (ColumnType::String, Json::String(text)) => Some(Value::Text(text.clone())),
        (ColumnType::Boolean, Json::Bool(flag)) => Some(Value::Boolean(*flag)),
        (ColumnType::Integer, Json::Number(number)) => number.as_i64().map(Value::Integer),
        (ColumnType::Double, Json::Number(number)) => number.as_f64().map(Value::Double),
        (ColumnType::Timestamp, Json::String(text)) => {
            text.parse::<Timestamp>().ok().map(|time| Value::Timestamp(UtcTime::from(time)))
        }
        (ColumnType::Json, Json::Array(_) | Json::Object(_)) => Some(Value::Json(json.to_string())),
        _ => None,
    };
    value.ok_or_else(|| format!("table {table}: column {} cannot hold {json}", column.name))
}

fn ledger_row(night: &Night, cell: &NightCell, catalogue: &Catalogue) -> Result<LedgerRow, String> {
    let table = catalogue.find(cell.table).ok_or_else(|| format!("there is no table {}", cell.table))?;
    let kind = CellType { table: table.entry.table, operation: table.entry.operation };
    let mut row = LedgerRow::new(&night.run_id, &cell.account_id, &cell.region, kind, cell.status);
    row.records = cell.records;
    (row.calls, row.pages) = (1, u64::from(cell.status.is_answered()));
    row.started_at = Some(night.started_at);
    (row.error_code, row.error_message) = (cell.error_code.clone(), cell.error_message.clone());
    Ok(row)
}
