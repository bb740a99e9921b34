//! Tries the roles of a shard without their external IDs, beside the collection.
//!
//! An account is tried after its own session was opened, since the refusal of a role that cannot be entered at all means
//! nothing. Attempts take what STS's rate has to spare. When all accounts are collected, those under way have a last moment; if
//! the run's time ends, none.
//!
//! **Invariant:** changes nothing of the inventory, and delays its commit by [`ATTEMPT_TIME`] at most.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use crate::aws::{AwsError, AwsErrorKind};
use crate::customers::{RoleAssumer, Target, TargetRole, TrustAttempt, TrustResult};
use crate::domain::{AccountId, CallCounts, millis};
use crate::engine::collect::now;
use crate::inventory::{GLOBAL, LedgerRow, Status, TRUST};

/// The time of one attempt, and the most by which attempts delay a commit.
pub(super) const ATTEMPT_TIME: Duration = Duration::from_secs(10);
/// Attempts at the same time.
const WIDTH: usize = 32;
/// The code of an open role in the ledger.
const ROLE_IS_OPEN: &str = "RoleIsOpen";

/// Takes the accounts of a shard whose sessions are open. Dropping it ends the attempts.
#[derive(Debug)]
pub(super) struct TrustQueue {
    due: HashSet<AccountId>,
    entered: mpsc::UnboundedSender<Target>,
}

impl TrustQueue {
    /// Has an account tried, if it is due.
    pub(super) fn entered(&self, target: &Target) {
        // The registry may have changed since the plan.
        if self.due.contains(&target.account_id) && target.has_trust_to_try() {
            // The attempts have ended only if the run's time has.
            let _ = self.entered.send(target.clone());
        }
    }
}

/// The attempts of a shard.
#[derive(Debug)]
pub(super) struct TrustAttempts(AbortOnDropHandle<Vec<TriedAccount>>);

/// An account that was tried.
#[derive(Debug)]
pub(super) struct TriedAccount {
    account_id: AccountId,
    role_name: String,
    via: bool,
    result: TrustResult,
    attempt: TrustAttempt,
    started_at: Timestamp,
    duration: Duration,
}

/// Starts the attempts of a shard.
pub(super) fn start(
    roles: Arc<RoleAssumer>,
    due: HashSet<AccountId>,
    stop: CancellationToken,
) -> (TrustQueue, TrustAttempts) {
    let (entered, queue) = mpsc::unbounded_channel();
    let attempts = tokio::spawn(carry_out(roles, queue, stop).in_current_span());
    (TrustQueue { due, entered }, TrustAttempts(AbortOnDropHandle::new(attempts)))
}

impl TrustAttempts {
    /// Waits for the last attempts, once the queue is dropped.
    pub(super) async fn finish(self) -> Vec<TriedAccount> {
        self.0.await.unwrap_or_else(|error| {
            tracing::error!(%error, "the attempts without external IDs have failed: these accounts are not tried");
            Vec::new()
        })
    }
}

/// The accounts that wait for their attempts. If time is short, their order is another one in each run, so that the same
/// accounts are not left out again and again.
type Waiting = BTreeMap<(u64, AccountId), Target>;

fn place(seed: Instant, target: &Target) -> (u64, AccountId) {
    let mut hasher = DefaultHasher::new();
    (seed, &target.account_id).hash(&mut hasher);
    (hasher.finish(), target.account_id.clone())
}

async fn carry_out(
    roles: Arc<RoleAssumer>,
    mut queue: mpsc::UnboundedReceiver<Target>,
    stop: CancellationToken,
) -> Vec<TriedAccount> {
    let (mut waiting, mut running, mut tried) = (Waiting::new(), JoinSet::new(), Vec::new());
    let (seed, mut end) = (Instant::now(), None);
    loop {
        while running.len() < WIDTH {
            let Some((_, target)) = waiting.pop_first() else { break };
            running.spawn(attempt(roles.clone(), target).in_current_span());
        }
        if end.is_some() && running.is_empty() {
            return tried;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return tried,
            Some(attempted) = running.join_next() => match attempted {
                Ok((_, Some(attempted))) => tried.push(attempted),
                // STS had nothing to spare all the time.
                Ok((target, None)) => drop(waiting.insert(place(seed, &target), target)),
                Err(error) => tracing::error!(%error, "an attempt without an external ID has failed"),
            },
            target = queue.recv(), if end.is_none() => match target {
                Some(target) => drop(waiting.insert(place(seed, &target), target)),
                None => end = Some(Instant::now() + ATTEMPT_TIME),
            },
            () = tokio::time::sleep_until(end.unwrap_or(seed)), if end.is_some() => return tried,
        }
    }
}

