//! Failures of a run, grouped for people.
//!
//! Cells are in one group if their failures have one cause as far as status, code, stage and the form of the message tell.
//! The number of groups is bounded, and what is left out is counted.

use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::message_form::message_form;
use crate::aws::AwsErrorKind;
use crate::catalogue::ACCOUNTS;
use crate::domain::AccountId;
use crate::inventory::{ANY_REGION, LedgerRow, Status};

/// The most groups of one account with the same stage, status, code and cause.
const MAX_FORMS: usize = 8;

/// The stage in which an account failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before the customer's role was asked for: the run's time ended, or the account is no longer an enabled target.
    #[default]
    Start,
    /// Using the backend's own credentials, which AWS does not accept. It concerns no customer.
    Backend,
    /// Assuming the customer's role.
    Assume,
    /// Reading the account's alias and enabled regions.
    LookAround,
    /// Listing a resource type.
    Collect,
}

impl Stage {
    /// The stage of an account whose role could not be assumed.
    pub(crate) fn of_refused_session(kind: AwsErrorKind) -> Self {
        match kind {
            AwsErrorKind::RunEnded => Self::Start,
            AwsErrorKind::Expired | AwsErrorKind::CredentialsRejected | AwsErrorKind::NoCredentials => Self::Backend,
            _ => Self::Assume,
        }
    }
}

/// The cause of a failure, where neither its status nor AWS's code names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The run's time ended, or it was interrupted.
    RunEnded,
    /// The time of the call or of the account ran out.
    OutOfTime,
    /// The session has expired.
    Expired,
    /// AWS does not accept the session's credentials.
    CredentialsRejected,
    /// There are no credentials to sign with.
    NoCredentials,
    /// The endpoint cannot be reached.
    Unreachable,
    /// The response could not be read.
    Unreadable,
    /// A cause that this version does not know.
    #[serde(other)]
    Unknown,
}

impl FailureReason {
    fn of(kind: AwsErrorKind) -> Option<Self> {
        Some(match kind {
            AwsErrorKind::RunEnded => Self::RunEnded,
            AwsErrorKind::OutOfTime => Self::OutOfTime,
            AwsErrorKind::Expired => Self::Expired,
            AwsErrorKind::CredentialsRejected => Self::CredentialsRejected,
            AwsErrorKind::NoCredentials => Self::NoCredentials,
            AwsErrorKind::Unreachable => Self::Unreachable,
            AwsErrorKind::Unreadable => Self::Unreadable,
            _ => return None,
        })
    }
}

/// Failed cells of one account with the same stage, status, code and form of message.
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
    /// The cause, if neither status nor code names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "FailureReason")]
    pub cause: Option<FailureReason>,
    /// The number of cells.
    pub cells: u64,
    /// The resource types of the cells.
    pub tables: Vec<String>,
    /// The regions of the cells.
    pub regions: Vec<String>,
    /// The message of one of the cells.
    pub message: String,
    /// The number of cells whose messages have other forms than this one. The ledger has all messages.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub other_messages: u64,
    /// AWS's request id, of the same cell as the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl FailureGroup {
    fn new(account_id: &AccountId, kind: GroupKind<'_>, row: &LedgerRow) -> Self {
        Self {
            account_id: account_id.clone(),
            stage: kind.stage,
            status: kind.status,
            code: kind.code.map(str::to_owned),
            cause: kind.cause,
            cells: 0,
            tables: Vec::new(),
            regions: Vec::new(),
            message: row.error_message.clone().unwrap_or_default(),
            other_messages: 0,
            request_id: row.request_id.clone(),
        }
    }

    fn add(&mut self, row: &LedgerRow) {
        self.cells += 1;
        if !self.tables.iter().any(|table| table == row.table) {
            self.tables.push(row.table.into());
        }
        if !self.regions.contains(&row.region) {
            self.regions.push(row.region.clone());
        }
    }
}

/// What the failures of a group have in common, beside the form of their messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct GroupKind<'a> {
    status: Status,
    code: Option<&'a str>,
    stage: Stage,
    cause: Option<FailureReason>,
}

/// Groups an account's rows that were not answered. `stage` is how far the account got.
pub(crate) fn group(account_id: &AccountId, stage: Stage, rows: &[LedgerRow]) -> Vec<FailureGroup> {
    let mut kinds: BTreeMap<GroupKind<'_>, Vec<(String, FailureGroup)>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.status.is_answered()) {
        // A row at region `*` of an account that was entered says that its enabled regions are unknown.
        let is_first_look = row.table == ACCOUNTS || row.region == ANY_REGION;
        let stage = if is_first_look && stage == Stage::Collect { Stage::LookAround } else { stage };
        let cause = row.kind.and_then(FailureReason::of);
        let kind = GroupKind { status: row.status, code: row.error_code.as_deref(), stage, cause };
        let forms = kinds.entry(kind).or_default();
        let form = message_form(row.error_message.as_deref().unwrap_or_default());
        let known = forms.iter().position(|(known, _)| *known == form);
        let place = known.unwrap_or_else(|| {
            if forms.len() < MAX_FORMS {
                forms.push((form, FailureGroup::new(account_id, kind, row)));
            }
            forms.len() - 1
        });
        if let Some((first, group)) = forms.get_mut(place) {
            group.add(row);
            group.other_messages += u64::from(*first != message_form(row.error_message.as_deref().unwrap_or_default()));
        }
    }
    kinds.into_values().flatten().map(|(_, group)| group).collect()
}

/// Returns groups whose JSON fits `bytes`, in their order, and the number of groups left out. One group of each cause has
/// precedence, so that many accounts with one cause hide no other one.
pub(crate) fn bounded(groups: Vec<FailureGroup>, bytes: usize) -> (Vec<FailureGroup>, u64) {
    let mut causes = HashSet::new();
    let is_first = |group: &FailureGroup| {
        causes.insert((group.stage, group.status, group.code.clone(), group.cause, message_form(&group.message)))
    };
    let firsts: Vec<bool> = groups.iter().map(is_first).collect();
    let sizes: Vec<usize> =
        groups.iter().map(|group| serde_json::to_string(group).map_or(usize::MAX, |json| json.len() + 1)).collect();
    let (mut left, mut kept) = (bytes, vec![false; groups.len()]);
    for wanted in [true, false] {
        for place in (0..groups.len()).filter(|place| firsts[*place] == wanted) {
            let Some(rest) = left.checked_sub(sizes[place]) else { break };
            (left, kept[place]) = (rest, true);
        }
    }
    let omitted = kept.iter().filter(|kept| !**kept).count() as u64;
    let groups = groups.into_iter().zip(kept).filter_map(|(group, kept)| kept.then_some(group));
    (groups.collect(), omitted)
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
