//! Whether the internet reaches an interface or an instance: through addresses, security groups, routes, network ACLs and block
//! public access.
//!
//! It counts what most of the internet may do: a rule, a route or an entry for a few ranges is none. IPv4 and IPv6 are followed
//! separately. Ports are followed from the security group through the network ACL, so that a group that opens one port and an ACL
//! that allows another let nobody in. A stopped instance counts like a running one: it is reachable once it is started. Not
//! followed: the code of ICMP messages, routes of an internet gateway's own table, what an appliance or a firewall drops, and
//! what a load balancer, an accelerator or a distribution forwards to a private address.
//!
//! **Invariant:** what was not seen is unknown. One certain obstacle is enough for no.

mod certain;
mod space;
mod traffic;
mod sight;
mod prefixes;
mod groups;
mod acls;
mod routes;
mod subnets;
mod bearer;
mod needs;
mod paths;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bearer::Bearer;
use groups::Groups;
pub(crate) use needs::ReachNeeds;
use paths::Paths;
use prefixes::PrefixLists;
use space::{FAMILIES, Family};
use subnets::Subnets;
pub(crate) use traffic::Traffic;

use crate::answers::facts::{Facts, Read, Resource};

/// How the internet reaches something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exposure {
    /// Whether the internet reaches it. `None` if that is unknown.
    pub public: Option<bool>,
    /// The ids of the security groups that let the internet in, in order. Empty if `public` is `false`.
    pub allowed_by: Vec<String>,
    /// Its public IPv4 and global IPv6 addresses.
    pub addresses: Vec<String>,
    /// The traffic that comes in for certain, in order.
    pub traffic: Vec<Traffic>,
    /// What each open rule of its security groups does for it.
    pub rules: Vec<RuleEffect>,
    /// What keeps the internet out, or what is unknown. Empty if `public` is `true`.
    pub reason: &'static str,
}

/// What an open rule of a security group does for an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleEffect {
    /// The id of the security group.
    pub group_id: String,
    /// The traffic of the rule.
    pub traffic: Traffic,
    /// The ranges and prefix lists of the rule.
    pub sources: Rc<[String]>,
    /// Whether the internet comes in by it.
    pub public: Option<bool>,
}

/// What a security group lets in from most of the internet, whether anything is reached by it or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupOpening {
    /// The traffic of the rule.
    pub traffic: Traffic,
    /// The ranges and prefix lists of the rule.
    pub sources: Rc<[String]>,
    /// Whether it is certain that these are most of the internet.
    pub is_certain: bool,
}

/// The ways from the internet into an estate.
pub(crate) struct Reachability<'a> {
    facts: &'a Facts,
    groups: Groups<'a>,
    subnets: Subnets<'a>,
    /// Interfaces of one subnet with the same groups have the same ways.
    paths: RefCell<HashMap<PathKey, Rc<Paths>>>,
}

/// The subnet, the VPC and the groups of an interface, whether these are known, and whether none filters.
type PathKey = (String, String, Vec<String>, bool, bool);

/// The columns of interfaces that are read.
const INTERFACE: Read = Read::context(
    "ec2_network_interfaces",
    &[
        "association",
        "deny_all_igw_traffic",
        "groups",
        "interface_type",
        "ipv6_addresses",
        "ipv6_prefixes",
        "private_ip_addresses",
        "subnet_id",
        "vpc_id",
    ],
);

/// The columns of instances that are read.
const INSTANCE: Read = Read::context(
    "ec2_instances",
    &["ipv6_address", "network_interfaces", "public_ip_address", "security_groups", "subnet_id", "vpc_id"],
);

const RULES: [Read; 8] = [
    Read::context("ec2_security_groups", &["ip_permissions"]),
    Read::context("ec2_managed_prefix_lists", &["entries"]),
    Read::context("ec2_subnets", &["block_public_access_states", "ipv6_cidr_block_association_set", "vpc_id"]),
    Read::context("ec2_vpcs", &["block_public_access_states"]),
    Read::context("ec2_route_tables", &["associations", "routes", "vpc_id"]),
    Read::context("ec2_internet_gateways", &["attachments"]),
    Read::context("ec2_network_acls", &["associations", "entries"]),
    Read::context("ec2_account_settings", &["vpc_block_public_access_options"]),
];

impl<'a> Reachability<'a> {
    /// Everything that it reads, interfaces and instances included.
    #[cfg(test)]
    pub(crate) const READS: &'static [Read] =
        &[RULES[0], RULES[1], RULES[2], RULES[3], RULES[4], RULES[5], RULES[6], RULES[7], INTERFACE, INSTANCE];

    /// What it reads beside interfaces and instances, for answers that read those as subjects.
    pub(crate) const RULES: [Read; 8] = RULES;

