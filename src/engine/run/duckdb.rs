//! The DuckDB script with views over the tables that an output has.

use futures::StreamExt;

use super::run_store::RunStore;
use super::{Engine, prepare};
use crate::domain::Format;
use crate::error::{Error, ErrorKind};
use crate::inventory::{CHANGES, LEDGER};
use crate::output::state::COMMITTED;
use crate::output::views::{self, HeldFiles, TableColumns};

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
    let held = held_files(&store, &tables, format).await?;
    if held.tables.is_empty() {
        refuse_other_format(&store, format).await?;
    }
    Ok(views::duckdb(&tables, store.location(), format, &held))
}

async fn held_files(store: &RunStore, tables: &[TableColumns], format: Format) -> Result<HeldFiles, Error> {
    let list = |folder: String| async move { store.holds_any(&folder).await.map(|any| any.then_some(folder)) };
    let folders = tables.iter().map(|table| format!("{format}/{}", table.name));
    let lists: Vec<_> = futures::stream::iter(folders.map(list)).buffer_unordered(CONCURRENT_LISTS).collect().await;
    let mut held = HeldFiles::default();
    for folder in lists {
        held.tables.extend(folder?.and_then(|folder| Some(folder.split_once('/')?.1.to_owned())));
    }
    // Files are written before their manifest. They count only when a list of committed files follows it.
    if !store.holds_any(COMMITTED).await? {
        return Ok(HeldFiles::default());
    }
    held.state = store.holds_any(&format!("state/{format}")).await?;
    held.changes = store.holds_any(CHANGES).await? && store.holds_any(&format!("{format}/{CHANGES}")).await?;
    Ok(held)
}

/// Views without a row would say that nothing was found. An output that has runs in the other format only is reported. Files
/// of a run that died before its commit are no run.
async fn refuse_other_format(store: &RunStore, format: Format) -> Result<(), Error> {
    let other = if format == Format::Parquet { Format::Ndjson } else { Format::Parquet };
    if !store.holds_any(COMMITTED).await? || !store.holds_any(&format!("{other}/{LEDGER}")).await? {
        return Ok(());
    }
    let what = format!(
        "{} has no runs in {format}, only in {other}: give --format {other}, or set ROLECALL_FORMAT",
        store.location()
    );
    Err(Error::new(ErrorKind::InvalidSettings, what))
}
