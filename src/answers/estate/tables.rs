//! Reads the valid rows of one table: of each file, those of the cells whose newest full answer is the file's run.
//!
//! **Invariant:** reads the files that the state names, and of them the columns that are asked for.

use std::collections::{BTreeSet, HashSet};

use super::Estate;
use crate::answers::facts::{ColumnData, FactTable, Opening, TableBuilder, TextColumn};
use crate::inventory::{Column, ColumnType};
use crate::output::rows::{Batch, ColumnValues, RowFile, RowsError, read_rows};
use crate::output::state::StateRun;

/// The opening columns that facts have, in their order.
const OPENING: [(&str, ColumnType); 8] = [
    ("account_id", ColumnType::String),
    ("account_alias", ColumnType::String),
    ("region", ColumnType::String),
    ("id", ColumnType::String),
    ("arn", ColumnType::String),
    ("owner_id", ColumnType::String),
    ("tags", ColumnType::Map),
    ("collected_at", ColumnType::Timestamp),
];

/// Reads the valid rows of a table with these columns.
pub(super) async fn read(
    estate: &Estate,
    table: &'static str,
    names: &BTreeSet<&'static str>,
) -> Result<FactTable, RowsError> {
    let known = estate.catalogue.find(table).map(|table| table.all_columns()).unwrap_or_default();
    let kind =
        |name: &str| known.iter().find(|column| column.name == name).map_or(ColumnType::String, |column| column.kind);
    let own: Vec<(&'static str, ColumnType)> = names.iter().map(|name| (*name, kind(name))).collect();
    let data = own.iter().map(|(name, kind)| (*name, empty(*kind))).collect();
    let mut builder = TableBuilder::new(table, data);
    let columns: Vec<Column> =
        OPENING.iter().chain(&own).map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind }).collect();
    let files: Vec<(RowFile, &StateRun)> =
        estate.state.files_of(table).map(|(file, run)| (file.file.clone(), run)).collect();
    for (file, run) in files {
        let answered = answered_by(estate, table, run);
        let accept = |batch: Batch| append(&mut builder, &batch, &answered);
        read_rows(&estate.store, &file, &columns, accept).await?;
    }
    Ok(builder.finish())
}

/// The accounts and regions whose newest full answer for a table is of this run.
fn answered_by<'a>(estate: &'a Estate, table: &str, run: &StateRun) -> HashSet<(&'a str, &'a str)> {
    let cells = estate.state.cells_of(table);
    let of_run = cells.filter(|cell| cell.answer.is_some_and(|answer| answer.run_id == run.run_id));
    of_run.map(|cell| (cell.account_id, cell.region)).collect()
}

fn empty(kind: ColumnType) -> ColumnData {
    match kind {
        ColumnType::String | ColumnType::Json | ColumnType::Map => ColumnData::Text(TextColumn::default()),
        ColumnType::Boolean => ColumnData::Flag(Vec::new()),
        ColumnType::Integer => ColumnData::Integer(Vec::new()),
        ColumnType::Double => ColumnData::Double(Vec::new()),
        ColumnType::Timestamp => ColumnData::Time(Vec::new()),
    }
}

fn append(builder: &mut TableBuilder, batch: &Batch, answered: &HashSet<(&str, &str)>) {
    let opening = |column: usize, row: usize| batch.columns[column].text(row);
    // Most rows are of the cell of the row before.
    let mut last = (("", ""), false);
    for row in 0..batch.rows {
        let (account_id, region) = (opening(0, row).unwrap_or_default(), opening(2, row).unwrap_or_default());
        if last.0 != (account_id, region) {
            last = ((account_id, region), answered.contains(&(account_id, region)));
        }
        if !last.1 {
            continue;
        }
        builder.push(Opening {
            account_id,
            account_alias: opening(1, row),
            region,
            id: opening(3, row).unwrap_or_default(),
            arn: opening(4, row),
            owner_id: opening(5, row),
            tags: opening(6, row),
            collected_at: batch.columns[7].integer(row),
        });
        for (index, values) in batch.columns[OPENING.len()..].iter().enumerate() {
            if let Some(column) = builder.column(index) {
                push(column, values, row);
            }
        }
    }
}

fn push(column: &mut ColumnData, values: &ColumnValues, row: usize) {
    match column {
        ColumnData::Text(texts) => match values.text(row) {
            Some(text) => texts.push(Some(text)),
            None => texts.push(values.any_text(row).as_deref()),
        },
        ColumnData::Flag(flags) => flags.push(values.flag(row)),
        ColumnData::Integer(integers) => integers.push(values.integer(row)),
        ColumnData::Time(times) => times.push(time(values, row)),
        ColumnData::Double(doubles) => doubles.push(values.double(row)),
    }
}

/// A time. One that an earlier version wrote as text counts.
fn time(values: &ColumnValues, row: usize) -> Option<i64> {
    match values.text(row) {
        Some(text) => text.parse::<jiff::Timestamp>().ok().map(|time| time.as_microsecond()),
        None => values.integer(row),
    }
}
