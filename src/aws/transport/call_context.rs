//! What calls are made with, one after another: their lane, their account's share and clock, what they cost, and the
//! rows of the answer that came last.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{
    AdaptiveConcurrencyLimit, MemoryPermit, Priority, PrioritySemaphore, RateLimiter, SemaphorePermit, TimeBudget,
    Transport, WaitTimes,
};
use crate::aws::error::{AwsError, AwsErrorKind};
use crate::decode::{DecodedBody, ItemSelector};
use crate::domain::CallCounts;

/// An answer taken off the wire, with the memory that it holds.
#[derive(Debug)]
pub struct DecodedPage {
    /// The rows and what stood around them.
    pub answer: DecodedBody,
    /// Kept until the rows are written.
    pub grant: MemoryPermit,
}

/// Whose calls they are, and what they have to keep to.
#[derive(Clone, Debug)]
pub struct CallLimits {
    /// The account that is asked.
    pub account_id: Arc<str>,
    /// The rate of one service in it, in one region.
    pub rate_limiter: Arc<RateLimiter>,
    /// What the account may have in flight.
    pub account_limit: Arc<AdaptiveConcurrencyLimit>,
    /// What it may have in flight at one service in one region.
    pub region_limit: Arc<PrioritySemaphore>,
    /// How long it has kept us waiting.
    pub time_budget: Arc<TimeBudget>,
    /// Whether its calls go before those of others: where the lane is slow, nothing else may be.
    pub priority: Priority,
}

/// The way of one cell's calls to the wire. One call at a time: those that go on side by side have a ticket each.
#[derive(Debug)]
pub struct CallContext {
    pub(super) transport: Transport,
    pub(super) limits: CallLimits,
    counters: Arc<CallCounters>,
    call: Mutex<CallState>,
}

/// What all tickets of a cell have cost.
#[derive(Debug, Default)]
struct CallCounters {
    calls: AtomicU64,
    retries: AtomicU64,
    throttles: AtomicU64,
    pages: AtomicU64,
}

/// The call that goes on, or was the last.
#[derive(Debug, Default)]
struct CallState {
    operation: &'static str,
    wanted: Option<Arc<ItemSelector>>,
    taken: Option<DecodedPage>,
    /// Waited for before the request was signed; the first attempt takes them.
    slots: Option<CallPermits>,
    attempts: u32,
    last_refusal: Option<AwsError>,
    last_request_id: Option<String>,
    /// All attempts at it.
    aws: Duration,
    attempt_ended: Option<Instant>,
    spent: WaitTimes,
}

/// A call's places among those of its region, of its account and of the process.
#[derive(Debug)]
pub(super) struct CallPermits {
    _region: SemaphorePermit,
    _share: SemaphorePermit,
    _process: SemaphorePermit,
}

impl CallContext {
    pub(super) fn new(transport: Transport, limits: CallLimits) -> Self {
        Self { transport, limits, counters: Arc::default(), call: Mutex::default() }
    }

    /// Another one for calls beside these, in the same counters.
    pub fn fork(&self) -> Self {
        Self {
            transport: self.transport.clone(),
            limits: self.limits.clone(),
            counters: self.counters.clone(),
            call: Mutex::default(),
        }
    }

    /// Waits for the lane and for slots, before the request is signed; what is `wanted` of the answer to `operation`
    /// becomes rows.
    pub async fn open(&self, operation: &'static str, wanted: Option<Arc<ItemSelector>>) {
        *self.lock() = CallState { operation, wanted, ..CallState::default() };
        let slots = self.wait().await;
        self.lock().slots = Some(slots);
    }

    /// The lane comes first: who waits for its rate takes no slot from others.
    async fn wait(&self) -> CallPermits {
        let began = Instant::now();
        self.limits.rate_limiter.acquire().await;
        let turn = Instant::now();
        let region = self.limits.region_limit.acquire(self.limits.priority).await;
        let share = self.limits.account_limit.acquire(self.limits.priority).await;
        let process = self.transport.in_flight.acquire(self.limits.priority).await;
        let mut call = self.lock();
        call.spent.limiter += turn - began;
        call.spent.slot += turn.elapsed();
        CallPermits { _region: region, _share: share, _process: process }
    }

