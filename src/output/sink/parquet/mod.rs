//! Encodes rows as Parquet, with typed columns and bounded row groups.
//!
//! Rows wait in plain buffers, and the columns are encoded one by one when a row group ends. A file with few rows so
//! takes little memory.
//!
//! **Invariant:** knows columns and values, and nothing of tables, of uploads or of the run. The schema and metadata of
//! a file so never depend on what was collected.

mod row_values;
mod text_buffer;
mod column_buffer;
mod to_ndjson;
mod schema;

use std::sync::Arc;

use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedRowGroupWriter};

use crate::inventory::{Column, ColumnType};
use column_buffer::ColumnBuffer;

pub(crate) use row_values::{ColumnValue, change_values, ledger_values, record_values};

pub use schema::{changes_columns, ledger_columns};
pub use to_ndjson::parquet_to_ndjson;

/// The number of rows at which a row group ends.
const MAX_GROUP_ROWS: usize = 1 << 16;
/// The bytes of content at which a row group ends, if it has fewer rows.
const MAX_GROUP_BYTES: usize = 16 << 20;

/// The reason why a file could not be encoded. Such a file is unusable.
#[derive(Debug, thiserror::Error)]
pub(in crate::output) enum EncodeError {
    /// A value does not fit its column. The message names the type of the value, and never the value itself.
    #[error("column {column} has the type {kind:?} and cannot hold {value}")]
    Value { column: String, kind: ColumnType, value: &'static str },
    /// A row does not have one value for each column.
    #[error("a row does not have {0} values")]
    Width(usize),
    #[error("parquet: {0}")]
    Parquet(#[from] ParquetError),
}

/// Encodes one Parquet file into memory, row group by row group.
pub(in crate::output) struct Encoder {
    columns: Vec<ColumnBuffer>,
    /// Created with the first row group: it takes much memory for a file that may never have one.
    writer: Option<SerializedFileWriter<Vec<u8>>>,
    rows: usize,
    buffered: usize,
    length: u64,
}

impl Encoder {
    /// Creates the encoder of a file with these columns, the opening ones included.
    pub(in crate::output) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        let columns = columns.into_iter().map(ColumnBuffer::new).collect();
        Self { columns, writer: None, rows: 0, buffered: 0, length: 0 }
    }

    /// Adds a row with one value for each column.
    pub(in crate::output) fn push<'a>(
        &mut self,
        values: impl IntoIterator<Item = ColumnValue<'a>>,
    ) -> Result<(), EncodeError> {
        let width = self.columns.len();
        let mut columns = self.columns.iter_mut();
        let mut size = 0;
        for value in values {
            size += columns.next().ok_or(EncodeError::Width(width))?.push(value)?;
        }
        if columns.next().is_some() {
            return Err(EncodeError::Width(width));
        }
        self.rows += 1;
        self.buffered += size;
        self.length += size as u64;
        Ok(())
    }

    /// Adds a pair to the metadata of the file.
    pub(in crate::output) fn describe(&mut self, key: &str, value: String) -> Result<(), EncodeError> {
        let writer = open_writer(&mut self.writer, &self.columns)?;
        writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        Ok(())
    }

    /// The size of the content in bytes, before encoding and compression.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The bytes of content in the unfinished row group, before encoding and compression.
    pub(in crate::output) fn buffered(&self) -> usize {
        self.buffered
    }

    /// The memory that `flush_row_group` would free: less than the content if texts repeat, and more while buffers grow.
    pub(super) fn held(&self) -> usize {
        self.columns.iter().map(ColumnBuffer::held).sum()
    }

    /// Ends the row group if it is full, and returns its bytes. Call it after every few rows: nothing else bounds the
    /// buffered rows.
    pub(in crate::output) fn take_full_group(&mut self) -> Result<Vec<u8>, EncodeError> {
        if self.rows >= MAX_GROUP_ROWS || self.buffered >= MAX_GROUP_BYTES {
            self.flush_row_group()
        } else {
            Ok(Vec::new())
        }
    }

    /// Ends the row group, even if it is small, and returns its bytes.
    pub(in crate::output) fn flush_row_group(&mut self) -> Result<Vec<u8>, EncodeError> {
        if self.rows == 0 {
            return Ok(Vec::new());
        }
        let writer = open_writer(&mut self.writer, &self.columns)?;
        let mut group = writer.next_row_group()?;
        for column in &mut self.columns {
            column.write(&mut group)?;
        }
        group.close()?;
        (self.rows, self.buffered) = (0, 0);
        writer.flush().map_err(ParquetError::from)?;
        Ok(std::mem::take(writer.inner_mut()))
    }

    /// Ends the file, and returns the bytes of the last row group and the footer.
    pub(in crate::output) fn finish(mut self) -> Result<Vec<u8>, EncodeError> {
        let mut rest = self.flush_row_group()?;
        let writer = open_writer(&mut self.writer, &self.columns)?;
        writer.finish()?;
        rest.append(writer.inner_mut());
        Ok(rest)
    }
}

/// The writer, created if there is none.
fn open_writer<'a>(
    writer: &'a mut Option<SerializedFileWriter<Vec<u8>>>,
    columns: &[ColumnBuffer],
) -> Result<&'a mut SerializedFileWriter<Vec<u8>>, EncodeError> {
    match writer {
        Some(writer) => Ok(writer),
        None => {
            let columns: Vec<&Column> = columns.iter().map(ColumnBuffer::column).collect();
            let properties = Arc::new(schema::properties(&columns)?);
            Ok(writer.insert(SerializedFileWriter::new(Vec::new(), schema::schema(&columns)?, properties)?))
        }
    }
}

/// Writes the next column of a row group.
fn write_column<T>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    write: impl FnOnce(&mut SerializedColumnWriter<'_>) -> Result<T, ParquetError>,
) -> Result<(), EncodeError> {
    let mut column =
        group.next_column()?.ok_or_else(|| ParquetError::General("the schema has no further column".into()))?;
    write(&mut column)?;
    Ok(column.close()?)
}

#[cfg(test)]
mod tests;
