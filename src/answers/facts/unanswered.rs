//! The cells of one table that were not answered, in one region or in all, where an account may have something.
//!
//! **Invariant:** a region that an account has not enabled holds nothing of it. Whether it has, the caller says.

use super::cells::{CellEntry, Cells};
use super::coverage::UnknownCell;
use super::covering::never_asked;
use crate::inventory::{ANY_REGION, GLOBAL};

/// Where the cells of a table are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CellPlace<'a> {
    /// The cells of all accounts in one region. A table of a global service has its region instead.
    Region(&'a str),
    /// All cells.
    Everywhere,
}

impl Cells {
    /// The cells of a table that were not answered. `enabled` has the regions that an account has enabled, or `None` if nobody
    /// knows.
    pub(crate) fn unanswered<'r>(
        &self,
        table: &str,
        place: CellPlace<'_>,
        enabled: impl Fn(&str) -> Option<&'r [String]>,
    ) -> Vec<UnknownCell> {
        let number = self.table(table);
        let is_global = self.is_global(table);
        let place = if is_global { CellPlace::Region(GLOBAL) } else { place };
        let mut unknown = Vec::new();
        for (account, account_id) in (0..).zip(self.accounts.iter()) {
            let cells = self.of(number, account);
            let any = cells.iter().find(|entry| self.region(entry) == ANY_REGION && !entry.status.is_answered());
            let mut add = |entry: &CellEntry| unknown.push(self.unknown_cell(entry, table, account_id, cells));
            match place {
                CellPlace::Region(region) => {
                    let own = cells.iter().find(|entry| self.region(entry) == region);
                    match (own, any) {
                        (Some(own), _) if !own.status.is_answered() => add(own),
                        (Some(_), Some(any)) if !self.is_answered(account_id, region, table) => add(any),
                        (None, Some(any)) => add(any),
                        (None, None) => {
                            let may_hold = |regions: &[String]| regions.iter().any(|enabled| enabled == region);
                            if is_global || enabled(account_id).is_none_or(may_hold) {
                                unknown.push(never_asked(account_id, region, table));
                            }
                        }
                        (Some(_), _) => {}
                    }
                }
                CellPlace::Everywhere => {
                    cells.iter().filter(|entry| !entry.status.is_answered()).for_each(&mut add);
                    if any.is_some() {
                        continue;
                    }
                    let asked = |region: &str| cells.iter().any(|entry| self.region(entry) == region);
                    match enabled(account_id) {
                        Some(regions) => {
                            let missing = regions.iter().filter(|region| !asked(region));
                            unknown.extend(missing.map(|region| never_asked(account_id, region, table)));
                        }
                        None => unknown.push(never_asked(account_id, ANY_REGION, table)),
                    }
                }
            }
        }
        unknown.sort();
        unknown
    }

    fn unknown_cell(&self, entry: &CellEntry, table: &str, account_id: &str, cells: &[CellEntry]) -> UnknownCell {
        // A word on all regions was last answered when any of them was.
        let last_answered = if self.region(entry) == ANY_REGION {
            cells.iter().filter_map(|cell| self.last_answered(cell)).max()
        } else {
            self.last_answered(entry)
        };
        UnknownCell {
            account_id: account_id.to_owned(),
            region: self.region(entry).to_owned(),
            table: table.to_owned(),
            status: entry.status,
            error_code: self.error_code(entry).map(str::to_owned),
            last_answered,
        }
    }
}
