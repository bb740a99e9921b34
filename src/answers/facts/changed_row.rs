//! A change of one resource.
//!
//! **Invariant:** holds values, and computes none.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What happened to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It differs.
    Changed,
}

/// A change of one resource, as an account saw it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChangedRow {
    /// The run whose answer shows the change.
    pub run_id: String,
    /// The account that was asked.
    pub account_id: String,
    pub region: String,
    pub table: &'static str,
    pub id: String,
    pub arn: Option<String>,
    pub name: Option<String>,
    pub change: Change,
    /// The run of the answer before.
    pub previous_run_id: String,
    /// When the resource was collected before. `None` if it was added.
    pub previous_collected_at: Option<Timestamp>,
    /// When it was collected. `None` if it was removed.
    pub collected_at: Option<Timestamp>,
    /// The members that differ, by column: `{"before": …, "after": …}`. `None` unless it changed.
    pub members: Option<Value>,
}

impl ChangedRow {
    /// What rows are ordered by.
    pub(crate) fn order(&self) -> (&str, &str, &str, &str, Option<&str>, Change) {
        (&self.account_id, &self.region, self.table, &self.id, self.arn.as_deref(), self.change)
    }
}
