//! What the calls of one cell share, and the state of each call: its permits, its attempts, and its decoded page.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::{
    AdaptiveConcurrencyLimit, MemoryPermit, Priority, PrioritySemaphore, RateLimiter, SemaphorePermit, SilenceLimit,
    TimeBudget, Transport, WaitTimes,
};
use crate::aws::error::{AwsError, AwsErrorKind};
use crate::decode::{DecodedBody, ItemSelector, Scalars};
use crate::domain::{CallCounts, lock};

/// The decoded items of a response, with the memory that they occupy.
#[derive(Debug)]
pub struct DecodedPage {
    /// The items, and the members around them.
    pub body: DecodedBody,
    /// Held until the rows are written.
    pub permit: MemoryPermit,
}

/// The limits that calls to one service in one region of one account obey.
#[derive(Clone, Debug)]
pub struct CallLimits {
    /// The account that is called.
    pub account_id: Arc<str>,
    /// The rate of the service, in this account and region.
    pub rate_limiter: Arc<RateLimiter>,
    /// Limits the account's calls in flight.
    pub account_limit: Arc<AdaptiveConcurrencyLimit>,
    /// Limits the calls in flight to the service in this region of the account.
    pub region_limit: Arc<PrioritySemaphore>,
    /// Measures how long the account has waited for AWS.
    pub time_budget: Arc<TimeBudget>,
    /// Ends the calls if there is no answer for long.
    pub silence: SilenceLimit,
    /// Whether the calls go before others when permits are short.
    pub priority: Priority,
}

/// What the calls of one cell share: transport, limits and counters. Calls may be in flight concurrently.
#[derive(Debug)]
pub struct CallContext {
    pub(super) transport: Transport,
    pub(super) limits: CallLimits,
    /// A value that no error message may contain, although AWS quotes it.
    secret: Option<SecretString>,
    counters: CallCounters,
}

#[derive(Debug, Default)]
struct CallCounters {
    calls: AtomicU64,
    retries: AtomicU64,
    throttles: AtomicU64,
    pages: AtomicU64,
}

/// One call, until its response or its end. Dropping it gives back all that it holds: its permits and its page.
///
/// The future of the call and its HTTP attempts are the only owners, so a call that is cancelled, panics or times out
/// releases its permits like one that succeeds.
#[derive(Debug)]
pub struct OpenCall {
    pub(super) context: Arc<CallContext>,
    pub(super) operation: &'static str,
    /// The part of the response to decode; `None` if the SDK reads all of it.
    pub(super) selector: Option<Arc<ItemSelector>>,
    state: Mutex<CallState>,
}

#[derive(Debug, Default)]
struct CallState {
    page: Option<DecodedPage>,
    /// Acquired before the request is signed. The first attempt takes them.
    permits: Option<CallPermits>,
    attempts: u32,
    last_refusal: Option<AwsError>,
    last_request_id: Option<String>,
    /// The time that all attempts have waited for AWS.
    aws: Duration,
    attempt_ended: Option<Instant>,
    wait_times: WaitTimes,
}

/// The permits of one attempt, given back when they are dropped.
#[derive(Debug)]
pub(super) struct CallPermits {
    _region: SemaphorePermit,
    _account: SemaphorePermit,
    _process: SemaphorePermit,
}

impl CallContext {
    pub(super) fn new(transport: Transport, limits: CallLimits, secret: Option<SecretString>) -> Self {
        Self { transport, limits, secret, counters: CallCounters::default() }
    }

    /// Makes one call: waits for its rate and permits, sends the request, and completes its error from the transport.
    pub async fn call<T, E: Into<AwsError>>(
        self: &Arc<Self>,
        operation: &'static str,
        request: impl Future<Output = Result<T, E>>,
    ) -> Result<T, AwsError> {
        let call = self.open(operation, None);
        call.acquire_permits().await;
        call.send(request).await
    }

    /// Opens a call. The part of its response that `selector` names is decoded into items.
    pub fn open(self: &Arc<Self>, operation: &'static str, selector: Option<Arc<ItemSelector>>) -> Arc<OpenCall> {
        Arc::new(OpenCall { context: self.clone(), operation, selector, state: Mutex::default() })
    }

    /// The cost of the calls so far.
    pub fn call_counts(&self) -> CallCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let CallCounters { calls, retries, throttles, pages } = &self.counters;
        CallCounts { calls: read(calls), retries: read(retries), throttles: read(throttles), pages: read(pages) }
    }

    pub(super) fn secret(&self) -> &str {
        self.secret.as_ref().map_or("", |secret| secret.expose_secret())
    }
}

impl OpenCall {
    /// Waits for the rate limiter and for permits, before the request is signed.
    pub async fn acquire_permits(&self) {
        let permits = self.wait().await;
        self.lock().permits = Some(permits);
    }

