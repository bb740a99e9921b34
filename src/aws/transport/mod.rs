//! The layer between the SDK and the network: rate and concurrency limits, timeouts, counters, and the decoding of listed
//! items before a deserialiser sees them.
//!
//! ```text
//! ServiceClient::page -> OpenCall -> SDK: sign, retry -> MeteredConnector -> Attempt -> HTTP
//!                           ^                                                   |
//!                           +---------------- DecodedPage ----------------------+
//! ```
//!
//! The SDK builds, signs and retries. Every HTTP attempt passes through [`http_client`], which decodes the listed items. The
//! deserialiser returns the paging members around them.
//!
//! **Invariant:** knows HTTP bodies and waiting, and nothing of accounts, tables or what a failure means.

mod timings;
mod rate_limiter;
mod concurrency_limit;
mod adaptive_limit;
mod processor_limit;
mod memory_budget;
mod time_budget;
mod silence_limit;
mod stopwatch;
mod call_context;
mod http_client;

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use secrecy::SecretString;
use tokio::sync::Mutex;

pub(crate) use adaptive_limit::AdaptiveConcurrencyLimit;
pub(crate) use call_context::{CallContext, CallLimits, DecodedPage, OpenCall};
pub use concurrency_limit::Priority;
pub(crate) use concurrency_limit::{PrioritySemaphore, SemaphorePermit};
pub(crate) use http_client::take_scalars;
pub(crate) use memory_budget::MemoryPermit;
pub(crate) use rate_limiter::RateLimiter;
pub(crate) use silence_limit::SilenceLimit;
pub(crate) use time_budget::TimeBudget;
pub(crate) use timings::{Timings, WaitTimes};

use crate::settings::Settings;
use processor_limit::ProcessorLimit;

/// Pause after admitting an account, so that its first calls are queued (and counted) before the next account is
/// admitted.
const ADMISSION_SETTLE_TIME: Duration = Duration::from_millis(2);

/// The limits, budgets and HTTP client that all calls of one process share.
#[derive(Clone, Debug)]
pub struct Transport {
    http: SharedHttpClient,
    in_flight: Arc<ProcessorLimit>,
    admission: Arc<Mutex<()>>,
    memory: memory_budget::MemoryBudget,
    call_timeout: Duration,
    operation_timeout: Duration,
    timings: Option<Arc<Timings>>,
}

impl Transport {
    /// Creates the transport of the process over its one HTTP client.
    pub fn new(http: SharedHttpClient, settings: &Settings) -> Self {
        Self {
            http,
            in_flight: ProcessorLimit::new(settings.in_flight),
            admission: Arc::default(),
            memory: memory_budget::MemoryBudget::new(settings.body_memory),
            call_timeout: settings.call_timeout,
            operation_timeout: settings.operation_timeout,
            timings: settings.timings.then(Arc::default),
        }
    }

    /// The context for the calls of one cell. No error message contains the `secret`.
    pub fn call_context(&self, limits: CallLimits, secret: Option<SecretString>) -> Arc<CallContext> {
        Arc::new(CallContext::new(self.clone(), limits, secret))
    }

    /// Waits until the process has free permits for the many calls of another account. A waiting account costs no more
    /// than its session, so only as many are started as keep all permits taken.
    pub async fn admit_account(&self) {
        let _admission = self.admission.lock().await;
        self.in_flight.available().await;
        // The account's first calls are queued only after a moment.
        tokio::time::sleep(ADMISSION_SETTLE_TIME).await;
    }

    /// The wait times by account and operation, if the settings ask for them.
    pub fn timings(&self) -> Option<&Arc<Timings>> {
        self.timings.as_ref()
    }
}
