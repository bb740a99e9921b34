//! The content of the simulated AWS (accounts, roles, regions, resources, zones, denials) and the server's behaviour.
//!
//! **Invariant:** pure data with defaults. Knows nothing of responses. Items are counted and not stored.

use super::ec2::Kind;
use super::organizations::SimOrganization;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The regions that every account has.
pub(crate) const DEFAULT_REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The regions that an account has to opt in to.
pub(super) const OPT_IN_REGIONS: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// A role, its trusted principals and its external ID.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    /// The trusted principals: the ARN of a role, or of an account's root for all its principals.
    pub trusts: Vec<String>,
    /// The required external ID. `None` requires none and, as in AWS, accepts any.
    pub external_id: Option<String>,
    /// The `MaxSessionDuration` in seconds.
    pub max_session: u32,
    /// The account in `AssumedRoleUser.Arn`, if it differs from the role's.
    pub answers_as: Option<String>,
}

/// An action that is denied in an account.
#[derive(Clone, Debug)]
pub(crate) struct Deny {
    /// The pattern `service:Operation` with `*` and `?`.
    pub action: String,
    /// The only region where it is denied; all if `None`.
    pub region: Option<String>,
    /// True if the message names a service control policy.
    pub scp: bool,
}

/// An account and its resources.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub alias: Option<String>,
    /// The roles by name with path: `team/rolecall-inventory`.
    pub roles: BTreeMap<String, Role>,
    /// The enabled opt-in regions.
    pub opted_in: BTreeSet<String>,
    /// The number of EC2 items of each type in each region, unless `counts` overrides it.
    pub items: usize,
    /// Overrides of `items`. The most specific applies: region and type, then region, then type.
    pub counts: Vec<(Option<String>, Option<Kind>, usize)>,
    pub zones: usize,
    /// The number of record sets in each zone, at least 2: NS and SOA.
    pub records: usize,
    /// The number of record sets of single zones by the zone's index.
    pub zone_records: BTreeMap<usize, usize>,
    pub health_checks: usize,
    /// The number of Resolver rules in each region, each with one association.
    pub resolver_rules: usize,
    /// The number of Route 53 profiles in each region.
    pub profiles: usize,
    /// The number of registered domains.
    pub domains: usize,
    /// The number of load balancers, distributions, buckets and other holders of names, of each kind and in each region.
    pub holders: usize,
    pub denied: Vec<Deny>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            alias: None,
            roles: BTreeMap::new(),
            opted_in: BTreeSet::new(),
            items: 3,
            counts: Vec::new(),
            zones: 2,
            records: 12,
            zone_records: BTreeMap::new(),
            health_checks: 1,
            resolver_rules: 0,
            profiles: 0,
            domains: 0,
            holders: 0,
            denied: Vec::new(),
        }
    }
}

impl Account {
    /// Sets the number of items of a type in a region. `None` means all regions or all types.
    pub(crate) fn set_count(&mut self, region: Option<&str>, kind: Option<Kind>, count: usize) -> &mut Self {
        self.counts.push((region.map(str::to_owned), kind, count));
        self
    }

    /// Denies an action in all regions.
    pub(crate) fn deny(&mut self, action: &str, scp: bool) -> &mut Self {
        self.denied.push(Deny { action: action.to_owned(), region: None, scp });
        self
    }

    /// Returns the number of items of a type in a region. Of equally specific overrides the last applies.
    pub(crate) fn count(&self, region: &str, kind: Kind) -> usize {
        let rank = |(r, k, count): &(Option<String>, Option<Kind>, usize)| {
            let fits = r.as_deref().is_none_or(|r| r == region) && k.is_none_or(|k| k == kind);
            fits.then_some((u8::from(r.is_some()) * 2 + u8::from(k.is_some()), *count))
        };
        let best = self.counts.iter().filter_map(rank).max_by_key(|(rank, _)| *rank);
        best.map_or(self.items, |(_, count)| count)
    }

    /// Returns the number of record sets in the zone of this index.
    pub(crate) fn records_of(&self, zone: usize) -> usize {
        self.zone_records.get(&zone).copied().unwrap_or(self.records).max(2)
    }
}

/// The limits of a token bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// The number of tokens in a full bucket.
    pub burst: f64,
    /// The number of tokens added per second.
    pub refill: f64,
}

/// The token buckets of AWS. `None` means no limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Buckets {
    /// Per action, account and region.
    pub ec2: Option<Rate>,
    /// Per action, account and region, for unpaginated and unfiltered calls, which AWS limits more.
    pub ec2_unpaginated: Option<Rate>,
    /// Per account, all actions together.
    pub route53: Option<Rate>,
    /// Route 53 Resolver's, per account and region, all actions together.
    pub resolver: Option<Rate>,
    /// Per calling account and region, all actions together.
    pub sts: Option<Rate>,
    /// Per account, all actions of Account Management together.
    pub account: Option<Rate>,
}

