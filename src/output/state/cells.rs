//! Merges the words of runs on cells: the newest word counts, and the newest full answer.
//!
//! Merging is the same in every order, and merging a run twice changes nothing.
//!
//! **Invariant:** pure. Knows no store and no format.

use std::collections::{BTreeMap, BTreeSet};

use super::{State, StateFile, StateRun};
use crate::inventory::{ANY_REGION, LEDGER, Status, TRUST};
use crate::output::rows::RowFile;

/// No run, or no error code.
const NONE: u32 = u32::MAX;

/// A cell with its names and runs as numbers. A fleet has millions of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct StateEntry {
    pub(super) table: u32,
    pub(super) account: u32,
    pub(super) region: u32,
    pub(super) status: Status,
    error_code: u32,
    /// The run of the newest word.
    pub(super) word: u32,
    /// The newest run that answered the cell in full, or none.
    answer: u32,
}

impl StateEntry {
    pub(super) fn error_code(&self) -> Option<u32> {
        (self.error_code != NONE).then_some(self.error_code)
    }

    pub(super) fn answer(&self) -> Option<u32> {
        (self.answer != NONE).then_some(self.answer)
    }
}

/// The word of a run on a cell, or of a state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub(super) table: &'a str,
    pub(super) account_id: &'a str,
    pub(super) region: &'a str,
    pub(super) status: Status,
    pub(super) error_code: Option<&'a str>,
    /// The number of the run of the word.
    pub(super) run: u32,
    /// The number of the newest run that answered in full.
    pub(super) answer: Option<u32>,
}

/// A word whose names have the numbers of a state.
#[derive(Clone, Copy, Debug)]
pub(super) struct NumberedWord {
    table: u32,
    status: Status,
    error_code: u32,
    run: u32,
    answer: u32,
}

/// A file of a run.
#[derive(Clone, Debug)]
pub(super) struct RunFile {
    pub(super) table: String,
    pub(super) file: RowFile,
    pub(super) rows: u64,
}

impl State {
    /// The number of a run.
    pub(super) fn run_number(&mut self, run: &StateRun) -> u32 {
        match self.runs.iter().rposition(|known| known.run_id == run.run_id) {
            Some(number) => number as u32,
            None => {
                self.runs.push(run.clone());
                self.runs.len() as u32 - 1
            }
        }
    }

    /// Adds the word of a run, or of another state. [`State::settle`] follows the last one.
    pub(super) fn add(&mut self, word: Word<'_>) {
        let answers = word.table != TRUST.table;
        let entry = StateEntry {
            table: self.names.number(word.table),
            account: self.names.number(word.account_id),
            region: self.names.number(word.region),
            status: word.status,
            error_code: word.error_code.map_or(NONE, |code| self.names.number(code)),
            word: word.run,
            answer: word.answer.filter(|_| answers).unwrap_or(NONE),
        };
        self.places.insert((entry.account, entry.region));
        self.entries.push(entry);
    }

    /// Adds a place in which an account was asked for something. Returns its numbers.
    pub(super) fn add_place(&mut self, account_id: &str, region: &str) -> (u32, u32) {
        let place = (self.names.number(account_id), self.names.number(region));
        self.places.insert(place);
        place
    }

    /// The word of these runs on cells of a table.
    pub(super) fn numbered(
        &mut self,
        table: &str,
        status: Status,
        error_code: Option<&str>,
        run: u32,
        answer: Option<u32>,
    ) -> NumberedWord {
        NumberedWord {
            table: self.names.number(table),
            status,
            error_code: error_code.map_or(NONE, |code| self.names.number(code)),
            run,
            answer: answer.unwrap_or(NONE),
        }
    }

    /// Adds a word on a place that was added before. [`State::settle`] follows the last one.
    pub(super) fn add_numbered(&mut self, (account, region): (u32, u32), word: NumberedWord) {
        let NumberedWord { table, status, error_code, run, answer } = word;
        self.entries.push(StateEntry { table, account, region, status, error_code, word: run, answer });
    }

    /// Adds the word of a run from its ledger.
    pub(super) fn add_ledger_row(&mut self, mut word: Word<'_>) {
        word.answer = word.status.is_answered().then_some(word.run);
        self.add(word);
    }

    /// Adds the files of a run.
    pub(super) fn add_files(&mut self, run: u32, files: impl IntoIterator<Item = RunFile>) {
        for RunFile { table, file, rows } in files {
            let known = self.files.entry(table).or_default();
            if rows > 0 && !known.iter().any(|other| other.run == run && other.file.key == file.key) {
                known.push(StateFile { run, file, rows });
            }
        }
    }

    /// The state of some accounts alone: it has no cell and no place of the others.
    pub(crate) fn of_accounts(&self, accounts: &BTreeSet<String>) -> Self {
        let is_own = |account: u32| accounts.contains(self.names.get(account));
        Self {
            moment: self.moment,
            total: self.total,
            names: self.names.clone(),
            runs: self.runs.clone(),
            entries: self.entries.iter().filter(|entry| is_own(entry.account)).copied().collect(),
            files: self.files.clone(),
            places: self.places.iter().filter(|(account, _)| is_own(*account)).copied().collect(),
            merged: self.merged.clone(),
        }
    }

