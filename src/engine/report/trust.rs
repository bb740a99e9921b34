//! Sums up the attempts to enter accounts without their external IDs.
//!
//! **Invariant:** an open role is no missing inventory. Nothing here counts towards the status of a run or what remains of it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AccountSummary;
use crate::customers::TrustResult;
use crate::domain::AccountId;
use crate::engine::plan::{PlannedAccount, TrustWindow};

/// The most open accounts in a response. The manifest's `by_account` has all.
pub(super) const MAX_OPEN: usize = 1_000;

/// What the attempts without external IDs found in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrustSummary {
    /// How often each role is tried, in seconds.
    pub interval_s: u64,
    /// The begin of the window that the run belongs to.
    pub window: Timestamp,
    /// Accounts whose roles were tried: the sum of the three counts below.
    pub tried: u64,
    /// Roles that refused, as they have to.
    pub refused: u64,
    /// Roles that let rolecall in without the external ID.
    pub open_count: u64,
    /// Attempts that did not show whether the role refuses.
    pub unknown: u64,
    /// Accounts that were to be tried and were not: they were not entered, or the time ended. A later run tries them.
    pub not_tried: u64,
    /// The accounts of the open roles: the first 1,000.
    pub open: Vec<AccountId>,
}

impl TrustSummary {
    /// Sums up the accounts of a run.
    pub(super) fn new<'a>(
        window: &TrustWindow,
        planned: &[PlannedAccount],
        accounts: impl Iterator<Item = &'a AccountSummary>,
    ) -> Self {
        let mut summary = Self {
            interval_s: window.interval_s,
            window: window.start,
            tried: 0,
            refused: 0,
            open_count: 0,
            unknown: 0,
            not_tried: 0,
            open: Vec::new(),
        };
        for account in accounts {
            let Some(result) = account.trust else { continue };
            summary.tried += 1;
            match result {
                TrustResult::Refused => summary.refused += 1,
                TrustResult::Unknown => summary.unknown += 1,
                TrustResult::Open => {
                    summary.open_count += 1;
                    if summary.open.len() < MAX_OPEN {
                        summary.open.push(account.account_id.clone());
                    }
                }
            }
        }
        let due = planned.iter().filter(|account| account.try_trust).count() as u64;
        summary.not_tried = due.saturating_sub(summary.tried);
        summary
    }

    /// Returns the same counts with at most `most` accounts.
    pub(in crate::engine) fn with_at_most(mut self, most: usize) -> Self {
        self.open.truncate(most);
        self
    }
}
