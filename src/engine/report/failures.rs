//! What went wrong, grouped so that a person can read it, and what to do about it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::AccountId;
use crate::inventory::{LedgerRow, Status};

/// Where on its way an account failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// On entering the account.
    Assume,
    /// On learning its alias and regions.
    LookAround,
    /// On listing a resource type.
    Collect,
}

/// Failures of one account, of one stage, of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailureGroup {
    /// The account.
    pub account_id: AccountId,
    /// The stage.
    pub stage: Stage,
    /// What it means for the cells.
    pub status: Status,
    /// AWS's error code, where AWS answered.
    pub code: Option<String>,
    /// How many cells suffer from it.
    pub cells: u64,
    /// The resource types among them.
    pub tables: Vec<String>,
    /// The regions among them.
    pub regions: Vec<String>,
    /// One of the messages.
    pub message: String,
    /// The request id that belongs to the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Groups the rows of an account that were not answered.
pub(crate) fn group(account_id: &AccountId, stage: Stage, rows: &[LedgerRow]) -> Vec<FailureGroup> {
    let mut groups: BTreeMap<(Status, Option<&str>), FailureGroup> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.status.is_answered()) {
        let stage = if row.table == "accounts" && stage == Stage::Collect { Stage::LookAround } else { stage };
        let group = groups.entry((row.status, row.error_code.as_deref())).or_insert_with(|| FailureGroup {
            account_id: account_id.clone(),
            stage,
            status: row.status,
            code: row.error_code.clone(),
            cells: 0,
            tables: Vec::new(),
            regions: Vec::new(),
            message: row.error_message.clone().unwrap_or_default(),
            request_id: row.request_id.clone(),
        });
        group.cells += 1;
        if !group.tables.iter().any(|table| table == row.table) {
            group.tables.push(row.table.into());
        }
        if !group.regions.contains(&row.region) {
            group.regions.push(row.region.clone());
        }
    }
    groups.into_values().collect()
}

/// As many groups as fit, and how many do not.
pub(crate) fn bounded(groups: Vec<FailureGroup>, bytes: usize) -> (Vec<FailureGroup>, u64) {
    let mut left = bytes;
    let all = groups.len();
    let kept: Vec<FailureGroup> = groups
        .into_iter()
        .map_while(|group| {
            let size = serde_json::to_string(&group).map_or(usize::MAX, |json| json.len() + 1);
            left = left.checked_sub(size)?;
            Some(group)
        })
        .collect();
    let omitted = (all - kept.len()) as u64;
    (kept, omitted)
}

/// What to do about a failure, in one sentence.
pub(crate) fn advice(group: &FailureGroup) -> &'static str {
    match (group.stage, group.status) {
        (Stage::Assume, Status::Denied) => {
            "the customer's role does not let backend_role in: is it there, does it trust this backend, is the external ID the registry's?"
        }
        (Stage::Assume, _) => {
            "the customer's account could not be entered: look at the message, and at the registry's role ARN"
        }
        (_, Status::Denied) => "the customer's role lacks these reads: update its stack from infra/customer-role.yaml",
        (_, Status::ScpDenied) => {
            "a service control policy of the customer's organization forbids it: only the customer can allow it"
        }
        (_, Status::RegionDisabled) => "the region is not enabled there: nothing to do, unless it was expected to be",
        (_, Status::Unsupported) => "the region does not know the operation: nothing to do",
        (_, Status::Throttled) => {
            "the account's API quota is used up, perhaps by its own automation: run again later, or lower the rates"
        }
        (_, Status::TimedOut) => "AWS did not answer in time: run again, or raise --call-timeout or --account-budget",
        (_, Status::NotStarted) => "the run's time ended first: send `remaining` back, or raise the deadline",
        (_, Status::Partial) => "what came is kept; the rest failed as the message says",
        _ => "look at the message; AWS's request id helps its support",
    }
}
