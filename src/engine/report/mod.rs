//! What a run says of itself: the response, and the manifests that commit its shards and itself.
//!
//! Works on what was counted; knows neither AWS nor how anything was collected.

mod failures;
mod assemble;
mod chain;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use assemble::{ManifestInputs, assemble_manifest, summarise};
pub(crate) use chain::Chain;
pub(crate) use failures::{FailureGroup, Stage, advice, bounded as bounded_failures, group};

use crate::domain::{AccountId, RunId};

use crate::engine::plan::Plan;
use crate::event::Request;
use crate::inventory::Status;
use crate::output::sink::WrittenFile;

/// How a run, or one account in it, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// Every cell was answered.
    Complete,
    /// Some were.
    Partial,
    /// None was.
    Failed,
    /// None was begun.
    NotStarted,
}

/// How many accounts ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountCounts {
    /// In the plan.
    pub planned: u64,
    /// With every cell answered.
    pub complete: u64,
    /// With some.
    pub partial: u64,
    /// With none.
    pub failed: u64,
    /// With none begun.
    pub not_started: u64,
}

/// What one account came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountSummary {
    /// The account.
    pub account_id: AccountId,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it ended.
    pub status: Completeness,
    /// Records by table; tables without any are left out.
    pub records: BTreeMap<String, u64>,
    /// Cells by status.
    pub cells: BTreeMap<Status, u64>,
    /// Requests sent, retries included; without AssumeRole's.
    pub calls: u64,
    /// Those that repeated one.
    pub retries: u64,
    /// Those that were refused for rate.
    pub throttles: u64,
    /// The session's name in the customer's CloudTrail.
    pub session_name: String,
    /// The request ids of its AssumeRole calls; empty where the role could not be assumed.
    pub assume_request_ids: Vec<String>,
}

/// What is said to whoever asked.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// The run.
    pub run_id: RunId,
    /// How it ended: `complete`, `partial` or `failed`.
    pub status: Completeness,
    /// Accounts, counted.
    pub accounts: AccountCounts,
    /// Records by table.
    pub records: BTreeMap<String, u64>,
    /// Cells by status.
    pub cells: BTreeMap<Status, u64>,
    /// Requests sent to customers' accounts, retries included.
    pub calls: u64,
    /// Those that repeated one.
    pub retries: u64,
    /// Those that were refused for rate.
    pub throttles: u64,
    /// When the run began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Where the manifest lies.
    pub manifest: String,
    /// What went wrong, grouped by account, stage and code.
    pub failures: Vec<FailureGroup>,
    /// How many groups were left out to keep the response small; the ledger has them all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures_omitted: u64,
    /// Named accounts that the registry does not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_accounts: Vec<AccountId>,
    /// The request that does the rest, where the run's time ended first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Request")]
    pub remaining: Option<Request>,
    /// The records themselves by table, where the request said `inline` and they fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "BTreeMap<String, Vec<serde_json::Value>>")]
    pub inline: Option<BTreeMap<String, Vec<Box<serde_json::value::RawValue>>>>,
    /// The request said `inline` and they did not fit: the manifest says where they lie.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inline_omitted: bool,
}

/// Commits a shard: `runs/<run_id>/shards/<shard>.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct ShardManifest {
    /// The run.
    pub run_id: RunId,
    /// The shard.
    pub shard: String,
    /// The attempt whose files these are.
    pub attempt: String,
    /// When it was committed.
    pub committed_at: Timestamp,
    /// Its files.
    pub files: Vec<WrittenFile>,
    /// Its accounts.
    pub accounts: Vec<AccountSummary>,
    /// What went wrong.
    pub failures: Vec<FailureGroup>,
    /// How many groups were left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures_omitted: u64,
    /// The accounts that the shard's time did not reach the end of.
    pub unfinished: Vec<AccountId>,
    /// Their cells of which a part was answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partly_answered: Vec<PartlyAnswered>,
}

/// A cell that is listed for each of many resources (a zone's records), and was for some of them when the run's time
/// ended. The run that does the rest asks for the others, and takes these over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PartlyAnswered {
    /// The account.
    pub account_id: AccountId,
    /// The region, or `global`.
    pub region: String,
    /// The table.
    pub table: String,
    /// The ids of the resources that it was listed for.
    pub answered: Vec<String>,
}

/// Commits a run: `runs/<run_id>/manifest.json`. What it does not name does not exist.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Manifest {
    /// The version of this form: 1.
    pub version: u32,
    /// The response.
    #[serde(flatten)]
    pub response: Response,
    /// The run that this one goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "RunId")]
    pub resumes: Option<RunId>,
    /// Cells of which a part was answered, for the run that does the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partly_answered: Vec<PartlyAnswered>,
    /// The plan.
    pub plan: Plan,
    /// Every file of the run.
    pub files: Vec<WrittenFile>,
    /// Every account, with its session's name and the request ids of its AssumeRole.
    pub by_account: Vec<AccountSummary>,
    /// The attempts whose files these are, by shard.
    pub attempts: BTreeMap<String, String>,
}

/// The newest committed run of the whole fleet: `latest.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Latest {
    /// The run.
    pub run_id: RunId,
    /// How it ended.
    pub status: Completeness,
    /// When it began: `latest.json` only moves forward.
    pub started_at: Timestamp,
    /// The date that its files lie under.
    pub dt: String,
    /// Its manifest, below the output.
    pub manifest: String,
}

/// For fields that are left out of JSON when they are zero.
fn is_zero(number: &u64) -> bool {
    *number == 0
}
