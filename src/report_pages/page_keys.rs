//! The keys of a run's report pages.
//!
//! **Invariant:** a page of a customer is named by a number, since a customer may be named by anything.

use crate::domain::RunId;

/// The page of the newest run of the whole fleet.
pub(super) const LATEST_PAGE: &str = "latest.html";
/// The document that names the newest run of the whole fleet.
pub(super) const LATEST: &str = "latest.json";

/// The page of a run, or the index of its pages.
pub(super) fn page(run_id: &RunId) -> String {
    format!("runs/{run_id}/report.html")
}

/// Which pages a run of several pages has.
pub(super) fn plan(run_id: &RunId) -> String {
    format!("runs/{run_id}/report/plan.json")
}

/// One page of several.
pub(super) fn part(run_id: &RunId, part: &str) -> String {
    format!("runs/{run_id}/report/{part}.html")
}

/// What the index says of a page.
pub(super) fn part_document(run_id: &RunId, part: &str) -> String {
    format!("runs/{run_id}/report/{part}.json")
}

/// The address of a page of several, relative to the index: below the run, or at the top of the output.
pub(super) fn from_index(run_id: &RunId, part: &str, is_latest: bool) -> String {
    if is_latest { self::part(run_id, part) } else { format!("report/{part}.html") }
}

/// The address of the index, relative to a page of several.
pub(super) const TO_INDEX: &str = "../report.html";
