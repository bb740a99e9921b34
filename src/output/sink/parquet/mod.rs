//! Rows as Parquet: typed columns, bounded row groups, bytes given out as row groups are ended.
//!
//! Rows wait in plain buffers, and one column at a time is encoded when a row group ends: a file that
//! has few rows yet costs little memory. Knows columns and cells; nothing of tables, of where bytes go,
//! or of the run, and so a file's schema and metadata never depend on what was collected.

mod cell;
mod texts;
mod column;
mod reading;
mod schema;

use std::sync::Arc;

use ::parquet::errors::ParquetError;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedRowGroupWriter};

use crate::inventory::{Column, ColumnType};
use column::Pending;

pub(crate) use cell::{ColumnValue, ledger_cells, record_cells};
pub use reading::lines_of;
pub use schema::ledger_columns;

/// A row group ends at so many rows ...
const MOST_ROWS: usize = 1 << 16;
/// ... or so many bytes of content, whichever comes first.
const MOST_BYTES: usize = 16 << 20;

/// Why a file could not be encoded. The file is of no use then.
#[derive(Debug, thiserror::Error)]
pub(super) enum EncodeError {
    /// A cell does not fit its column.
    #[error("column {column} holds {kind:?}, and not {cell}")]
    Cell {
        /// The column.
        column: String,
        /// What it holds.
        kind: ColumnType,
        /// What was to be put there.
        cell: &'static str,
    },
    /// A row has more or fewer cells than there are columns.
    #[error("a row does not have {0} cells")]
    Width(usize),
    /// The encoder's own answer.
    #[error("parquet: {0}")]
    Parquet(#[from] ParquetError),
}

/// One Parquet file being written into memory, piece by piece.
pub(super) struct Encoder {
    columns: Vec<Pending>,
    /// Begun with the first row group, since it is large for a file that may never have one.
    writer: Option<SerializedFileWriter<Vec<u8>>>,
    rows: usize,
    buffered: usize,
    length: u64,
}

impl Encoder {
    /// A file with these columns, the opening ones included, in this order.
    pub(super) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        let columns = columns.into_iter().map(Pending::new).collect();
        Self { columns, writer: None, rows: 0, buffered: 0, length: 0 }
    }

    /// Adds a row: one cell for each column.
    pub(super) fn push<'a>(&mut self, cells: impl IntoIterator<Item = ColumnValue<'a>>) -> Result<(), EncodeError> {
        let width = self.columns.len();
        let mut columns = self.columns.iter_mut();
        let mut size = 0;
        for cell in cells {
            size += columns.next().ok_or(EncodeError::Width(width))?.push(cell)?;
        }
        if columns.next().is_some() {
            return Err(EncodeError::Width(width));
        }
        self.rows += 1;
        self.buffered += size;
        self.length += size as u64;
        Ok(())
    }

    /// The size of the content so far, before encoding and compression.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// How many bytes of content wait for their row group to end: what `spill` would free.
    pub(super) fn buffered(&self) -> usize {
        self.buffered
    }

    /// The bytes that are final and were not given yet, after ending the row group if it is full. To be
    /// called after every few rows: nothing else bounds what waits.
    pub(super) fn take(&mut self) -> Result<Vec<u8>, EncodeError> {
        if self.rows >= MOST_ROWS || self.buffered >= MOST_BYTES { self.spill() } else { Ok(Vec::new()) }
    }

    /// Ends the row group, however small, and gives its bytes.
    pub(super) fn spill(&mut self) -> Result<Vec<u8>, EncodeError> {
        if self.rows == 0 {
            return Ok(Vec::new());
        }
        let writer = begun(&mut self.writer, &self.columns)?;
        let mut group = writer.next_row_group()?;
        for column in &mut self.columns {
            column.write(&mut group)?;
        }
        group.close()?;
        (self.rows, self.buffered) = (0, 0);
        writer.flush().map_err(ParquetError::from)?;
        Ok(std::mem::take(writer.inner_mut()))
    }

    /// Ends the file and gives the rest of its bytes: the last row group and the footer.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, EncodeError> {
        let mut rest = self.spill()?;
        let writer = begun(&mut self.writer, &self.columns)?;
        writer.finish()?;
        rest.append(writer.inner_mut());
        Ok(rest)
    }
}

fn begun<'a>(
    writer: &'a mut Option<SerializedFileWriter<Vec<u8>>>,
    columns: &[Pending],
) -> Result<&'a mut SerializedFileWriter<Vec<u8>>, EncodeError> {
    match writer {
        Some(writer) => Ok(writer),
        None => {
            let columns: Vec<&Column> = columns.iter().map(Pending::column).collect();
            let properties = Arc::new(schema::properties(&columns)?);
            Ok(writer.insert(SerializedFileWriter::new(Vec::new(), schema::schema(&columns)?, properties)?))
        }
    }
}

/// Writes the next column of a row group.
fn next<T>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    write: impl FnOnce(&mut SerializedColumnWriter<'_>) -> Result<T, ParquetError>,
) -> Result<(), EncodeError> {
    let mut column = group.next_column()?.ok_or_else(|| ParquetError::General("a column too many".into()))?;
    write(&mut column)?;
    Ok(column.close()?)
}

#[cfg(test)]
mod tests;
