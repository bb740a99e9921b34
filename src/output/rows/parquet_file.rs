//! Reads a Parquet file in ranges: the footer first, and of each row group the columns that are asked for.
//!
//! **Invariant:** reads no column that nobody asked for, unless it lies at the end of the file, or in a small gap between two
//! that somebody did.

use std::sync::Arc;

use ::parquet::file::metadata::{
    ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader, ParquetStatisticsPolicy,
};
use bytes::Bytes;

use super::file_range::{FileRange, unpanicked};
use super::row_group::{ParquetGroup, RowGroup, WantedColumn};
use super::values::Batch;
use super::{RowFile, RowsError};
use crate::inventory::Column;
use crate::store::Store;

/// The bytes at the end of a file that are read first, at least. Most footers lie in them, and the last columns.
const TAIL_BYTES: u64 = 128 << 10;
/// The part of a large file that is read first: its footer grows with its row groups.
const TAIL_PART: u64 = 24;
/// The most bytes that are read first.
const MOST_TAIL_BYTES: u64 = 1 << 20;
/// A file that is not larger is read whole: one request takes less time than two.
const WHOLE_BYTES: u64 = 512 << 10;
/// The row groups that are read together have at most this many bytes, or one row group.
const TOGETHER: u64 = 16 << 20;
/// The bytes of the footer's length and of the mark, at the end of every file.
const END_BYTES: u64 = 8;
const MARK: &[u8] = b"PAR1";
/// Up to this many bytes between two columns, one request is cheaper than two.
const MOST_GAP: u64 = 256 << 10;

/// A footer has statistics of each column of each row group, which are most of it and of which nothing is used here.
fn without_statistics() -> ParquetMetaDataOptions {
    ParquetMetaDataOptions::new()
        .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll)
}

/// A Parquet file whose footer was read.
#[derive(Debug)]
pub(crate) struct ParquetFile {
    file: RowFile,
    metadata: Arc<ParquetMetaData>,
    /// The end of the file, which was read with the footer.
    tail: FileRange,
    /// The footer, with its length and the mark.
    footer: Bytes,
}

