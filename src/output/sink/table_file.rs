//! Writes one file of one table: takes rows, and uploads compressed bytes.
//!
//! **Invariant:** knows one file, and nothing of the other tables or of the run.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::parquet::{EncodeError, Encoder, change_values, ledger_columns, ledger_values, record_values};
use super::{SinkConfig, WriteMarginEstimator, WrittenFile, ndjson};
use crate::catalogue::Table;
use crate::domain::Format;
use crate::inventory::{ChangeRecord, Column, LedgerRow, Page};
use crate::store::{PutOutcome, Store, StoreError, Upload};

/// The approximate size of the pieces in which compressed lines are sent.
const PIECE_BYTES: usize = 64 << 10;

pub(super) struct TableFile {
    table: &'static str,
    key: String,
    store: Store,
    upload: Upload,
    content: Content,
    sha256: Sha256,
    rows: u64,
    bytes: u64,
    /// The memory of the unfinished row group.
    held: usize,
    margin: Arc<WriteMarginEstimator>,
}

/// The encoder of a file.
enum Content {
    Lines { gzip: Box<GzEncoder<Vec<u8>>>, row: String, length: u64 },
    Parquet(Box<Encoder>),
}

impl TableFile {
    /// Opens the file with this number of a table.
    pub(super) fn new(config: &SinkConfig, table: &'static str, number: u32) -> Self {
        let columns = || config.catalogue.find(table).map_or_else(ledger_columns, Table::all_columns);
        let (margin, key) = (config.margin.clone(), config.naming.key(config.format, table, number));
        Self::open((&config.store, config.format), (table, key), columns, margin)
    }