    /// The columns that [`Reachability::interface`] reads.
    pub(crate) const INTERFACE_COLUMNS: &'static [&'static str] = INTERFACE.columns;

    /// The columns that [`Reachability::instance`] reads.
    pub(crate) const INSTANCE_COLUMNS: &'static [&'static str] = INSTANCE.columns;

    /// Reads the groups, routes and network ACLs of an estate.
    pub(crate) fn new(facts: &'a Facts) -> Self {
        let lists = PrefixLists::new(facts);
        let (groups, subnets) = (Groups::new(facts, &lists), Subnets::new(facts, &lists));
        Self { facts, groups, subnets, paths: RefCell::default() }
    }

    /// How the internet reaches an interface of `ec2_network_interfaces`.
    pub(crate) fn interface(&self, interface: Resource<'_>) -> Exposure {
        self.exposure(&Bearer::of_interface(self.facts, interface))
    }

    /// How the internet reaches an instance of `ec2_instances`: through one of its interfaces.
    pub(crate) fn instance(&self, instance: Resource<'_>) -> Exposure {
        let bearers = Bearer::of_instance(self.facts, instance);
        if bearers.is_empty() {
            return Exposure { public: Some(false), reason: paths::NO_INTERFACE, ..Exposure::default() };
        }
        let parts: Vec<Exposure> = bearers.iter().map(|bearer| self.exposure(bearer)).collect();
        let public = certain::any(parts.iter().map(|part| part.public));
        let mut whole = Exposure { public, ..Exposure::default() };
        whole.reason = parts.iter().find(|part| part.public == public).map_or("", |part| part.reason);
        for part in parts {
            whole.addresses.extend(part.addresses);
            whole.rules.extend(part.rules);
            // What one interface would let in is not what another one does.
            if part.public == public {
                whole.allowed_by.extend(part.allowed_by);
                whole.traffic.extend(part.traffic);
            }
        }
        whole.sorted()
    }

    /// What a group lets in from most of the internet by its own rules. The group is one of `ec2_security_groups`.
    pub(crate) fn openings(&self, group_id: &str) -> Vec<GroupOpening> {
        let Some(number) = self.groups.number(group_id) else { return Vec::new() };
        let open = FAMILIES.into_iter().flat_map(|family| self.groups.open(&[number], family));
        let opening = |rule: groups::OpenRule| GroupOpening {
            traffic: rule.traffic,
            sources: rule.sources,
            is_certain: rule.is_certain,
        };
        open.map(opening).collect()
    }

    /// Whether a route connects a subnet with the internet, for IPv4 or IPv6. `None` if that is unknown.
    pub(crate) fn is_routed(&self, subnet_id: &str, vpc_id: &str) -> Option<bool> {
        certain::any(self.subnets.gate(subnet_id, vpc_id).routed)
    }

    fn exposure(&self, bearer: &Bearer) -> Exposure {
        if bearer.accepts_nothing() {
            // An interface never changes its kind.
            let addresses = bearer.ipv4.clone();
            return Exposure { public: Some(false), reason: paths::NAT_GATEWAY, addresses, ..Exposure::default() };
        }
        let ipv6 = bearer.ipv6.iter().filter(|(address, _)| !self.subnets.is_private(&bearer.subnet_id, *address));
        let ipv6: Vec<String> = ipv6.map(|(_, text)| text.clone()).collect();
        let has_address = |family: Family| {
            let addresses = if family == Family::V4 { &bearer.ipv4 } else { &ipv6 };
            bearer.is_known.then_some(!addresses.is_empty() && !bearer.is_denied)
        };
        let has_address = FAMILIES.map(has_address);
        let mut exposure = if has_address == [Some(false); 2] {
            let reason = if bearer.is_denied { paths::DENIED } else { paths::NO_ADDRESS };
            Exposure { public: Some(false), reason, ..Exposure::default() }
        } else {
            self.paths(bearer).exposure(has_address)
        };
        exposure.addresses = bearer.ipv4.iter().cloned().chain(ipv6).collect();
        exposure.sorted()
    }

    fn paths(&self, bearer: &Bearer) -> Rc<Paths> {
        let mut groups = bearer.groups.clone();
        groups.sort_unstable();
        let (subnet, vpc) = (bearer.subnet_id.clone(), bearer.vpc_id.clone());
        let key = (subnet, vpc, groups, bearer.is_known, bearer.is_unfiltered());
        let mut known = self.paths.borrow_mut();
        if let Some(paths) = known.get(&key) {
            return Rc::clone(paths);
        }
        let paths = Rc::new(Paths::new(bearer, &self.groups, &self.subnets.gate(&bearer.subnet_id, &bearer.vpc_id)));
        known.insert(key, Rc::clone(&paths));
        paths
    }
}

impl Exposure {
    fn sorted(mut self) -> Self {
        self.allowed_by.sort_unstable();
        self.allowed_by.dedup();
        self.traffic.sort_unstable();
        self.traffic.dedup();
        self
    }
}

#[cfg(test)]
mod tests;
