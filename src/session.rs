//! One account's credentials pointed at one region: the clients that its cells call with.
//!
//! Clients are made when they are used and dropped after; what lives as long as the account are its
//! lanes and retry partitions. Knows no resource types and makes no credentials.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::config::IdentityCache;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::{StalledStreamProtectionConfig, timeout::TimeoutConfig};
use aws_smithy_runtime::client::retries::RetryPartition;

use crate::settings::Settings;
use crate::wire::{Clock, Lane, Ticket, Wire};

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
pub struct Manner {
    /// The backend's own configuration: endpoint, clocks, user agent. Its credentials are not used here.
    pub config: SdkConfig,
    /// The process's wire.
    pub wire: Wire,
    /// Rates, attempts, budgets.
    pub settings: Settings,
}

/// After so many calls in a row that ran out of time, the rest of a region is not waited for.
const SILENT_CALLS: u32 = 3;

/// Tells whoever made the credentials that AWS calls them expired.
pub type Stale = Arc<AtomicBool>;

/// One account, entered.
#[derive(Debug)]
pub struct Session {
    manner: Arc<Manner>,
    account_id: String,
    ec2: SharedCredentialsProvider,
    rest: SharedCredentialsProvider,
    stale: Vec<Stale>,
    clock: Arc<Clock>,
    roads: Mutex<HashMap<(Service, String), Road>>,
}

#[derive(Clone, Debug)]
struct Road {
    lane: Arc<Lane>,
    retries: RetryPartition,
    silent: Arc<AtomicU32>,
}

/// One cell's clients.
#[derive(Clone, Debug)]
pub struct Asker {
    session: Arc<Session>,
    region: Region,
    service: Service,
    /// The cell's calls, counted.
    pub ticket: Arc<Ticket>,
}

impl Session {
    /// A session whose credentials for EC2 and for the rest are usually the same. `stale` tells their makers
    /// that they have expired.
    pub fn new(
        manner: Arc<Manner>,
        account_id: String,
        ec2: SharedCredentialsProvider,
        rest: SharedCredentialsProvider,
        stale: Vec<Stale>,
    ) -> Arc<Self> {
        let clock = Clock::new(manner.settings.account_budget);
        Arc::new(Self { manner, account_id, ec2, rest, stale, clock, roads: Mutex::default() })
    }

    /// The account's clock, for its budget.
    pub fn clock(&self) -> &Arc<Clock> {
        &self.clock
    }

    /// A cell's clients for one service in one region.
    pub fn asker(self: &Arc<Self>, service: Service, region: &str) -> Asker {
        let lane = self.road(service, region).lane;
        let ticket = self.manner.wire.ticket(lane, self.clock.clone());
        Asker { session: self.clone(), region: Region::new(region.to_owned()), service, ticket }
    }

    /// Each service, region and account has its own lane and its own retry partition, so that one
    /// throttled customer slows no other.
    fn road(&self, service: Service, region: &str) -> Road {
        let settings = &self.manner.settings;
        let mut roads = self.roads.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let new = || {
            let lane = match service {
                Service::Ec2 => Lane::new(settings.ec2_rate, settings.ec2_rate * 5.0),
                Service::Route53 => Lane::new(settings.route53_rate, settings.route53_rate * 2.0),
                Service::Iam | Service::Account => Lane::new(5.0, 10.0),
            };
            let name = format!("{service:?}-{region}-{}", self.account_id);
            Road { lane: Arc::new(lane), retries: RetryPartition::custom(name).build(), silent: Arc::default() }
        };
        roads.entry((service, region.to_owned())).or_insert_with(new).clone()
    }
}

/// A client of one service, configured like the others: the services' builders have no trait in common.
macro_rules! client {
    ($asker:ident, $service:ident, $credentials:ident) => {{
        let manner = &$asker.session.manner;
        let config = $service::config::Builder::from(&manner.config)
            .region($asker.region.clone())
            .credentials_provider($asker.session.$credentials.clone())
            .identity_cache(IdentityCache::no_cache())
            .http_client($asker.ticket.http_client())
            .retry_config(RetryConfig::standard().with_max_attempts(manner.settings.attempts))
            .retry_partition($asker.session.road($asker.service, $asker.region.as_ref()).retries)
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        $service::Client::from_conf(config)
    }};
}

/// The same in every client of the process: connectors are cached by their timeouts.
pub const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_millis(3100);

impl Asker {
    /// Notes that AWS calls the session expired: the next call is signed with one that is assumed again, once.
    pub fn session_expired(&self) {
        self.session.stale.iter().for_each(|stale| stale.store(true, Ordering::Relaxed));
    }

    /// Whether the service there has let several calls in a row run out of time.
    pub fn is_silent(&self) -> bool {
        self.session.road(self.service, self.region.as_ref()).silent.load(Ordering::Relaxed) >= SILENT_CALLS
    }

    /// Notes whether a call was answered in time.
    pub fn heard(&self, in_time: bool) {
        let silent = self.session.road(self.service, self.region.as_ref()).silent;
        if in_time {
            silent.store(0, Ordering::Relaxed);
        } else {
            silent.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The account that is asked.
    pub fn account_id(&self) -> &str {
        &self.session.account_id
    }

    /// EC2 in the cell's region.
    pub fn ec2(&self) -> aws_sdk_ec2::Client {
        client!(self, aws_sdk_ec2, ec2)
    }

    /// Route 53, signed for the cell's region.
    pub fn route53(&self) -> aws_sdk_route53::Client {
        client!(self, aws_sdk_route53, rest)
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
