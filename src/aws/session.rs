//! One account's credentials pointed at one region: the clients that its cells call with.
//!
//! Clients that are used again and again live as long as the account is open, like its lanes and retry partitions.
//! Knows no resource types and makes no credentials.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::config::IdentityCache;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::{StalledStreamProtectionConfig, timeout::TimeoutConfig};
use aws_smithy_runtime::client::retries::RetryPartition;

use crate::aws::error::{AwsError, AwsErrorKind};
use crate::aws::transport::{
    AdaptiveConcurrencyLimit, CallContext, CallLimits, PrioritySemaphore, RateLimiter, TimeBudget, Transport,
};
use crate::settings::Settings;

/// The AWS services that are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// EC2, in each region; VPC is part of it.
    Ec2,
    /// Route 53, global.
    Route53,
    /// IAM, global.
    Iam,
    /// Account Management, global.
    Account,
}

/// How calls are made, the same for all accounts of a run.
#[derive(Debug)]
pub struct ClientConfig {
    /// The backend's own configuration: endpoint, clocks, user agent. Its credentials are not used here.
    pub config: SdkConfig,
    /// The process's wire.
    pub wire: Transport,
    /// Rates, attempts, budgets.
    pub settings: Settings,
}

/// After so many calls in a row that ran out of time, the rest of a region is not waited for.
const SILENT_CALLS: u32 = 3;
/// And after so many in a row that were refused for rate, each to its last attempt.
const THROTTLED_CALLS: u32 = 5;

/// Tells whoever made the credentials that AWS calls them expired.
pub(crate) type ExpiredFlag = Arc<AtomicBool>;

/// One account, entered.
#[derive(Debug)]
pub struct Session {
    manner: Arc<ClientConfig>,
    account_id: Arc<str>,
    ec2: SharedCredentialsProvider,
    rest: SharedCredentialsProvider,
    stale: Vec<ExpiredFlag>,
    clock: Arc<TimeBudget>,
    share: Arc<AdaptiveConcurrencyLimit>,
    roads: Mutex<HashMap<(Service, String), Arc<ServiceEndpoint>>>,
}

/// The way to one service in one region, as long as the account is open.
#[derive(Debug)]
struct ServiceEndpoint {
    region: Region,
    lane: Arc<RateLimiter>,
    slots: Arc<PrioritySemaphore>,
    retries: RetryPartition,
    /// Calls in a row that ran out of time, and that were refused for rate.
    silent: AtomicU32,
    throttled: AtomicU32,
    ec2: OnceLock<aws_sdk_ec2::Client>,
    route53: OnceLock<aws_sdk_route53::Client>,
}

/// One cell's clients.
#[derive(Clone, Debug)]
pub struct ServiceClient {
    session: Arc<Session>,
    road: Arc<ServiceEndpoint>,
    /// The cell's calls, counted.
    pub ticket: Arc<CallContext>,
}

impl Session {
    /// A session whose credentials for EC2 and for the rest are usually the same. `stale` tells their makers
    /// that they have expired.
    pub fn new(
        manner: Arc<ClientConfig>,
        account_id: &str,
        ec2: SharedCredentialsProvider,
        rest: SharedCredentialsProvider,
        stale: Vec<ExpiredFlag>,
    ) -> Arc<Self> {
        let clock = TimeBudget::new(manner.settings.account_budget);
        let share = Arc::new(AdaptiveConcurrencyLimit::new(manner.settings.account_in_flight));
        Arc::new(Self {
            manner,
            account_id: account_id.into(),
            ec2,
            rest,
            stale,
            clock,
            share,
            roads: Mutex::default(),
        })
    }

    /// Waits until the process has room for the account's many calls.
    pub async fn admitted(&self) {
        self.manner.wire.admit().await;
    }

    /// How many listings may go on side by side in one region.
    pub fn region_in_flight(&self) -> usize {
        self.manner.settings.region_in_flight
    }

    /// The account's clock, for its budget.
    pub fn clock(&self) -> &Arc<TimeBudget> {
        &self.clock
    }

    /// A cell's clients for one service in one region. Calls to what has one endpoint for all regions go before
    /// others: they are the long way through an account.
    pub fn asker(self: &Arc<Self>, service: Service, region: &str) -> ServiceClient {
        self.asker_with(service, region, service != Service::Ec2)
    }

    /// The same for what all that follows waits for.
    pub fn urgent_asker(self: &Arc<Self>, service: Service, region: &str) -> ServiceClient {
        self.asker_with(service, region, true)
    }

    fn asker_with(self: &Arc<Self>, service: Service, region: &str, urgent: bool) -> ServiceClient {
        let road = self.road(service, region);
        let way = CallLimits {
            account_id: self.account_id.clone(),
            lane: road.lane.clone(),
            share: self.share.clone(),
            region: road.slots.clone(),
            clock: self.clock.clone(),
            urgent,
        };
        let ticket = self.manner.wire.ticket(way);
        ServiceClient { session: self.clone(), road, ticket }
    }

