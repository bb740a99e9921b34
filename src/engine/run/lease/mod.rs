//! A lease on each shard of a run, so that two executions of one run do not call its customers twice.
//!
//! The holder renews its lease while it works. Another execution waits until the shard is committed, and takes over if
//! the holder releases the lease or stops renewing it.
//!
//! **Invariant:** a lease only saves calls. No commit depends on one: if it cannot be read or written, the shard is
//! collected without it, and the documents that are created once decide which attempt counts. Only an execution that would leave
//! a shard undone must know that nobody works at it.

mod document;

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use tokio_util::task::AbortOnDropHandle;

pub(crate) use document::Lease;
use document::Watch;

use super::StopCondition;
use crate::aws::AwsErrorKind;
use crate::domain::{RunId, millis};
use crate::engine::collect::now;
use crate::error::{Error, ErrorKind};
use crate::store::{PutOutcome, Store, StoreError};

/// The longest pause between two looks at the lease of another attempt.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// The pause before another look after a write that another attempt won.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// Lost writes after which a shard is collected without a lease: nobody holds what nobody can write.
const MAX_LOST_WRITES: u32 = 20;
/// The longest time that a release takes. A lease that is not released ends by itself.
const RELEASE_PATIENCE: Duration = Duration::from_secs(3);
/// Renewals in the duration of a lease. Two of them may fail.
const RENEWALS: u32 = 3;

/// Leases that are read at the same time.
const CONCURRENT_READS: usize = 32;

/// The lease on a shard. It is replaced, unlike everything below `runs/`.
fn lease_key(run_id: &RunId, shard: &str) -> String {
    format!("leases/{run_id}/{shard}.json")
}

/// What an attempt writes into leases, and where.
#[derive(Clone, Debug)]
pub(super) struct LeaseClaim {
    pub store: Store,
    pub run_id: RunId,
    pub shard: String,
    /// The attempt that claims the lease.
    pub attempt: String,
    /// The time after which the lease ends unless it is renewed.
    pub duration: Duration,
}

/// The outcome of one look at a lease.
enum Look {
    /// This attempt holds the lease. `is_new` if no attempt had it before.
    Held { is_new: bool },
    /// Another attempt holds it.
    HeldBy(Box<Lease>),
    /// Another attempt was faster.
    Lost,
}

/// The outcome of waiting for a lease.
pub(super) enum Access<T> {
    /// The shard may be collected. `None` if leases cannot be used.
    Granted(Option<HeldLease>),
    /// Another attempt has done the work meanwhile.
    Done(T),
}

impl LeaseClaim {
    /// Waits for the lease. `done` returns what another attempt has committed; `waits` is called once, if another attempt
    /// holds the lease.
    ///
    /// # Errors
    ///
    /// Returns an error of `done`, and [`ErrorKind::RunInProgress`] if only `margin` is left until the deadline while
    /// another attempt holds the lease.
    pub(super) async fn acquire<T, Committed>(
        self,
        (until, margin): (&StopCondition, Duration),
        waits: impl Fn(&Lease),
        done: impl Fn() -> Committed,
    ) -> Result<Access<T>, Error>
    where
        Committed: Future<Output = Result<Option<T>, Error>>,
    {
        let (mut watch, mut lost, mut has_waited) = (Watch::default(), 0, false);
        let mut time_is_up = until.is_near(margin);
        loop {
            let pause = match self.look(&mut watch).await {
                Ok(Look::Held { is_new: true }) => return Ok(Access::Granted(Some(HeldLease::start(self)))),
                Ok(Look::Held { is_new: false }) => return HeldLease::start(self).unless(done().await).await,
                Ok(Look::Lost) if lost < MAX_LOST_WRITES => {
                    lost += 1;
                    RETRY_PAUSE
                }
                Ok(Look::Lost) => return Ok(self.without("it is never free, although nobody holds it")),
                // Somebody held it a moment ago.
                Err(_) if has_waited && lost < MAX_LOST_WRITES => {
                    lost += 1;
                    POLL_INTERVAL
                }
                Err(error) => return Ok(self.without(&error.to_string())),
                Ok(Look::HeldBy(lease)) => {
                    if let Some(found) = done().await? {
                        return Ok(Access::Done(found));
                    }
                    if !std::mem::replace(&mut has_waited, true) {
                        waits(&lease);
                    }
                    if time_is_up {
                        return Err(in_progress(&lease));
                    }
                    POLL_INTERVAL.min(self.duration / RENEWALS)
                }
            };
            time_is_up = tokio::select! {
                () = tokio::time::sleep(pause) => false,
                () = until.near(margin) => true,
            };
        }
    }

    fn without<T>(&self, reason: &str) -> Access<T> {
        let (run_id, shard) = (self.run_id.as_str(), self.shard.as_str());
        tracing::warn!(
            run_id,
            shard,
            reason,
            "the shard is collected without a lease: another execution may do so too"
        );
        Access::Granted(None)
    }

    /// Takes the lease if it is free, or has ended.
    async fn look(&self, watch: &mut Watch) -> Result<Look, StoreError> {
        let key = self.key();
        let Some(object) = self.store.read(&key).await? else {
            let outcome = self.store.put_if_absent(&key, self.encode(&self.new_lease())?).await?;
            return Ok(if outcome == PutOutcome::Created { Look::Held { is_new: true } } else { Look::Lost });
        };
        // A document that cannot be read is nobody's lease.
        if let Ok(lease) = serde_json::from_slice::<Lease>(&object.bytes) {
            if lease.holder == self.attempt && !lease.released {
                return Ok(Look::Held { is_new: false });
            }
            if !watch.has_ended(&lease, &object.etag, now()) {
                return Ok(Look::HeldBy(Box::new(lease)));
            }
        }
        let taken = self.store.put_if_match(&key, self.encode(&self.new_lease())?, Some(&object.etag)).await?;
        Ok(if taken { Look::Held { is_new: false } } else { Look::Lost })
    }

