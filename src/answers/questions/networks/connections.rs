//! Which VPCs are connected: by an active peering, by one transit gateway, or by two that are peered.
//!
//! VPCs have the same number if they are attached to the same transit gateways, so that thousands of them are
//! compared once.
//!
//! **Invariant:** routes are not read: connected VPCs may still have no route to each other.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::answers::facts::{Facts, Read};

/// The connections between the VPCs of an estate.
#[derive(Debug, Default)]
pub(super) struct Connections {
    /// The other VPC and the id of each active peering of a VPC.
    peerings: HashMap<String, Vec<(String, String)>>,
    /// The number of the set of transit gateways of a VPC.
    attached: HashMap<String, usize>,
    /// The sets of transit gateways. The first one is empty.
    sets: Vec<BTreeSet<String>>,
    /// The transit gateways that each is peered with, and the ids of the attachments.
    gateway_peerings: HashMap<String, HashMap<String, BTreeSet<String>>>,
    /// Whether every peering between transit gateways is known.
    pub knows_gateway_peerings: bool,
}

/// The tables of connections.
pub(super) const PEERINGS: Read =
    Read::context("ec2_vpc_peering_connections", &["status", "requester_vpc_info", "accepter_vpc_info"]);
pub(super) const ATTACHMENTS: Read =
    Read::context("ec2_transit_gateway_vpc_attachments", &["state", "transit_gateway_id", "vpc_id"]);
pub(super) const GATEWAY_PEERINGS: Read =
    Read::context("ec2_transit_gateway_peering_attachments", &["state", "requester_tgw_info", "accepter_tgw_info"]);

impl Connections {
    pub(super) fn new(facts: &Facts) -> Self {
        let mut connections = Self::default();
        for peering in facts.all(PEERINGS.table) {
            let vpc = |side: &str| text(&peering.json(side)["VpcId"]);
            let sides = vpc("requester_vpc_info").zip(vpc("accepter_vpc_info"));
            if let Some((one, other)) = sides.filter(|_| peering.json("status")["Code"].as_str() == Some("active")) {
                connections.add_peering(&one, &other, peering.id());
                connections.add_peering(&other, &one, peering.id());
            }
        }
        let mut gateways: HashMap<&str, BTreeSet<String>> = HashMap::new();
        for attachment in facts.all(ATTACHMENTS.table).filter(|one| is_active(one.text("state"))) {
            if let Some((vpc, gateway)) = attachment.text("vpc_id").zip(attachment.text("transit_gateway_id")) {
                gateways.entry(vpc).or_default().insert(gateway.to_owned());
            }
        }
        connections.number(gateways);
        for attachment in facts.all(GATEWAY_PEERINGS.table).filter(|one| is_active(one.text("state"))) {
            let gateway = |side: &str| text(&attachment.json(side)["TransitGatewayId"]);
            if let Some((one, other)) = gateway("requester_tgw_info").zip(gateway("accepter_tgw_info")) {
                let id = attachment.id().to_owned();
                let peerings = &mut connections.gateway_peerings;
                peerings.entry(one.clone()).or_default().entry(other.clone()).or_default().insert(id.clone());
                peerings.entry(other).or_default().entry(one).or_default().insert(id);
            }
        }
        let coverage = facts.cells.coverage(&[GATEWAY_PEERINGS], &facts.selection);
        connections.knows_gateway_peerings = coverage.unknown.is_empty();
        connections
    }

    /// A peering that both of its accounts see is added once.
    fn add_peering(&mut self, vpc: &str, other: &str, id: &str) {
        let peerings = self.peerings.entry(vpc.to_owned()).or_default();
        let peering = (other.to_owned(), id.to_owned());
        if !peerings.contains(&peering) {
            peerings.push(peering);
        }
    }

    fn number(&mut self, gateways: HashMap<&str, BTreeSet<String>>) {
        let mut numbers: HashMap<BTreeSet<String>, usize> = HashMap::from([(BTreeSet::new(), 0)]);
        self.sets.push(BTreeSet::new());
        for (vpc, set) in gateways {
            let number = *numbers.entry(set).or_insert_with_key(|set| {
                self.sets.push(set.clone());
                self.sets.len() - 1
            });
            self.attached.insert(vpc.to_owned(), number);
        }
    }

    /// The number of the set of transit gateways that a VPC is attached to. 0 stands for none.
    pub(super) fn gateways_of(&self, vpc_id: &str) -> usize {
        self.attached.get(vpc_id).copied().unwrap_or_default()
    }

    /// The other VPC and the id of each active peering of a VPC.
    pub(super) fn peerings_of(&self, vpc_id: &str) -> &[(String, String)] {
        self.peerings.get(vpc_id).map_or(&[], Vec::as_slice)
    }

    /// Whether two sets of transit gateways are connected.
    pub(super) fn are_connected(&self, one: usize, other: usize) -> bool {
        one != 0 && other != 0 && (one == other || self.between_gateways(one, other).next().is_some())
    }

    /// The transit gateways that connect two sets, and the attachments between them.
    fn between_gateways(&self, one: usize, other: usize) -> impl Iterator<Item = &str> {
        let set = |number: usize| self.sets.get(number).into_iter().flatten();
        set(one).flat_map(move |first| {
            let peers = self.gateway_peerings.get(first);
            let shared = self.sets.get(other).and_then(|others| others.get(first));
            let peered = set(other).filter_map(move |second| peers.and_then(|peers| peers.get(second)));
            shared.into_iter().chain(peered.flatten()).map(String::as_str)
        })
    }

    /// Everything that connects two VPCs.
    pub(super) fn between(&self, one: &str, other: &str) -> BTreeSet<String> {
        let gateways = self.between_gateways(self.gateways_of(one), self.gateways_of(other));
        let mut ids: BTreeSet<String> = gateways.map(str::to_owned).collect();
        let peerings = self.peerings_of(one).iter().filter(|(vpc, _)| vpc == other);
        ids.extend(peerings.map(|(_, id)| id.clone()));
        ids
    }
}

/// Whether an attachment passes traffic.
fn is_active(state: Option<&str>) -> bool {
    matches!(state, Some("available" | "modifying"))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
