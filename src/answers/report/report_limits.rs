//! How much of an estate a page holds.
//!
//! **Invariant:** whatever is cut is counted, so that the page can say it.

use serde::Serialize;

/// The most rows of an estate that one page holds as a whole: it finds every one of them. A run's page of a larger estate is an
/// index, with a page for each customer.
pub(crate) const WHOLE_ROWS: u64 = SEARCHED as u64;
/// The most rows of a sheet.
pub(super) const SHEET_ROWS: usize = 5_000;
/// The most rows of the sheets that other parts of the page are made of: the address plan, the zones and their records.
pub(super) const BASE_ROWS: usize = 40_000;
/// The most VPCs on the map. How many there are is always told, by account and region.
pub(super) const MAP_VPCS: usize = 40_000;
/// The most subnets on the map.
pub(super) const MAP_SUBNETS: usize = 40_000;
/// The most links on the map. `--links` writes all.
pub(super) const MAP_LINKS: usize = 50_000;
/// The most resources that the page's search finds.
pub(super) const SEARCHED: usize = 200_000;
/// The most groups of unknown cells of a sheet.
pub(super) const GAPS: usize = 50;
/// The most characters of a value in the search.
pub(super) const SEARCHED_TEXT: usize = 300;

/// Something that a page does not hold as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FoldedPart {
    /// What it is, in the words of the page.
    pub what: String,
    pub shown: usize,
    pub total: usize,
    /// The command that shows all of it.
    pub command: String,
}
