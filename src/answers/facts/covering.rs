//! What an answer that reads some tables could not see.
//!
//! **Invariant:** a cell that was never asked is unknown too: its status is `not_started`.

use std::collections::BTreeMap;

use super::cells::{CellEntry, Cells, RegionSet};
use super::coverage::{Coverage, UnknownCell};
use super::{Read, Role, RowFilter};
use crate::inventory::{ANY_REGION, GLOBAL, Status};

impl Cells {
    /// What an answer that reads these tables could not see. The times of the rows are left to the caller.
    pub(crate) fn coverage(&self, reads: &[Read], selection: &RowFilter) -> Coverage {
        self.covered(reads, selection, false)
    }

    /// The same of the cells that were asked. Others are left out.
    pub(crate) fn coverage_of_asked(&self, reads: &[Read], selection: &RowFilter) -> Coverage {
        self.covered(reads, selection, true)
    }

    fn covered(&self, reads: &[Read], selection: &RowFilter, is_of_asked: bool) -> Coverage {
        let tables = merged(reads);
        let mut covering = Covering {
            cells: self,
            is_of_asked,
            has_region: self.regions.iter().map(|region| selection.has_region(region)).collect(),
            has_account: self.accounts.iter().map(|account| selection.has_account(account)).collect(),
            any: self.regions.find(ANY_REGION),
            asked: RegionSet::default(),
            coverage: Coverage::default(),
        };
        for (table, is_context) in &tables {
            let number = self.table(table);
            for account in 0..self.accounts.len() as u32 {
                if *is_context || covering.has_account[account as usize] {
                    covering.cover(table, number, account);
                }
            }
        }
        let mut coverage = covering.coverage;
        if !is_of_asked {
            self.cover_strangers(&mut coverage, &tables, selection);
        }
        coverage.unknown.sort();
        coverage
    }

    /// Adds the accounts that the user asked for and that the inventory does not have: nobody knows what they hold.
    fn cover_strangers(&self, coverage: &mut Coverage, tables: &BTreeMap<&'static str, bool>, selection: &RowFilter) {
        let is_known = |account: &String| self.accounts.find(account.as_str()).is_some();
        for account in selection.accounts.iter().flatten().filter(|account| !is_known(account)) {
            for table in tables.keys() {
                coverage.cells += 1;
                coverage.unknown.push(never_asked(account, ANY_REGION, table));
            }
        }
    }
}

/// Collects what is not known.
struct Covering<'c> {
    cells: &'c Cells,
    /// Whether cells that were never asked are left out.
    is_of_asked: bool,
    /// Whether each region, and each account, is selected.
    has_region: Vec<bool>,
    has_account: Vec<bool>,
    /// The number of the region that stands for all.
    any: Option<u32>,
    /// The regions in which an account was asked for a table.
    asked: RegionSet,
    coverage: Coverage,
}

impl Covering<'_> {
    /// Adds the cells of one account and table.
    fn cover(&mut self, table: &str, number: Option<u32>, account: u32) {
        let cells = self.cells.of(number, account);
        self.asked.clear();
        let mut any = None;
        for entry in cells {
            self.asked.insert(entry.region);
            if Some(entry.region) == self.any {
                any = Some(entry);
            } else if self.has_region[entry.region as usize] {
                self.coverage.cells += 1;
                if !entry.status.is_answered() {
                    let unknown = self.unknown(entry, table, account);
                    self.coverage.unknown.push(unknown);
                }
            }
        }
        if let Some(any) = any {
            self.coverage.cells += 1;
            if !any.status.is_answered() {
                let newest_answer = cells.iter().filter_map(|entry| self.cells.last_answered(entry)).max();
                let unknown = UnknownCell { last_answered: newest_answer, ..self.unknown(any, table, account) };
                self.coverage.unknown.push(unknown);
            }
            return;
        }
        if !self.is_of_asked {
            self.cover_never_asked(table, account, cells.is_empty());
        }
    }

    /// Adds the regions in which an account was asked for other tables and never for this one.
    fn cover_never_asked(&mut self, table: &str, account: u32, is_new: bool) {
        let cells = self.cells;
        let account_id = cells.accounts.get(account).map_or("", String::as_str);
        let mut add = |region: &str| {
            self.coverage.cells += 1;
            self.coverage.unknown.push(never_asked(account_id, region, table));
        };
        match (cells.is_global(table), is_new) {
            (true, true) => add(GLOBAL),
            (true, false) => {}
            (false, true) => add(ANY_REGION),
            (false, false) => {
                let regions = cells.asked[account as usize].iter();
                let missing = regions.filter(|region| !self.asked.has(*region) && self.has_region[*region as usize]);
                missing.for_each(|region| add(cells.regions.get(region).map_or("", String::as_str)));
            }
        }
    }

    fn unknown(&self, entry: &CellEntry, table: &str, account: u32) -> UnknownCell {
        UnknownCell {
            account_id: self.cells.accounts.get(account).cloned().unwrap_or_default(),
            region: self.cells.region(entry).to_owned(),
            table: table.to_owned(),
            status: entry.status,
            error_code: self.cells.error_code(entry).map(str::to_owned),
            last_answered: self.cells.last_answered(entry),
        }
    }
}

pub(super) fn never_asked(account_id: &str, region: &str, table: &str) -> UnknownCell {
    UnknownCell {
        account_id: account_id.to_owned(),
        region: region.to_owned(),
        table: table.to_owned(),
        status: Status::NotStarted,
        error_code: None,
        last_answered: None,
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
