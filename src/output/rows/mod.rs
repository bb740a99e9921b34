//! Reads the rows of a run's files: only the columns that are asked for, in either format.
//!
//! A Parquet file is read in ranges: its footer, and then the columns. An ndjson file is read whole.
//!
//! **Invariant:** knows files and columns, and not which files count.

mod row_key;
mod row_set;
mod row_test;
mod values;
mod ndjson_file;
mod column_chunk;
mod search;
mod file_range;
mod row_group;
mod parquet_file;

use std::sync::Arc;

use bytes::Bytes;

use crate::inventory::Column;
use crate::store::{Store, StoreError};

pub(crate) use parquet_file::ParquetFile;
pub(crate) use row_group::RowGroup;
pub(crate) use row_key::is_row_key;
pub(crate) use row_set::RowSet;
pub(crate) use row_test::{MOST_NEEDLES, Mentions, Needles, OneOf, PairTest, RowTest, TextTest};
pub(crate) use values::{Batch, ColumnValues};

/// A file with rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowFile {
    /// Its path below the output.
    pub key: String,
    /// Its size in bytes, as its manifest names it.
    pub bytes: u64,
}

/// The reason why a file cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum RowsError {
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The file is named and does not exist.
    #[error("{0} is named by a manifest and does not exist")]
    Missing(String),
    /// The content is not what it should be.
    #[error("{key} cannot be read: {what}")]
    Content {
        /// The key of the file.
        key: String,
        /// What is wrong with it.
        what: String,
    },
}

impl RowsError {
    /// The error of a file whose content is not what it should be.
    pub(crate) fn content(key: &str, what: impl ToString) -> Self {
        Self::Content { key: key.to_owned(), what: what.to_string() }
    }
}

/// Reads these columns of a file, and hands over its rows in batches. A column that the file lacks is absent.
pub(crate) async fn read_rows(
    store: &Store,
    file: &RowFile,
    columns: &[Column],
    mut accept: impl FnMut(Batch),
) -> Result<(), RowsError> {
    read_groups(store, file, columns, |group| group.batch().map(&mut accept)).await
}

/// Reads these columns of a file, and hands over its row groups, of which nothing is decoded yet.
pub(crate) async fn read_groups(
    store: &Store,
    file: &RowFile,
    columns: &[Column],
    mut accept: impl FnMut(RowGroup) -> Result<(), RowsError>,
) -> Result<(), RowsError> {
    if !is_row_key(&file.key) {
        return Err(RowsError::content(&file.key, "it lies outside the output's folders of rows"));
    }
    if file.key.ends_with(".parquet") {
        return ParquetFile::open(store, file).await?.groups_of(store, columns, accept).await;
    }
    let object = store.read(&file.key).await?.ok_or_else(|| RowsError::Missing(file.key.clone()))?;
    require_size(file, object.bytes.len())?;
    let names: Arc<[String]> = columns.iter().map(|column| column.name.clone()).collect();
    ndjson_file::read(&file.key, &object.bytes, columns, |batch| accept(RowGroup::decoded(names.clone(), batch)))
}

/// Refuses a file that has another size than its manifest says.
fn require_size(file: &RowFile, found: usize) -> Result<(), RowsError> {
    let found = found as u64;
    if found == file.bytes {
        return Ok(());
    }
    Err(RowsError::content(&file.key, format!("it has {found} bytes, and its manifest says {}", file.bytes)))
}

/// Reads a range of a file, which has to be there as a whole.
async fn read_range(store: &Store, file: &RowFile, start: u64, length: u64) -> Result<Bytes, RowsError> {
    let range = store.read_range(&file.key, start, length).await?;
    let range = range.ok_or_else(|| RowsError::Missing(file.key.clone()))?;
    if range.size != file.bytes {
        let what = format!("it has {} bytes, and its manifest says {}", range.size, file.bytes);
        return Err(RowsError::content(&file.key, what));
    }
    if range.bytes.len() as u64 != length {
        return Err(RowsError::content(&file.key, "it is cut off"));
    }
    Ok(range.bytes)
}

#[cfg(test)]
mod tests;
