//! Writes a state as a Parquet file, and reads it back. DuckDB and Athena read the same file.
//!
//! The rows are of four kinds: a merged run has neither table nor account, an account and region in which anything was asked
//! has no table, a file of a table has no account, and a cell has both.
//! They are sorted by table, so that a reader of a few tables reads the row groups of these alone.
//!
//! **Invariant:** knows the form of the file, and not where it lies.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cells::{RunFile, Word};
use super::{State, StateError, StateRun};
use crate::decode::UtcTime;
use crate::inventory::{Column, ColumnType, LEDGER, Status};
use crate::output::rows::{Batch, ColumnValues, ParquetFile, RowFile, RowsError};
use crate::output::sink::parquet::{ColumnValue, EncodeError, Encoder};
use crate::store::Store;

/// The version of the form that this program reads and writes.
const VERSION: u32 = 1;
/// The key of the description in the file's metadata.
const DESCRIPTION: &str = "rolecall.state";
/// A row group ends with its table when it has this many rows.
const GROUP_ROWS: usize = 1 << 13;

/// What the metadata of the file says of the whole.
#[derive(Deserialize, Serialize)]
struct Description {
    version: u32,
    moment: Timestamp,
    total: u64,
}

const NAMES: [(&str, ColumnType); 14] = [
    ("table", ColumnType::String),
    ("account_id", ColumnType::String),
    ("region", ColumnType::String),
    ("status", ColumnType::String),
    ("error_code", ColumnType::String),
    ("run_id", ColumnType::String),
    ("run_started_at", ColumnType::Timestamp),
    ("run_dt", ColumnType::String),
    ("answered_run_id", ColumnType::String),
    ("answered_started_at", ColumnType::Timestamp),
    ("answered_dt", ColumnType::String),
    ("file_key", ColumnType::String),
    ("file_rows", ColumnType::Integer),
    ("file_bytes", ColumnType::Integer),
];

/// The columns of the file.
pub(crate) fn columns() -> Vec<Column> {
    NAMES.iter().map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind }).collect()
}

type Row<'a> = [ColumnValue<'a>; NAMES.len()];

/// Writes a state.
pub(super) fn encode(state: &State) -> Result<Vec<u8>, EncodeError> {
    let mut encoder = Encoder::new(columns());
    let description = Description { version: VERSION, moment: state.moment, total: state.total };
    // Serialising numbers and a time cannot fail.
    encoder.describe(DESCRIPTION, serde_json::to_string(&description).unwrap_or_default())?;
    for run in state.merged.values() {
        encoder.push(row(None, None, run))?;
    }
    let places: BTreeSet<(&str, &str)> = state.places().collect();
    for place in places {
        let mut values = [ColumnValue::Missing; NAMES.len()];
        (values[1], values[2]) = (ColumnValue::Text(place.0), ColumnValue::Text(place.1));
        encoder.push(values)?;
    }
    // The first row group is read by everyone, the others only by readers of their tables.
    let mut bytes = encoder.flush_row_group()?;
    let mut rows = 0;
    let tables: BTreeSet<&str> =
        state.files.keys().map(String::as_str).chain(state.cells().map(|cell| cell.table)).collect();
    for table in tables {
        for (file, run) in state.files_of(table) {
            let mut values = row(Some(table), None, run);
            values[11] = ColumnValue::Text(&file.file.key);
            values[12] = integer(file.rows);
            values[13] = integer(file.file.bytes);
            encoder.push(values)?;
            rows += 1;
        }
        for cell in state.cells_of(table) {
            let mut values = row(Some(table), Some((cell.account_id, cell.region)), cell.word);
            values[3] = ColumnValue::Text(cell.status.name());
            values[4] = cell.error_code.map_or(ColumnValue::Missing, ColumnValue::Text);
            if let Some(answer) = cell.answer {
                values[8] = ColumnValue::Text(&answer.run_id);
                values[9] = ColumnValue::Timestamp(UtcTime::from(answer.started_at));
                values[10] = ColumnValue::Text(&answer.dt);
            }
            encoder.push(values)?;
            rows += 1;
            bytes.append(&mut encoder.take_full_group()?);
        }
        if rows >= GROUP_ROWS {
            bytes.append(&mut encoder.flush_row_group()?);
            rows = 0;
        }
    }
    bytes.append(&mut encoder.finish()?);
    Ok(bytes)
}

