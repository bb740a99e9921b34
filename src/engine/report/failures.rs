//! Failures of a run, grouped for people, with advice on each group.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalogue::ACCOUNTS;
use crate::domain::AccountId;
use crate::inventory::{ANY_REGION, LedgerRow, Status};

/// The stage in which an account failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Assuming the customer's role.
    Assume,
    /// Reading the account's alias and enabled regions.
    LookAround,
    /// Listing a resource type.
    Collect,
}

/// Failed cells of one account with the same stage, status and code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailureGroup {
    /// The customer account that the failures concern.
    pub account_id: AccountId,
    /// The stage in which the cells failed.
    pub stage: Stage,
    /// The status of the cells.
    pub status: Status,
    /// AWS's error code, if AWS answered.
    pub code: Option<String>,
    /// The number of cells.
    pub cells: u64,
    /// The resource types of the cells.
    pub tables: Vec<String>,
    /// The regions of the cells.
    pub regions: Vec<String>,
    /// The message of one of the cells.
    pub message: String,
    /// AWS's request id, of the same cell as the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Groups an account's rows that were not answered by status, code and stage. `stage` is how far the account got.
pub(crate) fn group(account_id: &AccountId, stage: Stage, rows: &[LedgerRow]) -> Vec<FailureGroup> {
    let mut groups: BTreeMap<(Status, Option<&str>, Stage), FailureGroup> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.status.is_answered()) {
        // A row at region `*` of an account that was entered says that its enabled regions are unknown.
        let is_first_look = row.table == ACCOUNTS || row.region == ANY_REGION;
        let stage = if is_first_look && stage == Stage::Collect { Stage::LookAround } else { stage };
        let key = (row.status, row.error_code.as_deref(), stage);
        let group = groups.entry(key).or_insert_with(|| FailureGroup {
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

/// Returns the first groups whose JSON fits `bytes`, and the number of groups left out.
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

/// Returns one sentence on what to do about a group.
pub(crate) fn advice(group: &FailureGroup) -> &'static str {
    match (group.stage, group.status) {
        (Stage::Assume, Status::Denied) => {
            "the customer's role does not let backend_role in: does it exist, does it trust this backend, is its external ID the registry's?"
        }
        (Stage::Assume, _) => {
            "the customer's account could not be entered: see the message, and the role ARN in the registry"
        }
        (_, Status::Denied) => "the customer's role lacks these reads: update its stack from infra/customer-role.yaml",
        (_, Status::ScpDenied) => {
            "a service control policy of the customer's organization forbids it: only the customer can allow it"
        }
        (_, Status::RegionDisabled) => {
            "the region is not enabled in the account: nothing to do, unless it should be enabled"
        }
        (_, Status::Throttled) => {
            "the account's API quota is used up, perhaps by its own automation: run again later, or lower the rates"
        }
        (_, Status::TimedOut) => "AWS did not answer in time: run again, or raise --call-timeout or --account-budget",
        (_, Status::NotStarted) => "the run's time ended first: send `remaining` back, or raise the deadline",
        (_, Status::Partial) => "records read before the failure are kept; the message says what failed",
        _ => "see the message; AWS Support can look up the request id",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{AwsError, AwsErrorKind};
    use crate::inventory::{CellType, GLOBAL};

    fn denied(table: &'static str, operation: &'static str) -> LedgerRow {
        let error = AwsError {
            code: Some("AccessDenied".into()),
            ..AwsError::new(AwsErrorKind::Denied, format!("not authorized to perform: {operation}"))
        };
        LedgerRow::new("run", "111122223333", GLOBAL, CellType { table, operation }, Status::Denied).because(&error)
    }

    #[test]
    fn failures_of_two_stages_make_two_groups() {
        let rows = [
            denied("route53_hosted_zones", "route53:ListHostedZones"),
            denied("accounts", "ec2:DescribeRegions"),
            denied("route53_health_checks", "route53:ListHealthChecks"),
        ];
        let account: AccountId = "111122223333".parse().unwrap();
        let groups = group(&account, Stage::Collect, &rows);
        let found: Vec<_> = groups.iter().map(|group| (group.stage, group.cells, group.tables.join(" "))).collect();
        assert_eq!(
            found,
            [
                (Stage::LookAround, 1, "accounts".to_owned()),
                (Stage::Collect, 2, "route53_hosted_zones route53_health_checks".to_owned()),
            ]
        );
        // An account that was never entered has failed in one stage alone.
        let groups = group(&account, Stage::Assume, &rows);
        assert_eq!(groups.iter().map(|group| (group.stage, group.cells)).collect::<Vec<_>>(), [(Stage::Assume, 3)]);
    }
}
