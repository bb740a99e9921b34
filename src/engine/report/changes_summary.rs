//! What became of recording a run's changes, for its response.
//!
//! **Invariant:** follows the commit of a run, so no manifest has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far the changes of a run are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recording {
    /// The table `changes` has all of them, and their events were sent.
    Recorded,
    /// Parts are left. The run's event, delivered again, continues with them.
    Unfinished,
    /// An error stopped it. The run's event, delivered again, tries again.
    Failed,
}

/// What a run changed in the inventory, as far as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangesSummary {
    /// How far it is recorded.
    pub status: Recording,
    /// Resources that were added.
    pub added: u64,
    /// Resources that were removed.
    pub removed: u64,
    /// Resources that changed.
    pub changed: u64,
    /// Accounts with any change.
    pub accounts: u64,
    /// The parts of the comparison; 0 if it was not planned.
    pub parts: u64,
    /// The parts that are recorded.
    pub parts_recorded: u64,
    /// The address of the document that names the files: a path, or `s3://bucket/key`. Missing until all is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "String")]
    pub document: Option<String>,
    /// What stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "String")]
    pub error: Option<String>,
}

impl ChangesSummary {
    /// Nothing is recorded yet.
    pub(crate) fn nothing(status: Recording) -> Self {
        Self {
            status,
            added: 0,
            removed: 0,
            changed: 0,
            accounts: 0,
            parts: 0,
            parts_recorded: 0,
            document: None,
            error: None,
        }
    }
}
