//! One file on its way: rows in, compressed bytes out.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::WrittenFile;
use crate::attempt::hex;
use crate::store::{StoreError, Upload};

/// Compressed bytes are handed on in pieces of about this size.
const PIECE: usize = 64 << 10;

/// A file of one table.
pub struct Part {
    table: &'static str,
    key: String,
    upload: Upload,
    gzip: GzEncoder<Vec<u8>>,
    row: String,
    sha256: Sha256,
    rows: u64,
    bytes: u64,
    uncompressed: u64,
}

impl Part {
    pub fn new(table: &'static str, upload: Upload, key: String) -> Self {
        let gzip = GzEncoder::new(Vec::new(), Compression::default());
        Self { table, key, upload, gzip, row: String::new(), sha256: Sha256::new(), rows: 0, bytes: 0, uncompressed: 0 }
    }

    /// Where the next row is to be written, without its line end.
    pub fn row(&mut self) -> &mut String {
        self.flush_row();
        self.rows += 1;
        &mut self.row
    }

    /// The size of the content so far, before compression.
    pub fn length(&self) -> u64 {
        self.uncompressed + self.row.len() as u64
    }

    /// Hands compressed bytes on where enough have come together.
    pub async fn send_if_large(&mut self) -> Result<(), StoreError> {
        self.flush_row();
        if self.gzip.get_ref().len() >= PIECE { self.send().await } else { Ok(()) }
    }

    /// Ends the file.
    pub async fn finish(mut self) -> Result<WrittenFile, StoreError> {
        self.flush_row();
        // Compressing into memory cannot fail.
        let _ = self.gzip.try_finish();
        if let Err(error) = self.send().await {
            self.upload.abort().await;
            return Err(error);
        }
        self.upload.finish().await?;
        Ok(WrittenFile {
            table: self.table.into(),
            key: self.key,
            rows: self.rows,
            bytes: self.bytes,
            uncompressed_bytes: self.uncompressed,
            sha256: hex(&self.sha256.finalize()),
        })
    }

    /// Leaves nothing behind.
    pub async fn abort(self) {
        self.upload.abort().await;
    }

    fn flush_row(&mut self) {
        if !self.row.is_empty() {
            self.row.push('\n');
            self.uncompressed += self.row.len() as u64;
            let _ = self.gzip.write_all(self.row.as_bytes());
            self.row.clear();
        }
    }

    async fn send(&mut self) -> Result<(), StoreError> {
        let bytes = Bytes::from(std::mem::take(self.gzip.get_mut()));
        self.sha256.update(&bytes);
        self.bytes += bytes.len() as u64;
        self.upload.write(bytes).await
    }
}
