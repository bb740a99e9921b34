//! What the simulated AWS holds: accounts, their roles, regions, resources, zones, denials, and the server's habits.
//!
//! Pure data with defaults. It does not know how anything is answered; items themselves are not kept, only counted.

use super::ec2::Kind;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The regions every account has.
pub(super) const DEFAULT_REGIONS: [&str; 17] = [
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

/// The regions an account has to opt in to.
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

/// A role: who may assume it, and with which external id.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    /// Principals: a role's ARN trusts that role, an account's root ARN everybody in that account.
    pub trusts: Vec<String>,
    /// The external id asked for; `None` asks for none (and, as in AWS, minds none).
    pub external_id: Option<String>,
    /// The role's MaxSessionDuration in seconds.
    pub max_session: u32,
    /// The account that `AssumedRoleUser.Arn` claims, to provoke a mismatch.
    pub answers_as: Option<String>,
}

/// An action that an account denies.
#[derive(Clone, Debug)]
pub(crate) struct Deny {
    /// `service:Operation`, `*` and `?` allowed.
    pub action: String,
    /// Only in this region.
    pub region: Option<String>,
    /// True: the message names a service control policy.
    pub scp: bool,
}

/// One account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Its alias.
    pub alias: Option<String>,
    /// Roles by name with path, `team/rolecall-inventory`.
    pub roles: BTreeMap<String, Role>,
    /// Opt-in regions that are enabled.
    pub opted_in: BTreeSet<String>,
    /// EC2 items of each type in each region, unless `counts` says otherwise.
    pub items: usize,
    /// Overrides of `items`; the most particular holds: region and type, region, type.
    pub counts: Vec<(Option<String>, Option<Kind>, usize)>,
    /// Hosted zones.
    pub zones: usize,
    /// Record sets in each zone (at least 2: NS and SOA).
    pub records: usize,
    /// Record sets of single zones, by the zone's index.
    pub zone_records: BTreeMap<usize, usize>,
    /// Health checks.
    pub health_checks: usize,
    /// Actions denied.
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
            denied: Vec::new(),
        }
    }
}

impl Account {
    /// Sets how many items of a type a region has; `None` means all regions, all types.
    pub(crate) fn set_count(&mut self, region: Option<&str>, kind: Option<Kind>, count: usize) -> &mut Self {
        self.counts.push((region.map(str::to_owned), kind, count));
        self
    }

    /// Denies an action in all regions.
    pub(crate) fn deny(&mut self, action: &str, scp: bool) -> &mut Self {
        self.denied.push(Deny { action: action.to_owned(), region: None, scp });
        self
    }

    /// How many items of a type a region has; of equally particular overrides the last holds.
    pub(crate) fn count(&self, region: &str, kind: Kind) -> usize {
        let rank = |(r, k, count): &(Option<String>, Option<Kind>, usize)| {
            let fits = r.as_deref().is_none_or(|r| r == region) && k.is_none_or(|k| k == kind);
            fits.then_some((u8::from(r.is_some()) * 2 + u8::from(k.is_some()), *count))
        };
        let best = self.counts.iter().filter_map(rank).max_by_key(|(rank, _)| *rank);
        best.map_or(self.items, |(_, count)| count)
    }

    /// How many record sets the zone of this index has.
    pub(crate) fn records_of(&self, zone: usize) -> usize {
        self.zone_records.get(&zone).copied().unwrap_or(self.records).max(2)
    }
}

/// A token bucket: how many at once, and how many a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Tokens in the full bucket.
    pub burst: f64,
    /// Tokens a second.
    pub refill: f64,
}

/// AWS's token buckets; `None` is no limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Buckets {
    /// Per action, account and region.
    pub ec2: Option<Rate>,
    /// Per action, account and region, for the unpaginated and unfiltered calls that AWS keeps shorter.
    pub ec2_unpaginated: Option<Rate>,
    /// Per account, all actions together.
    pub route53: Option<Rate>,
    /// Per calling account and region, all actions together.
    pub sts: Option<Rate>,
    /// Per account.
    pub account: Option<Rate>,
}