    /// The rows of the call that has just succeeded.
    pub fn take(&self) -> Option<DecodedPage> {
        let taken = self.lock().taken.take();
        if taken.is_some() {
            self.counters.pages.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    /// Gives the slots back when a call was ended from outside.
    pub fn close(&self) {
        let mut call = self.lock();
        let (slots, taken) = (call.slots.take(), call.taken.take());
        drop(call);
        drop((slots, taken));
    }

    /// What the calls cost so far.
    pub fn call_counts(&self) -> CallCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let CallCounters { calls, retries, throttles, pages } = &*self.counters;
        CallCounts { calls: read(calls), retries: read(retries), throttles: read(throttles), pages: read(pages) }
    }

    /// What AWS refused the last attempt with, as it came off the wire.
    pub fn last_refusal(&self) -> Option<AwsError> {
        self.lock().last_refusal.clone()
    }

    /// The request id of the last answer, for failures that the SDK knows none of.
    pub fn last_request_id(&self) -> Option<String> {
        self.lock().last_request_id.clone()
    }

    /// Before an attempt: the slots of the first were taken by [`CallContext::open`], a retry waits its turn again. With
    /// them, how long the attempt may take; nothing where the time of all attempts is used up.
    pub(super) async fn begin_attempt(&self) -> Option<(CallPermits, Duration)> {
        let (first, left) = {
            let mut call = self.lock();
            let left = self.transport.operation_timeout.saturating_sub(call.aws);
            if left.is_zero() {
                return None;
            }
            call.attempts += 1;
            if let Some(ended) = call.attempt_ended.take() {
                call.spent.backoff += ended.elapsed();
            }
            (call.slots.take(), left)
        };
        let held = match first {
            Some(held) => held,
            None => self.wait().await,
        };
        let counters = &self.counters;
        counters.calls.fetch_add(1, Ordering::Relaxed);
        if self.lock().attempts > 1 {
            counters.retries.fetch_add(1, Ordering::Relaxed);
        }
        Some((held, left.min(self.transport.call_timeout)))
    }

    /// After an attempt: what AWS said, where it did, and what was waited for.
    pub(super) fn record_response(&self, request_id: Option<&str>, refusal: Option<AwsError>) {
        if refusal.as_ref().is_some_and(|cause| cause.kind == AwsErrorKind::Throttled) {
            self.counters.throttles.fetch_add(1, Ordering::Relaxed);
            self.limits.rate_limiter.on_throttled();
        }
        self.limits.account_limit.on_success();
        let mut call = self.lock();
        call.last_refusal = refusal;
        call.last_request_id = request_id.map(str::to_owned);
    }

    /// After an attempt that was not answered in time.
    pub(super) fn record_timeout(&self) {
        self.limits.account_limit.on_timeout();
        let mut call = self.lock();
        (call.last_refusal, call.last_request_id) = (None, None);
    }

    /// Counts what an attempt has taken.
    pub(super) fn record_times(&self, aws: Duration, memory: Duration) {
        let mut call = self.lock();
        call.aws += aws;
        call.attempt_ended = Some(Instant::now());
        let mut spent = std::mem::take(&mut call.spent);
        let operation = call.operation;
        drop(call);
        if let Some(timings) = &self.transport.timings {
            spent += WaitTimes { calls: 1, aws, memory, ..WaitTimes::default() };
            timings.add(&self.limits.account_id, operation, spent);
        }
    }

    pub(super) fn wanted(&self) -> Option<Arc<ItemSelector>> {
        self.lock().wanted.clone()
    }

    pub(super) fn put_page(&self, taken: DecodedPage) {
        self.lock().taken = Some(taken);
    }

    fn lock(&self) -> MutexGuard<'_, CallState> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
