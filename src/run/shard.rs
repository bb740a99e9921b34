//! A shard carried out: its accounts side by side, what they hold into the sink, and the deadline kept.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::account::{AccountRun, Stock, Taken};
use super::{Engine, Order};
use crate::catalogue::Catalogue;
use crate::collect::now;
use crate::fan_out::{Outcome, fan_out};
use crate::plan::Plan;
use crate::refusal::{Refusal, RefusalKind};
use crate::report::{ShardManifest, bounded_failures};
use crate::sink;
use crate::store::Store;

/// The shard of a run that one invocation carries out alone.
pub const ONLY_SHARD: &str = "0";
/// How many accounts are open at once. Calls are bounded apart from this, for all of them together.
const ACCOUNTS_AT_ONCE: usize = 128;
/// At most so many bytes of failures go into a shard's manifest.
const FAILURES_BYTES: usize = 1 << 20;

impl Engine {
    /// Takes stock of all accounts of the plan, and writes what is found.
    pub(super) async fn shard(
        &self,
        store: &Store,
        plan: &Plan,
        attempt: String,
        stock: Stock,
        order: &Order,
        catalogue: &'static Catalogue,
    ) -> Result<ShardManifest, Refusal> {
        let stop = order.stop.child_token();
        let _timer = order.deadline.map(|deadline| end_in_time(deadline, self.settings.margin, stop.clone()));
        let (sender, receiver) = sink::channel();
        let naming = sink::Naming {
            run_id: plan.run_id.to_string(),
            shard: ONLY_SHARD.into(),
            attempt: attempt.clone(),
            dt: plan.dt.clone(),
        };
        let broken = stop.clone();
        let writing = sink::write(store.clone(), naming, plan.format, catalogue, receiver);
        let writer = tokio::spawn(async move {
            let written = writing.await;
            if written.is_err() {
                // Nobody could keep what else is found: call no customer for it.
                broken.cancel();
            }
            written
        });
        let stock = Arc::new(stock);
        let jobs: Vec<AccountRun> = plan
            .accounts
            .iter()
            .map(|account| AccountRun {
                stock: stock.clone(),
                account: account.clone(),
                sink: sender.clone(),
                stop: stop.clone(),
            })
            .collect();
        let mut outcomes: Vec<Option<Taken>> = vec![None; jobs.len()];
        let mut panics: Vec<(usize, String)> = Vec::new();
        fan_out(jobs.clone(), ACCOUNTS_AT_ONCE, &stop, AccountRun::take_stock, |place, outcome| match outcome {
            Outcome::Done(done) => outcomes[place] = Some(done),
            Outcome::NotStarted => {}
            Outcome::Panicked(message) => panics.push((place, message)),
        })
        .await;
        let (mut accounts, mut failures, mut unfinished) = (Vec::new(), Vec::new(), Vec::new());
        for (place, job) in jobs.into_iter().enumerate() {
            let taken = match outcomes[place].take() {
                Some(taken) => taken,
                None => {
                    let panic = panics.iter().find(|(at, _)| *at == place).map(|(_, message)| message.as_str());
                    job.never_entered(panic).await
                }
            };
            if taken.cut {
                unfinished.push(taken.summary.account_id.clone());
            }
            accounts.push(taken.summary);
            failures.extend(taken.failures);
        }
        drop(sender);
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
        })
    }
}

/// Ends a run in good order when its time is nearly up; the handle, dropped, ends the waiting for it.
fn end_in_time(deadline: Instant, margin: Duration, stop: CancellationToken) -> AbortOnDropHandle<()> {
    // Of a short time at most half is kept for writing, else nothing would ever begin.
    let left = deadline.saturating_duration_since(Instant::now());
    let end = deadline - margin.min(left / 2);
    AbortOnDropHandle::new(tokio::spawn(async move {
        tokio::time::sleep_until(end).await;
        tracing::warn!("the run's time is nearly up: nothing new is begun");
        stop.cancel();
    }))
}
