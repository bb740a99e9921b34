//! The rows of the table `changes`: what a run changed in the inventory, resource by resource.
//!
//! **Invariant:** holds values, and computes none.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// The name of the table.
pub(crate) const CHANGES: &str = "changes";

/// A row of the table `changes`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChangeRecord {
    /// The run whose answer shows the change.
    pub run_id: String,
    pub account_id: String,
    pub region: String,
    pub table: &'static str,
    pub id: String,
    pub arn: Option<String>,
    pub name: Option<String>,
    /// `added`, `removed` or `changed`.
    pub change: &'static str,
    /// The run of the answer before.
    pub previous_run_id: String,
    /// When the resource was collected before.
    pub previous_collected_at: Option<Timestamp>,
    /// The members that differ, by column: `{"before": …, "after": …}`.
    pub members: Option<Box<RawValue>>,
}