impl Buckets {
    /// Returns the limits that AWS documents.
    pub(crate) fn aws() -> Self {
        let rate = |burst, refill| Some(Rate { burst, refill });
        Self {
            ec2: rate(100.0, 20.0),
            ec2_unpaginated: rate(50.0, 10.0),
            route53: rate(50.0, 10.0),
            resolver: rate(5.0, 5.0),
            sts: rate(600.0, 600.0),
            account: rate(5.0, 5.0),
        }
    }
}

/// All accounts and buckets, and the behaviour of the server.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The account in which rolecall runs.
    pub backend: String,
    /// All accounts by id, including the backend's.
    pub accounts: BTreeMap<String, Account>,
    /// Additional access keys: the role ARN by key id. Their caller is a session of the role.
    pub keys: BTreeMap<String, String>,
    /// The owning account by bucket name.
    pub s3_buckets: BTreeMap<String, String>,
    /// The organizations by their management accounts.
    pub organizations: BTreeMap<String, SimOrganization>,
    /// `aws`, `aws-cn` or `aws-us-gov`: for ARNs and the region of the global services.
    pub partition: String,
    /// All regions; true for those that need an opt-in.
    pub regions: BTreeMap<String, bool>,
    /// The token buckets; without limits by default.
    pub buckets: Buckets,
    /// The delay of every response.
    pub latency: Duration,
    /// True if the second page of EC2 listings is empty and has a token.
    pub empty_pages: bool,
    /// The number of bytes that tags add to every EC2 item.
    pub padding: usize,
    /// The number of the night. One EC2 item in fifty has a name of its own in every night but the first (0).
    pub night: usize,
    /// Whether listings of EC2 begin with the last item. AWS promises no order.
    pub backwards: bool,
    /// True if EC2 items have a member that no service model has (`simFutureMember`).
    pub future_members: bool,
    /// The lifetime of sessions, whatever was requested.
    pub session_life: Option<Duration>,
    /// The length above which a session policy gets `PackedPolicyTooLarge`.
    pub packed_policy_limit: Option<usize>,
    /// True if bodies are sent chunked, without a content-length.
    pub chunked: bool,
    /// The number of calls in the log.
    pub log_limit: usize,
    /// The number of the server's threads.
    pub threads: usize,
}

impl World {
    /// Returns a world with only the backend account.
    pub(crate) fn new(backend: &str) -> Self {
        let regions = DEFAULT_REGIONS.iter().map(|r| (r.to_string(), false));
        Self {
            backend: backend.to_owned(),
            accounts: BTreeMap::from([(backend.to_owned(), Account::default())]),
            keys: BTreeMap::new(),
            s3_buckets: BTreeMap::new(),
            organizations: BTreeMap::new(),
            partition: "aws".to_owned(),
            regions: regions.chain(OPT_IN_REGIONS.iter().map(|r| (r.to_string(), true))).collect(),
            buckets: Buckets::default(),
            latency: Duration::ZERO,
            empty_pages: false,
            padding: 0,
            night: 0,
            backwards: false,
            future_members: false,
            session_life: None,
            packed_policy_limit: None,
            chunked: false,
            log_limit: 20_000,
            threads: 1,
        }
    }

    /// Returns the account of this id. A new account has no role.
    pub(crate) fn account(&mut self, id: &str) -> &mut Account {
        self.accounts.entry(id.to_owned()).or_default()
    }

    /// Adds a role that trusts all of the backend account.
    pub(crate) fn role(&mut self, account: &str, name: &str, external_id: Option<&str>) -> &mut Role {
        let role = Role {
            trusts: vec![format!("arn:{}:iam::{}:root", self.partition, self.backend)],
            external_id: external_id.map(str::to_owned),
            max_session: 3600,
            answers_as: None,
        };
        let roles = &mut self.account(account).roles;
        let slot = roles.entry(name.to_owned()).or_insert_with(|| role.clone());
        *slot = role;
        slot
    }

    /// Adds `n` customer accounts like `template`, each with the role `rolecall-inventory` and the external ID
    /// `external_id(account)`. Returns their ids: `account_id(0)` to `account_id(n - 1)`.
    pub(crate) fn add_customers(&mut self, n: usize, template: &Account) -> Vec<String> {
        let ids: Vec<String> = (0..n).map(super::names::account_id).collect();
        for id in &ids {
            self.accounts.insert(id.clone(), template.clone());
            self.role(id, "rolecall-inventory", Some(&super::names::external_id(id)));
        }
        ids
    }

    /// Adds a bucket that the backend account owns.
    pub(crate) fn bucket(&mut self, name: &str) {
        self.s3_buckets.insert(name.to_owned(), self.backend.clone());
    }

    /// Returns whether a region exists and is enabled in an account.
    pub(crate) fn enabled(&self, account: &str, region: &str) -> bool {
        match self.regions.get(region) {
            Some(false) => true,
            Some(true) => self.accounts.get(account).is_some_and(|a| a.opted_in.contains(region)),
            None => false,
        }
    }
}
