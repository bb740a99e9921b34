//! The documents of the step: its plan, one for each part, and the one that names the files.
//!
//! **Invariant:** each is written once and never replaced. Only the files count that the last one names.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answers::changes::Change;
use crate::domain::{Format, RunId};
use crate::output::sink::WrittenFile;

/// The version of the documents.
pub(super) const VERSION: u32 = 1;

/// What is compared, and in which parts: `runs/<run_id>/changes/plan.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ComparisonPlan {
    pub version: u32,
    pub run_id: RunId,
    pub started_at: Timestamp,
    /// The date in the keys of the run's files, and of those of its changes.
    pub dt: String,
    pub format: Format,
    pub planned_at: Timestamp,
    /// Runs that were committed by this moment count as before.
    pub before: Timestamp,
    /// Whether a committed run has a time that was still to come. Cells that it answered are left out.
    pub has_run_ahead: bool,
    pub parts: Vec<PlannedPart>,
}

/// A part of the comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PlannedPart {
    pub name: String,
    pub tables: Vec<String>,
}

/// Resources, counted by what happened to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ChangeCounts {
    /// Resources that were added.
    pub added: u64,
    /// Resources that were removed.
    pub removed: u64,
    /// Resources that changed.
    pub changed: u64,
}

impl ChangeCounts {
    pub(super) fn count(&mut self, change: Change) {
        match change {
            Change::Added => self.added += 1,
            Change::Removed => self.removed += 1,
            Change::Changed => self.changed += 1,
        }
    }

    /// All of them.
    pub(super) fn total(self) -> u64 {
        self.added + self.removed + self.changed
    }

    pub(super) fn add(&mut self, other: Self) {
        self.added += other.added;
        self.removed += other.removed;
        self.changed += other.changed;
    }
}

/// Cells of the run, counted by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CellTally {
    /// Both sides have a full answer.
    pub compared: u64,
    /// The run has the first full answer.
    pub baseline: u64,
    /// Another run that began later has a full answer already.
    pub outdated: u64,
    /// The run has no full answer.
    pub unknown: u64,
}

impl CellTally {
    pub(super) fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.baseline += other.baseline;
        self.outdated += other.outdated;
        self.unknown += other.unknown;
    }
}

/// A resource that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ChangedResource {
    /// The table of the resource type.
    pub table: String,
    /// The region, or `global`.
    pub region: String,
    /// The resource's id.
    pub id: String,
    /// Its ARN, if it has one.
    pub arn: Option<String>,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What happened to it.
    pub change: Change,
    /// The names of the members that differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

/// The changes of one account in one part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountChanges {
    pub tables: BTreeMap<String, ChangeCounts>,
    /// The first resources. The file has all.
    pub resources: Vec<ChangedResource>,
}

/// A part that is recorded: `runs/<run_id>/changes/<part>.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PartDocument {
    pub version: u32,
    pub run_id: RunId,
    pub part: String,
    /// Empty if nothing changed.
    pub files: Vec<WrittenFile>,
    pub cells: CellTally,
    pub accounts: BTreeMap<String, AccountChanges>,
}

/// All changes of a run: `runs/<run_id>/changes.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ChangesDocument {
    pub version: u32,
    pub run_id: RunId,
    pub started_at: Timestamp,
    pub dt: String,
    /// Runs that were committed by this moment count as before.
    pub before: Timestamp,
    /// What was compared.
    pub cells: CellTally,
    #[serde(flatten)]
    pub counts: ChangeCounts,
    pub parts: Vec<String>,
    pub files: Vec<WrittenFile>,
    /// By account. Accounts without changes are left out.
    pub accounts: BTreeMap<String, ChangeCounts>,
}
