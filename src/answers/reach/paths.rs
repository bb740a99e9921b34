//! The ways from the internet to the interfaces of one subnet that have the same security groups.
//!
//! **Invariant:** knows no address: an interface adds whether it has one.

use std::rc::Rc;

use super::bearer::Bearer;
use super::certain;
use super::groups::{Groups, OpenRule};
use super::space::{FAMILIES, Family};
use super::subnets::Gate;
use super::{Exposure, RuleEffect, Traffic};

pub(super) const NO_INTERFACE: &str = "it has no network interface";
pub(super) const NAT_GATEWAY: &str = "a NAT gateway accepts nothing from the internet";
pub(super) const DENIED: &str = "the interface has no traffic with internet gateways";
pub(super) const NO_ADDRESS: &str = "it has no public address";
const BLOCKED: &str = "block public access is on";
const NO_ROUTE: &str = "the subnet has no route to an internet gateway";
const NO_GROUP: &str = "no security group lets the internet in";
const NO_ENTRY: &str = "the network ACL keeps the internet out";
const UNKNOWN_ADDRESS: &str = "its addresses are not known";
const UNKNOWN_BLOCK: &str = "block public access of the subnet is not known";
const UNKNOWN_ROUTE: &str = "the route to the internet is not known";
const UNKNOWN_GROUP: &str = "a security group or one of its prefix lists is not known";
const UNKNOWN_ENTRY: &str = "the network ACL of the subnet is not known";

/// An open rule behind the network ACL.
#[derive(Debug)]
struct Way {
    group_id: String,
    rule: Traffic,
    sources: Rc<[String]>,
    /// What of the rule's traffic passes the network ACL.
    passing: Vec<Traffic>,
    /// Whether the rule is open for certain.
    is_certain: bool,
    /// Whether the rule and the network ACL let anything in.
    is_open: Option<bool>,
}

/// The ways of one family.
#[derive(Debug)]
struct FamilyPaths {
    ways: Vec<Way>,
    routed: Option<bool>,
    unblocked: Option<bool>,
    /// Whether the security groups let anything in.
    grouped: Option<bool>,
    /// Whether security groups and network ACL together let anything in.
    admitted: Option<bool>,
    /// What passes if no group filters.
    unfiltered: Vec<Traffic>,
}

/// The ways of both families.
#[derive(Debug)]
pub(super) struct Paths([FamilyPaths; 2]);

impl Paths {
    pub(super) fn new(bearer: &Bearer, groups: &Groups<'_>, gate: &Gate<'_>) -> Self {
        let numbers: Vec<usize> = bearer.groups.iter().filter_map(|id| groups.number(id)).collect();
        let is_unfiltered = bearer.is_known && bearer.is_unfiltered();
        let is_complete = bearer.is_known
            && !bearer.groups.is_empty()
            && numbers.len() == bearer.groups.len()
            && numbers.iter().all(|number| groups.is_known(*number));
        let acl_lets_in = gate.acl_lets_in();
        Self(FAMILIES.map(|family| {
            let open = groups.open(&numbers, family);
            let unsure = if is_complete { Some(false) } else { None };
            let rules = open.iter().map(|rule| if rule.is_certain { Some(true) } else { None });
            let grouped = if is_unfiltered { Some(true) } else { certain::any(rules.chain([unsure])) };
            let ways: Vec<Way> = open.iter().map(|rule| way(rule, groups, gate, family)).collect();
            let lets_in = acl_lets_in[family.at()];
            let rest = if is_unfiltered { lets_in } else { certain::all([unsure, lets_in]) };
            let whole = Traffic::new(super::traffic::ANY_PROTOCOL, None, None);
            FamilyPaths {
                admitted: certain::any(ways.iter().map(|way| way.is_open).chain([rest])),
                ways,
                routed: gate.routed[family.at()],
                unblocked: gate.unblocked,
                grouped,
                unfiltered: if is_unfiltered && lets_in == Some(true) { vec![whole] } else { Vec::new() },
            }
        }))
    }

    /// How the internet reaches an interface that has an address of each family or not.
    pub(super) fn exposure(&self, has_address: [Option<bool>; 2]) -> Exposure {
        let reached = |family: Family| {
            let paths = &self.0[family.at()];
            certain::all([has_address[family.at()], paths.routed, paths.unblocked, paths.admitted])
        };
        let parts = FAMILIES.map(reached);
        let mut exposure = Exposure { public: certain::any(parts), ..Exposure::default() };
        for family in FAMILIES {
            let (paths, address) = (&self.0[family.at()], has_address[family.at()]);
            if address == Some(false) {
                continue;
            }
            let before = certain::all([address, paths.routed, paths.unblocked]);
            if before == Some(true) {
                exposure.traffic.extend(paths.unfiltered.iter().copied());
            }
            for way in &paths.ways {
                let public = certain::all([before, way.is_open]);
                // Before something unknown, a group that is open itself is named.
                if public == Some(true) || public.is_none() && exposure.public.is_none() && way.is_certain {
                    exposure.allowed_by.push(way.group_id.clone());
                }
                if public == Some(true) {
                    exposure.traffic.extend(way.passing.iter().copied());
                }
                exposure.rules.push(RuleEffect {
                    group_id: way.group_id.clone(),
                    traffic: way.rule,
                    sources: Rc::clone(&way.sources),
                    public,
                });
            }
        }
        exposure.reason = self.reason(exposure.public, parts, has_address);
        exposure
    }

    /// What keeps the internet out of the first family that has an address, or what is not known.
    fn reason(&self, public: Option<bool>, parts: [Option<bool>; 2], has_address: [Option<bool>; 2]) -> &'static str {
        let mut reason = "";
        for family in FAMILIES.into_iter().filter(|family| parts[family.at()] == public) {
            let paths = &self.0[family.at()];
            let obstacles = [
                (has_address[family.at()], NO_ADDRESS, UNKNOWN_ADDRESS),
                (paths.unblocked, BLOCKED, UNKNOWN_BLOCK),
                (paths.routed, NO_ROUTE, UNKNOWN_ROUTE),
                (paths.grouped, NO_GROUP, UNKNOWN_GROUP),
                (paths.admitted, NO_ENTRY, UNKNOWN_ENTRY),
            ];
            let first = obstacles.into_iter().find(|obstacle| obstacle.0 == public);
            let text = match public {
                Some(true) => "",
                Some(false) => first.map_or("", |obstacle| obstacle.1),
                None => first.map_or("", |obstacle| obstacle.2),
            };
            if reason.is_empty() || reason == NO_ADDRESS {
                reason = text;
            }
        }
        reason
    }
}

fn way(rule: &OpenRule, groups: &Groups<'_>, gate: &Gate<'_>, family: Family) -> Way {
    // Of a list that is not known, any address may be in it.
    let from = if rule.is_certain { &rule.from } else { super::space::Ranges::internet(family) };
    let passing = gate.acl.map(|acl| acl.passing(family, rule.traffic, from));
    let passes = passing.as_ref().map(|passing| !passing.is_empty());
    Way {
        group_id: groups.resource(rule.group).map_or_else(String::new, |group| group.id().to_owned()),
        rule: rule.traffic,
        sources: Rc::clone(&rule.sources),
        passing: passing.unwrap_or_default(),
        is_certain: rule.is_certain,
        is_open: certain::all([if rule.is_certain { Some(true) } else { None }, passes]),
    }
}