    /// Each service, region and account has its own lane and its own retry partition, so that one
    /// throttled customer slows no other.
    fn road(&self, service: Service, region: &str) -> Arc<ServiceEndpoint> {
        let settings = &self.manner.settings;
        let mut roads = self.roads.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let new = || {
            let lane = match service {
                Service::Ec2 => {
                    RateLimiter::new(settings.ec2_rate, settings.ec2_burst.unwrap_or(settings.ec2_rate * 5.0))
                }
                Service::Route53 => {
                    let burst = settings.route53_burst.unwrap_or(settings.route53_rate * 2.0);
                    RateLimiter::new(settings.route53_rate, burst)
                }
                Service::Iam | Service::Account => RateLimiter::new(5.0, 10.0),
            };
            let name = format!("{service:?}-{region}-{}", self.account_id);
            Arc::new(ServiceEndpoint {
                region: Region::new(region.to_owned()),
                lane: Arc::new(lane),
                slots: PrioritySemaphore::new(settings.region_in_flight),
                retries: RetryPartition::custom(name).build(),
                silent: AtomicU32::default(),
                throttled: AtomicU32::default(),
                ec2: OnceLock::new(),
                route53: OnceLock::new(),
            })
        };
        roads.entry((service, region.to_owned())).or_insert_with(new).clone()
    }
}

/// The client of one service in one region, configured like the others: the services' builders have no trait in common.
macro_rules! client {
    ($asker:ident, $service:ident, $credentials:ident) => {{
        let ServiceClient { session, road, .. } = $asker;
        let manner = &session.manner;
        let config = $service::config::Builder::from(&manner.config)
            .region(road.region.clone())
            .credentials_provider(session.$credentials.clone())
            .identity_cache(IdentityCache::no_cache())
            .http_client(manner.wire.http_client())
            .retry_config(retries(&manner.settings))
            .retry_partition(road.retries.clone())
            .timeout_config(TimeoutConfig::builder().connect_timeout(manner.settings.connect_timeout).build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        $service::Client::from_conf(config)
    }};
}

/// How calls are tried again: the same in every client of the process. (Connect timeouts are too: connectors are
/// cached by them.)
pub(super) fn retries(settings: &Settings) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(settings.attempts)
        .with_initial_backoff(settings.backoff)
        .with_max_backoff(settings.backoff_limit)
}

impl ServiceClient {
    /// Notes that AWS calls the session expired: the next call is signed with one that is assumed again, once.
    pub fn session_expired(&self) {
        self.session.stale.iter().for_each(|stale| stale.store(true, Ordering::Relaxed));
    }

    /// Why no more calls are made there, where several in a row were in vain: they would only hold up others, or the
    /// customer's own automation.
    pub fn is_given_up(&self) -> Option<AwsError> {
        let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        if count(&self.road.silent) >= SILENT_CALLS {
            let what = "several calls in a row ran out of time here, so no more are made";
            return Some(AwsError::new(AwsErrorKind::OutOfTime, what));
        }
        let what = "several calls in a row were refused for rate to the last attempt here, so no more are made";
        (count(&self.road.throttled) >= THROTTLED_CALLS).then(|| AwsError::new(AwsErrorKind::Throttled, what))
    }

    /// Notes how a call has ended.
    pub fn heard(&self, failed: Option<AwsErrorKind>) {
        let count = |counter: &AtomicU32, up: bool| {
            if up { counter.fetch_add(1, Ordering::Relaxed) } else { counter.swap(0, Ordering::Relaxed) }
        };
        count(&self.road.silent, failed == Some(AwsErrorKind::OutOfTime));
        count(&self.road.throttled, failed == Some(AwsErrorKind::Throttled));
    }

    /// The same for calls that go on beside these, counted with them.
    pub fn beside(&self) -> Self {
        Self { ticket: Arc::new(self.ticket.beside()), ..self.clone() }
    }

    /// The account that is asked.
    pub fn account_id(&self) -> &str {
        &self.session.account_id
    }

    /// EC2 in the cell's region; the client stays for all that follows.
    pub fn ec2(&self) -> aws_sdk_ec2::Client {
        self.road.ec2.get_or_init(|| client!(self, aws_sdk_ec2, ec2)).clone()
    }

    /// Route 53, signed for the cell's region; the client stays.
    pub fn route53(&self) -> aws_sdk_route53::Client {
        self.road.route53.get_or_init(|| client!(self, aws_sdk_route53, rest)).clone()
    }

    /// IAM.
    pub fn iam(&self) -> aws_sdk_iam::Client {
        client!(self, aws_sdk_iam, rest)
    }

    /// Account Management.
    pub fn account(&self) -> aws_sdk_account::Client {
        client!(self, aws_sdk_account, rest)
    }
}
