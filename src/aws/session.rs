//! The session of one account, and its clients: one for each service and region.
//!
//! Clients, rate limiters and retry partitions live as long as the session.
//!
//! **Invariant:** knows no resource types and makes no credentials.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::config::IdentityCache;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::{StalledStreamProtectionConfig, timeout::TimeoutConfig};
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::runtime_plugin::SharedRuntimePlugin;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::aws::cancellation::Cancellation;
use crate::aws::error::{AwsError, AwsErrorKind};
use crate::aws::service::Service;
use crate::aws::transport::{
    AdaptiveConcurrencyLimit, CallContext, CallLimits, Priority, PrioritySemaphore, RateLimiter, SilenceLimit,
    TimeBudget, Transport,
};
use crate::domain::{CallCounts, Partition, lock};
use crate::settings::Settings;

/// The configuration that the clients of all accounts share.
#[derive(Debug)]
pub struct ClientConfig {
    /// The backend's SDK configuration: endpoint, clocks, user agent. Its credentials are not used here.
    pub config: SdkConfig,
    /// The partition of the backend, and so of all credentials.
    pub partition: &'static Partition,
    pub transport: Transport,
    /// The rates, attempts and budgets.
    pub settings: Settings,
}

/// Calls in a row that may time out before the circuit breaker of their region opens.
const MAX_TIMEOUTS: u32 = 3;
/// Calls in a row that may be throttled to their last attempt before the circuit breaker of their region opens.
const MAX_THROTTLED_CALLS: u32 = 5;

/// Set when AWS calls credentials expired. Their provider renews them at their next use.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExpiredFlag(Arc<AtomicBool>);

impl ExpiredFlag {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was set since it was last taken.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// The credentials of a session. Those for EC2 and for the rest are the same, unless one session policy is too small.
#[derive(Debug)]
pub(crate) struct SessionCredentials {
    /// The credentials for EC2.
    pub ec2: SharedCredentialsProvider,
    /// The credentials for all other services.
    pub rest: SharedCredentialsProvider,
    /// One flag for each provider that can renew its credentials.
    pub expired: Vec<ExpiredFlag>,
}

/// An account with its credentials and limits.
#[derive(Debug)]
pub struct Session {
    client_config: Arc<ClientConfig>,
    account_id: Arc<str>,
    credentials: SessionCredentials,
    time_budget: Arc<TimeBudget>,
    account_limit: Arc<AdaptiveConcurrencyLimit>,
    silence: SilenceLimit,
    endpoints: Mutex<AccountEndpoints>,
}

/// The endpoints of an account that were asked, and how long each service has not answered.
#[derive(Debug, Default)]
struct AccountEndpoints {
    by_region: HashMap<(Service, String), Arc<ServiceEndpoint>>,
    silences: HashMap<Service, SilenceLimit>,
}

/// One service in one region of the account: its clients, limits and circuit breaker.
#[derive(Debug)]
struct ServiceEndpoint {
    region: Region,
    rate_limiter: Arc<RateLimiter>,
    region_limit: Arc<PrioritySemaphore>,
    retries: RetryPartition,
    /// Calls in a row that timed out.
    timeouts: AtomicU32,
    /// Calls in a row that were throttled to their last attempt.
    throttles: AtomicU32,
    silence: SilenceLimit,
    plugin: OnceLock<SharedRuntimePlugin>,
}

/// A client for one service in one region, which counts its calls.
#[derive(Clone, Debug)]
pub struct ServiceClient {
    session: Arc<Session>,
    endpoint: Arc<ServiceEndpoint>,
    pub(super) context: Arc<CallContext>,
}

impl Session {
    /// Creates the session of one account.
    pub(crate) fn new(
        client_config: Arc<ClientConfig>,
        account_id: &str,
        credentials: SessionCredentials,
    ) -> Arc<Self> {
        let time_budget = TimeBudget::new(client_config.settings.account_budget);
        let account_limit = Arc::new(AdaptiveConcurrencyLimit::new(client_config.settings.account_in_flight));
        let silence = SilenceLimit::new(client_config.settings.operation_timeout);
        Arc::new(Self {
            client_config,
            account_id: account_id.into(),
            credentials,
            time_budget,
            account_limit,
            silence,
            endpoints: Mutex::default(),
        })
    }

