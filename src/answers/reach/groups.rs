//! What the inbound rules of security groups let in from most of the internet.
//!
//! A rule counts by the union of its ranges and prefix lists. Rules of several groups that are not open alone count together. A
//! rule whose source is a security group lets nobody of the internet in.
//!
//! **Invariant:** knows no route and no network ACL.

use std::collections::HashMap;
use std::rc::Rc;

use serde::Deserialize;

use super::prefixes::PrefixLists;
use super::sight;
use super::space::{FAMILIES, Family, Ranges};
use super::traffic::{ANY_PROTOCOL, Traffic, pieces, protocol};
use crate::answers::facts::{Facts, Resource};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct InboundRule {
    ip_protocol: String,
    from_port: Option<i64>,
    to_port: Option<i64>,
    ip_ranges: Vec<RuleSource>,
    ipv6_ranges: Vec<RuleSource>,
    prefix_list_ids: Vec<RuleSource>,
}

/// A range or a prefix list.
#[derive(Deserialize)]
struct RuleSource {
    #[serde(alias = "CidrIp", alias = "CidrIpv6", alias = "PrefixListId")]
    text: String,
}

/// Traffic that a group lets in from one family.
#[derive(Clone, Debug)]
pub(super) struct OpenRule {
    /// The number of the group.
    pub group: usize,
    pub traffic: Traffic,
    /// Where it may come from: more than half of the internet, unless this is not certain.
    pub from: Ranges,
    /// The ranges and prefix lists of the rule, as AWS writes them.
    pub sources: Rc<[String]>,
    /// Whether it is certain that these are most of the internet.
    pub is_certain: bool,
}

/// What a group lets in from one family.
#[derive(Clone, Debug, Default)]
struct Inbound {
    /// The rules that are open alone.
    open: Vec<OpenRule>,
    /// Rules that let in something less.
    partial: Vec<OpenRule>,
}

/// A security group.
#[derive(Debug)]
struct Group<'a> {
    resource: Resource<'a>,
    /// Whether its rules are known.
    is_known: bool,
    /// For each family.
    inbound: [Inbound; 2],
}

/// The security groups of an estate.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    numbers: HashMap<&'a str, usize>,
    groups: Vec<Group<'a>>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(facts: &'a Facts, lists: &PrefixLists<'a>) -> Self {
        let mut all = Self { numbers: HashMap::new(), groups: Vec::new() };
        for resource in facts.all("ec2_security_groups") {
            let number = all.groups.len();
            let rules = sight::list::<InboundRule>(resource, "ip_permissions");
            let is_known = rules.is_some() && sight::is_current(facts, resource);
            let mut inbound = [Inbound::default(), Inbound::default()];
            for rule in rules.unwrap_or_default() {
                let families = read(&rule, number, lists, is_known);
                for (family, rule) in families.into_iter().enumerate() {
                    let Some(rule) = rule else { continue };
                    let is_open = !rule.is_certain || rule.from.is_most(FAMILIES[family]);
                    let place = &mut inbound[family];
                    if is_open { place.open.push(rule) } else { place.partial.push(rule) }
                }
            }
            all.numbers.insert(resource.id(), number);
            all.groups.push(Group { resource, is_known, inbound });
        }
        all
    }

    /// The number of a group.
    pub(super) fn number(&self, id: &str) -> Option<usize> {
        self.numbers.get(id).copied()
    }

    /// The group of a number.
    pub(super) fn resource(&self, number: usize) -> Option<Resource<'a>> {
        self.groups.get(number).map(|group| group.resource)
    }

    /// Whether the rules of a group are known.
    pub(super) fn is_known(&self, number: usize) -> bool {
        self.groups.get(number).is_some_and(|group| group.is_known)
    }

    /// What these groups let in together from most of a family's internet.
    pub(super) fn open(&self, numbers: &[usize], family: Family) -> Vec<OpenRule> {
        let inbound = || numbers.iter().filter_map(|number| self.groups.get(*number)).map(|g| &g.inbound[family.at()]);
        let mut open: Vec<OpenRule> = inbound().flat_map(|inbound| inbound.open.iter().cloned()).collect();
        let partial: Vec<&OpenRule> = inbound().flat_map(|inbound| &inbound.partial).collect();
        if Ranges::union(partial.iter().map(|rule| &rule.from)).is_most(family) {
            open.extend(together(&partial, family));
        }
        open
    }
}

/// A rule as what it lets in from each family. None if it has no source of the family.
fn read(rule: &InboundRule, group: usize, lists: &PrefixLists<'_>, is_known: bool) -> [Option<OpenRule>; 2] {
    let mut parts: [Vec<Ranges>; 2] = Default::default();
    let mut sources: [Vec<String>; 2] = Default::default();
    let mut certain = [true; 2];
    let number = protocol(&rule.ip_protocol);
    for source in rule.ip_ranges.iter().chain(&rule.ipv6_ranges) {
        if let Some((family, ranges)) = Ranges::of(&source.text) {
            sources[family.at()].push(source.text.clone());
            parts[family.at()].push(ranges);
        }
    }
    for source in &rule.prefix_list_ids {
        let list = lists.ranges(&source.text);
        for family in FAMILIES {
            let ranges = list.as_ref().map(|list| list[family.at()].clone());
            if ranges.as_ref().is_none_or(|ranges| !ranges.is_empty()) {
                sources[family.at()].push(source.text.clone());
            }
            match ranges {
                Some(ranges) => parts[family.at()].push(ranges),
                None => certain[family.at()] = false,
            }
        }
    }
    FAMILIES.map(|family| {
        let at = family.at();
        let from = Ranges::union(&parts[at]);
        let is_most = from.is_most(family);
        // An unknown list takes nothing away from ranges that are open without it.
        let is_certain = is_known && (certain[at] || is_most);
        // Of a group that is not known, the rules are shown that were open when it was.
        let counts = is_most || !certain[at] || is_known && !from.is_empty();
        let traffic = Traffic::new(number?, rule.from_port, rule.to_port);
        counts.then(|| OpenRule { group, traffic, from, sources: sources[at].as_slice().into(), is_certain })
    })
}

/// The traffic that rules let in together from most of the internet. Each group that takes part has it.
fn together(rules: &[&OpenRule], family: Family) -> Vec<OpenRule> {
    let mut protocols: Vec<i32> = rules.iter().map(|rule| rule.traffic.protocol).collect();
    protocols.sort_unstable();
    protocols.dedup();
    let mut open: Vec<OpenRule> = Vec::new();
    for protocol in protocols {
        let of_protocol = |rule: &&&OpenRule| matches!(rule.traffic.protocol, p if p == protocol || p == ANY_PROTOCOL);
        let rules: Vec<&OpenRule> = rules.iter().filter(of_protocol).copied().collect();
        let whole = Traffic { protocol, first: 0, last: u16::MAX };
        for (first, last) in pieces(whole, rules.iter().map(|rule| rule.traffic)) {
            let here = |rule: &&&OpenRule| rule.traffic.first <= first && rule.traffic.last >= last;
            let parts: Vec<&OpenRule> = rules.iter().filter(here).copied().collect();
            let is_own = parts.iter().any(|rule| rule.traffic.protocol == protocol);
            let from = Ranges::union(parts.iter().map(|rule| &rule.from));
            if is_own && from.is_most(family) {
                let traffic = Traffic { protocol, first, last };
                let shared = |rule: &&OpenRule| OpenRule { traffic, from: from.clone(), ..(*rule).clone() };
                open.extend(parts.iter().map(shared));
            }
        }
    }
    open
}
