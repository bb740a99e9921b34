//! Writes a file of the table `changes`.
//!
//! **Invariant:** the file appears when it is whole, and counts when a document names it.

use std::sync::Arc;

use super::WrittenFile;
use super::file_naming::FileNaming;
use super::parquet::changes_columns;
use super::table_file::TableFile;
use crate::domain::Format;
use crate::inventory::{CHANGES, ChangeRecord};
use crate::store::{Store, StoreError};

/// Rows that are encoded before full pieces are sent.
const ROWS_AT_ONCE: usize = 500;

/// A file of the table `changes` that is being written.
pub(crate) struct ChangeFile(TableFile);

impl ChangeFile {
    /// Opens the file of an attempt at a part.
    pub(crate) fn open(store: &Store, naming: &FileNaming, format: Format) -> Self {
        let key = naming.key(format, CHANGES, 0);
        Self(TableFile::open((store, format), (CHANGES, key), changes_columns, Arc::default()))
    }

    /// Adds rows.
    pub(crate) async fn add(&mut self, rows: &[ChangeRecord]) -> Result<(), StoreError> {
        for some in rows.chunks(ROWS_AT_ONCE) {
            self.0.add_changes(some)?;
            self.0.send_full_pieces().await?;
        }
        Ok(())
    }

    /// Completes the file.
    pub(crate) async fn finish(self) -> Result<WrittenFile, StoreError> {
        self.0.finish().await
    }

    /// Removes what was written.
    pub(crate) async fn abort(self) {
        self.0.abort().await;
    }
}
