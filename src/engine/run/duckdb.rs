//! The DuckDB script with views over the tables that an output has.

use std::collections::HashSet;

use futures::StreamExt;

use super::run_store::RunStore;
use super::{Engine, prepare};
use crate::error::{Error, ErrorKind};
use crate::output::state::COMMITTED;
use crate::output::views;

/// Folders that are listed at the same time.
const CONCURRENT_LISTS: usize = 16;

/// Returns the script. DuckDB rejects a view over a pattern that matches no file, so each table's folder is listed first.
pub(super) async fn duckdb_script(engine: &Engine) -> Result<String, Error> {
    let store = RunStore::open(engine)?.for_reading();
    let format = engine.format()?;
    if store.location().contains('\\') {
        let what =
            format!("DuckDB cannot find files below a folder with a backslash in its path: {}", store.location());
        return Err(Error::new(ErrorKind::InvalidSettings, what));
    }
    let tables = views::tables(prepare::catalogue()?);
    let list = |name: String| {
        let store = &store;
        async move { store.holds_any(&format!("{format}/{name}")).await.map(|any| any.then_some(name)) }
    };
    let lists: Vec<_> = futures::stream::iter(tables.iter().map(|table| list(table.name.clone())))
        .buffer_unordered(CONCURRENT_LISTS)
        .collect()
        .await;
    let mut present = HashSet::new();
    for name in lists {
        present.extend(name?);
    }
    // Files are written before their manifest. They count only when a list of committed files follows it.
    if !store.holds_any(COMMITTED).await? {
        present.clear();
    }
    Ok(views::duckdb(&tables, store.location(), format, |name| present.contains(name)))
}
