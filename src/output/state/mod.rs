//! The state after each commit: the newest word and the newest full answer of every cell, and the files that hold them.
//!
//! Every commit writes one object, `state/<format>/…`, which is never replaced. It sums up the state before it and the runs
//! that were committed since, so a reader needs one object instead of the ledger of every day. A state is never trusted to
//! be the newest: a reader lists the committed runs, and merges those that the state lacks. So a state that is missing, old
//! or damaged makes an answer slower, and never wrong, and two commits at the same moment lose nothing.
//!
//! **Invariant:** knows the ledger and the lists of committed files, and nothing of plans, of manifests or of rows.

mod names;
mod cells;
mod codec;
mod committed;
mod ledger;
mod object;
mod symlinks;
mod load;

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use crate::domain::Format;
use crate::inventory::Status;
use crate::output::rows::{RowFile, RowsError};
use cells::StateEntry;
use names::Names;

pub(crate) use committed::COMMITTED;
pub(crate) use load::{Commit, commits, committed_runs, first_commit, load, of_runs, update};

/// The runs that a state names as merged are at most this many days older than its moment. Older ones are merged or gone.
const HORIZON_DAYS: i64 = 35;

/// A run that a state sums up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StateRun {
    pub run_id: String,
    pub started_at: Timestamp,
    /// The UTC date in the keys of its files.
    pub dt: String,
}

impl StateRun {
    /// Newer runs are greater. The name decides between two that started together.
    pub(crate) fn age(&self) -> (Timestamp, &str) {
        (self.started_at, &self.run_id)
    }
}

/// A file with current rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StateFile {
    /// The number of its run.
    run: u32,
    pub file: RowFile,
    pub rows: u64,
}

/// The newest word and the newest full answer of a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StateCell<'a> {
    pub table: &'a str,
    pub account_id: &'a str,
    /// The region, `global`, or `*` for all regions that are not known.
    pub region: &'a str,
    pub status: Status,
    pub error_code: Option<&'a str>,
    /// The run of the newest word.
    pub word: &'a StateRun,
    /// The newest run that answered the cell in full.
    pub answer: Option<&'a StateRun>,
}

/// The state of an output, in one format, at one moment.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The time of the newest commit in it.
    moment: Timestamp,
    /// The number of runs that were ever merged.
    total: u64,
    names: Names,
    runs: Vec<StateRun>,
    /// Sorted by table, account and region.
    entries: Vec<StateEntry>,
    files: BTreeMap<String, Vec<StateFile>>,
    /// The accounts, with the regions in which they were ever asked for anything: also for tables that were not read.
    places: HashSet<(u32, u32)>,
    /// Runs that are merged, by their ids: all that began within the horizon, and some that began before it.
    merged: BTreeMap<String, StateRun>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            moment: Timestamp::MIN,
            total: 0,
            names: Names::default(),
            runs: Vec::new(),
            entries: Vec::new(),
            files: BTreeMap::new(),
            places: HashSet::new(),
            merged: BTreeMap::new(),
        }
    }
}

impl State {
    /// Whether no run is merged.
    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The time of the newest commit in it.
    pub(crate) fn moment(&self) -> Timestamp {
        self.moment
    }

    /// Every cell, sorted by table, account and region.
    pub(crate) fn cells(&self) -> impl Iterator<Item = StateCell<'_>> {
        self.entries.iter().map(|entry| self.cell(entry))
    }

    /// The accounts, with the regions in which they were ever asked for anything.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        self.places.iter().map(|(account, region)| (self.names.get(*account), self.names.get(*region)))
    }

    /// The cells of a table, sorted by account and region.
    pub(crate) fn cells_of(&self, table: &str) -> impl Iterator<Item = StateCell<'_>> {
        self.entries_of(table).iter().map(|entry| self.cell(entry))
    }

    /// The cells of a table with their numbers.
    fn entries_of(&self, table: &str) -> &[StateEntry] {
        let start = self.entries.partition_point(|entry| self.names.get(entry.table) < table);
        let own = &self.entries[start..];
        &own[..own.partition_point(|entry| self.names.get(entry.table) == table)]
    }

    /// The files with current rows of a table, with their runs.
    pub(crate) fn files_of(&self, table: &str) -> impl Iterator<Item = (&StateFile, &StateRun)> {
        let files = self.files.get(table).into_iter().flatten();
        files.filter_map(|file| Some((file, self.runs.get(file.run as usize)?)))
    }

    fn cell(&self, entry: &StateEntry) -> StateCell<'_> {
        StateCell {
            table: self.names.get(entry.table),
            account_id: self.names.get(entry.account),
            region: self.names.get(entry.region),
            status: entry.status,
            error_code: entry.error_code().map(|code| self.names.get(code)),
            word: &self.runs[entry.word as usize],
            answer: entry.answer().map(|run| &self.runs[run as usize]),
        }
    }
}

/// The folder of the states of a format.
fn folder(format: Format) -> String {
    format!("state/{format}")
}

/// The reason why a state, or what it is made of, cannot be read.
pub(crate) type StateError = RowsError;

#[cfg(test)]
mod tests;