    /// Opens the file of a table with these columns.
    pub(super) fn open(
        (store, format): (&Store, Format),
        (table, key): (&'static str, String),
        columns: impl FnOnce() -> Vec<Column>,
        margin: Arc<WriteMarginEstimator>,
    ) -> Self {
        let content = match format {
            Format::Ndjson => Content::Lines {
                // Better compression would take longer than all other steps of a row together.
                gzip: Box::new(GzEncoder::new(Vec::new(), Compression::fast())),
                row: String::new(),
                length: 0,
            },
            Format::Parquet => Content::Parquet(Box::new(Encoder::new(columns()))),
        };
        let (store, upload) = (store.clone(), store.upload(&key));
        Self { table, key, store, upload, content, sha256: Sha256::new(), rows: 0, bytes: 0, held: 0, margin }
    }

    /// Adds the records of one response.
    pub(super) fn add_page(&mut self, run_id: &str, table: &Table, page: &Page) -> Result<(), StoreError> {
        for record in &page.records {
            match &mut self.content {
                Content::Lines { gzip, row, length } => {
                    ndjson::record(row, run_id, table, &page.location, record);
                    end_line(gzip, row, length);
                }
                Content::Parquet(encoder) => encoder
                    .push(record_values(run_id, &page.location, record))
                    .map_err(|error| encode_error(&self.key, error))?,
            }
        }
        self.rows += page.records.len() as u64;
        self.measure();
        Ok(())
    }

    pub(super) fn add_ledger_rows(&mut self, rows: &[LedgerRow]) -> Result<(), StoreError> {
        for ledger_row in rows {
            match &mut self.content {
                Content::Lines { gzip, row, length } => {
                    ndjson::ledger_row(row, ledger_row);
                    end_line(gzip, row, length);
                }
                Content::Parquet(encoder) => {
                    encoder.push(ledger_values(ledger_row)).map_err(|error| encode_error(&self.key, error))?
                }
            }
        }
        self.rows += rows.len() as u64;
        self.measure();
        Ok(())
    }

    pub(super) fn add_changes(&mut self, rows: &[ChangeRecord]) -> Result<(), StoreError> {
        for change in rows {
            match &mut self.content {
                Content::Lines { gzip, row, length } => {
                    ndjson::change(row, change);
                    end_line(gzip, row, length);
                }
                Content::Parquet(encoder) => {
                    encoder.push(change_values(change)).map_err(|error| encode_error(&self.key, error))?
                }
            }
        }
        self.rows += rows.len() as u64;
        self.measure();
        Ok(())
    }

    /// The size of the content in bytes, before encoding and compression.
    pub(super) fn length(&self) -> u64 {
        match &self.content {
            Content::Lines { length, .. } => *length,
            Content::Parquet(encoder) => encoder.length(),
        }
    }

    /// The memory that [`TableFile::flush_row_group`] would free.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// A file has many columns, so they are only measured after each page.
    fn measure(&mut self) {
        self.held = match &self.content {
            Content::Lines { .. } => 0,
            Content::Parquet(encoder) => encoder.held(),
        };
    }

    /// The bytes of content in the unfinished row group.
    fn buffered(&self) -> usize {
        match &self.content {
            Content::Lines { .. } => 0,
            Content::Parquet(encoder) => encoder.buffered(),
        }
    }

    /// The approximate number of bytes that are not yet sent.
    pub(super) fn pending(&self) -> usize {
        self.buffered() + self.unsent()
    }

    /// The compressed bytes that are held in memory until they are sent.
    pub(super) fn unsent(&self) -> usize {
        self.upload.waiting()
    }

    /// Sends the compressed bytes if they fill a piece or a row group.
    pub(super) async fn send_full_pieces(&mut self) -> Result<(), StoreError> {
        let bytes = match &mut self.content {
            Content::Lines { gzip, .. } if gzip.get_ref().len() >= PIECE_BYTES => std::mem::take(gzip.get_mut()),
            Content::Lines { .. } => return Ok(()),
            Content::Parquet(encoder) => encoder.take_full_group().map_err(|error| encode_error(&self.key, error))?,
        };
        if !bytes.is_empty() {
            self.measure();
        }
        self.send(bytes).await
    }

    /// Ends the row group early and sends its bytes.
    pub(super) async fn flush_row_group(&mut self) -> Result<(), StoreError> {
        let Content::Parquet(encoder) = &mut self.content else { return Ok(()) };
        let bytes = encoder.flush_row_group().map_err(|error| encode_error(&self.key, error))?;
        self.measure();
        self.send(bytes).await
    }

    /// Sends the rest of the content and completes the upload. Aborts the upload on an error.
    pub(super) async fn finish(mut self) -> Result<WrittenFile, StoreError> {
        let length = self.length();
        let rest = match std::mem::replace(&mut self.content, Content::Parquet(Box::new(Encoder::new([])))) {
            // Compressing into memory cannot fail.
            Content::Lines { gzip, .. } => Ok(gzip.finish().unwrap_or_default()),
            Content::Parquet(encoder) => encoder.finish().map_err(|error| encode_error(&self.key, error)),
        };
        let result = match rest {
            Ok(bytes) => self.send(bytes).await,
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            self.upload.abort().await;
            return Err(error);
        }
        let started = Instant::now();
        let outcome = self.upload.finish().await?;
        self.margin.record_upload(started.elapsed());
        let sha256 = hex::encode(self.sha256.finalize());
        // The response of a successful attempt may have been lost. Anything else under this key is not what was written.
        if outcome == PutOutcome::AlreadyExists && !holds(&self.store, &self.key, &sha256).await? {
            return Err(StoreError::Taken { key: self.key });
        }
        Ok(WrittenFile {
            table: self.table.into(),
            key: self.key,
            rows: self.rows,
            bytes: self.bytes,
            uncompressed_bytes: length,
            sha256,
        })
    }

    pub(super) async fn abort(self) {
        self.upload.abort().await;
    }

    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), StoreError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.sha256.update(&bytes);
        self.bytes += bytes.len() as u64;
        let started = Instant::now();
        let result = self.upload.write(Bytes::from(bytes)).await;
        self.margin.record_upload(started.elapsed());
        result
    }
}

/// Returns whether the object has the content with this checksum.
async fn holds(store: &Store, key: &str, sha256: &str) -> Result<bool, StoreError> {
    let object = store.read(key).await?;
    Ok(object.is_some_and(|object| hex::encode(Sha256::digest(&object.bytes)) == sha256))
}

fn end_line(gzip: &mut GzEncoder<Vec<u8>>, row: &mut String, length: &mut u64) {
    row.push('\n');
    *length += row.len() as u64;
    // Compressing into memory cannot fail.
    let _ = gzip.write_all(row.as_bytes());
    row.clear();
}

fn encode_error(key: &str, error: EncodeError) -> StoreError {
    StoreError::Encode { key: key.to_owned(), what: error.to_string() }
}