impl Buckets {
    /// The buckets that AWS documents.
    pub(crate) fn aws() -> Self {
        let rate = |burst, refill| Some(Rate { burst, refill });
        Self {
            ec2: rate(100.0, 20.0),
            ec2_unpaginated: rate(50.0, 10.0),
            route53: rate(50.0, 10.0),
            sts: rate(600.0, 600.0),
            account: rate(5.0, 5.0),
        }
    }
}

/// Everything there is, and how the server behaves.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The account that rolecall runs in.
    pub backend: String,
    /// All accounts by id, the backend's included.
    pub accounts: BTreeMap<String, Account>,
    /// Extra access keys: key id -> role ARN; such a caller is a role session.
    pub keys: BTreeMap<String, String>,
    /// Bucket name -> owning account.
    pub s3_buckets: BTreeMap<String, String>,
    /// `aws`, `aws-cn` or `aws-us-gov`: for ARNs and the region of the global services.
    pub partition: String,
    /// All regions; true: it needs opting in.
    pub regions: BTreeMap<String, bool>,
    /// Token buckets; none by default.
    pub buckets: Buckets,
    /// Added to every answer.
    pub latency: Duration,
    /// An EC2 listing's second page is empty and has a token.
    pub empty_pages: bool,
    /// Bytes added to every EC2 item, as tags.
    pub padding: usize,
    /// EC2 items carry a member that no model knows (`simFutureMember`).
    pub future_members: bool,
    /// How long sessions really live, whatever was asked.
    pub session_life: Option<Duration>,
    /// Session policies longer than this get `PackedPolicyTooLarge`.
    pub packed_policy_limit: Option<usize>,
    /// Bodies go out chunked, without a content-length.
    pub chunked: bool,
    /// How many calls the log keeps.
    pub log_limit: usize,
    /// The server's threads.
    pub threads: usize,
}

impl World {
    /// A world with the backend account alone.
    pub(crate) fn new(backend: &str) -> Self {
        let regions = DEFAULT_REGIONS.iter().map(|r| (r.to_string(), false));
        Self {
            backend: backend.to_owned(),
            accounts: BTreeMap::from([(backend.to_owned(), Account::default())]),
            keys: BTreeMap::new(),
            s3_buckets: BTreeMap::new(),
            partition: "aws".to_owned(),
            regions: regions.chain(OPT_IN_REGIONS.iter().map(|r| (r.to_string(), true))).collect(),
            buckets: Buckets::default(),
            latency: Duration::ZERO,
            empty_pages: false,
            padding: 0,
            future_members: false,
            session_life: None,
            packed_policy_limit: None,
            chunked: false,
            log_limit: 20_000,
            threads: 1,
        }
    }

    /// The account of this id, made if there is none. It has no role yet.
    pub(crate) fn account(&mut self, id: &str) -> &mut Account {
        self.accounts.entry(id.to_owned()).or_default()
    }

    /// Adds a role to an account that trusts the whole backend account.
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

    /// Adds `n` customer accounts like `template`, each with the role `rolecall-inventory` and the external id
    /// `ext-<account>`; answers their ids (`account_id(0)` to `account_id(n - 1)`).
    pub(crate) fn add_customers(&mut self, n: usize, template: &Account) -> Vec<String> {
        let ids: Vec<String> = (0..n).map(super::names::account_id).collect();
        for id in &ids {
            self.accounts.insert(id.clone(), template.clone());
            self.role(id, "rolecall-inventory", Some(&format!("ext-{id}")));
        }
        ids
    }

    /// Adds a bucket of the backend account.
    pub(crate) fn bucket(&mut self, name: &str) {
        self.s3_buckets.insert(name.to_owned(), self.backend.clone());
    }

    /// Whether a region is there and enabled in an account.
    pub(crate) fn enabled(&self, account: &str, region: &str) -> bool {
        match self.regions.get(region) {
            Some(false) => true,
            Some(true) => self.accounts.get(account).is_some_and(|a| a.opted_in.contains(region)),
            None => false,
        }
    }
}
