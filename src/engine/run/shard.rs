//! A shard carried out: its accounts side by side, what they hold into the sink, and the deadline kept.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::account::{AccountOutcome, AccountRun, ShardContext};
use super::plan_run::Run;
use super::run_store::REST;
use super::{Engine, Observer, resume, run_store};
use crate::domain::AccountId;
use crate::engine::collect::now;
use crate::engine::fan_out::{TaskOutcome, fan_out};
use crate::engine::plan::{PlannedAccount, Shard};
use crate::engine::report::{ShardManifest, bounded_failures};
use crate::error::{Error, ErrorKind};
use crate::output::sink;
use crate::output::sink::{Tables, WriteMarginEstimator};
use crate::store::Store;
use crate::store::StoreError;

/// How soon it is worked out again how early a run has to end.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// At most so many bytes of failures go into a shard's manifest.
const FAILURES_BYTES: usize = 1 << 20;

/// When a shard has to end.
pub(super) struct StopCondition {
    /// Ends it early, in good order.
    pub stop: CancellationToken,
    pub deadline: Option<Instant>,
}

impl Engine {
    /// A part of the run: carried out and committed, unless it is already.
    pub(super) async fn part(
        &self,
        store: &Store,
        planned: &Run,
        part: &Shard,
        until: StopCondition,
        observer: &Arc<dyn Observer>,
    ) -> Result<ShardManifest, Error> {
        let refused = |error: StoreError| error.at(&store.address(""));
        if let Some(done) = run_store::read_shard(store, &planned.plan.run_id, &part.name).await.map_err(refused)? {
            return Ok(done);
        }
        let stock = self.stock(store, planned, part, observer.clone()).await?;
        let shard = Box::pin(self.shard(store, planned, part, stock, until)).await?;
        run_store::shard(store, shard).await.map_err(refused)
    }

    /// Takes stock of all accounts of a part, and writes what is found.
    pub(super) async fn shard(
        &self,
        store: &Store,
        planned: &Run,
        part: &Shard,
        mut stock: ShardContext,
        until: StopCondition,
    ) -> Result<ShardManifest, Error> {
        let Run { plan, base, attempt, .. } = planned;
        let stop = until.stop.child_token();
        let margin = Margin { set: self.settings.margin, pace: stock.pace.clone() };
        let _timer = until.deadline.map(|deadline| end_in_time(deadline, margin, stop.clone()));
        let (sender, receiver) = sink::channel();
        let naming = sink::FileNaming {
            run_id: plan.run_id.to_string(),
            shard: part.name.clone(),
            attempt: attempt.clone(),
            dt: plan.dt.clone(),
        };
        // Of many shards only one has a file for every table, so that a large fleet has no thousands of empty ones.
        let tables = if plan.batch.is_none() || part.name == REST { Tables::Every } else { Tables::WithRows };
        let broken = stop.clone();
        let config = sink::SinkConfig {
            store: store.clone(),
            naming,
            format: plan.format,
            catalogue: stock.catalogue,
            tables,
            margin: stock.pace.clone(),
        };
        let writing = sink::write(config, receiver);
        let writer = AbortOnDropHandle::new(tokio::spawn(async move {
            let written = writing.await;
            if written.is_err() {
                // Nobody could keep what else is found: call no customer for it.
                broken.cancel();
            }
            written
        }));
        if let Some(base) = base {
            let accounts: Vec<AccountId> = plan.accounts_of(part).map(|account| account.account_id.clone()).collect();
            let taken = resume::take_over(store, base, stock.catalogue, stock.partition, &accounts, &sender).await;
            stock.before.begun =
                taken.map_err(|error| error.at(self.settings.output.as_deref().unwrap_or_default()))?;
        }
        let stock = Arc::new(stock);
        let ending = stop.clone();
        let run = move |account: &PlannedAccount| AccountRun {
            stock: stock.clone(),
            account: account.clone(),
            sink: sender.clone(),
            stop: ending.clone(),
        };
        let accounts: Vec<&PlannedAccount> = plan.accounts_of(part).collect();
        let order = self.long_ones_first(store, &accounts).await;
        let mut outcomes: Vec<Option<AccountOutcome>> = vec![None; accounts.len()];
        let mut panics: HashMap<usize, String> = HashMap::new();
        let take_stock = |place: usize| run(accounts[place]).take_stock().in_current_span();
        fan_out(order.clone(), self.settings.accounts_at_once, &stop, take_stock, |at, outcome| match outcome {
            TaskOutcome::Done(done) => outcomes[order[at]] = Some(done),
            TaskOutcome::NotStarted => {}
            TaskOutcome::Panicked(message) => drop(panics.insert(order[at], message)),
        })
        .await;
        let (mut summaries, mut failures) = (Vec::new(), Vec::new());
        let (mut unfinished, mut partly_answered) = (Vec::new(), Vec::new());
        for (place, account) in accounts.into_iter().enumerate() {
            let taken = match outcomes[place].take() {
                Some(taken) => taken,
                None => run(account).never_entered(panics.get(&place).map(String::as_str)).await,
            };
            if taken.cut {
                unfinished.push(taken.summary.account_id.clone());
            }
            summaries.push(taken.summary);
            partly_answered.extend(taken.partly_answered);
            failures.extend(taken.failures);
        }
        drop(run);
        let written =
            writer.await.map_err(|error| Error::new(ErrorKind::Internal, format!("the sink ended: {error}")))?;
        let files = written.map_err(|error| error.at(self.settings.output.as_deref().unwrap_or_default()))?;
        let (failures, failures_omitted) = bounded_failures(failures, FAILURES_BYTES);
        Ok(ShardManifest {
            run_id: plan.run_id.clone(),
            shard: part.name.clone(),
            attempt: attempt.clone(),
            committed_at: now(),
            files,
            accounts: summaries,
            failures,
            failures_omitted,
            unfinished,
            partly_answered,
        })
    }

