//! Whether the route table of a subnet connects it with the internet.
//!
//! The most specific route of an address decides. A subnet is connected if more than half of the internet goes to an internet
//! gateway that is attached. If it goes to an interface or an endpoint, and the VPC's gateway has a route table of its own, an
//! appliance stands between them: whether it lets anything in is unknown. Every other target lets nobody in.
//!
//! **Invariant:** knows no rule of a security group or network ACL.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use super::prefixes::PrefixLists;
use super::sight;
use super::space::{FAMILIES, Family, Ranges};
use crate::answers::facts::{Facts, Resource};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RouteJson {
    destination_cidr_block: Option<String>,
    destination_ipv6_cidr_block: Option<String>,
    destination_prefix_list_id: Option<String>,
    gateway_id: Option<String>,
    instance_id: Option<String>,
    network_interface_id: Option<String>,
    origin: Option<String>,
    state: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TableAssociation {
    main: Option<bool>,
    subnet_id: Option<String>,
    gateway_id: Option<String>,
    association_state: Option<StateJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StateJson {
    state: Option<String>,
    vpc_id: Option<String>,
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leads {
    ToInternet,
    ToAppliance,
    Elsewhere,
}

/// Whether each family of a route table is connected with the internet.
type Connected = [Option<bool>; 2];

/// The route tables of an estate.
#[derive(Debug, Default)]
pub(super) struct Routes<'a> {
    by_subnet: HashMap<String, Connected>,
    /// The main table of each VPC.
    by_vpc: HashMap<&'a str, Connected>,
}

impl<'a> Routes<'a> {
    pub(super) fn new(facts: &'a Facts, lists: &PrefixLists<'a>) -> Self {
        let gateways = detached_gateways(facts);
        let tables: Vec<(Resource<'a>, Vec<TableAssociation>)> = facts
            .all("ec2_route_tables")
            .filter(|table| sight::is_current(facts, *table))
            .map(|table| (table, sight::list(table, "associations").unwrap_or_default()))
            .collect();
        let is_edge = |association: &TableAssociation| {
            association.gateway_id.as_deref().is_some_and(|gateway| gateway.starts_with("igw-"))
        };
        let with_edge: HashSet<&str> = tables
            .iter()
            .filter(|(_, of)| of.iter().any(is_edge))
            .filter_map(|(table, _)| table.text("vpc_id"))
            .collect();
        let mut routes = Self::default();
        for (table, associations) in tables {
            let vpc = table.text("vpc_id").unwrap_or_default();
            let reader = RouteReader { lists, vpc, has_edge: with_edge.contains(vpc), detached: &gateways };
            let connected = reader.connected(table);
            for association in associations {
                let state = association.association_state.and_then(|state| state.state);
                if matches!(state.as_deref(), Some("disassociated" | "failed")) {
                    continue;
                }
                if let Some(subnet) = association.subnet_id {
                    routes.by_subnet.insert(subnet, connected);
                } else if association.main == Some(true) && association.gateway_id.is_none() {
                    routes.by_vpc.insert(vpc, connected);
                }
            }
        }
        routes
    }

    /// Whether a subnet has a route table of its own that was seen, and whether that connects it.
    pub(super) fn of_subnet(&self, subnet: &str) -> Option<Connected> {
        self.by_subnet.get(subnet).copied()
    }

    /// Whether the main route table of a VPC connects a subnet without a table of its own.
    pub(super) fn of_vpc(&self, vpc: &str) -> Option<Connected> {
        self.by_vpc.get(vpc).copied()
    }
}

/// Internet gateways with the VPCs they are attached to. Others are not known: the state of the route tells.
fn detached_gateways(facts: &Facts) -> HashMap<&str, Vec<String>> {
    let current = facts.all("ec2_internet_gateways").filter(|gateway| sight::is_current(facts, *gateway));
    let attached = |gateway: Resource<'_>| -> Option<Vec<String>> {
        let attachments = sight::list::<StateJson>(gateway, "attachments")?;
        let is_on = |state: &StateJson| !matches!(state.state.as_deref(), Some("detached" | "detaching"));
        Some(attachments.into_iter().filter(is_on).filter_map(|attachment| attachment.vpc_id).collect())
    };
    current.filter_map(|gateway| attached(gateway).map(|vpcs| (gateway.id(), vpcs))).collect()
}

/// The routes of one prefix length: where they lead, with their addresses.
type SameLength = Vec<(Leads, Ranges)>;

/// Reads the routes of one table.
struct RouteReader<'r, 'a> {
    lists: &'r PrefixLists<'a>,
    vpc: &'r str,
    /// Whether a gateway of the VPC has a route table of its own.
    has_edge: bool,
    detached: &'r HashMap<&'a str, Vec<String>>,
}

impl RouteReader<'_, '_> {
    fn connected(&self, table: Resource<'_>) -> Connected {
        let Some(mut routes) = sight::list::<RouteJson>(table, "routes") else { return [None; 2] };
        // Of two routes to the same destination the one that somebody created wins.
        routes.sort_by_key(|route| route.origin.as_deref() == Some("EnableVgwRoutePropagation"));
        FAMILIES.map(|family| self.family(&routes, family))
    }

    fn family(&self, routes: &[RouteJson], family: Family) -> Option<bool> {
        let mut by_length: BTreeMap<u8, SameLength> = BTreeMap::new();
        let (mut may_lead_here, mut may_lead_away) = (false, false);
        for route in routes {
            let leads = self.leads(route);
            let Some(parts) = self.destination(route, family) else {
                may_lead_here |= leads != Leads::Elsewhere;
                may_lead_away |= leads != Leads::ToInternet;
                continue;
            };
            for (length, ranges) in parts {
                by_length.entry(length).or_default().push((leads, ranges));
            }
        }
        let (internet, appliance) = most_specific(by_length);
        let is_connected = internet.is_most(family);
        let may_be = Ranges::union([&internet, &appliance]).is_most(family);
        match (is_connected, may_be || may_lead_here, may_lead_away) {
            (true, _, false) => Some(true),
            (false, false, _) => Some(false),
            _ => None,
        }
    }

    /// The internet addresses of a route's destination, with their prefix lengths. None if they are not known.
    fn destination(&self, route: &RouteJson, family: Family) -> Option<Vec<(u8, Ranges)>> {
        if let Some(list) = &route.destination_prefix_list_id {
            let of_family = self.lists.entries(list)?.iter().filter(|entry| entry.1 == family);
            return Some(of_family.map(|(length, _, ranges)| (*length, ranges.clone())).collect());
        }
        let cidr = route.destination_cidr_block.as_deref().or(route.destination_ipv6_cidr_block.as_deref())?;
        let length = cidr.rsplit_once('/')?.1.parse().ok()?;
        let (of, ranges) = Ranges::of(cidr)?;
        Some(if of == family && !ranges.is_empty() { vec![(length, ranges)] } else { Vec::new() })
    }

    fn leads(&self, route: &RouteJson) -> Leads {
        let gateway = route.gateway_id.as_deref().unwrap_or_default();
        if route.state.as_deref().is_some_and(|state| state != "active") {
            return Leads::Elsewhere;
        }
        if gateway.starts_with("igw-") {
            let attached = self.detached.get(gateway);
            let is_attached = attached.is_none_or(|vpcs| vpcs.iter().any(|vpc| vpc == self.vpc));
            return if is_attached { Leads::ToInternet } else { Leads::Elsewhere };
        }
        let is_appliance =
            gateway.starts_with("vpce-") || route.network_interface_id.is_some() || route.instance_id.is_some();
        if is_appliance && self.has_edge { Leads::ToAppliance } else { Leads::Elsewhere }
    }
}

/// The addresses whose most specific route leads to the internet, and to an appliance.
fn most_specific(by_length: BTreeMap<u8, SameLength>) -> (Ranges, Ranges) {
    let (mut internet, mut appliance, mut decided) = (Ranges::default(), Ranges::default(), Ranges::default());
    for (_, routes) in by_length.into_iter().rev() {
        let mut of_length = Ranges::default();
        for (leads, ranges) in routes {
            let own = ranges.minus(&of_length).minus(&decided);
            match leads {
                Leads::ToInternet => internet.add(&own),
                Leads::ToAppliance => appliance.add(&own),
                Leads::Elsewhere => {}
            }
            of_length.add(&ranges);
        }
        decided.add(&of_length);
    }
    (internet, appliance)
}
