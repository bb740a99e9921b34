//! The event about a committed run, as EventBridge carries it.
//!
//! **Invariant:** stays far below the 256 KiB that EventBridge allows, however many accounts a run has.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccountCounts, Completeness, Disabling, Response, TrustSummary};
use crate::domain::RunId;
use crate::engine::plan::OrganizationListing;
use crate::inventory::Status;

/// The most open accounts in an event.
const MAX_OPEN: usize = 100;
/// The most accounts in an event that joined or left an organization.
const MAX_MOVED: usize = 100;

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
    /// The organizations of the registry, with the first 100 accounts that joined or left since the run before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<OrganizationListing>,
    /// What the attempts without external IDs found, with the first 100 open accounts; missing if they are switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "TrustSummary")]
    pub trust: Option<TrustSummary>,
    /// What became of the targets of open roles, with the first 100 disabled ones; missing if runs disable none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Disabling")]
    pub disabling: Option<Disabling>,
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
            organizations: OrganizationListing::bounded(&response.organizations, MAX_MOVED),
            trust: response.trust.clone().map(|trust| trust.with_at_most(MAX_OPEN)),
            disabling: response.disabling.clone().map(|disabling| disabling.with_at_most(MAX_OPEN)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_with_many_open_roles_stays_small() {
        let open: Vec<String> = (0..1000).map(|number| format!("{number:012}")).collect();
        let response: Response = serde_json::from_value(serde_json::json!({
            "run_id": "nightly", "status": "complete", "manifest": "s3://results/runs/nightly/manifest.json",
            "accounts": { "planned": 9000, "complete": 9000, "partial": 0, "failed": 0, "not_started": 0 },
            "records": {}, "cells": {}, "calls": 1, "retries": 0, "throttles": 0, "failures": [],
            "started_at": "2026-11-22T03:00:00Z", "duration_ms": 8000,
            "trust": { "interval_s": 86400, "window": "2026-11-22T00:00:00Z", "tried": 9000, "refused": 0,
                       "open_count": 9000, "unknown": 0, "not_tried": 0, "open": open },
        }))
        .unwrap();
        let notice = serde_json::to_value(RunNotice::of(&response)).unwrap();
        assert_eq!(notice["trust"]["open"].as_array().unwrap().len(), MAX_OPEN);
        assert_eq!(notice["trust"]["open_count"], 9000);
        assert!(notice.to_string().len() < 8 << 10);
    }
}
