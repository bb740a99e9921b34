//! The newest word on every cell: which were answered, by which run, and since when.
//!
//! An estate has millions of cells, so each is a few numbers. Those of one table and account lie together.
//!
//! **Invariant:** knows no file. A region `*` stands for all regions of an account that are not known.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use jiff::Timestamp;

use super::interner::Interner;
use crate::inventory::{ANY_REGION, GLOBAL, Status};

/// No error code, no answer, or no run.
const NONE: u32 = u32::MAX;

/// The newest word on a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CellWord {
    pub account_id: String,
    /// The region, `global`, or `*`.
    pub region: String,
    pub table: String,
    pub status: Status,
    pub error_code: Option<String>,
    /// The start of the run that wrote this word.
    pub word_at: Timestamp,
    /// The start of the newest run that answered the cell in full.
    pub last_answered: Option<Timestamp>,
}

/// The newest word on a cell, borrowed: an estate has millions of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CellRef<'a> {
    pub account_id: &'a str,
    pub region: &'a str,
    pub table: &'a str,
    pub status: Status,
    pub error_code: Option<&'a str>,
    pub word_at: Timestamp,
    pub last_answered: Option<Timestamp>,
    /// The id of the newest run that answered the cell in full.
    pub answered_by: Option<&'a str>,
}

impl CellWord {
    /// The same word, borrowed.
    #[cfg(test)]
    pub(crate) fn borrowed(&self) -> CellRef<'_> {
        CellRef {
            account_id: &self.account_id,
            region: &self.region,
            table: &self.table,
            status: self.status,
            error_code: self.error_code.as_deref(),
            word_at: self.word_at,
            last_answered: self.last_answered,
            answered_by: None,
        }
    }
}

/// A cell of a table and account. Names and times are numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct CellEntry {
    pub(super) region: u32,
    error_code: u32,
    word_at: u32,
    last_answered: u32,
    answered_by: u32,
    pub(super) status: Status,
}

/// The cells of a table and account.
#[derive(Clone, Debug)]
struct CellSpan {
    table: u32,
    account: u32,
    cells: Range<usize>,
}

/// The newest word on every cell of an estate.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    tables: Interner<String>,
    pub(super) accounts: Interner<String>,
    pub(super) regions: Interner<String>,
    codes: Interner<String>,
    runs: Interner<String>,
    times: Interner<Timestamp>,
    entries: Vec<CellEntry>,
    spans: Vec<CellSpan>,
    /// For each table the cells of each account, once all are added.
    places: Vec<Vec<Range<usize>>>,
    /// Tables whose only region is `global`.
    global_tables: HashSet<String>,
    /// The regions in which each account was ever asked for anything.
    pub(super) asked: Vec<RegionSet>,
}

impl Cells {
    /// Creates the cells of an estate in which these tables have the region `global` alone.
    pub(crate) fn new(global_tables: impl IntoIterator<Item = String>) -> Self {
        Self { global_tables: global_tables.into_iter().collect(), ..Self::default() }
    }

    /// Adds the newest word on a cell. Each cell is added once; call [`Cells::finish`] after the last.
    pub(crate) fn add(&mut self, cell: CellRef<'_>) {
        let table = self.tables.number(cell.table);
        let (account, region) = self.place(cell.account_id, cell.region);
        let entry = CellEntry {
            region,
            error_code: cell.error_code.map_or(NONE, |code| self.codes.number(code)),
            word_at: self.times.number(&cell.word_at),
            last_answered: cell.last_answered.map_or(NONE, |at| self.times.number(&at)),
            answered_by: cell.answered_by.map_or(NONE, |run| self.runs.number(run)),
            status: cell.status,
        };
        let at = self.entries.len();
        self.entries.push(entry);
        match self.spans.last_mut().filter(|span| (span.table, span.account) == (table, account)) {
            Some(span) => span.cells.end = at + 1,
            None => self.spans.push(CellSpan { table, account, cells: at..at + 1 }),
        }
    }

    /// Adds an account and a region in which it was asked for something.
    pub(crate) fn add_place(&mut self, account_id: &str, region: &str) {
        self.place(account_id, region);
    }

    fn place(&mut self, account_id: &str, region: &str) -> (u32, u32) {
        let (account, number) = (self.accounts.number(account_id), self.regions.number(region));
        if self.asked.len() < self.accounts.len() {
            self.asked.resize_with(self.accounts.len(), RegionSet::default);
        }
        if !matches!(region, ANY_REGION | GLOBAL) {
            self.asked[account as usize].insert(number);
        }
        (account, number)
    }

    /// Arranges the cells, so that they can be looked up.
    pub(crate) fn finish(mut self) -> Self {
        self.gather();
        let mut places = vec![vec![0..0; self.accounts.len()]; self.tables.len()];
        for span in &self.spans {
            places[span.table as usize][span.account as usize] = span.cells.clone();
        }
        self.places = places;
        self
    }

    /// Puts the cells of each table and account together, unless they were added so.
    fn gather(&mut self) {
        let place = |span: &CellSpan| (span.table, span.account);
        let distinct: HashSet<(u32, u32)> = self.spans.iter().map(place).collect();
        if distinct.len() == self.spans.len() {
            return;
        }
        self.spans.sort_by_key(place);
        let mut entries = Vec::with_capacity(self.entries.len());
        let mut spans: Vec<CellSpan> = Vec::with_capacity(distinct.len());
        for span in &self.spans {
            let start = entries.len();
            entries.extend_from_slice(&self.entries[span.cells.clone()]);
            match spans.last_mut().filter(|last| place(last) == place(span)) {
                Some(last) => last.cells.end = entries.len(),
                None => spans.push(CellSpan { cells: start..entries.len(), ..span.clone() }),
            }
        }
        (self.entries, self.spans) = (entries, spans);
    }