    /// Adds everything that another state knows.
    pub(crate) fn merge(&mut self, other: &Self) {
        let runs: Vec<u32> = other.runs.iter().map(|run| self.run_number(run)).collect();
        for entry in &other.entries {
            self.add(Word {
                table: other.names.get(entry.table),
                account_id: other.names.get(entry.account),
                region: other.names.get(entry.region),
                status: entry.status,
                error_code: entry.error_code().map(|code| other.names.get(code)),
                run: runs[entry.word as usize],
                answer: entry.answer().map(|run| runs[run as usize]),
            });
        }
        for (table, files) in &other.files {
            for StateFile { run, file, rows } in files.clone() {
                self.add_files(runs[run as usize], [RunFile { table: table.clone(), file, rows }]);
            }
        }
        for (account_id, region) in other.places() {
            self.add_place(account_id, region);
        }
        self.merged.extend(other.merged.clone());
        self.moment = self.moment.max(other.moment);
        self.total += other.total;
        self.settle();
    }

    /// Sorts the cells, keeps of each the newest word and the newest answer, and drops what is outdated: words on all regions
    /// that a newer run has words on, and files without a current row.
    pub(super) fn settle(&mut self) {
        let (ranks, ages) = (self.names.ranks(), self.ages());
        let key = |entry: &StateEntry| {
            (ranks[entry.table as usize], ranks[entry.account as usize], ranks[entry.region as usize])
        };
        let newest = |one: u32, other: u32| match (one, other) {
            (NONE, run) | (run, NONE) => run,
            (one, other) if ages[one as usize] >= ages[other as usize] => one,
            (_, other) => other,
        };
        self.entries.sort_unstable_by_key(key);
        self.entries.dedup_by(|later, kept| {
            if key(later) != key(kept) {
                return false;
            }
            kept.answer = newest(kept.answer, later.answer);
            if newest(kept.word, later.word) != kept.word {
                (kept.word, kept.status, kept.error_code) = (later.word, later.status, later.error_code);
            }
            true
        });
        self.drop_outdated_words(&ages);
        self.drop_files();
    }

    /// The place of each run among all, from the oldest to the newest.
    fn ages(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..self.runs.len() as u32).collect();
        numbers.sort_unstable_by(|one, other| self.runs[*one as usize].age().cmp(&self.runs[*other as usize].age()));
        let mut ages = vec![0; numbers.len()];
        for (age, number) in numbers.into_iter().enumerate() {
            ages[number as usize] = age as u32;
        }
        ages
    }

    /// A word on the region `*` stands for all regions that are not known. It is outdated as soon as a newer run has another
    /// word on that account and table; words of the same run do not outdate it.
    fn drop_outdated_words(&mut self, ages: &[u32]) {
        let any = self.names.number(ANY_REGION);
        let same_table =
            |one: &StateEntry, other: &StateEntry| one.table == other.table && one.account == other.account;
        let outdated: BTreeSet<usize> = self
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.region == any)
            .filter(|(at, entry)| {
                // `*` sorts before the names of regions.
                let others = self.entries[at + 1..].iter().take_while(|other| same_table(entry, other));
                let is_newer = |other: &StateEntry| ages[other.word as usize] > ages[entry.word as usize];
                others.into_iter().any(is_newer)
            })
            .map(|(at, _)| at)
            .collect();
        if !outdated.is_empty() {
            let mut at = 0;
            self.entries.retain(|_| {
                at += 1;
                !outdated.contains(&(at - 1))
            });
        }
    }

    /// Drops the files of runs that no cell of their table is answered by. Of the ledger, those of runs without a newest word.
    fn drop_files(&mut self) {
        let mut runs: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
        let mut words = BTreeSet::new();
        let (mut table, mut own) = (NONE, BTreeSet::new());
        for entry in &self.entries {
            words.insert(entry.word);
            if entry.table != table {
                if table != NONE {
                    runs.insert(self.names.get(table), std::mem::take(&mut own));
                }
                table = entry.table;
            }
            own.extend(entry.answer());
        }
        if table != NONE {
            runs.insert(self.names.get(table), own);
        }
        for (table, files) in &mut self.files {
            let current = if table == LEDGER { Some(&words) } else { runs.get(table.as_str()) };
            files.retain(|file| current.is_some_and(|runs| runs.contains(&file.run)));
            let runs = &self.runs;
            files.sort_by(|one, other| {
                let (first, second) = (&runs[one.run as usize], &runs[other.run as usize]);
                first.age().cmp(&second.age()).then_with(|| one.file.key.cmp(&other.file.key))
            });
        }
    }

    /// Drops the cells whose newest word is of one of these runs, and the answers of these runs: their files are gone.
    pub(super) fn forget(&mut self, gone: &BTreeSet<u32>) {
        if gone.is_empty() {
            return;
        }
        self.entries.retain(|entry| !gone.contains(&entry.word));
        for entry in &mut self.entries {
            if gone.contains(&entry.answer) {
                entry.answer = NONE;
            }
        }
        self.drop_files();
    }

    /// The numbers of the runs that a cell's newest word or answer comes from.
    pub(super) fn used_runs(&self) -> BTreeSet<u32> {
        self.entries.iter().flat_map(|entry| [Some(entry.word), entry.answer()]).flatten().collect()
    }
}
