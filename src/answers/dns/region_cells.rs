//! The cells that could have a target and were not answered. Many targets need the same cells, so they are found once.
//!
//! **Invariant:** an account whose enabled regions are not known may have enabled each.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use super::dns_verdict::MissingCells;
use crate::answers::facts::{CellPlace, Cells, Facts, UnknownCell};
use crate::catalogue::ACCOUNTS;

/// Tables, and the region in which they are needed, or `None` for all.
pub(super) type NeededCells<'a> = (&'a [&'static str], Option<&'a str>);

/// What cells were found by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CellsKey {
    /// The account, or the empty text for all.
    account_id: Box<str>,
    cells: Vec<(Vec<&'static str>, Option<Box<str>>)>,
}

/// The cells of an estate by region and table.
#[derive(Debug)]
pub(super) struct RegionCells {
    cells: Arc<Cells>,
    /// The enabled regions of each account that told them.
    enabled: HashMap<String, Vec<String>>,
    found: RefCell<HashMap<CellsKey, MissingCells>>,
}

impl RegionCells {
    /// Reads the regions of the accounts.
    pub(super) fn new(facts: &Facts) -> Self {
        let enabled = facts.all(ACCOUNTS).filter_map(|account| {
            let regions: Vec<String> = account.items("regions").iter().filter_map(enabled_region).collect();
            (!regions.is_empty()).then(|| (account.id().to_owned(), regions))
        });
        Self { cells: Arc::clone(&facts.cells), enabled: enabled.collect(), found: RefCell::default() }
    }

    /// The unanswered cells of some tables in a region, or in all of them.
    pub(super) fn unanswered(&self, tables: &[&'static str], region: Option<&str>) -> MissingCells {
        self.found("", &[(tables, region)])
    }

    /// The unanswered cells of several tables in several regions.
    pub(super) fn unanswered_in(&self, needed: &[NeededCells<'_>]) -> MissingCells {
        self.found("", needed)
    }

    /// The unanswered cells of some tables that one account has.
    pub(super) fn unanswered_of(&self, account_id: &str, tables: &[&'static str]) -> MissingCells {
        self.found(account_id, &[(tables, None)])
    }

    fn found(&self, account_id: &str, needed: &[NeededCells<'_>]) -> MissingCells {
        let cells = needed.iter().map(|(tables, region)| (tables.to_vec(), region.map(Box::from)));
        let key = CellsKey { account_id: account_id.into(), cells: cells.collect() };
        if let Some(found) = self.found.borrow().get(&key) {
            return Rc::clone(found);
        }
        let enabled = |account: &str| self.enabled.get(account).map(Vec::as_slice);
        let cells = needed.iter().flat_map(|(tables, region)| {
            let place = region.map_or(CellPlace::Everywhere, CellPlace::Region);
            tables.iter().flat_map(move |table| self.cells.unanswered(table, place, enabled))
        });
        let is_wanted = |cell: &UnknownCell| account_id.is_empty() || cell.account_id == account_id;
        let mut cells: Vec<UnknownCell> = cells.filter(is_wanted).collect();
        cells.sort();
        cells.dedup();
        let needs: MissingCells = cells.into();
        self.found.borrow_mut().insert(key, Rc::clone(&needs));
        needs
    }

    /// Whether a cell of an account in `global` was answered.
    pub(super) fn is_answered(&self, account_id: &str, table: &str) -> bool {
        self.cells.is_answered(account_id, crate::inventory::GLOBAL, table)
    }
}

/// The name of a region of an account, if it is enabled: as EC2 or as Account Management tells it.
fn enabled_region(region: &Value) -> Option<String> {
    let by_ec2 = region["OptInStatus"].as_str().map(|status| status != "not-opted-in");
    let by_account = region["RegionOptStatus"].as_str().map(|status| status != "DISABLED");
    let is_enabled = by_ec2.or(by_account).unwrap_or(true);
    region["RegionName"].as_str().filter(|_| is_enabled).map(str::to_owned)
}
