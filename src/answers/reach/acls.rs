//! What network ACLs let in from most of the internet, and let out again.
//!
//! The entries of a direction apply in the order of their numbers, and the first that matches decides. A network ACL keeps no
//! state: answers need an entry of their own.
//!
//! **Invariant:** knows no security group and no route.

use std::collections::HashMap;

use serde::Deserialize;

use super::sight;
use super::space::{Family, Ranges};
use super::traffic::{ANY_PROTOCOL, Traffic, pieces, protocol};
use crate::answers::facts::Facts;

/// Stands for every protocol that no entry names.
const OTHER_PROTOCOL: i32 = -2;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EntryJson {
    cidr_block: Option<String>,
    ipv6_cidr_block: Option<String>,
    egress: bool,
    icmp_type_code: Option<IcmpJson>,
    port_range: Option<PortsJson>,
    protocol: String,
    rule_action: String,
    rule_number: i64,
}

#[derive(Deserialize)]
struct IcmpJson {
    #[serde(rename = "Type")]
    kind: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PortsJson {
    from: Option<i64>,
    to: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AclAssociation {
    subnet_id: Option<String>,
}

#[derive(Debug)]
struct AclEntry {
    number: i64,
    allows: bool,
    traffic: Traffic,
    remote: Ranges,
}

impl AclEntry {
    fn concerns(&self, protocol: i32) -> bool {
        self.traffic.protocol == ANY_PROTOCOL || self.traffic.protocol == protocol
    }
}

/// The entries of one family in their order.
#[derive(Debug, Default)]
struct AclRules {
    inbound: Vec<AclEntry>,
    outbound: Vec<AclEntry>,
}

/// A network ACL.
#[derive(Debug)]
pub(super) struct Acl([AclRules; 2]);

/// The network ACLs of an estate by subnet.
#[derive(Debug)]
pub(super) struct Acls {
    /// Those with different entries.
    acls: Vec<Acl>,
    by_subnet: HashMap<String, usize>,
}

impl Acls {
    pub(super) fn new(facts: &Facts) -> Self {
        let mut all = Self { acls: Vec::new(), by_subnet: HashMap::new() };
        // Most network ACLs are default ones, and have the same entries.
        let mut known: HashMap<&str, Option<usize>> = HashMap::new();
        for resource in facts.all("ec2_network_acls").filter(|acl| sight::is_current(facts, *acl)) {
            let associations = sight::list::<AclAssociation>(resource, "associations").unwrap_or_default();
            if associations.is_empty() {
                continue;
            }
            let acl = *known.entry(resource.text("entries").unwrap_or_default()).or_insert_with(|| {
                let acl = Acl::read(&sight::list::<EntryJson>(resource, "entries")?)?;
                all.acls.push(acl);
                Some(all.acls.len() - 1)
            });
            let Some(acl) = acl else { continue };
            for subnet in associations.into_iter().filter_map(|association| association.subnet_id) {
                all.by_subnet.insert(subnet, acl);
            }
        }
        all
    }

    /// The network ACL of a subnet, if it is known. Every subnet has one.
    pub(super) fn of(&self, subnet: &str) -> Option<&Acl> {
        self.acls.get(*self.by_subnet.get(subnet)?)
    }
}

impl Acl {
    fn read(entries: &[EntryJson]) -> Option<Self> {
        let mut acl = Self(Default::default());
        for entry in entries {
            let cidr = entry.cidr_block.as_deref().or(entry.ipv6_cidr_block.as_deref())?;
            let (family, remote) = Ranges::of(cidr)?;
            let (from, to) = match (&entry.port_range, &entry.icmp_type_code) {
                (Some(ports), _) => (ports.from, ports.to),
                (None, Some(icmp)) => (icmp.kind, None),
                (None, None) => (None, None),
            };
            let traffic = Traffic::new(protocol(&entry.protocol)?, from, to);
            let rules = &mut acl.0[family.at()];
            let direction = if entry.egress { &mut rules.outbound } else { &mut rules.inbound };
            direction.push(AclEntry {
                number: entry.rule_number,
                allows: entry.rule_action == "allow",
                traffic,
                remote,
            });
        }
        for rules in &mut acl.0 {
            rules.inbound.sort_by_key(|entry| entry.number);
            rules.outbound.sort_by_key(|entry| entry.number);
        }
        Some(acl)
    }

    /// The part of some traffic that comes in from most of the internet and is answered.
    pub(super) fn passing(&self, family: Family, traffic: Traffic, from: &Ranges) -> Vec<Traffic> {
        let rules = &self.0[family.at()];
        if is_open(&rules.inbound, family) && is_open(&rules.outbound, family) {
            return vec![traffic];
        }
        if traffic.protocol != ANY_PROTOCOL {
            return rules.passing(family, traffic, from);
        }
        let of = |protocol: i32| rules.passing(family, Traffic { protocol, ..traffic }, from);
        let others = of(OTHER_PROTOCOL);
        if !others.is_empty() {
            return vec![traffic];
        }
        let mut named: Vec<i32> = rules.inbound.iter().map(|entry| entry.traffic.protocol).collect();
        named.retain(|protocol| *protocol != ANY_PROTOCOL);
        named.sort_unstable();
        named.dedup();
        named.into_iter().flat_map(of).collect()
    }

    /// Whether anything at all comes in from most of the internet and is answered.
    pub(super) fn lets_anything_in(&self, family: Family) -> bool {
        let everything = Traffic::new(ANY_PROTOCOL, None, None);
        !self.passing(family, everything, Ranges::internet(family)).is_empty()
    }
}

impl AclRules {
    fn passing(&self, family: Family, traffic: Traffic, from: &Ranges) -> Vec<Traffic> {
        let inbound = passing(&self.inbound, family, traffic, from);
        if inbound.is_empty() {
            return inbound;
        }
        let answers = Traffic::answers(traffic.protocol);
        let outbound = passing(&self.outbound, family, answers, Ranges::internet(family));
        if outbound.is_empty() { outbound } else { inbound }
    }
}

/// Whether the first entry allows everything.
fn is_open(entries: &[AclEntry], family: Family) -> bool {
    let is_whole = |entry: &AclEntry| {
        entry.allows && entry.traffic.protocol == ANY_PROTOCOL && entry.remote == *Ranges::internet(family)
    };
    entries.first().is_some_and(is_whole)
}

/// The part of some traffic that the entries of one direction allow for most of the internet.
fn passing(entries: &[AclEntry], family: Family, traffic: Traffic, remote: &Ranges) -> Vec<Traffic> {
    let entries: Vec<&AclEntry> = entries.iter().filter(|entry| entry.concerns(traffic.protocol)).collect();
    let mut passing: Vec<Traffic> = Vec::new();
    for (first, last) in pieces(traffic, entries.iter().map(|entry| entry.traffic)) {
        let here = entries.iter().filter(|entry| entry.traffic.first <= first && entry.traffic.last >= last);
        if !allowed(here.copied(), remote).is_most(family) {
            continue;
        }
        match passing.last_mut() {
            Some(previous) if previous.last.checked_add(1) == Some(first) => previous.last = last,
            _ => passing.push(Traffic { first, last, ..traffic }),
        }
    }
    passing
}

/// The addresses that entries allow.
fn allowed<'e>(entries: impl Iterator<Item = &'e AclEntry>, remote: &Ranges) -> Ranges {
    let mut rest = remote.clone();
    let mut allowed = Ranges::default();
    for entry in entries {
        if entry.allows {
            allowed.add(&rest.and(&entry.remote));
        }
        rest = rest.minus(&entry.remote);
        if rest.is_empty() {
            break;
        }
    }
    allowed
}
