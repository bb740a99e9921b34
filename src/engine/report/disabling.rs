//! What became of the targets whose roles a run found open.
//!
//! **Invariant:** follows the commit of a run, so no manifest has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::AccountId;

/// The most accounts in a response. The record of the disabling has all.
const MAX_LISTED: usize = 1_000;

/// The targets of a run's open roles, if runs disable them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disabling {
    /// Targets that are disabled.
    pub disabled_count: u64,
    /// Targets that were left as they are: the role refuses by now, or the target was changed.
    pub skipped: u64,
    /// Targets that could not be disabled. The log names the cause.
    pub failed: u64,
    /// The accounts of the disabled targets: the first 1,000.
    pub disabled: Vec<AccountId>,
}

impl Disabling {
    /// Nothing could be disabled.
    pub(in crate::engine) fn failure(open: usize) -> Self {
        Self { failed: open as u64, ..Self::default() }
    }

    /// Returns the same counts with few enough accounts for a response.
    pub(in crate::engine) fn bounded(self) -> Self {
        self.with_at_most(MAX_LISTED)
    }

    /// Returns the same counts with at most `most` accounts.
    pub(in crate::engine) fn with_at_most(mut self, most: usize) -> Self {
        self.disabled.truncate(most);
        self
    }
}
