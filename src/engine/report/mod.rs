//! The documents of a run: its response, and the manifests that commit its shards and the run.
//!
//! **Invariant:** works on counts. Knows neither AWS nor how records are collected.

mod message_form;
mod failures;
mod advice;
mod disabling;
mod changes_summary;
mod pages_summary;
mod trust;
mod notice;
mod assemble;
mod chain;
mod asked_run;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use advice::advice;
pub(crate) use asked_run::{Accepted, AskedRun, RefusedRequest, RunProgress};
pub(super) use assemble::{ManifestInputs, assemble_manifest, summarise};
pub(crate) use chain::Chain;
pub use changes_summary::{ChangesSummary, Recording};
pub use disabling::Disabling;
pub(crate) use failures::{FailureGroup, FailureReason, Stage, bounded as bounded_failures, group};
pub(crate) use notice::RunNotice;
pub use pages_summary::{PageWriting, PagesSummary};
pub(crate) use trust::TrustSummary;

use crate::customers::TrustResult;
use crate::domain::{AccountId, RunId};
use crate::engine::plan::{OrganizationListing, Plan};
use crate::event::Request;
use crate::inventory::Status;
use crate::output::sink::WrittenFile;

/// Most bytes of `remaining` in a response: about 10,000 accounts.
const MAX_REMAINING_BYTES: usize = 150 << 10;

/// How complete a run, or one account of it, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// Every cell was answered: it is `ok`, `empty` or `unsupported`.
    Complete,
    /// Some cells were answered.
    Partial,
    /// No cell was answered.
    Failed,
    /// No cell was begun.
    NotStarted,
}

/// Accounts, counted by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountCounts {
    /// Accounts in the plan.
    pub planned: u64,
    /// Accounts with every cell answered.
    pub complete: u64,
    /// Accounts with some cells answered.
    pub partial: u64,
    /// Accounts with no cell answered.
    pub failed: u64,
    /// Accounts with no cell begun.
    pub not_started: u64,
}

/// The outcome of one account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountSummary {
    /// The account that was asked.
    pub account_id: AccountId,
    /// The name of the account in the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How complete the account is.
    pub status: Completeness,
    /// Records by table. Tables without records are left out.
    pub records: BTreeMap<Cow<'static, str>, u64>,
    /// Cells, counted by status.
    pub cells: BTreeMap<Status, u64>,
    /// Requests sent, with retries and without those of AssumeRole.
    pub calls: u64,
    /// Requests that repeated an earlier one.
    pub retries: u64,
    /// Requests that AWS throttled.
    pub throttles: u64,
    /// The name of the session in the customer's CloudTrail.
    pub session_name: String,
    /// The request ids of the AssumeRole calls. Empty if the role could not be assumed.
    pub assume_request_ids: Vec<String>,
    /// What the role did when it was assumed without its external ID; missing if it was not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "TrustResult")]
    pub trust: Option<TrustResult>,
}

/// The response to the caller of a run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// The name of the run.
    pub run_id: RunId,
    /// How complete the run is: `complete`, `partial` or `failed`. A run of all accounts is `partial` too if an organization could
    /// not be listed.
    pub status: Completeness,
    /// Accounts, counted by how they ended.
    pub accounts: AccountCounts,
    /// Records, counted by table.
    pub records: BTreeMap<String, u64>,
    /// Cells, counted by status.
    pub cells: BTreeMap<Status, u64>,
    /// Requests sent to customer accounts, with retries.
    pub calls: u64,
    /// Requests that repeated an earlier one.
    pub retries: u64,
    /// Requests that AWS throttled.
    pub throttles: u64,
    /// The time at which the run began.
    pub started_at: Timestamp,
    /// The time from the start of the run to the commit of its last shard, in milliseconds.
    pub duration_ms: u64,
    /// The address of the manifest: a path, or `s3://bucket/key`.
    pub manifest: String,
    /// Failures, grouped by account, stage and code.
    pub failures: Vec<FailureGroup>,
    /// The number of groups that were left out to keep the response small. The ledger has all failures.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures_omitted: u64,
    /// Accounts that the request names and the registry does not have: the first 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_accounts: Vec<AccountId>,
    /// The number of unknown accounts that were left out to keep the response small. The plan in the manifest has all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown_accounts_omitted: u64,
    /// Accounts that the request selects and that share none of the requested resource types: the first 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unshared_accounts: Vec<AccountId>,
    /// The number of these accounts that were left out to keep the response small. The plan in the manifest has all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unshared_accounts_omitted: u64,
    /// The organizations of the registry, with the first 1,000 accounts that joined or left since the run before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<OrganizationListing>,
    /// What the attempts without external IDs found; missing if they are switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "TrustSummary")]
    pub trust: Option<TrustSummary>,
    /// What became of the targets of open roles, if runs disable them. It follows the commit, so no manifest has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Disabling")]
    pub disabling: Option<Disabling>,
    /// What the run changed in the inventory, if runs record that. It follows the commit, so no manifest has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "ChangesSummary")]
    pub changes: Option<ChangesSummary>,
    /// The report pages, if runs write them. They follow the commit, so no manifest has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "PagesSummary")]
    pub report: Option<PagesSummary>,
    /// The request that does the rest, if the time of the run ended before every cell was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Request")]
    pub remaining: Option<Request>,
    /// True if `remaining` was left out to keep the response small. The manifest has it, and `rolecall resume` finds it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remaining_omitted: bool,
    /// The records by table, if the request asks for `inline` and they fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "BTreeMap<String, Vec<serde_json::Value>>")]
    pub inline: Option<BTreeMap<String, Vec<Box<serde_json::value::RawValue>>>>,
    /// True if the request asks for `inline` and the records do not fit. The manifest names their files.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inline_omitted: bool,
}