    /// The number of a table, if it has any cell.
    pub(super) fn table(&self, table: &str) -> Option<u32> {
        self.tables.find(table)
    }

    /// Whether a table's only region is `global`.
    pub(super) fn is_global(&self, table: &str) -> bool {
        self.global_tables.contains(table)
    }

    /// The cells of a table and account.
    pub(super) fn of(&self, table: Option<u32>, account: u32) -> &[CellEntry] {
        let of_table = table.and_then(|table| self.places.get(table as usize));
        let cells = of_table.and_then(|accounts| accounts.get(account as usize)).cloned();
        &self.entries[cells.unwrap_or_default()]
    }

    pub(super) fn region(&self, entry: &CellEntry) -> &str {
        self.regions.get(entry.region).map_or("", String::as_str)
    }

    pub(super) fn error_code(&self, entry: &CellEntry) -> Option<&str> {
        self.codes.get(entry.error_code).map(String::as_str)
    }

    pub(super) fn last_answered(&self, entry: &CellEntry) -> Option<Timestamp> {
        self.times.get(entry.last_answered).copied()
    }

    fn word_at(&self, entry: &CellEntry) -> Timestamp {
        self.times.get(entry.word_at).copied().unwrap_or_default()
    }

    /// Whether the newest word on a cell is an answer. A newer word on all regions of the account, which could not be entered
    /// then, outdates it.
    pub(crate) fn is_answered(&self, account_id: &str, region: &str, table: &str) -> bool {
        debug_assert!(self.places.len() == self.tables.len(), "cells are looked up after they are arranged");
        let Some((account, region)) = self.accounts.find(account_id).zip(self.regions.find(region)) else {
            return false;
        };
        let cells = self.of(self.table(table), account);
        let Some(cell) = cells.iter().find(|cell| cell.region == region) else { return false };
        let any = self.regions.find(ANY_REGION).and_then(|any| cells.iter().find(|cell| cell.region == any));
        cell.status.is_answered() && any.is_none_or(|any| self.word_at(any) <= self.word_at(cell))
    }

    /// The start of the run with the newest word on a cell, and whether it is an answer. A newer word on all regions of the
    /// account counts.
    pub(crate) fn word(&self, account_id: &str, region: &str, table: &str) -> Option<(Timestamp, bool)> {
        let account = self.accounts.find(account_id)?;
        let cells = self.of(self.table(table), account);
        let of =
            |region: &str| self.regions.find(region).and_then(|region| cells.iter().find(|it| it.region == region));
        let words = [of(ANY_REGION), of(region)].into_iter().flatten();
        words.map(|cell| (self.word_at(cell), cell.status.is_answered())).max_by_key(|(at, _)| *at)
    }

    /// The cells of a table whose newest full answer is of this run.
    pub(crate) fn answered_by(&self, table: &str, run_id: &str) -> AnsweredCells<'_> {
        let run = self.runs.find(run_id);
        AnsweredCells { cells: self, table: self.table(table).filter(|_| run.is_some()), run, account: None }
    }

    /// The accounts of the estate, in order.
    pub(crate) fn accounts(&self) -> BTreeSet<&str> {
        self.accounts.iter().map(String::as_str).collect()
    }

    /// The newest word on every cell, for answers about the ledger itself.
    pub(crate) fn iter(&self) -> impl Iterator<Item = CellWord> + '_ {
        let name = |names: &Interner<String>, number: u32| names.get(number).cloned().unwrap_or_default();
        self.spans.iter().flat_map(move |span| {
            self.entries[span.cells.clone()].iter().map(move |entry| CellWord {
                account_id: name(&self.accounts, span.account),
                region: self.region(entry).to_owned(),
                table: name(&self.tables, span.table),
                status: entry.status,
                error_code: self.error_code(entry).map(str::to_owned),
                word_at: self.word_at(entry),
                last_answered: self.last_answered(entry),
            })
        })
    }
}

/// The cells of a table whose newest full answer is of one run.
#[derive(Debug)]
pub(crate) struct AnsweredCells<'c> {
    cells: &'c Cells,
    table: Option<u32>,
    run: Option<u32>,
    /// The account that was asked for last, with its cells.
    account: Option<(u32, &'c [CellEntry])>,
}

impl AnsweredCells<'_> {
    /// Whether the cell of an account and region is one of them.
    pub(crate) fn has(&mut self, account_id: &str, region: &str) -> bool {
        let Some(run) = self.run.filter(|_| self.table.is_some()) else { return false };
        let same =
            self.account.filter(|(last, _)| self.cells.accounts.get(*last).is_some_and(|last| last == account_id));
        let account = same.or_else(|| {
            self.cells.accounts.find(account_id).map(|account| (account, self.cells.of(self.table, account)))
        });
        self.account = account;
        let cells = account.map_or(&[][..], |(_, cells)| cells);
        cells.iter().any(|cell| cell.answered_by == run && self.cells.region(cell) == region)
    }
}

/// A set of regions by their numbers, of which there are few.
#[derive(Clone, Debug, Default)]
pub(super) struct RegionSet(Vec<u64>);

impl RegionSet {
    pub(super) fn insert(&mut self, region: u32) {
        let (word, bit) = (region as usize / 64, region % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << bit;
    }

    pub(super) fn has(&self, region: u32) -> bool {
        self.0.get(region as usize / 64).is_some_and(|word| word >> (region % 64) & 1 == 1)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The regions in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.0.len() as u32 * 64).filter(|region| self.has(*region))
    }
}
