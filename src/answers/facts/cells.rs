//! The newest word on every cell: which were answered, and which an answer must call unknown.
//!
//! **Invariant:** knows no run and no file. A region `*` stands for all regions of an account that are not known.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::coverage::{Coverage, UnknownCell};
use super::{Read, Role, RowFilter};
use crate::inventory::{ANY_REGION, GLOBAL, Status};

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
        }
    }
}

/// A cell with its names as numbers.
#[derive(Clone, Copy, Debug)]
struct CellEntry {
    table: u32,
    account: u32,
    region: u32,
    status: Status,
    error_code: Option<u32>,
    word_at: Timestamp,
    last_answered: Option<Timestamp>,
}

impl CellEntry {
    fn key(&self) -> (u32, u32, u32) {
        (self.table, self.account, self.region)
    }
}

/// The newest word on every cell of an estate.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
    entries: Vec<CellEntry>,
    sorted: bool,
    /// Tables whose only region is `global`.
    global_tables: HashSet<String>,
    /// The regions in which an account was ever asked for anything.
    regions: BTreeMap<u32, BTreeSet<u32>>,
}

impl Cells {
    /// Creates the cells of an estate in which these tables have the region `global` alone.
    pub(crate) fn new(global_tables: impl IntoIterator<Item = String>) -> Self {
        Self { global_tables: global_tables.into_iter().collect(), ..Self::default() }
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// Adds the newest word on a cell. Each cell is added once; call [`Cells::finish`] after the last.
    pub(crate) fn add(&mut self, cell: CellRef<'_>) {
        let entry = CellEntry {
            table: self.number(cell.table),
            account: self.number(cell.account_id),
            region: self.number(cell.region),
            status: cell.status,
            error_code: cell.error_code.map(|code| self.number(code)),
            word_at: cell.word_at,
            last_answered: cell.last_answered,
        };
        let regions = self.regions.entry(entry.account).or_default();
        if !matches!(cell.region, ANY_REGION | GLOBAL) {
            regions.insert(entry.region);
        }
        self.entries.push(entry);
        self.sorted = false;
    }

    /// Adds an account and a region in which it was asked for something.
    pub(crate) fn add_place(&mut self, account_id: &str, region: &str) {
        let (account, number) = (self.number(account_id), self.number(region));
        let regions = self.regions.entry(account).or_default();
        if !matches!(region, ANY_REGION | GLOBAL) {
            regions.insert(number);
        }
    }

    /// Sorts the cells, so that they can be looked up.
    pub(crate) fn finish(mut self) -> Self {
        self.entries.sort_unstable_by_key(CellEntry::key);
        self.sorted = true;
        self
    }

    fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", String::as_str)
    }

    fn find(&self, account_id: &str, region: &str, table: &str) -> Option<&CellEntry> {
        let key = (*self.numbers.get(table)?, *self.numbers.get(account_id)?, *self.numbers.get(region)?);
        self.entries.binary_search_by_key(&key, CellEntry::key).ok().map(|at| &self.entries[at])
    }

    /// Whether the newest word on a cell is an answer. A newer word on all regions of the account, which could not be entered
    /// then, outdates it.
    pub(crate) fn is_answered(&self, account_id: &str, region: &str, table: &str) -> bool {
        debug_assert!(self.sorted, "cells are looked up after they are sorted");
        let Some(cell) = self.find(account_id, region, table) else { return false };
        let any = self.find(account_id, ANY_REGION, table);
        cell.status.is_answered() && any.is_none_or(|any| any.word_at <= cell.word_at)
    }

    /// The accounts of the estate, in order.
    pub(crate) fn accounts(&self) -> BTreeSet<&str> {
        self.regions.keys().map(|account| self.name(*account)).collect()
    }

    /// The newest word on every cell, for answers about the ledger itself.
    pub(crate) fn iter(&self) -> impl Iterator<Item = CellWord> + '_ {
        self.entries.iter().map(|entry| CellWord {
            account_id: self.name(entry.account).to_owned(),
            region: self.name(entry.region).to_owned(),
            table: self.name(entry.table).to_owned(),
            status: entry.status,
            error_code: entry.error_code.map(|code| self.name(code).to_owned()),
            word_at: entry.word_at,
            last_answered: entry.last_answered,
        })
    }

    /// What an answer that reads these tables could not see. A cell that was never asked is unknown too: its status is
    /// `not_started`. The times of the rows are left to the caller.
    pub(crate) fn coverage(&self, reads: &[Read], selection: &RowFilter) -> Coverage {
        let mut coverage = Coverage::default();
        for (table, is_context) in merged(reads) {
            for account in self.regions.keys() {
                if is_context || selection.has_account(self.name(*account)) {
                    self.cover(&mut coverage, table, *account, selection);
                }
            }
        }
        coverage.unknown.sort();
        coverage
    }

    /// Adds the cells of one account and table.
    fn cover(&self, coverage: &mut Coverage, table: &str, account: u32, selection: &RowFilter) {
        let number = self.numbers.get(table).copied();
        let start = number.map_or(0, |number| self.entries.partition_point(|entry| entry.key() < (number, account, 0)));
        let own =
            self.entries[start..].iter().take_while(|entry| Some(entry.table) == number && entry.account == account);
        let mut asked = BTreeSet::new();
        let mut newest_answer = None;
        let mut any = None;
        for entry in own {
            asked.insert(entry.region);
            newest_answer = newest_answer.max(entry.last_answered);
            let region = self.name(entry.region);
            if region == ANY_REGION {
                any = Some(entry);
            } else if selection.has_region(region) {
                coverage.cells += 1;
                if !entry.status.is_answered() {
                    coverage.unknown.push(self.unknown(entry, table, entry.last_answered));
                }
            }
        }
        if let Some(any) = any {
            coverage.cells += 1;
            if !any.status.is_answered() {
                coverage.unknown.push(self.unknown(any, table, newest_answer));
            }
            return;
        }
        for region in self.never_asked(table, account, &asked) {
            if selection.has_region(region) {
                coverage.cells += 1;
                coverage.unknown.push(UnknownCell {
                    account_id: self.name(account).to_owned(),
                    region: region.to_owned(),
                    table: table.to_owned(),
                    status: Status::NotStarted,
                    error_code: None,
                    last_answered: None,
                });
            }
        }
    }

    /// The regions in which an account was asked for other tables and never for this one.
    fn never_asked(&self, table: &str, account: u32, asked: &BTreeSet<u32>) -> Vec<&str> {
        if self.global_tables.contains(table) {
            return if asked.is_empty() { vec![GLOBAL] } else { Vec::new() };
        }
        if asked.is_empty() {
            return vec![ANY_REGION];
        }
        let regions = self.regions.get(&account).into_iter().flatten();
        regions.filter(|region| !asked.contains(region)).map(|region| self.name(*region)).collect()
    }

    fn unknown(&self, entry: &CellEntry, table: &str, last_answered: Option<Timestamp>) -> UnknownCell {
        UnknownCell {
            account_id: self.name(entry.account).to_owned(),
            region: self.name(entry.region).to_owned(),
            table: table.to_owned(),
            status: entry.status,
            error_code: entry.error_code.map(|code| self.name(code).to_owned()),
            last_answered,
        }
    }
}

/// The tables, each once, and whether one of its readers needs every account.
fn merged(reads: &[Read]) -> BTreeMap<&'static str, bool> {
    let mut tables: BTreeMap<&'static str, bool> = BTreeMap::new();
    for read in reads {
        *tables.entry(read.table).or_default() |= read.role == Role::Context;
    }
    tables
}
