//! Reads the valid rows of one table: of each file, those of the cells whose newest full answer is the file's run.
//!
//! The account and the region of a row are decoded first. Its other columns are, if it is valid.
//!
//! **Invariant:** reads the files that the state names, and of them the columns that are asked for.

use std::collections::BTreeSet;

use super::Estate;
use crate::answers::facts::{AnsweredCells, Cells, ColumnData, FactTable, TableBuilder, TextColumn};
use crate::inventory::{Column, ColumnType};
use crate::output::rows::{ColumnValues, RowFile, RowGroup, RowSet, RowsError, read_groups};
use crate::output::state::StateRun;

/// The opening columns of text that facts have. The first three are never absent.
pub(super) const OPENING: [(&str, ColumnType); 7] = [
    ("account_id", ColumnType::String),
    ("region", ColumnType::String),
    ("id", ColumnType::String),
    ("account_alias", ColumnType::String),
    ("arn", ColumnType::String),
    ("owner_id", ColumnType::String),
    ("tags", ColumnType::Map),
];
const COLLECTED_AT: &str = "collected_at";
/// Roughly the bytes of a row's opening columns in memory, most of them of the id and the tags.
const OPENING_BYTES: u64 = 150;

/// The columns of a table that are read.
#[derive(Clone, Debug)]
pub(crate) struct ReadColumns {
    pub(super) table: &'static str,
    own: Vec<(&'static str, ColumnType)>,
}

impl ReadColumns {
    /// The opening columns, and these.
    pub(super) fn new(estate: &Estate, table: &'static str, names: &BTreeSet<&'static str>) -> Self {
        let known = estate.catalogue.find(table).map(|table| table.all_columns()).unwrap_or_default();
        let kind = |name: &str| {
            known.iter().find(|column| column.name == name).map_or(ColumnType::String, |column| column.kind)
        };
        Self { table, own: names.iter().map(|name| (*name, kind(name))).collect() }
    }

    /// Every column, as the files have them.
    pub(super) fn all(&self) -> Vec<Column> {
        let time = (COLLECTED_AT, ColumnType::Timestamp);
        let columns = OPENING.iter().chain([&time]).chain(&self.own);
        columns.map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind }).collect()
    }

    /// Roughly the bytes that a row takes in memory.
    pub(super) fn row_bytes(&self) -> u64 {
        OPENING_BYTES + self.own.iter().map(|(_, kind)| value_bytes(*kind)).sum::<u64>()
    }

    /// A table without rows.
    pub(crate) fn builder(&self) -> TableBuilder {
        TableBuilder::new(self.table, self.own.iter().map(|(name, kind)| (*name, empty(*kind))).collect())
    }

    /// Adds some rows of a row group.
    pub(super) fn append(&self, builder: &mut TableBuilder, group: &RowGroup, rows: &RowSet) -> Result<(), RowsError> {
        for (at, (name, _)) in OPENING.iter().enumerate() {
            let values = group.values(name, rows)?;
            let absent = (at < 3).then_some("");
            builder.extend_opening(name, (0..rows.len()).map(|row| values.text(row).or(absent)));
        }
        let values = group.values(COLLECTED_AT, rows)?;
        builder.collected_at().extend((0..rows.len()).map(|row| values.integer(row)));
        for (at, (name, _)) in self.own.iter().enumerate() {
            let values = group.values(name, rows)?;
            if let Some(column) = builder.column(at) {
                (0..rows.len()).for_each(|row| push(column, &values, row));
            }
        }
        Ok(())
    }
}

/// The files of a table with their runs.
pub(super) fn files(estate: &Estate, table: &str) -> Vec<(RowFile, StateRun)> {
    estate.state.files_of(table).map(|(file, run)| (file.file.clone(), run.clone())).collect()
}

/// The valid rows of one row group, of which nothing is decoded but the account and the region.
#[derive(Debug)]
pub(crate) struct ValidRows<'g> {
    columns: &'g ReadColumns,
    group: &'g RowGroup,
    rows: RowSet,
}

impl ValidRows<'_> {
    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The values of a column.
    pub(crate) fn values(&self, column: &str) -> Result<ColumnValues, RowsError> {
        self.group.values(column, &self.rows)
    }

    /// Keeps the rows of the accounts and regions that pass.
    pub(crate) fn keep_cells(&mut self, passes: impl FnMut(&str, &str) -> bool) -> Result<(), RowsError> {
        keep_cells(self.group, &mut self.rows, passes)
    }

    /// Keeps the rows whose places pass.
    pub(crate) fn keep(&mut self, passes: impl FnMut(usize) -> bool) {
        self.rows.keep(passes);
    }

    /// Decodes the rows into a table.
    pub(crate) fn append_to(&self, builder: &mut TableBuilder) -> Result<(), RowsError> {
        self.columns.append(builder, self.group, &self.rows)
    }
}

/// Reads the valid rows of a table with these columns.
pub(super) async fn read(estate: &Estate, cells: &Cells, columns: &ReadColumns) -> Result<FactTable, RowsError> {
    let mut builder = columns.builder();
    scan(estate, cells, columns, |rows| rows.append_to(&mut builder)).await?;
    Ok(builder.finish())
}

/// Hands over the valid rows of a table, row group by row group.
pub(super) async fn scan(
    estate: &Estate,
    cells: &Cells,
    columns: &ReadColumns,
    mut accept: impl FnMut(ValidRows<'_>) -> Result<(), RowsError>,
) -> Result<(), RowsError> {
    for (file, run) in files(estate, columns.table) {
        let accept = |group: RowGroup| {
            let mut rows = group.rows()?;
            keep_valid(&group, &mut rows, cells.answered_by(columns.table, &run.run_id))?;
            if rows.is_empty() { Ok(()) } else { accept(ValidRows { columns, group: &group, rows }) }
        };
        read_groups(&estate.store, &file, &columns.all(), accept).await?;
    }
    Ok(())
}

/// Keeps the rows of the accounts and regions whose newest full answer is of the run that wrote them.
pub(super) fn keep_valid(
    group: &RowGroup,
    rows: &mut RowSet,
    mut answered: AnsweredCells<'_>,
) -> Result<(), RowsError> {
    keep_cells(group, rows, |account_id, region| answered.has(account_id, region))
}

/// Keeps the rows of the accounts and regions that pass.
fn keep_cells(
    group: &RowGroup,
    rows: &mut RowSet,
    mut passes: impl FnMut(&str, &str) -> bool,
) -> Result<(), RowsError> {
    let (accounts, regions) = (group.values("account_id", rows)?, group.values("region", rows)?);
    // Most rows are of the cell of the row before.
    let mut last = (("", ""), false);
    rows.keep(|at| {
        let cell = (accounts.text(at).unwrap_or_default(), regions.text(at).unwrap_or_default());
        if last.0 != cell {
            last = (cell, passes(cell.0, cell.1));
        }
        last.1
    });
    Ok(())
}

/// Roughly the bytes of a value in memory.
fn value_bytes(kind: ColumnType) -> u64 {
    match kind {
        ColumnType::String => 24,
        ColumnType::Json => 150,
        ColumnType::Map => 80,
        ColumnType::Boolean => 1,
        ColumnType::Integer | ColumnType::Double | ColumnType::Timestamp => 16,
    }
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
