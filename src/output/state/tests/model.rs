//! Random runs, and a simple model of what is current in them: the rules of the views, over all ledgers at once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::inventory::Status;
use crate::output::rows::RowFile;
use crate::output::state::cells::{RunFile, Word};
use crate::output::state::{State, StateRun};

pub(super) const TABLES: [&str; 4] = ["accounts", "ec2_subnets", "ec2_vpcs", "trust"];
const ACCOUNTS: [&str; 2] = ["111111111111", "222222222222"];
const REGIONS: [&str; 3] = ["*", "eu-west-1", "us-east-1"];

/// A cell: table, account and region.
type Key = (String, String, String);

/// A run with the rows of its ledger.
#[derive(Clone, Debug)]
pub(super) struct ModelRun {
    pub run: StateRun,
    pub words: BTreeMap<Key, Status>,
}

/// The error code of a status.
fn code(status: Status) -> Option<&'static str> {
    (!status.is_answered()).then_some(if status == Status::Denied { "AccessDenied" } else { "Other" })
}

impl ModelRun {
    pub(super) fn new(run_id: &str, minute: i64, words: &[(&str, &str, &str, Status)]) -> Self {
        let start: Timestamp = "2026-11-28T02:00:00Z".parse().unwrap();
        let started_at = start.checked_add(SignedDuration::from_mins(minute)).unwrap();
        let key = |(table, account, region, status): &(&str, &str, &str, Status)| {
            ((table.to_string(), account.to_string(), region.to_string()), *status)
        };
        let run = StateRun { run_id: run_id.to_owned(), started_at, dt: "2026-11-28".to_owned() };
        Self { run, words: words.iter().map(key).collect() }
    }

    fn age(&self) -> (Timestamp, &str) {
        (self.run.started_at, &self.run.run_id)
    }

    fn file(&self, table: &str) -> String {
        format!("parquet/{table}/dt={}/{}.parquet", self.run.dt, self.run.run_id)
    }

    /// The rows of the run's file of a table.
    fn rows(&self, table: &str) -> u64 {
        let has_rows = |status: &Status| matches!(status, Status::Ok | Status::Partial);
        let own = self.words.iter().filter(|((own, ..), status)| own == table && has_rows(status));
        own.count() as u64
    }

    /// Adds the run to a state, as its ledger and its list of files would. The caller settles the state.
    pub(super) fn add_to(&self, state: &mut State) {
        let number = state.run_number(&self.run);
        for ((table, account_id, region), status) in &self.words {
            let error_code = code(*status);
            let word = Word { table, account_id, region, status: *status, error_code, run: number, answer: None };
            state.add_ledger_row(word);
        }
        let file = |table: &str, rows: u64| RunFile {
            table: table.to_owned(),
            file: RowFile { key: self.file(table), bytes: 100 + rows },
            rows,
        };
        state.add_files(number, TABLES[..3].iter().map(|table| file(table, self.rows(table))));
        state.add_files(number, [file("ledger", self.words.len() as u64)]);
        state.merged.insert(self.run.run_id.clone(), self.run.clone());
        state.moment = state.moment.max(self.run.started_at);
        state.total += 1;
    }

    pub(super) fn state(&self) -> State {
        let mut state = State::default();
        self.add_to(&mut state);
        state.settle();
        state
    }
}

/// What a reader sees of a state, in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// Status, error code, run of the word and run of the answer, by cell.
    pub cells: BTreeMap<Key, String>,
    /// The keys of the files of each table, oldest first.
    pub files: BTreeMap<String, Vec<String>>,
    pub places: BTreeSet<(String, String)>,
    pub merged: BTreeSet<String>,
}

impl Seen {
    pub(super) fn of(state: &State) -> Self {
        let cells = state.cells().map(|cell| {
            let answer = cell.answer.map(|run| run.run_id.as_str());
            let word = cell.word.run_id.as_str();
            (
                (cell.table.to_owned(), cell.account_id.to_owned(), cell.region.to_owned()),
                described(cell.status, cell.error_code, word, answer),
            )
        });
        let files = TABLES.iter().chain(&["ledger"]).map(|table| {
            let keys = state.files_of(table).map(|(file, run)| {
                assert!(file.file.key.ends_with(&format!("{}.parquet", run.run_id)), "a file of another run");
                format!("{} {} {}", file.file.key, file.rows, file.file.bytes)
            });
            ((*table).to_owned(), keys.collect::<Vec<_>>())
        });
        Self {
            cells: cells.collect(),
            files: files.filter(|(_, keys)| !keys.is_empty()).collect(),
            places: state.places().map(|(account, region)| (account.to_owned(), region.to_owned())).collect(),
            merged: state.merged.keys().cloned().collect(),
        }
    }