impl ParquetFile {
    /// Reads the footer of a file.
    pub(crate) async fn open(store: &Store, file: &RowFile) -> Result<Self, RowsError> {
        let cut = || RowsError::content(&file.key, "it is no Parquet file, or is cut off");
        if file.bytes < END_BYTES + MARK.len() as u64 {
            return Err(cut());
        }
        let first = match file.bytes {
            whole if whole <= WHOLE_BYTES => whole,
            large => (large / TAIL_PART).clamp(TAIL_BYTES, MOST_TAIL_BYTES),
        };
        let mut tail = FileRange::read(store, file, (file.bytes - first, file.bytes)).await?;
        let end = tail.bytes.len() - END_BYTES as usize;
        let length = tail.bytes.get(end..end + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let length = u64::from(length.ok_or_else(cut)?);
        if &tail.bytes[end + 4..] != MARK || length + END_BYTES > file.bytes {
            return Err(cut());
        }
        if length + END_BYTES > first {
            tail = FileRange::read(store, file, (file.bytes - END_BYTES - length, file.bytes)).await?;
        }
        let end = tail.bytes.len() - END_BYTES as usize;
        let metadata = unpanicked(&file.key, || {
            let bytes = &tail.bytes[end - length as usize..end];
            let metadata = ParquetMetaDataReader::decode_metadata_with_options(bytes, Some(&without_statistics()));
            metadata.map_err(|error| RowsError::content(&file.key, error))
        })?;
        let footer = tail.bytes.slice(end - length as usize..);
        Ok(Self { file: file.clone(), metadata: Arc::new(metadata), tail, footer })
    }

    /// The footer as it was read, with its length and the mark.
    pub(crate) fn footer(&self) -> &[u8] {
        &self.footer
    }

    /// Reads the first bytes of the file, which may have been read already.
    pub(crate) async fn head(&self, store: &Store, length: u64) -> Result<Bytes, RowsError> {
        if length > self.file.bytes {
            return Err(RowsError::content(&self.file.key, "a part of it lies outside the file"));
        }
        match self.tail.start {
            0 => Ok(self.tail.bytes.slice(..length as usize)),
            _ => Ok(FileRange::read(store, &self.file, (0, length)).await?.bytes),
        }
    }

    /// Decodes these columns of the first row group from the first bytes of the file.
    pub(crate) fn first_group(&self, columns: &[Column], head: Bytes) -> Result<Batch, RowsError> {
        let (metadata, columns) = (self.metadata.clone(), self.wanted(columns));
        let ranges = vec![FileRange { start: 0, bytes: head }].into();
        RowGroup::parquet(ParquetGroup { key: self.file.key.clone(), metadata, number: 0, columns, ranges }).batch()
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
    #[cfg(test)]
    pub(crate) async fn group(&self, store: &Store, group: usize, columns: &[Column]) -> Result<Batch, RowsError> {
        let groups = self.fetch(store, group..group + 1, &self.wanted(columns)).await?;
        let group = groups.into_iter().next().ok_or_else(|| RowsError::content(&self.file.key, "it is damaged"))?;
        group.batch()
    }

    /// Fetches these columns of all row groups, and hands the row groups over in their order. Those that are small are fetched
    /// together.
    pub(super) async fn groups_of(
        &self,
        store: &Store,
        columns: &[Column],
        mut accept: impl FnMut(RowGroup) -> Result<(), RowsError>,
    ) -> Result<(), RowsError> {
        if self.groups() == 0 {
            return Ok(());
        }
        let wanted = self.wanted(columns);
        let (mut first, mut bytes) = (0, 0_u64);
        for group in 0..self.groups() {
            let own = unpanicked(&self.file.key, || Ok(self.size_of(group, &wanted)))?;
            if group > first && bytes.saturating_add(own) > TOGETHER {
                self.fetch(store, first..group, &wanted).await?.into_iter().try_for_each(&mut accept)?;
                (first, bytes) = (group, 0);
            }
            bytes = bytes.saturating_add(own);
        }
        self.fetch(store, first..self.groups(), &wanted).await?.into_iter().try_for_each(&mut accept)
    }

    /// The bytes of some columns of a row group.
    fn size_of(&self, group: usize, columns: &[WantedColumn]) -> u64 {
        let leaves = columns.iter().flat_map(|column| &column.leaves);
        leaves.fold(0, |sum, leaf| sum.saturating_add(self.metadata.row_group(group).column(*leaf).byte_range().1))
    }

    /// The leaves of columns, which are the same in every row group.
    fn wanted(&self, columns: &[Column]) -> Arc<[WantedColumn]> {
        let schema = self.metadata.file_metadata().schema_descr();
        columns.iter().map(|column| WantedColumn::new(schema, column)).collect()
    }

    async fn fetch(
        &self,
        store: &Store,
        groups: std::ops::Range<usize>,
        columns: &Arc<[WantedColumn]>,
    ) -> Result<Vec<RowGroup>, RowsError> {
        let joined = unpanicked(&self.file.key, || self.joined(groups.clone(), columns))?;
        let reads: Vec<_> = joined.into_iter().map(|range| FileRange::read(store, &self.file, range)).collect();
        let mut ranges = vec![self.tail.clone()];
        ranges.extend(futures::future::try_join_all(reads).await?);
        let ranges: Arc<[FileRange]> = ranges.into();
        let group = |number: usize| {
            let (metadata, columns, ranges) = (self.metadata.clone(), columns.clone(), ranges.clone());
            RowGroup::parquet(ParquetGroup { key: self.file.key.clone(), metadata, number, columns, ranges })
        };
        Ok(groups.map(group).collect())
    }

    /// The ranges of column chunks that are not in the tail, joined where little lies between them.
    fn joined(&self, groups: std::ops::Range<usize>, columns: &[WantedColumn]) -> Result<Vec<(u64, u64)>, RowsError> {
        let leaves = || columns.iter().flat_map(|column| column.leaves.iter().copied());
        let chunks = groups.flat_map(|group| leaves().map(move |leaf| (group, leaf)));
        let mut ranges = Vec::new();
        for (group, leaf) in chunks {
            let (start, length) = self.metadata.row_group(group).column(leaf).byte_range();
            let end = start.checked_add(length).filter(|end| *end <= self.file.bytes);
            let end = end.ok_or_else(|| RowsError::content(&self.file.key, "a column lies outside the file"))?;
            if start < self.tail.start {
                ranges.push((start, end));
            }
        }
        ranges.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for (start, end) in ranges {
            match joined.last_mut() {
                Some((_, last)) if start <= last.saturating_add(MOST_GAP) => *last = end.max(*last),
                _ => joined.push((start, end)),
            }
        }
        Ok(joined)
    }
}
