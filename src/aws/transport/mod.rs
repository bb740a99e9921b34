//! Between the SDK and the network: who may call when, how long it may take, what it cost, and the
//! listed items of an answer turned into rows before the SDK's deserialiser sees it.
//!
//! The SDK builds, signs, retries and pages; every attempt of its passes the `gate`, which knows
//! HTTP bodies and waiting, and nothing of accounts, tables or what a failure means.

mod timings;
mod rate_limiter;
mod concurrency_limit;
mod adaptive_limit;
mod memory_budget;
mod time_budget;
mod call_context;
mod http_client;

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::Mutex;

pub(crate) use adaptive_limit::AdaptiveConcurrencyLimit;
pub(crate) use call_context::{CallContext, CallLimits, DecodedPage};
pub use concurrency_limit::Priority;
pub(crate) use concurrency_limit::{PrioritySemaphore, SemaphorePermit};
pub(crate) use memory_budget::MemoryPermit;
pub(crate) use rate_limiter::RateLimiter;
pub(crate) use time_budget::TimeBudget;
pub(crate) use timings::{Timings, WaitTimes};

use crate::settings::Settings;

/// How soon the first calls of an account that was admitted stand in line.
const ADMISSION_SETTLE_TIME: Duration = Duration::from_millis(2);

/// What all calls of one process share.
#[derive(Clone, Debug)]
pub struct Transport {
    http: SharedHttpClient,
    in_flight: Arc<PrioritySemaphore>,
    admission: Arc<Mutex<()>>,
    memory: memory_budget::MemoryBudget,
    call_timeout: Duration,
    operation_timeout: Duration,
    timings: Option<Arc<Timings>>,
}

impl Transport {
    /// One wire for the process, over the one HTTP client.
    pub fn new(http: SharedHttpClient, settings: &Settings) -> Self {
        Self {
            http,
            in_flight: PrioritySemaphore::new(settings.in_flight),
            admission: Arc::default(),
            memory: memory_budget::MemoryBudget::new(settings.body_memory),
            call_timeout: settings.call_timeout,
            operation_timeout: settings.operation_timeout,
            timings: settings.timings.then(Arc::default),
        }
    }

    /// A ticket to call with, for one cell.
    pub fn ticket(&self, limits: CallLimits) -> Arc<CallContext> {
        Arc::new(CallContext::new(self.clone(), limits))
    }

    /// Waits until there is room for the many calls of one more account. Accounts that wait here cost no more than
    /// their sessions, so no more are begun than keep the slots taken.
    pub async fn admit_account(&self) {
        let _turn = self.admission.lock().await;
        self.in_flight.available().await;
        // What the account asks shows after a moment only.
        tokio::time::sleep(ADMISSION_SETTLE_TIME).await;
    }

    /// Where the time went, where the settings ask for it.
    pub fn timings(&self) -> Option<&Arc<Timings>> {
        self.timings.as_ref()
    }
}
