//! What a state has to say, computed from the ledgers of all runs, and what the newest state says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rolecall::testing::parquet_to_ndjson;
use serde_json::Value;

use crate::command::{manifest, rows};
use crate::fixture::files_below;

/// Status, run of the newest word and run of the newest full answer, by table, account and region.
pub(super) type CellWords = BTreeMap<(String, String, String), (String, String, Option<String>)>;

pub(super) fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

pub(super) fn is_answered(status: &str) -> bool {
    ["ok", "empty", "unsupported"].contains(&status)
}

/// The newest word and the newest full answer of each cell, by the ledgers of these runs, oldest first.
pub(super) fn by_ledgers(out: &Path, runs: &[&str]) -> CellWords {
    let mut cells = CellWords::new();
    let mut newest: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut at: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for (number, run_id) in runs.iter().enumerate() {
        for row in rows(out, &manifest(out, run_id), "ledger") {
            let (table, account, region) = (text(&row, "table"), text(&row, "account_id"), text(&row, "region"));
            let key = (table.clone(), account.clone(), region);
            let status = text(&row, "status");
            let earlier = cells.get(&key).and_then(|(_, _, answered)| answered.clone());
            let answered = is_answered(&status) && table != "trust";
            let answered = if answered { Some((*run_id).to_owned()) } else { earlier };
            cells.insert(key.clone(), (status, (*run_id).to_owned(), answered));
            at.insert(key, number);
            newest.insert((table, account), number);
        }
    }
    // A word on all regions is outdated by a newer word on the same account and table.
    let is_current =
        |key: &(String, String, String)| key.2 != "*" || at[key] == newest[&(key.0.clone(), key.1.clone())];
    cells.retain(|key, _| is_current(key));
    cells
}

/// The states of a folder, the newest first.
pub(super) fn states(out: &Path) -> Vec<PathBuf> {
    let folder = out.join("state");
    let mut states = if folder.exists() { files_below(&folder) } else { Vec::new() };
    states.retain(|path| path.extension().is_some_and(|ending| ending == "parquet"));
    states
}

/// A state, as anybody reads it who opens the file.
#[derive(Debug, Default)]
pub(super) struct StateRows {
    pub merged: BTreeSet<String>,
    pub cells: CellWords,
    /// The keys of the current files of each table, in their order.
    pub files: BTreeMap<String, Vec<String>>,
}

impl StateRows {
    pub(super) fn read(bytes: Vec<u8>) -> Self {
        let lines = parquet_to_ndjson(bytes.into(), &[]).expect("a state");
        let mut state = Self::default();
        for line in lines.lines() {
            let row: Value = serde_json::from_str(line).expect("JSON");
            let table = text(&row, "table");
            match (row["table"].is_string(), row["account_id"].is_string()) {
                (false, false) => drop(state.merged.insert(text(&row, "run_id"))),
                // A place in which something was asked.
                (false, true) => {}
                // A matrix says what the rows of cells say.
                (true, false) if row["matrix"].is_string() => {}
                (true, false) => state.files.entry(table).or_default().push(text(&row, "file_key")),
                (true, true) => {
                    let answered = row["answered_run_id"].as_str().map(str::to_owned);
                    let key = (table, text(&row, "account_id"), text(&row, "region"));
                    let earlier = state.cells.insert(key, (text(&row, "status"), text(&row, "run_id"), answered));
                    assert_eq!(earlier, None, "a cell has two rows");
                }
            }
        }
        state
    }

    /// The newest state of a folder.
    pub(super) fn newest(out: &Path) -> Self {
        let newest = states(out).into_iter().next().expect("a state");
        Self::read(std::fs::read(newest).expect("it is there"))
    }
}

/// The files of each table that hold a newest full answer, and the ledgers that hold a newest word: those with rows.
pub(super) fn current_files(cells: &CellWords, manifests: &[Value]) -> BTreeMap<String, Vec<String>> {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for manifest in manifests {
        let run_id = text(manifest, "run_id");
        let answers = |table: &str| {
            cells
                .iter()
                .any(|((own, ..), (_, _, answered))| own == table && answered.as_deref() == Some(run_id.as_str()))
        };
        let has_word = cells.values().any(|(_, word, _)| *word == run_id);
        let mut own: Vec<(String, String)> = Vec::new();
        for file in manifest["files"].as_array().expect("files") {
            let table = text(file, "table");
            let counts = if table == "ledger" { has_word } else { answers(&table) };
            if counts && file["rows"].as_u64() > Some(0) {
                own.push((table, text(file, "key")));
            }
        }
        own.sort();
        own.into_iter().for_each(|(table, key)| files.entry(table).or_default().push(key));
    }
    files
}