fn row<'a>(table: Option<&'a str>, cell: Option<(&'a str, &'a str)>, run: &'a StateRun) -> Row<'a> {
    let text = |text: Option<&'a str>| text.map_or(ColumnValue::Missing, ColumnValue::Text);
    let mut values = [ColumnValue::Missing; NAMES.len()];
    values[0] = text(table);
    values[1] = text(cell.map(|(account, _)| account));
    values[2] = text(cell.map(|(_, region)| region));
    values[5] = ColumnValue::Text(&run.run_id);
    values[6] = ColumnValue::Timestamp(UtcTime::from(run.started_at));
    values[7] = ColumnValue::Text(&run.dt);
    values
}

fn integer(value: u64) -> ColumnValue<'static> {
    ColumnValue::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Reads a state: of all tables, or of these.
pub(super) async fn decode(store: &Store, file: &RowFile, tables: Option<&[&str]>) -> Result<State, StateError> {
    let parquet = ParquetFile::open(store, file).await?;
    let damaged = |what: &str| RowsError::Content { key: file.key.clone(), what: what.to_owned() };
    let description = parquet.metadata(DESCRIPTION).and_then(|text| serde_json::from_str::<Description>(text).ok());
    let description = description.ok_or_else(|| damaged("it does not say what it is"))?;
    if description.version != VERSION {
        return Err(damaged("another version of rolecall wrote it"));
    }
    let mut state = State { moment: description.moment, total: description.total, ..State::default() };
    let columns = columns();
    for group in 0..parquet.groups() {
        // The first one has the merged runs.
        if group > 0 && tables.is_some_and(|tables| !parquet.may_have(group, "table", tables)) {
            continue;
        }
        let batch = parquet.group(store, group, &columns).await?;
        StateDecoder { state: &mut state, runs: BTreeMap::new() }
            .add(&batch, tables)
            .ok_or_else(|| damaged("a row lacks a value"))?;
    }
    state.settle();
    Ok(state)
}

struct StateDecoder<'a> {
    state: &'a mut State,
    /// The numbers of the runs by their ids.
    runs: BTreeMap<String, u32>,
}

impl StateDecoder<'_> {
    fn add(&mut self, batch: &Batch, tables: Option<&[&str]>) -> Option<()> {
        let column = |index: usize| &batch.columns[index];
        for at in 0..batch.rows {
            let Some(table) = column(0).text(at) else {
                if let Some(account_id) = column(1).text(at) {
                    self.state.add_place(account_id, column(2).text(at)?);
                    continue;
                }
                let run = run(batch, at, 5)?;
                self.state.merged.insert(run.run_id.clone(), run);
                continue;
            };
            if tables.is_some_and(|tables| !tables.contains(&table)) {
                continue;
            }
            let number = self.run(batch, at, 5)?;
            let Some(account_id) = column(1).text(at) else {
                let count = |index: usize| column(index).integer(at).and_then(|count| u64::try_from(count).ok());
                let file = RowFile { key: column(11).text(at)?.to_owned(), bytes: count(13)? };
                self.state.add_files(number, [RunFile { table: table.to_owned(), file, rows: count(12)? }]);
                continue;
            };
            let answer = if column(8).text(at).is_some() { Some(self.run(batch, at, 8)?) } else { None };
            self.state.add(Word {
                table,
                account_id,
                region: column(2).text(at)?,
                status: Status::of_name(column(3).text(at)?)?,
                error_code: column(4).text(at),
                run: number,
                answer,
            });
        }
        Some(())
    }

    /// The number of the run whose id is in a column, followed by its start and its date.
    fn run(&mut self, batch: &Batch, at: usize, index: usize) -> Option<u32> {
        let run_id = batch.columns[index].text(at)?;
        if let Some(number) = self.runs.get(run_id) {
            return Some(*number);
        }
        let run = run(batch, at, index)?;
        let number = self.state.run_number(&run);
        self.runs.insert(run.run_id, number);
        Some(number)
    }
}

fn run(batch: &Batch, at: usize, index: usize) -> Option<StateRun> {
    let text = |values: &ColumnValues| values.text(at).map(str::to_owned);
    let started_at = Timestamp::from_microsecond(batch.columns[index + 1].integer(at)?).ok()?;
    Some(StateRun { run_id: text(&batch.columns[index])?, started_at, dt: text(&batch.columns[index + 2])? })
}

/// The columns of the ledger that a state needs.
pub(super) fn ledger_columns() -> Vec<Column> {
    debug_assert_eq!(LEDGER, "ledger");
    let names = ["account_id", "region", "table", "status", "error_code"];
    names.map(|name| Column { name: name.to_owned(), kind: ColumnType::String }).into()
}
