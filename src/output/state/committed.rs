//! The lists of committed files, `committed/dt=<date>/<run_id>.ndjson`: a document a line, written after the manifest.
//!
//! **Invariant:** a run whose list is not written yet does not count.

use jiff::Timestamp;
use serde::Deserialize;

use super::cells::RunFile;
use super::{StateError, StateRun};
use crate::domain::Format;
use crate::output::rows::{RowFile, RowsError};
use crate::store::Store;

/// The folder of the lists.
pub(crate) const COMMITTED: &str = "committed";
const ENDING: &str = ".ndjson";

/// A committed run, as the name of its list says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CommittedList {
    pub(super) dt: String,
    pub(super) run_id: String,
}

impl CommittedList {
    pub(super) fn key(&self) -> String {
        format!("{COMMITTED}/dt={}/{}{ENDING}", self.dt, self.run_id)
    }

    fn read(name: &str) -> Option<Self> {
        let (dt, run_id) = name.strip_prefix("dt=")?.split_once('/')?;
        Some(Self { dt: dt.to_owned(), run_id: run_id.strip_suffix(ENDING)?.to_owned() })
    }
}

/// A committed run with its files.
#[derive(Clone, Debug)]
pub(crate) struct CommittedRun {
    pub(crate) run: StateRun,
    /// When the run was committed. Lists of earlier versions do not say.
    pub(crate) committed_at: Option<Timestamp>,
    pub(super) format: Format,
    pub(super) files: Vec<RunFile>,
}

/// A line of a list. Other versions of rolecall may write further fields.
#[derive(Deserialize)]
struct Line {
    started_at: Timestamp,
    #[serde(default)]
    committed_at: Option<Timestamp>,
    table: String,
    key: String,
    rows: u64,
    bytes: u64,
}

/// Lists the committed runs that began on this date or later, oldest first.
pub(super) async fn list(store: &Store, since: Option<&str>) -> Result<Vec<CommittedList>, StateError> {
    let after = since.map(|date| format!("dt={date}")).unwrap_or_default();
    let listed = store.list_below(COMMITTED, &after, usize::MAX).await?;
    Ok(listed.iter().filter_map(|object| CommittedList::read(&object.name)).collect())
}

/// Reads the list of a run's files.
pub(super) async fn read(store: &Store, listing: &CommittedList) -> Result<CommittedRun, StateError> {
    let key = listing.key();
    let object = store.read(&key).await?.ok_or_else(|| RowsError::Missing(key.clone()))?;
    let damaged = |what: String| RowsError::Content { key: key.clone(), what };
    let text = std::str::from_utf8(&object.bytes).map_err(|error| damaged(error.to_string()))?;
    let lines = text.lines().map(serde_json::from_str::<Line>).collect::<Result<Vec<_>, _>>();
    let lines = lines.map_err(|error| damaged(error.to_string()))?;
    let first = lines.first().ok_or_else(|| damaged("it names no file".into()))?;
    let run = StateRun { run_id: listing.run_id.clone(), started_at: first.started_at, dt: listing.dt.clone() };
    let committed_at = first.committed_at;
    let format = if first.key.starts_with("ndjson/") { Format::Ndjson } else { Format::Parquet };
    let files = lines.into_iter().map(|line| RunFile {
        table: line.table,
        file: RowFile { key: line.key, bytes: line.bytes },
        rows: line.rows,
    });
    Ok(CommittedRun { run, committed_at, format, files: files.collect() })
}
