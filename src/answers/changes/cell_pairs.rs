//! Which cells are compared: those that two different runs answered in full.
//!
//! **Invariant:** knows cells, and no row.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::comparison::ComparedEstates;
use crate::answers::facts::{BaselineCell, RowFilter};
use crate::output::state::StateRun;

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
    /// The number of cells that were left out, since another run's answer is newer than this one.
    pub outdated: u64,
    /// Every account and region that the newer estate has an answer for.
    pub answered: HashSet<(String, String)>,
}

impl CellPairs {
    /// The selected cells of a table.
    pub(super) fn of(comparison: &ComparedEstates, table: &'static str, selection: &RowFilter) -> Self {
        let before: HashMap<(&str, &str), &StateRun> =
            comparison.older.answers(table).map(|(account_id, region, run)| ((account_id, region), run)).collect();
        let outdated = comparison.outdated_cells(table);
        let mut pairs = Self::default();
        for (account_id, region, run) in comparison.newer.answers(table) {
            let cell = || (account_id.to_owned(), region.to_owned());
            pairs.answered.insert(cell());
            if !selection.has_account(account_id) || !selection.has_region(region) {
                continue;
            }
            let before = before.get(&(account_id, region)).copied();
            let is_outdated = outdated.contains(&(account_id, region))
                || comparison.needs_order() && before.is_some_and(|before| before.age() > run.age());
            match before {
                _ if is_outdated => pairs.outdated += 1,
                Some(before) if before.run_id == run.run_id => {}
                Some(before) => {
                    let runs = AnsweringRuns { older: before.run_id.clone(), newer: run.run_id.clone() };
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
