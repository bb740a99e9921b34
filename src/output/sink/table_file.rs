//! One file on its way: rows in, compressed bytes out.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::parquet::{EncodeError, Encoder, ledger_cells, record_cells};
use super::{WriteMarginEstimator, WrittenFile, ndjson};
use crate::catalogue::Table;
use crate::domain::Format;
use crate::inventory::LedgerRow;
use crate::inventory::{Column, Page};
use crate::store::{StoreError, Upload};

/// Compressed bytes are handed on in pieces of about this size.
const PIECE: usize = 64 << 10;

/// A file of one table.
pub(super) struct TableFile {
    table: &'static str,
    key: String,
    upload: Upload,
    content: Content,
    sha256: Sha256,
    rows: u64,
    bytes: u64,
    pace: Arc<WriteMarginEstimator>,
}

/// Rows on their way into bytes.
enum Content {
    Lines { gzip: GzEncoder<Vec<u8>>, row: String, length: u64 },
    Parquet(Box<Encoder>),
}

impl TableFile {
    pub(super) fn new(
        table: &'static str,
        format: Format,
        columns: impl FnOnce() -> Vec<Column>,
        upload: Upload,
        key: String,
        pace: Arc<WriteMarginEstimator>,
    ) -> Self {
        let content = match format {
            Format::Ndjson => Content::Lines {
                // Better compression would take longer than all else that happens to a row.
                gzip: GzEncoder::new(Vec::new(), Compression::fast()),
                row: String::new(),
                length: 0,
            },
            Format::Parquet => Content::Parquet(Box::new(Encoder::new(columns()))),
        };
        Self { table, key, upload, content, sha256: Sha256::new(), rows: 0, bytes: 0, pace }
    }

    /// Adds the records of an answer.
    pub(super) fn page(&mut self, run_id: &str, table: &Table, page: &Page) -> Result<(), StoreError> {
        for record in &page.records {
            match &mut self.content {
                Content::Lines { gzip, row, length } => {
                    ndjson::record(row, run_id, table, &page.origin, record);
                    end_line(gzip, row, length);
                }
                Content::Parquet(encoder) => encoder
                    .push(record_cells(run_id, &page.origin, record))
                    .map_err(|error| broken(&self.key, error))?,
            }
        }
        self.rows += page.records.len() as u64;
        Ok(())
    }

    /// Adds rows of the ledger.
    pub(super) fn ledger(&mut self, rows: &[LedgerRow]) -> Result<(), StoreError> {
        for told in rows {
            match &mut self.content {
                Content::Lines { gzip, row, length } => {
                    ndjson::ledger(row, told);
                    end_line(gzip, row, length);
                }
                Content::Parquet(encoder) => {
                    encoder.push(ledger_cells(told)).map_err(|error| broken(&self.key, error))?
                }
            }
        }
        self.rows += rows.len() as u64;
        Ok(())
    }

    /// The size of the content so far, before encoding and compression.
    pub(super) fn length(&self) -> u64 {
        match &self.content {
            Content::Lines { length, .. } => *length,
            Content::Parquet(encoder) => encoder.length(),
        }
    }

    /// How many bytes of content [`TableFile::spill`] would free.
    pub(super) fn buffered(&self) -> usize {
        match &self.content {
            Content::Lines { .. } => 0,
            Content::Parquet(encoder) => encoder.buffered(),
        }
    }

    /// How much content has yet to be sent, about.
    pub(super) fn waiting(&self) -> usize {
        self.buffered() + self.unsent()
    }

    /// How many compressed bytes are held in memory until they are sent.
    pub(super) fn unsent(&self) -> usize {
        self.upload.waiting()
    }

    /// Hands compressed bytes on where enough have come together.
    pub(super) async fn send_if_large(&mut self) -> Result<(), StoreError> {
        let bytes = match &mut self.content {
            Content::Lines { gzip, .. } if gzip.get_ref().len() >= PIECE => std::mem::take(gzip.get_mut()),
            Content::Lines { .. } => return Ok(()),
            Content::Parquet(encoder) => encoder.take().map_err(|error| broken(&self.key, error))?,
        };
        self.send(bytes).await
    }

    /// Hands on what waits for its row group to end.
    pub(super) async fn spill(&mut self) -> Result<(), StoreError> {
        let Content::Parquet(encoder) = &mut self.content else { return Ok(()) };
        let bytes = encoder.spill().map_err(|error| broken(&self.key, error))?;
        self.send(bytes).await
    }

    /// Ends the file.
    pub(super) async fn finish(mut self) -> Result<WrittenFile, StoreError> {
        let length = self.length();
        let rest = match std::mem::replace(&mut self.content, Content::Parquet(Box::new(Encoder::new([])))) {
            // Compressing into memory cannot fail.
            Content::Lines { gzip, .. } => Ok(gzip.finish().unwrap_or_default()),
            Content::Parquet(encoder) => encoder.finish().map_err(|error| broken(&self.key, error)),
        };
        let sent = match rest {
            Ok(bytes) => self.send(bytes).await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            self.upload.abort().await;
            return Err(error);
        }
        let began = Instant::now();
        self.upload.finish().await?;
        self.pace.sent(began.elapsed());
        Ok(WrittenFile {
            table: self.table.into(),
            key: self.key,
            rows: self.rows,
            bytes: self.bytes,
            uncompressed_bytes: length,
            sha256: hex::encode(self.sha256.finalize()),
        })
    }

    /// Leaves nothing behind.
    pub(super) async fn abort(self) {
        self.upload.abort().await;
    }

    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), StoreError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.sha256.update(&bytes);
        self.bytes += bytes.len() as u64;
        let began = Instant::now();
        let sent = self.upload.write(Bytes::from(bytes)).await;
        self.pace.sent(began.elapsed());
        sent
    }
}

fn end_line(gzip: &mut GzEncoder<Vec<u8>>, row: &mut String, length: &mut u64) {
    row.push('\n');
    *length += row.len() as u64;
    // Compressing into memory cannot fail.
    let _ = gzip.write_all(row.as_bytes());
    row.clear();
}

fn broken(key: &str, error: EncodeError) -> StoreError {
    StoreError::Encode { key: key.to_owned(), what: error.to_string() }
}