/// Makes one attempt. Returns the target alone if nothing was sent.
async fn attempt(roles: Arc<RoleAssumer>, target: Target) -> (Target, Option<TriedAccount>) {
    let (started_at, began) = (now(), Instant::now());
    let attempt = roles.try_without_external_id(&target, ATTEMPT_TIME).await;
    let Some(result) = attempt.result() else { return (target, None) };
    let role_name = match &target.role {
        TargetRole::Assume { role_arn } => role_arn.rsplit('/').next().unwrap_or_default().to_owned(),
        TargetRole::OwnCredentials => String::new(),
    };
    let tried = TriedAccount {
        account_id: target.account_id.clone(),
        role_name,
        via: target.via.is_some(),
        result,
        attempt,
        started_at,
        duration: began.elapsed(),
    };
    tried.log();
    (target, Some(tried))
}

impl TriedAccount {
    fn log(&self) {
        let account_id = self.account_id.as_str();
        match (self.result, &self.attempt.answer) {
            (TrustResult::Open, _) => {
                tracing::error!(account_id, "{}", self.open_message());
            }
            (TrustResult::Unknown, Err(cause)) => {
                tracing::warn!(account_id, %cause, "whether the role refuses without its external ID is not known");
            }
            _ => tracing::debug!(account_id, "the role refuses without its external ID"),
        }
    }

    fn open_message(&self) -> String {
        let caller = if self.via { "the role in between" } else { "backend_role" };
        format!(
            "role {} of account {} lets {caller} in without the external ID, so that a request for another customer could \
             reach this account. The customer has to require it again: the condition StringEquals sts:ExternalId in every \
             Allow statement of the role's trust policy, as infra/customer-role.yaml writes it",
            self.role_name, self.account_id
        )
    }

    /// The ledger row of the attempt: `empty` if the role refused, since nothing was to be had.
    fn row(&self, run_id: &str) -> LedgerRow {
        let open =
            AwsError { code: Some(ROLE_IS_OPEN.to_owned()), ..AwsError::new(AwsErrorKind::Other, self.open_message()) };
        let (status, cause) = match (self.result, &self.attempt.answer) {
            (TrustResult::Refused, _) => (Status::Empty, None),
            (TrustResult::Open, _) | (TrustResult::Unknown, Ok(_)) => (Status::Failed, Some(&open)),
            (TrustResult::Unknown, Err(cause)) => (Status::of_earlier_call(cause.kind), Some(cause)),
        };
        let CallCounts { calls, retries, throttles, .. } = self.attempt.counts;
        let row = LedgerRow::new(run_id, self.account_id.as_str(), GLOBAL, TRUST, status);
        let row = LedgerRow {
            pages: u64::from(matches!(self.result, TrustResult::Refused | TrustResult::Open)),
            calls,
            retries,
            throttles,
            started_at: Some(self.started_at),
            duration_ms: millis(self.duration),
            ..row
        };
        let row = match cause {
            Some(cause) => row.because(cause),
            None => row,
        };
        // Refused and admitted requests are in CloudTrail too.
        LedgerRow { request_id: self.attempt.request_id().map(str::to_owned), ..row }
    }
}

/// The ledger rows of a shard's attempts, in the order of the accounts.
pub(super) fn rows(run_id: &str, tried: &[TriedAccount]) -> Vec<LedgerRow> {
    let mut rows: Vec<LedgerRow> = tried.iter().map(|tried| tried.row(run_id)).collect();
    rows.sort_by(|one, other| one.account_id.cmp(&other.account_id));
    rows
}

/// The results of a shard's attempts, by account.
pub(super) fn results(tried: &[TriedAccount]) -> HashMap<AccountId, TrustResult> {
    tried.iter().map(|tried| (tried.account_id.clone(), tried.result)).collect()
}