    /// The rules of the views: of each cell the newest word and the newest full answer; a word on all regions only as long as
    /// no newer run has a word on that account and table; the files of runs that answer something.
    pub(super) fn by_the_rules(runs: &[ModelRun]) -> Self {
        let mut seen = Self::default();
        let mut answered_by: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut words_of: BTreeSet<&str> = BTreeSet::new();
        let keys: BTreeSet<&Key> = runs.iter().flat_map(|run| run.words.keys()).collect();
        for key in keys {
            seen.places.insert((key.1.clone(), key.2.clone()));
            let own = || runs.iter().filter(|run| run.words.contains_key(key));
            let word = own().max_by(|one, other| one.age().cmp(&other.age())).unwrap();
            let answered = |run: &&ModelRun| key.0 != "trust" && run.words[key].is_answered();
            let answer = own().filter(answered).max_by(|one, other| one.age().cmp(&other.age()));
            let has_newer_word = |run: &&ModelRun| {
                let same = run.words.keys().any(|other| other.0 == key.0 && other.1 == key.1 && other.2 != "*");
                same && run.age() > word.age()
            };
            if key.2 == "*" && runs.iter().any(|run| has_newer_word(&run)) {
                continue;
            }
            let answer = answer.map(|run| run.run.run_id.as_str());
            answered_by.extend(answer.map(|answer| (key.0.as_str(), answer)));
            words_of.insert(&word.run.run_id);
            let status = word.words[key];
            seen.cells.insert(key.clone(), described(status, code(status), &word.run.run_id, answer));
        }
        let mut runs: Vec<&ModelRun> = runs.iter().collect();
        runs.sort_by(|one, other| one.age().cmp(&other.age()));
        for run in runs {
            let run_id = run.run.run_id.as_str();
            for table in &TABLES[..3] {
                if answered_by.contains(&(*table, run_id)) && run.rows(table) > 0 {
                    let files = seen.files.entry((*table).to_owned()).or_default();
                    files.push(format!("{} {} {}", run.file(table), run.rows(table), 100 + run.rows(table)));
                }
            }
            if words_of.contains(run_id) {
                let rows = run.words.len();
                let files = seen.files.entry("ledger".to_owned()).or_default();
                files.push(format!("{} {rows} {}", run.file("ledger"), 100 + rows));
            }
            seen.merged.insert(run_id.to_owned());
        }
        seen
    }

    /// What a reader of these tables sees.
    pub(super) fn of_tables(mut self, tables: &[&str]) -> Self {
        self.cells.retain(|key, _| tables.contains(&key.0.as_str()));
        self.files.retain(|table, _| tables.contains(&table.as_str()));
        self
    }
}

fn described(status: Status, code: Option<&str>, word: &str, answer: Option<&str>) -> String {
    format!("{} {} by {word}, answered by {}", status.name(), code.unwrap_or("-"), answer.unwrap_or("none"))
}

fn word() -> impl Strategy<Value = Option<(Key, Status)>> {
    let statuses = vec![Status::Ok, Status::Ok, Status::Empty, Status::Partial, Status::Denied, Status::Unsupported];
    (0..TABLES.len(), 0..ACCOUNTS.len(), 0..REGIONS.len(), proptest::sample::select(statuses)).prop_map(
        |(table, account, region, status)| {
            // Nobody answers for all regions that are not known.
            let is_possible = REGIONS[region] != "*" || !status.is_answered();
            let key = (TABLES[table].to_owned(), ACCOUNTS[account].to_owned(), REGIONS[region].to_owned());
            is_possible.then_some((key, status))
        },
    )
}

/// The minute of a run, and its words. A cell that it does not ask has none.
type DrawnRun = (i64, Vec<Option<(Key, Status)>>);

/// Up to six runs. Some start at the same moment.
pub(super) fn runs() -> impl Strategy<Value = Vec<ModelRun>> {
    let run = (0..4_i64, proptest::collection::vec(word(), 1..16));
    proptest::collection::vec(run, 1..7).prop_map(|runs| {
        let run = |(number, (minute, words)): (usize, DrawnRun)| {
            let run = ModelRun::new(&format!("run-{number}"), minute, &[]);
            ModelRun { words: words.into_iter().flatten().collect(), ..run }
        };
        runs.into_iter().enumerate().map(run).collect()
    })
}