    /// Replaces the lease by `change` of it. Returns false if another attempt has it.
    async fn change(&self, change: impl Fn(&Lease) -> Lease) -> Result<bool, StoreError> {
        let key = self.key();
        let Some(object) = self.store.read(&key).await? else { return Ok(false) };
        let lease = serde_json::from_slice::<Lease>(&object.bytes).ok();
        let Some(lease) = lease.filter(|lease| lease.holder == self.attempt && !lease.released) else {
            return Ok(false);
        };
        // The response of a write may be lost. The next change reads what became of it.
        self.store.put_if_match(&key, self.encode(&change(&lease))?, Some(&object.etag)).await?;
        Ok(true)
    }

    fn new_lease(&self) -> Lease {
        let now = now();
        let new = Lease {
            run_id: self.run_id.clone(),
            shard: self.shard.clone(),
            holder: self.attempt.clone(),
            since: now,
            expires_at: now,
            duration_ms: millis(self.duration),
            renewals: 0,
            released: false,
        };
        Lease { renewals: 0, ..new.renewed(now) }
    }

    fn key(&self) -> String {
        lease_key(&self.run_id, &self.shard)
    }

    fn encode(&self, lease: &Lease) -> Result<Bytes, StoreError> {
        let bytes = serde_json::to_vec_pretty(lease);
        bytes.map(Bytes::from).map_err(|error| StoreError::Encode { key: self.key(), what: error.to_string() })
    }
}

/// A lease that this attempt holds and renews. Dropping it ends the renewals, and the lease ends by itself.
pub(super) struct HeldLease {
    claim: LeaseClaim,
    renewals: AbortOnDropHandle<()>,
}

impl HeldLease {
    fn start(claim: LeaseClaim) -> Self {
        let renewals = AbortOnDropHandle::new(tokio::spawn(renew(claim.clone())));
        Self { claim, renewals }
    }

    /// Releases the lease if the attempt that had it before has committed the shard.
    async fn unless<T>(self, committed: Result<Option<T>, Error>) -> Result<Access<T>, Error> {
        match committed {
            Ok(None) => Ok(Access::Granted(Some(self))),
            Ok(Some(found)) => {
                self.release().await;
                Ok(Access::Done(found))
            }
            Err(error) => {
                self.release().await;
                Err(error)
            }
        }
    }

    /// Lets the next attempt begin at once. A failure is ignored, since the lease ends by itself.
    pub(super) async fn release(self) {
        let Self { claim, renewals } = self;
        renewals.abort();
        let released = tokio::time::timeout(RELEASE_PATIENCE, async {
            let _ = renewals.await;
            claim.change(|lease| lease.ended(now())).await
        });
        if !matches!(released.await, Ok(Ok(_))) {
            let (run_id, shard) = (claim.run_id.as_str(), claim.shard.as_str());
            tracing::debug!(run_id, shard, "the lease could not be released: it ends by itself");
        }
    }
}

/// Renews a lease until another attempt has it. Then this attempt goes on: most of its calls are made.
async fn renew(claim: LeaseClaim) {
    let (run_id, shard) = (claim.run_id.as_str(), claim.shard.as_str());
    loop {
        tokio::time::sleep(claim.duration / RENEWALS).await;
        match claim.change(|lease| lease.renewed(now())).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(
                    run_id,
                    shard,
                    "another execution has taken over the lease: customers may be called twice"
                );
                return;
            }
            Err(error) => {
                tracing::warn!(run_id, shard, %error, "the lease was not renewed: another execution may take it over");
            }
        }
    }
}

/// Returns the leases under which executions work at these shards. Where leases may not be read, there are none.
pub(super) async fn live_leases(store: &Store, run_id: &RunId, shards: Vec<String>) -> Result<Vec<Lease>, StoreError> {
    let reads = shards.into_iter().map(|shard| async move {
        match store.read(&lease_key(run_id, &shard)).await {
            Err(StoreError::S3 { cause, .. }) if cause.kind == AwsErrorKind::Denied => Ok(None),
            read => read,
        }
    });
    let objects: Vec<_> = futures::stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await?;
    let leases = objects.into_iter().flatten().filter_map(|object| serde_json::from_slice(&object.bytes).ok());
    Ok(leases.filter(|lease: &Lease| lease.is_live(now())).collect())
}

/// The error of an execution whose time ends while another one works at the same shard.
pub(super) fn in_progress(lease: &Lease) -> Error {
    Error::new(
        ErrorKind::RunInProgress,
        format!("{}. This execution called none of the shard's customers: {ADVICE}", lease.summary()),
    )
}

const ADVICE: &str = "ask for the run again later, which returns its result, or continues it if that attempt has ended";

impl Lease {
    /// Says who works at the shard, since when and until when, in one sentence without a full stop.
    pub(crate) fn summary(&self) -> String {
        let Self { run_id, shard, holder, since, expires_at, .. } = self;
        format!(
            "run {run_id} is in progress: attempt {holder} has worked at shard {shard} since {since}, and holds its lease \
             until {expires_at} unless it renews it"
        )
    }
}

#[cfg(test)]
mod tests;
