//! The event about a committed run, as EventBridge carries it.
//!
//! **Invariant:** stays far below the 256 KiB that EventBridge allows, however many accounts a run has.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccountCounts, Completeness, Response, TrustSummary};
use crate::domain::RunId;
use crate::inventory::Status;

/// The most open accounts in an event.
const MAX_OPEN: usize = 100;

/// The `detail` of the event `rolecall run committed`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RunNotice {
    /// The name of the run.
    pub run_id: RunId,
    /// How complete the run is: `complete`, `partial` or `failed`.
    pub status: Completeness,
    /// Accounts, counted by how they ended.
    pub accounts: AccountCounts,
    /// Records, counted by table.
    pub records: BTreeMap<String, u64>,
    /// Cells, counted by status.
    pub cells: BTreeMap<Status, u64>,
    /// Requests sent to customer accounts, with retries.
    pub calls: u64,
    /// The time at which the run began.
    pub started_at: Timestamp,
    /// The time from the start of the run to the commit of its last shard, in milliseconds.
    pub duration_ms: u64,
    /// The address of the manifest: a path, or `s3://bucket/key`.
    pub manifest: String,
    /// True if the time of the run ended before every cell was asked.
    pub remaining: bool,
    /// What the attempts without external IDs found, with the first 100 open accounts; missing if they are switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "TrustSummary")]
    pub trust: Option<TrustSummary>,
}

impl RunNotice {
    /// The notice of a committed run.
    pub(in crate::engine) fn of(response: &Response) -> Self {
        Self {
            run_id: response.run_id.clone(),
            status: response.status,
            accounts: response.accounts,
            records: response.records.clone(),
            cells: response.cells.clone(),
            calls: response.calls,
            started_at: response.started_at,
            duration_ms: response.duration_ms,
            manifest: response.manifest.clone(),
            remaining: response.remaining.is_some(),
            trust: response.trust.clone().map(|trust| trust.with_at_most(MAX_OPEN)),
        }
    }
}
