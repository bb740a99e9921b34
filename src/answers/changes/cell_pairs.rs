//! Which cells are compared: those that two different runs answered in full.
//!
//! **Invariant:** knows cells, and no row.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::answers::estate::Estate;
use crate::answers::facts::{BaselineCell, RowFilter};

/// The runs of the two answers of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AnsweringRuns {
    pub older: String,
    pub newer: String,
}

/// The cells of a table.
#[derive(Debug, Default)]
pub(super) struct CellPairs {
    /// By account and region.
    pub compared: HashMap<(String, String), AnsweringRuns>,
    /// The cells that have no older answer.
    pub baseline: BTreeSet<BaselineCell>,
    /// Every account and region that the newer estate has an answer for.
    pub answered: HashSet<(String, String)>,
}

impl CellPairs {
    /// The selected cells of a table.
    pub(super) fn of(older: &Estate, newer: &Estate, table: &'static str, selection: &RowFilter) -> Self {
        let before: HashMap<(&str, &str), &str> =
            older.answers(table).map(|(account_id, region, run_id)| ((account_id, region), run_id)).collect();
        let mut pairs = Self::default();
        for (account_id, region, run_id) in newer.answers(table) {
            let cell = || (account_id.to_owned(), region.to_owned());
            pairs.answered.insert(cell());
            if !selection.has_account(account_id) || !selection.has_region(region) {
                continue;
            }
            match before.get(&(account_id, region)) {
                Some(before) if *before == run_id => {}
                Some(before) => {
                    let runs = AnsweringRuns { older: (*before).to_owned(), newer: run_id.to_owned() };
                    pairs.compared.insert(cell(), runs);
                }
                None => {
                    let (account_id, region) = cell();
                    pairs.baseline.insert(BaselineCell { account_id, region, table: table.to_owned() });
                }
            }
        }
        pairs
    }
}
