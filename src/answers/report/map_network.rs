//! Puts the network map together: VPCs, subnets, gateways, links, and the places where links leave the estate.
//!
//! **Invariant:** both ends of every link are on the map. An end that nothing on it has is a place of the kind `unseen`.

use std::collections::{BTreeMap, HashSet};

use super::map_links::{self, LinkCollector};
use super::map_model::{MapCloud, MapLink, MapSubnet, MapVpc, NetworkMap};
use super::map_transit;
use super::report_limits::{FoldedPart, MAP_LINKS, MAP_SUBNETS, MAP_VPCS};
use super::subnet_targets::{ROUTES, SubnetTargets};
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::reach::Reachability;

const VPCS: Read = Read::subject(
    "ec2_vpcs",
    &["cidr_block", "cidr_block_association_set", "ipv6_cidr_block_association_set", "is_default"],
);
const SUBNETS: Read =
    Read::subject("ec2_subnets", &["vpc_id", "cidr_block", "ipv6_cidr_block_association_set", "availability_zone"]);

/// The tables of the map.
pub(super) fn reads() -> Vec<Read> {
    let own = [VPCS, SUBNETS, ROUTES, map_links::CUSTOMER_GATEWAYS];
    own.into_iter().chain(map_links::READS).chain(map_transit::READS).chain(Reachability::RULES).collect()
}

/// A map, and what there was no room for on it.
#[derive(Debug, Default)]
pub(super) struct DrawnMap {
    pub map: NetworkMap,
    /// Every link, also those that are not on the map.
    pub links: Vec<MapLink>,
    pub folded: Vec<FoldedPart>,
}

/// Draws the map of the selected resources.
pub(super) fn map(facts: &Facts) -> DrawnMap {
    let mut collector = LinkCollector::new(facts);
    collector.collect(facts);
    map_transit::collect(&mut collector, facts);
    let mut links = collector.links;
    links.sort();
    links.dedup_by(|one, other| (&one.via, &one.from, &one.to) == (&other.via, &other.from, &other.to));
    let tiles = tiles(facts);
    let (subnets, all_subnets) = subnets(facts);
    let all_vpcs = tiles.iter().map(|(_, _, vpcs)| vpcs).sum();
    let mut map = NetworkMap {
        vpcs: facts.selected(VPCS.table).take(MAP_VPCS).map(vpc).collect(),
        tiles,
        subnets,
        gateways: map_transit::gateways(facts),
        clouds: Vec::new(),
        links: links.iter().take(MAP_LINKS).cloned().collect(),
        transit_tables: map_transit::route_tables(facts),
    };
    map.clouds = clouds(facts, &map, collector.clouds);
    let folded = [
        ("VPCs on the map", map.vpcs.len(), all_vpcs, "rolecall ask address-plan"),
        ("subnets on the map", map.subnets.len(), all_subnets, "rolecall ask address-plan"),
        ("links on the map", map.links.len(), links.len(), "rolecall report --links links.csv"),
    ];
    let folded = folded.into_iter().filter(|(_, shown, total, _)| shown < total);
    let part = |(what, shown, total, command): (&str, usize, usize, &str)| FoldedPart {
        what: what.to_owned(),
        shown,
        total,
        command: command.to_owned(),
    };
    DrawnMap { folded: folded.map(part).collect(), map, links }
}

/// The number of VPCs of each account and region.
fn tiles(facts: &Facts) -> Vec<(String, String, usize)> {
    let mut tiles: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for vpc in facts.selected(VPCS.table) {
        *tiles.entry((vpc.account_id(), vpc.region())).or_default() += 1;
    }
    tiles.into_iter().map(|((account, region), vpcs)| (account.to_owned(), region.to_owned(), vpcs)).collect()
}

fn vpc(vpc: Resource<'_>) -> MapVpc {
    MapVpc {
        id: vpc.id().to_owned(),
        name: vpc.name(),
        account: vpc.account_id().to_owned(),
        region: vpc.region().to_owned(),
        ranges: ranges(vpc, "cidr_block_association_set"),
        is_default: vpc.flag("is_default") == Some(true),
        shared_with: shared_with(vpc),
    }
}

/// The ranges of a VPC or subnet that are associated, IPv4 first.
fn ranges(resource: Resource<'_>, associations: &str) -> Vec<String> {
    let mut ranges: Vec<String> = Vec::new();
    let mut add = |range: Option<&str>, state: Option<&str>| {
        if let Some(range) = range.filter(|_| matches!(state, None | Some("associated" | "associating")))
            && !ranges.iter().any(|known| known == range)
        {
            ranges.push(range.to_owned());
        }
    };
    let of_vpc = resource.items(associations);
    if of_vpc.is_empty() {
        add(resource.text("cidr_block"), None);
    }
    for one in &of_vpc {
        add(one["CidrBlock"].as_str(), one["CidrBlockState"]["State"].as_str());
    }
    for one in resource.items("ipv6_cidr_block_association_set") {
        add(one["Ipv6CidrBlock"].as_str(), one["Ipv6CidrBlockState"]["State"].as_str());
    }
    ranges
}

fn shared_with(resource: Resource<'_>) -> Vec<String> {
    resource.observers().filter(|account| *account != resource.account_id()).map(str::to_owned).collect()
}

/// The subnets up to the most that a page holds, and how many there are.
fn subnets(facts: &Facts) -> (Vec<MapSubnet>, usize) {
    let reach = Reachability::new(facts);
    let targets = SubnetTargets::new(facts);
    let (mut subnets, mut total) = (Vec::new(), 0);
    for subnet in facts.selected(SUBNETS.table) {
        total += 1;
        if subnets.len() == MAP_SUBNETS {
            continue;
        }
        let vpc = subnet.text("vpc_id").unwrap_or_default();
        let routes = targets.of(subnet.id(), vpc);
        subnets.push(MapSubnet {
            id: subnet.id().to_owned(),
            name: subnet.name(),
            vpc: vpc.to_owned(),
            account: subnet.account_id().to_owned(),
            zone: subnet.text("availability_zone").unwrap_or_default().to_owned(),
            ranges: ranges(subnet, ""),
            public: reach.is_routed(subnet.id(), vpc),
            targets: routes.targets,
            blackholes: routes.blackholes,
            shared_with: shared_with(subnet),
        });
    }
    (subnets, total)
}

/// The places where links end that nothing else on the map has.
fn clouds(facts: &Facts, map: &NetworkMap, known: Vec<MapCloud>) -> Vec<MapCloud> {
    let known: BTreeMap<String, MapCloud> = known.into_iter().map(|cloud| (cloud.id.clone(), cloud)).collect();
    let vpcs = facts.selected(VPCS.table).map(Resource::id);
    let subnets: HashSet<&str> = facts.all(SUBNETS.table).map(Resource::id).collect();
    let nodes: HashSet<&str> = vpcs.chain(map.gateways.iter().map(|gateway| gateway.id.as_str())).collect();
    let ends = map.links.iter().flat_map(|link| [link.from.as_str(), link.to.as_str()]);
    let mut clouds: BTreeMap<&str, MapCloud> = BTreeMap::new();
    for end in ends.filter(|end| !nodes.contains(end) && !subnets.contains(end)) {
        let cloud = known.get(end).cloned();
        let unseen = || MapCloud { id: end.to_owned(), kind: "unseen", label: format!("{end}, not seen") };
        clouds.entry(end).or_insert_with(|| cloud.unwrap_or_else(unseen));
    }
    clouds.into_values().collect()
}
