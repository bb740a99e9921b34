//! Reads a Parquet file in ranges: the footer first, and of each row group the columns that are asked for.
//!
//! **Invariant:** reads no column that nobody asked for, unless it lies in a small gap between two that somebody did.

use std::panic::AssertUnwindSafe;

use ::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use bytes::Bytes;

use super::column_chunk::{Chunk, decode};
use super::values::{Batch, ColumnValues};
use super::{RowFile, RowsError, read_range};
use crate::inventory::{Column, ColumnType};
use crate::store::Store;

/// The bytes that are read first, in which most footers lie.
const FOOTER_BYTES: u64 = 64 << 10;
/// The length of the footer and the mark, at the end of every file.
const TAIL_BYTES: u64 = 8;
const MARK: &[u8] = b"PAR1";
/// Up to this many bytes between two columns, one request is cheaper than two.
const MOST_GAP: u64 = 256 << 10;

/// A Parquet file whose footer was read.
#[derive(Debug)]
pub(crate) struct ParquetFile {
    file: RowFile,
    metadata: ParquetMetaData,
    /// The footer as it was read, with its length and the mark.
    footer: Bytes,
}

impl ParquetFile {
    /// Reads the footer of a file.
    pub(crate) async fn open(store: &Store, file: &RowFile) -> Result<Self, RowsError> {
        let cut = || RowsError::content(&file.key, "it is no Parquet file, or is cut off");
        if file.bytes < TAIL_BYTES + MARK.len() as u64 {
            return Err(cut());
        }
        let first = file.bytes.min(FOOTER_BYTES);
        let mut tail = read_range(store, file, file.bytes - first, first).await?;
        let end = tail.len() - TAIL_BYTES as usize;
        let length = tail.get(end..end + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let length = u64::from(length.ok_or_else(cut)?);
        if &tail[end + 4..] != MARK || length + TAIL_BYTES > file.bytes {
            return Err(cut());
        }
        if length + TAIL_BYTES > first {
            tail = read_range(store, file, file.bytes - TAIL_BYTES - length, length + TAIL_BYTES).await?;
        }
        let end = tail.len() - TAIL_BYTES as usize;
        let metadata = unpanicked(&file.key, || {
            let metadata = ParquetMetaDataReader::decode_metadata(&tail[end - length as usize..end]);
            metadata.map_err(|error| RowsError::content(&file.key, error))
        })?;
        let footer = tail.slice(end - length as usize..);
        Ok(Self { file: file.clone(), metadata, footer })
    }

    /// The footer as it was read, with its length and the mark.
    pub(crate) fn footer(&self) -> &[u8] {
        &self.footer
    }

    /// Reads some bytes of the file.
    pub(crate) async fn bytes(&self, store: &Store, start: u64, length: u64) -> Result<Bytes, RowsError> {
        let end = start.checked_add(length).filter(|end| *end <= self.file.bytes);
        let end = end.ok_or_else(|| RowsError::content(&self.file.key, "a part of it lies outside the file"))?;
        Ok(self.read(store, (start, end)).await?.bytes)
    }

    /// Decodes these columns of a row group from bytes that were read: those from the start of the file.
    pub(crate) fn decoded(&self, group: usize, columns: &[Column], bytes: Bytes) -> Result<Batch, RowsError> {
        let group = self.metadata.row_group(group);
        unpanicked(&self.file.key, || {
            let wanted: Vec<Vec<usize>> = columns.iter().map(|column| leaves(group, column)).collect();
            self.batch(group, &wanted, &[Range { start: 0, bytes }])
        })
    }

    /// The number of row groups.
    pub(crate) fn groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// The value of a key of the file's metadata.
    pub(crate) fn metadata(&self, key: &str) -> Option<&str> {
        let pairs = self.metadata.file_metadata().key_value_metadata()?;
        pairs.iter().find(|pair| pair.key == key)?.value.as_deref()
    }

    /// Reads these columns of a row group.
    pub(crate) async fn group(&self, store: &Store, group: usize, columns: &[Column]) -> Result<Batch, RowsError> {
        let group = self.metadata.row_group(group);
        let wanted: Vec<Vec<usize>> = columns.iter().map(|column| leaves(group, column)).collect();
        let joined = unpanicked(&self.file.key, || self.joined(group, wanted.iter().flatten().copied()))?;
        let reads: Vec<_> = joined.into_iter().map(|range| self.read(store, range)).collect();
        let ranges = futures::future::try_join_all(reads).await?;
        unpanicked(&self.file.key, || self.batch(group, &wanted, &ranges))
    }

    /// Decodes the columns of a row group.
    fn batch(&self, group: &RowGroupMetaData, wanted: &[Vec<usize>], ranges: &[Range]) -> Result<Batch, RowsError> {
        let chunk = |index: usize| -> Result<(usize, Chunk), RowsError> {
            let (start, length) = group.column(index).byte_range();
            let held = ranges
                .iter()
                .find(|range| range.start <= start && start + length <= range.start + range.bytes.len() as u64);
            let held = held.ok_or_else(|| RowsError::content(&self.file.key, "a column lies outside the file"))?;
            let from = (start - held.start) as usize;
            Ok((index, Chunk { start, bytes: held.bytes.slice(from..from + length as usize) }))
        };
        let mut batch = Batch { rows: usize::try_from(group.num_rows()).unwrap_or_default(), columns: Vec::new() };
        for leaves in wanted {
            let values = match leaves.as_slice() {
                [] => ColumnValues::Absent,
                [one] => self.column(group, chunk(*one)?, None)?,
                [keys, values, ..] => self.column(group, chunk(*keys)?, Some(chunk(*values)?))?,
            };
            batch.columns.push(values);
        }
        Ok(batch)
    }

    fn column(
        &self,
        group: &RowGroupMetaData,
        chunk: (usize, Chunk),
        values: Option<(usize, Chunk)>,
    ) -> Result<ColumnValues, RowsError> {
        decode(group, chunk, values).map_err(|error| RowsError::content(&self.file.key, error))
    }

    /// The ranges of column chunks, joined where little lies between them.
    fn joined(
        &self,
        group: &RowGroupMetaData,
        columns: impl Iterator<Item = usize>,
    ) -> Result<Vec<(u64, u64)>, RowsError> {
        let mut chunks: Vec<(u64, u64)> = columns.map(|index| group.column(index).byte_range()).collect();
        chunks.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for (start, length) in chunks {
            let end = start.checked_add(length).filter(|end| *end <= self.file.bytes);
            let end = end.ok_or_else(|| RowsError::content(&self.file.key, "a column lies outside the file"))?;
            match joined.last_mut() {
                Some((_, last)) if start <= last.saturating_add(MOST_GAP) => *last = end.max(*last),
                _ => joined.push((start, end)),
            }
        }
        Ok(joined)
    }

    async fn read(&self, store: &Store, (start, end): (u64, u64)) -> Result<Range, RowsError> {
        Ok(Range { start, bytes: read_range(store, &self.file, start, end - start).await? })
    }
}

/// Calls the `parquet` crate, which panics over some damaged files.
fn unpanicked<T>(key: &str, read: impl FnOnce() -> Result<T, RowsError>) -> Result<T, RowsError> {
    std::panic::catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(RowsError::content(key, "it is damaged")))
}

struct Range {
    start: u64,
    bytes: Bytes,
}

/// The leaves of a column in the file: two for a map, none if the file lacks it.
fn leaves(group: &RowGroupMetaData, column: &Column) -> Vec<usize> {
    if column.kind == ColumnType::Map {
        let keys = leaf(group, &[&column.name, "key_value", "key"]);
        let values = leaf(group, &[&column.name, "key_value", "value"]);
        return keys.zip(values).map(|(keys, values)| vec![keys, values]).unwrap_or_default();
    }
    leaf(group, &[&column.name]).into_iter().collect()
}

fn leaf(group: &RowGroupMetaData, path: &[&str]) -> Option<usize> {
    let position = |column: &::parquet::file::metadata::ColumnChunkMetaData| {
        column.column_path().parts().iter().map(String::as_str).eq(path.iter().copied())
    };
    group.columns().iter().position(position)
}
