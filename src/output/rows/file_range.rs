//! Some bytes of a file, and how they are decoded.
//!
//! **Invariant:** knows no row.

use std::panic::AssertUnwindSafe;

use bytes::Bytes;

use super::{RowFile, RowsError, read_range};
use crate::store::Store;

/// Calls the `parquet` crate, which panics over some damaged files.
pub(super) fn unpanicked<T>(key: &str, read: impl FnOnce() -> Result<T, RowsError>) -> Result<T, RowsError> {
    std::panic::catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(RowsError::content(key, "it is damaged")))
}

/// Some bytes of a file.
#[derive(Clone, Debug)]
pub(super) struct FileRange {
    pub(super) start: u64,
    pub(super) bytes: Bytes,
}

impl FileRange {
    /// Reads the bytes from a start to an end.
    pub(super) async fn read(store: &Store, file: &RowFile, (start, end): (u64, u64)) -> Result<Self, RowsError> {
        Ok(Self { start, bytes: read_range(store, file, start, end - start).await? })
    }
}