    /// The rate limiter comes first: a call that waits for its rate takes no permit from others.
    async fn wait(&self) -> CallPermits {
        let CallContext { transport, limits, .. } = &*self.context;
        let began = Instant::now();
        match limits.priority {
            Priority::Spare => limits.rate_limiter.acquire_spare().await,
            Priority::Normal | Priority::High => limits.rate_limiter.acquire().await,
        }
        let admitted = Instant::now();
        let region = limits.region_limit.acquire(limits.priority).await;
        let account = limits.account_limit.acquire(limits.priority).await;
        let process = transport.in_flight.acquire(limits.priority).await;
        let mut state = self.lock();
        state.wait_times.limiter += admitted - began;
        state.wait_times.slot += admitted.elapsed();
        CallPermits { _region: region, _account: account, _process: process }
    }

    /// The items of the response, once.
    pub fn take_page(&self) -> Option<DecodedPage> {
        let page = self.lock().page.take();
        if page.is_some() {
            self.context.counters.pages.fetch_add(1, Ordering::Relaxed);
        }
        page
    }

    /// The scalars around the items of the response, once.
    pub(super) fn take_scalars(&self) -> Scalars {
        self.lock().page.as_mut().map(|page| std::mem::take(&mut page.body.scalars)).unwrap_or_default()
    }

    /// The number of items that were decoded.
    pub fn items(&self) -> Option<usize> {
        self.lock().page.as_ref().map(|page| page.body.items.len())
    }

    /// The last refusal, if it was for rate: a throttled call that runs out of time was throttled.
    pub fn last_throttle(&self) -> Option<AwsError> {
        self.lock().last_refusal.clone().filter(|refusal| refusal.kind == AwsErrorKind::Throttled)
    }

    /// Adds what only the transport saw: a code if the SDK's deserialiser found none, and the request id.
    pub(super) fn complete(&self, error: AwsError) -> AwsError {
        let state = self.lock();
        let mut error = match &state.last_refusal {
            // The SDK cannot parse an error body that is no XML, or that is cut.
            Some(refusal)
                if error.code.is_none() && matches!(error.kind, AwsErrorKind::Other | AwsErrorKind::Unreadable) =>
            {
                refusal.clone()
            }
            _ => error,
        };
        error.request_id = error.request_id.or_else(|| state.last_request_id.clone());
        if error.kind == AwsErrorKind::Unreadable {
            error.message = format!("{}: {}", self.operation, error.message);
        }
        error
    }

    /// Starts an attempt: returns its permits and its timeout. The first takes those of [`OpenCall::acquire_permits`], a
    /// retry waits again. An error if the time of all attempts is used up, or the limit of silence is reached.
    pub(super) async fn begin_attempt(&self) -> Result<(CallPermits, Duration), AwsError> {
        let CallContext { transport, limits, counters, .. } = &*self.context;
        let (first, left) = {
            let mut state = self.lock();
            let left = transport.operation_timeout.saturating_sub(state.aws);
            if let Some(silent) = limits.silence.error() {
                return Err(silent);
            }
            if left.is_zero() {
                let what = "no answer within the time of all the call's attempts";
                return Err(AwsError::new(AwsErrorKind::OutOfTime, what));
            }
            state.attempts += 1;
            if let Some(ended) = state.attempt_ended.take() {
                state.wait_times.backoff += ended.elapsed();
            }
            (state.permits.take(), left)
        };
        let permits = match first {
            Some(permits) => permits,
            None => self.wait().await,
        };
        counters.calls.fetch_add(1, Ordering::Relaxed);
        if self.lock().attempts > 1 {
            counters.retries.fetch_add(1, Ordering::Relaxed);
        }
        Ok((permits, left.min(transport.call_timeout)))
    }

    /// Records the end of an attempt that did not time out: its request id, and its refusal, if there are any.
    pub(super) fn record_response(&self, request_id: Option<&str>, refusal: Option<AwsError>) {
        let CallContext { limits, counters, .. } = &*self.context;
        if refusal.as_ref().is_some_and(|refusal| refusal.kind == AwsErrorKind::Throttled) {
            counters.throttles.fetch_add(1, Ordering::Relaxed);
            limits.rate_limiter.on_throttled();
        }
        limits.account_limit.on_success();
        let mut state = self.lock();
        state.last_refusal = refusal;
        state.last_request_id = request_id.map(str::to_owned);
    }

    /// Records an attempt that timed out.
    pub(super) fn record_timeout(&self) {
        self.context.limits.account_limit.on_timeout();
        let mut state = self.lock();
        (state.last_refusal, state.last_request_id) = (None, None);
    }

    /// Records how long an attempt waited for AWS and for memory.
    pub(super) fn record_times(&self, aws: Duration, memory: Duration) {
        let mut state = self.lock();
        state.aws += aws;
        state.attempt_ended = Some(Instant::now());
        let mut wait_times = std::mem::take(&mut state.wait_times);
        drop(state);
        if let Some(timings) = &self.context.transport.timings {
            wait_times += WaitTimes { calls: 1, aws, memory, ..WaitTimes::default() };
            timings.add(&self.context.limits.account_id, self.operation, wait_times);
        }
    }

    pub(super) fn put_page(&self, page: DecodedPage) {
        self.lock().page = Some(page);
    }

    fn lock(&self) -> MutexGuard<'_, CallState> {
        lock(&self.state)
    }
}
