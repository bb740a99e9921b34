//! Sums up a run together with its continuations.

use std::collections::{BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::Serialize;

use super::assemble::has_unlisted_accounts;
use super::trust::MAX_OPEN;
use super::{AccountCounts, AccountSummary, Completeness, Manifest};
use crate::domain::{AccountId, RunId};

/// The outcome of a run and its continuations together.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Chain {
    /// The runs, in order.
    pub runs: Vec<RunId>,
    /// `complete` if every account is and none may be missing, `failed` if no cell of any account was answered.
    pub status: Completeness,
    /// The accounts, counted by their final status.
    pub accounts: AccountCounts,
    /// The accounts whose roles were found open in any of the runs: the first 1,000.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open_roles: Vec<AccountId>,
}

impl Chain {
    /// Sums up runs, given in order.
    pub(crate) fn of(runs: &[Manifest]) -> Self {
        let accounts = AccountCounts::of(final_statuses(runs.iter().flat_map(|run| &run.by_account)));
        let is_short = runs.iter().any(|run| has_unlisted_accounts(&run.plan));
        let open = runs.iter().filter_map(|run| run.response.trust.as_ref()).flat_map(|trust| &trust.open);
        let open_roles: BTreeSet<AccountId> = open.cloned().collect();
        Self {
            runs: runs.iter().map(|run| run.response.run_id.clone()).collect(),
            status: match status(accounts) {
                Completeness::Complete if is_short => Completeness::Partial,
                other => other,
            },
            accounts,
            open_roles: open_roles.into_iter().take(MAX_OPEN).collect(),
        }
    }
}

fn status(accounts: AccountCounts) -> Completeness {
    match accounts {
        AccountCounts { complete: 0, partial: 0, .. } => Completeness::Failed,
        AccountCounts { planned, complete, .. } if complete == planned => Completeness::Complete,
        _ => Completeness::Partial,
    }
}

/// The final status of each account. A later run asks only the cells that an earlier one has left open.
fn final_statuses<'a>(accounts: impl Iterator<Item = &'a AccountSummary>) -> impl Iterator<Item = Completeness> {
    let answered = |status| matches!(status, Completeness::Complete | Completeness::Partial);
    let mut statuses: HashMap<&AccountId, Completeness> = HashMap::new();
    for account in accounts {
        let earlier = statuses.get(&account.account_id).copied();
        // Cells that an earlier run has answered stay answered.
        let status = match account.status {
            status if answered(status) || !earlier.is_some_and(answered) => status,
            _ => Completeness::Partial,
        };
        statuses.insert(&account.account_id, status);
    }
    statuses.into_values()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account((number, status): (u8, Completeness)) -> AccountSummary {
        serde_json::from_value(serde_json::json!({
            "account_id": format!("{number:012}"), "status": status, "records": {}, "cells": {}, "calls": 0,
            "retries": 0, "throttles": 0, "session_name": "rolecall-x", "assume_request_ids": [],
        }))
        .unwrap()
    }

    #[test]
    fn an_account_counts_by_its_final_status() {
        use Completeness::{Complete, Failed, NotStarted, Partial};
        let counted = |accounts: &[(u8, Completeness)]| {
            let accounts: Vec<AccountSummary> = accounts.iter().copied().map(account).collect();
            let AccountCounts { planned, complete, partial, failed, not_started } =
                AccountCounts::of(final_statuses(accounts.iter()));
            assert_eq!(planned, complete + partial + failed + not_started);
            (complete, partial, failed, not_started)
        };
        let first = [(1, Complete), (2, Partial), (3, NotStarted), (4, Partial), (5, NotStarted)];
        assert_eq!(counted(&first), (1, 2, 0, 2));
        let rest = [(2, Complete), (3, Complete), (4, Failed), (5, Failed)];
        assert_eq!(counted(&[first, [(2, Complete); 5]].concat()), (2, 1, 0, 2));
        assert_eq!(counted(&[&first[..], &rest[..]].concat()), (3, 1, 1, 0));
        let status_of = |accounts: &[Completeness]| status(AccountCounts::of(accounts.iter().copied()));
        assert_eq!(status_of(&[Complete, Complete]), Complete);
        assert_eq!(status_of(&[Complete, Failed]), Partial);
        assert_eq!(status_of(&[Failed, NotStarted]), Failed);
    }
}