    /// A cancellation that ends with the run, or when the account's time budget is spent while the guard is held.
    pub(crate) fn cancellation(&self, run: &CancellationToken) -> (Cancellation, AbortOnDropHandle<()>) {
        let stop = Cancellation { run: run.clone(), account: run.child_token() };
        let (time_budget, account) = (self.time_budget.clone(), stop.account.clone());
        let watch = tokio::spawn(async move {
            time_budget.exhausted().await;
            account.cancel();
        });
        (stop, AbortOnDropHandle::new(watch))
    }

    /// Waits until the process has free permits for the account's many calls.
    pub async fn wait_for_admission(&self) {
        self.client_config.transport.admit_account().await;
    }

    /// Awaits a call that others wait for, until the account has been silent for two thirds of the time after which it is
    /// given up: if nothing answers but the call that hangs, there is time left to ask the others.
    pub(crate) async fn first_call<T>(&self, call: impl Future<Output = Result<T, AwsError>>) -> Result<T, AwsError> {
        let patience = self.client_config.settings.operation_timeout * 2 / 3;
        tokio::select! {
            biased;
            result = call => result,
            () = self.silence.reaches(patience) => {
                let what = format!("no answer for {} s, so the rest of the account is asked without it", patience.as_secs_f64());
                Err(AwsError::new(AwsErrorKind::OutOfTime, what))
            }
        }
    }

    /// The number of listings that may run concurrently in one region.
    pub fn region_in_flight(&self) -> usize {
        self.client_config.settings.region_in_flight
    }

    /// A client for one service in one region.
    pub fn client(self: &Arc<Self>, service: Service, region: &str, priority: Priority) -> ServiceClient {
        let priority = service.priority(priority);
        let endpoint = self.endpoint(service, region);
        let limits = CallLimits {
            account_id: self.account_id.clone(),
            rate_limiter: endpoint.rate_limiter.clone(),
            account_limit: self.account_limit.clone(),
            region_limit: endpoint.region_limit.clone(),
            time_budget: self.time_budget.clone(),
            silence: endpoint.silence.clone(),
            priority,
        };
        let context = self.client_config.transport.call_context(limits, None);
        ServiceClient { session: self.clone(), endpoint, context }
    }

    /// Each account, region and service has its own rate limiter and retry partition, so that one throttled customer slows no
    /// other.
    fn endpoint(&self, service: Service, region: &str) -> Arc<ServiceEndpoint> {
        let settings = &self.client_config.settings;
        let mut endpoints = lock(&self.endpoints);
        let AccountEndpoints { by_region, silences } = &mut *endpoints;
        let new = || {
            let name = format!("{service:?}-{region}-{}", self.account_id);
            Arc::new(ServiceEndpoint {
                region: Region::new(region.to_owned()),
                rate_limiter: Arc::new(service.rate_limiter(settings)),
                region_limit: PrioritySemaphore::new(settings.region_in_flight),
                retries: RetryPartition::custom(name).build(),
                timeouts: AtomicU32::default(),
                throttles: AtomicU32::default(),
                silence: silences.entry(service).or_insert_with(|| self.silence.of_part()).of_part(),
                plugin: OnceLock::new(),
            })
        };
        by_region.entry((service, region.to_owned())).or_insert_with(new).clone()
    }
}

/// Builds an SDK client. A macro, since the builders of the services have no trait in common.
macro_rules! client {
    ($client:ident, $service:ident, $credentials:ident) => {{
        let ServiceClient { session, endpoint, .. } = $client;
        let client_config = &session.client_config;
        let config = $service::config::Builder::from(&client_config.config)
            .region(endpoint.region.clone())
            .credentials_provider(session.credentials.$credentials.clone())
            .identity_cache(IdentityCache::no_cache())
            .http_client(client_config.transport.http_client())
            .retry_config(retries(&client_config.settings))
            .retry_partition(endpoint.retries.clone())
            .timeout_config(attempts_untimed(&client_config.settings))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        $service::Client::from_conf(config)
    }};
}

/// The retry configuration, which all clients of the process share. Connect timeouts must be shared too, since the HTTP
/// client caches connectors by them.
pub(super) fn retries(settings: &Settings) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(settings.attempts)
        .with_initial_backoff(settings.backoff)
        .with_max_backoff(settings.backoff_limit)
}