    /// In which order the accounts are begun: where not all fit in at once, those first that took most calls in the
    /// newest run of the whole fleet, so that no long one is left alone at the end.
    async fn long_ones_first(&self, store: &Store, accounts: &[&PlannedAccount]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..accounts.len()).collect();
        if order.len() > self.settings.accounts_at_once {
            // Only the order depends on it.
            let calls = run_store::calls_before(store).await.unwrap_or_default();
            order.sort_by_key(|place| Reverse(calls.get(&accounts[*place].account_id).copied().unwrap_or(u64::MAX)));
        }
        order
    }
}

/// What is kept of a run's time for writing: what the settings say, or what writing is found to take.
struct Margin {
    set: Option<Duration>,
    pace: Arc<WriteMarginEstimator>,
}

impl Margin {
    fn now(&self) -> Duration {
        self.set.unwrap_or_else(|| self.pace.margin(sink::PARALLEL_FINISHES))
    }
}

/// Ends a run in good order when its time is nearly up; the handle, dropped, ends the waiting for it.
fn end_in_time(deadline: Instant, margin: Margin, stop: CancellationToken) -> AbortOnDropHandle<()> {
    // Of a short time at most half is kept for writing, else nothing would ever begin.
    let half = deadline.saturating_duration_since(Instant::now()) / 2;
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            let kept = margin.now().min(half);
            let left = (deadline - kept).saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!(kept_ms = kept.as_millis(), "the run's time is nearly up: nothing new is begun");
                stop.cancel();
                return;
            }
            // There will be more to write by then.
            tokio::time::sleep(left.min(LOOK_AGAIN)).await;
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ends_after(time: Duration, margin: Margin) -> Duration {
        let (stop, began) = (CancellationToken::new(), Instant::now());
        let _timer = end_in_time(began + time, margin, stop.clone());
        stop.cancelled().await;
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_ends_so_early_that_what_it_has_can_be_written() {
        let secs = Duration::from_secs;
        let margin = |set| Margin { set, pace: Arc::default() };
        assert_eq!(ends_after(secs(60), margin(Some(secs(5)))).await, secs(55));
        assert_eq!(ends_after(secs(60), margin(None)).await, secs(60) - sink::MIN_WRITE_MARGIN);
        // Of a short time half is used.
        assert_eq!(ends_after(secs(6), margin(Some(secs(5)))).await, secs(3));
        assert_eq!(ends_after(secs(0), margin(None)).await, secs(0));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_found_to_take_longer_meanwhile_ends_it_earlier() {
        let pace: Arc<WriteMarginEstimator> = Arc::default();
        let slow = pace.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(20)).await;
            slow.record_upload(Duration::from_secs(4));
        });
        let ended = ends_after(Duration::from_secs(100), Margin { set: None, pace: pace.clone() }).await;
        assert_eq!(ended, Duration::from_secs(100) - pace.margin(sink::PARALLEL_FINISHES));
        assert!(pace.margin(sink::PARALLEL_FINISHES) > sink::MIN_WRITE_MARGIN);
    }
}
