//! A shard carried out: its accounts side by side, what they hold into the sink, and the deadline kept.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::account::{AccountRun, Stock, Taken};
use super::{Engine, Order, commit, resume};
use crate::collect::now;
use crate::fan_out::{Outcome, fan_out};
use crate::plan::{Plan, PlannedAccount};
use crate::refusal::{Refusal, RefusalKind};
use crate::report::{Manifest, ShardManifest, bounded_failures};
use crate::sink::{self, Pace};
use crate::store::Store;

/// The shard of a run that one invocation carries out alone.
pub const ONLY_SHARD: &str = "0";
/// How soon it is worked out again how early a run has to end.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// At most so many bytes of failures go into a shard's manifest.
const FAILURES_BYTES: usize = 1 << 20;

impl Engine {
    /// Takes stock of all accounts of the plan, and writes what is found.
    pub(super) async fn shard(
        &self,
        store: &Store,
        plan: &Plan,
        base: Option<&Manifest>,
        attempt: String,
        mut stock: Stock,
        order: &Order,
    ) -> Result<ShardManifest, Refusal> {
        let stop = order.stop.child_token();
        let margin = Margin { set: self.settings.margin, pace: stock.pace.clone() };
        let _timer = order.deadline.map(|deadline| end_in_time(deadline, margin, stop.clone()));
        let (sender, receiver) = sink::channel();
        let naming = sink::Naming {
            run_id: plan.run_id.to_string(),
            shard: ONLY_SHARD.into(),
            attempt: attempt.clone(),
            dt: plan.dt.clone(),
        };
        let broken = stop.clone();
        let writing = sink::write(store.clone(), naming, plan.format, stock.catalogue, stock.pace.clone(), receiver);
        let writer = AbortOnDropHandle::new(tokio::spawn(async move {
            let written = writing.await;
            if written.is_err() {
                // Nobody could keep what else is found: call no customer for it.
                broken.cancel();
            }
            written
        }));
        if let Some(base) = base {
            let taken = resume::take_over(store, base, stock.catalogue, stock.partition, &sender).await;
            stock.before.begun = taken
                .map_err(|error| Refusal::of_output(self.settings.output.as_deref().unwrap_or_default(), &error))?;
        }
        let stock = Arc::new(stock);
        let ending = stop.clone();
        let run = move |account: &PlannedAccount| AccountRun {
            stock: stock.clone(),
            account: account.clone(),
            sink: sender.clone(),
            stop: ending.clone(),
        };
        let order = self.long_ones_first(store, plan).await;
        let mut outcomes: Vec<Option<Taken>> = vec![None; plan.accounts.len()];
        let mut panics: HashMap<usize, String> = HashMap::new();
        let take_stock = |place: usize| run(&plan.accounts[place]).take_stock().in_current_span();
        fan_out(order.clone(), self.settings.accounts_at_once, &stop, take_stock, |at, outcome| match outcome {
            Outcome::Done(done) => outcomes[order[at]] = Some(done),
            Outcome::NotStarted => {}
            Outcome::Panicked(message) => drop(panics.insert(order[at], message)),
        })
        .await;
        let (mut accounts, mut failures) = (Vec::new(), Vec::new());
        let (mut unfinished, mut partly_answered) = (Vec::new(), Vec::new());
        for (place, account) in plan.accounts.iter().enumerate() {
            let taken = match outcomes[place].take() {
                Some(taken) => taken,
                None => run(account).never_entered(panics.get(&place).map(String::as_str)).await,
            };
            if taken.cut {
                unfinished.push(taken.summary.account_id.clone());
            }
            accounts.push(taken.summary);
            partly_answered.extend(taken.partly_answered);
            failures.extend(taken.failures);
        }
        drop(run);
        let written =
            writer.await.map_err(|error| Refusal::new(RefusalKind::Internal, format!("the sink ended: {error}")))?;
        let files =
            written.map_err(|error| Refusal::of_output(self.settings.output.as_deref().unwrap_or_default(), &error))?;
        let (failures, failures_omitted) = bounded_failures(failures, FAILURES_BYTES);
        Ok(ShardManifest {
            run_id: plan.run_id.clone(),
            shard: ONLY_SHARD.into(),
            attempt,
            committed_at: now(),
            files,
            accounts,
            failures,
            failures_omitted,
            unfinished,
            partly_answered,
        })
    }

    /// In which order the accounts are begun: where not all fit in at once, those first that took most calls in the
    /// newest run of the whole fleet, so that no long one is left alone at the end.
    async fn long_ones_first(&self, store: &Store, plan: &Plan) -> Vec<usize> {
        let mut order: Vec<usize> = (0..plan.accounts.len()).collect();
        if order.len() > self.settings.accounts_at_once {
            // Only the order depends on it.
            let calls = commit::calls_before(store).await.unwrap_or_default();
            order.sort_by_key(|place| {
                Reverse(calls.get(&plan.accounts[*place].account_id).copied().unwrap_or(u64::MAX))
            });
        }
        order
    }
}

/// What is kept of a run's time for writing: what the settings say, or what writing is found to take.
struct Margin {
    set: Option<Duration>,
    pace: Arc<Pace>,
}

impl Margin {
    fn now(&self) -> Duration {
        self.set.unwrap_or_else(|| self.pace.margin(sink::FINISHING))
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