/// The timeouts of clients whose attempts the transport times, since it knows what they wait for. What is not set here would
/// be that of the backend's own clients.
pub(super) fn attempts_untimed(settings: &Settings) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(settings.connect_timeout).disable_operation_attempt_timeout().build()
}

impl ServiceClient {
    /// Lets the next call be signed with credentials that are assumed again, which happens once.
    pub(super) fn expire_session(&self) {
        self.session.credentials.expired.iter().for_each(ExpiredFlag::set);
    }

    /// The circuit breaker of the endpoint: the error to fail with after several failures in a row. More calls would only
    /// hold up others, or the customer's own automation. It is always open for a region of another partition, which must
    /// see nothing that is signed with these credentials.
    pub(super) fn circuit_open(&self) -> Option<AwsError> {
        let home = self.session.client_config.partition;
        if !home.has_regions_like(self.region()) {
            let what =
                format!("{} is no region of the partition {}, so nothing is sent there", self.region(), home.name);
            return Some(AwsError::new(AwsErrorKind::CredentialsRejected, what));
        }
        if let Some(error) = self.endpoint.silence.error() {
            return Some(error);
        }
        let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        if count(&self.endpoint.timeouts) >= MAX_TIMEOUTS {
            let what = "several calls in a row ran out of time here, so no more are made";
            return Some(AwsError::new(AwsErrorKind::OutOfTime, what));
        }
        let what = "several calls in a row were refused for rate to the last attempt here, so no more are made";
        (count(&self.endpoint.throttles) >= MAX_THROTTLED_CALLS).then(|| AwsError::new(AwsErrorKind::Throttled, what))
    }

    /// Counts the failures in a row for the circuit breaker.
    pub(super) fn record_result(&self, failure: Option<AwsErrorKind>) {
        let count = |counter: &AtomicU32, failed: bool| {
            if failed { counter.fetch_add(1, Ordering::Relaxed) } else { counter.swap(0, Ordering::Relaxed) }
        };
        count(&self.endpoint.timeouts, failure == Some(AwsErrorKind::OutOfTime));
        count(&self.endpoint.throttles, failure == Some(AwsErrorKind::Throttled));
    }

    /// Waits until calls to this endpoint have waited as long as one attempt may, without an answer.
    pub(crate) async fn first_attempt_timed_out(&self) {
        self.endpoint.silence.reaches(self.session.client_config.settings.call_timeout).await;
    }

    /// The cost of this client's calls so far, and of those of its clones.
    pub fn call_counts(&self) -> CallCounts {
        self.context.call_counts()
    }

    /// The region that is called.
    pub fn region(&self) -> &str {
        self.endpoint.region.as_ref()
    }

    pub fn account_id(&self) -> &str {
        &self.session.account_id
    }

    /// The plugin for the calls to this endpoint, made once.
    pub(super) fn endpoint_plugin(
        &self,
        make: impl FnOnce(&ClientConfig, &SessionCredentials, &Region) -> SharedRuntimePlugin,
    ) -> SharedRuntimePlugin {
        let Session { client_config, credentials, .. } = &*self.session;
        self.endpoint.plugin.get_or_init(|| make(client_config, credentials, &self.endpoint.region)).clone()
    }

    pub fn ec2(&self) -> aws_sdk_ec2::Client {
        client!(self, aws_sdk_ec2, ec2)
    }

    pub fn iam(&self) -> aws_sdk_iam::Client {
        client!(self, aws_sdk_iam, rest)
    }

    pub fn account(&self) -> aws_sdk_account::Client {
        client!(self, aws_sdk_account, rest)
    }
}
