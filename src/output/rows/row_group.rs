//! A part of a file whose bytes are in memory: columns are decoded when they are asked for, and only for the rows that are.
//!
//! **Invariant:** reads nothing from the store.

use std::sync::Arc;

use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use ::parquet::schema::types::SchemaDescriptor;

use super::RowsError;
use super::column_chunk::{Chunk, decode, row_count};
use super::file_range::{FileRange, unpanicked};
use super::row_set::RowSet;
use super::row_test::{ColumnTest, RowTest};
use super::search::{pair_rows, text_rows};
use super::values::{Batch, ColumnValues};
use crate::inventory::{Column, ColumnType};

/// A column that is read, with its leaves in the file: two for a map, none if the file lacks it.
#[derive(Debug)]
pub(super) struct WantedColumn {
    name: String,
    pub(super) leaves: Vec<usize>,
}

impl WantedColumn {
    pub(super) fn new(schema: &SchemaDescriptor, column: &Column) -> Self {
        let leaf = |path: &[&str]| {
            let is_at = |parts: &[String]| parts.iter().map(String::as_str).eq(path.iter().copied());
            schema.columns().iter().position(|column| is_at(column.path().parts()))
        };
        let name = column.name.as_str();
        let leaves = if column.kind == ColumnType::Map {
            let pair = leaf(&[name, "key_value", "key"]).zip(leaf(&[name, "key_value", "value"]));
            pair.map(|(keys, values)| vec![keys, values]).unwrap_or_default()
        } else {
            leaf(&[name]).into_iter().collect()
        };
        Self { name: column.name.clone(), leaves }
    }
}

/// A row group of a Parquet file, with the bytes of its columns.
#[derive(Debug)]
pub(super) struct ParquetGroup {
    pub(super) key: String,
    pub(super) metadata: Arc<ParquetMetaData>,
    pub(super) number: usize,
    pub(super) columns: Arc<[WantedColumn]>,
    pub(super) ranges: Arc<[FileRange]>,
}

/// Some rows of a file, with the columns that were asked for.
#[derive(Debug)]
pub(crate) struct RowGroup(GroupContent);

#[derive(Debug)]
enum GroupContent {
    Parquet(ParquetGroup),
    Decoded(Arc<[String]>, Batch),
}

impl RowGroup {
    pub(super) fn parquet(group: ParquetGroup) -> Self {
        Self(GroupContent::Parquet(group))
    }

    /// Rows that are decoded, with the names of their columns.
    pub(super) fn decoded(names: Arc<[String]>, batch: Batch) -> Self {
        Self(GroupContent::Decoded(names, batch))
    }

    /// All of its rows.
    pub(crate) fn rows(&self) -> Result<RowSet, RowsError> {
        match &self.0 {
            GroupContent::Parquet(group) => group.read(|metadata| row_count(metadata).map(RowSet::All)),
            GroupContent::Decoded(_, batch) => Ok(RowSet::All(batch.rows)),
        }
    }

    /// The values of a column in some rows.
    pub(crate) fn values(&self, column: &str, rows: &RowSet) -> Result<ColumnValues, RowsError> {
        if rows.is_empty() {
            return Ok(ColumnValues::Absent);
        }
        match &self.0 {
            GroupContent::Parquet(group) => group.values(column, rows),
            GroupContent::Decoded(names, batch) => {
                let at = names.iter().position(|name| name == column);
                Ok(at.map_or(ColumnValues::Absent, |at| batch.columns[at].of(rows)))
            }
        }
    }

    /// The rows that pass a test.
    pub(crate) fn passing(&self, test: &RowTest) -> Result<RowSet, RowsError> {
        if test.is_everything {
            return self.rows();
        }
        let mut passing = RowSet::default();
        for (column, test) in &test.columns {
            passing.add(RowSet::Some(match &self.0 {
                GroupContent::Parquet(group) => group.passing(column, test)?,
                GroupContent::Decoded(names, batch) => {
                    let at = names.iter().position(|name| name == column);
                    at.map(|at| decoded_rows(&batch.columns[at], batch.rows, test)).unwrap_or_default()
                }
            }));
        }
        Ok(passing)
    }

    /// All columns of all rows.
    pub(super) fn batch(self) -> Result<Batch, RowsError> {
        match self.0 {
            GroupContent::Decoded(_, batch) => Ok(batch),
            GroupContent::Parquet(group) => {
                let rows = group.read(row_count)?;
                let columns = group.columns.iter().map(|column| group.decoded(column, &RowSet::All(rows)));
                Ok(Batch { rows, columns: columns.collect::<Result<_, _>>()? })
            }
        }
    }
}

fn decoded_rows(values: &ColumnValues, rows: usize, test: &ColumnTest) -> Vec<u32> {
    let passes = |text: &str| match test {
        ColumnTest::Text(test) => test.passes(text),
        ColumnTest::Pair(test) => test.passes_json(text),
    };
    (0..rows).filter(|row| values.text(*row).is_some_and(passes)).map(|row| row as u32).collect()
}

impl ParquetGroup {
    fn read<T>(&self, read: impl FnOnce(&RowGroupMetaData) -> Result<T, ParquetError>) -> Result<T, RowsError> {
        unpanicked(&self.key, || {
            read(self.metadata.row_group(self.number)).map_err(|error| RowsError::content(&self.key, error))
        })
    }

    /// The leaves of a column. None if the file lacks it.
    fn leaves(&self, column: &str) -> &[usize] {
        self.columns.iter().find(|wanted| wanted.name == column).map_or(&[], |wanted| &wanted.leaves)
    }

    fn chunk(&self, group: &RowGroupMetaData, index: usize) -> Result<(usize, Chunk), ParquetError> {
        let (start, length) = group.column(index).byte_range();
        let is_held =
            |range: &&FileRange| range.start <= start && start + length <= range.start + range.bytes.len() as u64;
        let held = self.ranges.iter().find(is_held);
        let held = held.ok_or_else(|| ParquetError::EOF("a column lies outside the file".into()))?;
        let from = (start - held.start) as usize;
        Ok((index, Chunk { start, bytes: held.bytes.slice(from..from + length as usize) }))
    }

    fn values(&self, column: &str, rows: &RowSet) -> Result<ColumnValues, RowsError> {
        let wanted = self.columns.iter().find(|wanted| wanted.name == column);
        wanted.map_or(Ok(ColumnValues::Absent), |wanted| self.decoded(wanted, rows))
    }

    fn decoded(&self, column: &WantedColumn, rows: &RowSet) -> Result<ColumnValues, RowsError> {
        self.read(|group| match column.leaves.as_slice() {
            [] => Ok(ColumnValues::Absent),
            [one] => decode(group, self.chunk(group, *one)?, None, rows),
            [keys, values, ..] => decode(group, self.chunk(group, *keys)?, Some(self.chunk(group, *values)?), rows),
        })
    }

    fn passing(&self, column: &str, test: &ColumnTest) -> Result<Vec<u32>, RowsError> {
        self.read(|group| match (self.leaves(column), test) {
            ([text], ColumnTest::Text(test)) => text_rows(group, self.chunk(group, *text)?, test.as_ref()),
            ([keys, values], ColumnTest::Pair(test)) => {
                pair_rows(group, self.chunk(group, *keys)?, self.chunk(group, *values)?, test)
            }
            _ => Ok(Vec::new()),
        })
    }
}
