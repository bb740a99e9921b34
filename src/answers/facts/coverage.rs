//! What an answer is based on: the age of its rows, and the cells that it needed and that are not known.
//!
//! **Invariant:** every answer carries it, in every format.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::inventory::Status;

/// The time at which the rows of an answer were collected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AsOf {
    pub oldest: Option<Timestamp>,
    pub newest: Option<Timestamp>,
}

/// A cell that an answer needed, and whose newest word is not an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct UnknownCell {
    pub account_id: String,
    /// The region, `global`, or `*` for all regions that are not known.
    pub region: String,
    pub table: String,
    pub status: Status,
    pub error_code: Option<String>,
    /// The start of the newest run that answered the cell in full.
    pub last_answered: Option<Timestamp>,
}

/// A cell that was answered for the first time, so that it shows no change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct BaselineCell {
    pub account_id: String,
    pub region: String,
    pub table: String,
}

/// What an answer is based on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Coverage {
    pub as_of: AsOf,
    pub unknown: Vec<UnknownCell>,
    /// The cells that a comparison has no older answer of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub baseline: Vec<BaselineCell>,
    /// The number of cells that the answer needed.
    #[serde(skip)]
    pub cells: u64,
}

impl Coverage {
    /// Adds the time at which a row was collected.
    pub(crate) fn saw(&mut self, collected_at: Option<Timestamp>) {
        let Some(at) = collected_at else { return };
        self.as_of.oldest = Some(self.as_of.oldest.map_or(at, |oldest| oldest.min(at)));
        self.as_of.newest = Some(self.as_of.newest.map_or(at, |newest| newest.max(at)));
    }
}