impl Response {
    /// Leaves out a `remaining` request that is too large for a response. The manifest keeps it.
    pub(in crate::engine) fn bounded(mut self) -> Self {
        let size = |request: &Request| serde_json::to_vec(request).map_or(usize::MAX, |json| json.len());
        if self.remaining.as_ref().is_some_and(|request| size(request) > MAX_REMAINING_BYTES) {
            (self.remaining, self.remaining_omitted) = (None, true);
        }
        self
    }

    /// The time at which the last shard of the run was committed.
    pub(crate) fn committed_at(&self) -> Timestamp {
        let duration = SignedDuration::from_millis(i64::try_from(self.duration_ms).unwrap_or(i64::MAX));
        self.started_at.checked_add(duration).unwrap_or(Timestamp::MAX)
    }

    /// True if the time of the run ended before every cell was asked.
    pub(crate) fn leaves_work(&self) -> bool {
        self.remaining.is_some() || self.remaining_omitted
    }
}

/// Commits a shard: `runs/<run_id>/shards/<shard>.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct ShardManifest {
    pub run_id: RunId,
    pub shard: String,
    /// The attempt that wrote the files.
    pub attempt: String,
    pub committed_at: Timestamp,
    pub files: Vec<WrittenFile>,
    pub accounts: Vec<AccountSummary>,
    /// Cells by table. Empty in the documents of earlier versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cells_by_table: BTreeMap<String, u64>,
    /// Accounts in which rolecall itself failed. Their files may have rows that no ledger row counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncounted: Vec<AccountId>,
    pub failures: Vec<FailureGroup>,
    /// The number of failure groups that were left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures_omitted: u64,
    /// Accounts whose cells were not all asked before the time of the shard ended.
    pub unfinished: Vec<AccountId>,
    /// Cells of these accounts that were answered in part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partly_answered: Vec<PartlyAnswered>,
}

/// A cell that is listed once per parent resource, such as the records of each zone, and was listed for some parents when
/// the time of the run ended. The run that does the rest asks for the others, and takes over the rows of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PartlyAnswered {
    /// The account of the cell.
    pub account_id: AccountId,
    /// The region of the cell, or `global`.
    pub region: String,
    /// The table of the cell.
    pub table: String,
    /// The ids of the parent resources whose listings are complete.
    pub answered: Vec<String>,
}

/// Commits a run: `runs/<run_id>/manifest.json`. Files that no manifest names do not count.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Manifest {
    /// The version of this document's format: 1.
    pub version: u32,
    /// The response of the run.
    #[serde(flatten)]
    pub response: Response,
    /// The run that this one resumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "RunId")]
    pub resumes: Option<RunId>,
    /// Cells that were answered in part, for the run that does the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partly_answered: Vec<PartlyAnswered>,
    /// The plan of the run.
    pub plan: Plan,
    /// All files of the run.
    pub files: Vec<WrittenFile>,
    /// All accounts, with session names and the request ids of AssumeRole.
    pub by_account: Vec<AccountSummary>,
    /// The attempt that wrote the files, by shard.
    pub attempts: BTreeMap<String, String>,
}

/// The newest committed run of the whole fleet: `latest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Latest {
    pub run_id: RunId,
    pub status: Completeness,
    /// The start of the run. `latest.json` only moves forward in time.
    pub started_at: Timestamp,
    /// The date in the keys of its files.
    pub dt: String,
    /// The key of its manifest, below the output.
    pub manifest: String,
}

/// For fields that are left out of JSON when they are zero.
fn is_zero(number: &u64) -> bool {
    *number == 0
}
