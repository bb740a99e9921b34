//! The lists of files that Athena reads instead of a folder: `symlinks/<table>/files.txt`.
//!
//! A list names the state and the table's current files, so that a query reads both as they were at one moment.
//!
//! **Invariant:** a list is replaced by a newer one only.

use std::collections::BTreeSet;

use super::{State, StateError, object};
use crate::domain::Format;
use crate::output::rows::RowsError;
use crate::store::{Store, StoreError};

/// Lists that are written at the same time.
const CONCURRENT_WRITES: usize = 16;
/// Attempts at a list while others replace it at the same time.
const ATTEMPTS: u32 = 10;

/// Writes the lists of a state. Athena reads Parquet on S3 alone.
pub(super) async fn write(store: &Store, state: &State, format: Format, state_key: &str) -> Result<(), StateError> {
    if format != Format::Parquet || !matches!(store, Store::Bucket(_)) {
        return Ok(());
    }
    let tables: BTreeSet<&str> =
        state.files.keys().map(String::as_str).chain(state.cells().map(|cell| cell.table)).collect();
    let tables: Vec<&str> = tables.into_iter().collect();
    for some in tables.chunks(CONCURRENT_WRITES) {
        let lists: Vec<_> = some.iter().map(|table| write_list(store, state, table, state_key)).collect();
        futures::future::try_join_all(lists).await?;
    }
    Ok(())
}

async fn write_list(store: &Store, state: &State, table: &str, state_key: &str) -> Result<(), StateError> {
    let files = state.files_of(table).map(|(file, _)| file.file.key.as_str());
    let lines: String = std::iter::once(state_key).chain(files).map(|key| store.address(key) + "\n").collect();
    replace(store, &format!("symlinks/{table}/files.txt"), &lines).await
}

async fn replace(store: &Store, key: &str, lines: &str) -> Result<(), StateError> {
    for _ in 0..ATTEMPTS {
        let current = store.read(key).await?;
        if current.as_ref().is_some_and(|current| !is_newer(lines, &String::from_utf8_lossy(&current.bytes))) {
            return Ok(());
        }
        let etag = current.map(|current| current.etag);
        if store.put_if_match(key, lines.to_owned().into(), etag.as_deref()).await? {
            return Ok(());
        }
    }
    let what = format!("it was changed {ATTEMPTS} times while this run tried to replace it");
    Err(RowsError::Store(StoreError::Address(format!("{}: {what}", store.address(key)))))
}

/// Whether the state that the first line of a list names is newer. What is no list is replaced.
fn is_newer(lines: &str, current: &str) -> bool {
    let state = |list: &str| list.lines().next().and_then(object::order).map(str::to_owned);
    match (state(lines), state(current)) {
        (Some(own), Some(current)) => own < current,
        _ => true,
    }
}
