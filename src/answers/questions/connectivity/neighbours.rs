//! The accounts whose interfaces and rules may have the security groups of a VPC.
//!
//! They are those that are in the VPC, because it is shared with them, and those with a VPC that is connected to it: by a
//! peering in the region, or by a transit gateway that lets groups be referred to.
//!
//! **Invariant:** an account that was not answered, or that is outside of the estate, may use every group that it can.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::values::text;
use crate::answers::facts::{Facts, Read, Resource, RowFilter};
use crate::inventory::ANY_REGION;

pub(super) const GROUPS: &str = "ec2_security_groups";
pub(super) const INTERFACES: &str = "ec2_network_interfaces";
pub(super) const VPCS: &str = "ec2_vpcs";
pub(super) const SUBNETS: &str = "ec2_subnets";
pub(super) const PEERINGS: &str = "ec2_vpc_peering_connections";
pub(super) const GATEWAYS: &str = "ec2_transit_gateways";
pub(super) const ATTACHMENTS: &str = "ec2_transit_gateway_vpc_attachments";

/// The states of a connection that is gone or not there yet, in lower case and without hyphens.
const UNCONNECTED: [&str; 7] =
    ["deleted", "rejected", "expired", "failed", "pendingacceptance", "initiatingrequest", "initiating"];

/// Who may use the groups of a VPC.
pub(super) struct VpcNeighbours<'a> {
    facts: &'a Facts,
    estate: BTreeSet<&'a str>,
    owners: HashMap<&'a str, &'a str>,
    /// The accounts that are in a VPC.
    insiders: HashMap<&'a str, BTreeSet<&'a str>>,
    /// The owners of the VPCs that are peered with a VPC in its region.
    peers: HashMap<String, BTreeSet<String>>,
    /// The VPCs whose transit gateway lets groups be referred to, or may do so.
    on_gateways: HashSet<&'a str>,
    /// Those of them on a gateway that an account outside of the estate is on too, or may be.
    with_strangers: HashSet<&'a str>,
    /// The accounts and regions whose groups are not known.
    unknown: BTreeSet<(String, String)>,
}

impl<'a> VpcNeighbours<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        let estate = facts.cells.accounts();
        let attached = attached(facts);
        let unknown = facts.cells.coverage(&[Read::context(GROUPS, &[])], &RowFilter::default()).unknown;
        Self {
            facts,
            owners: facts.all(VPCS).map(|vpc| (vpc.id(), vpc.account_id())).collect(),
            insiders: insiders(facts),
            peers: peers(facts),
            on_gateways: attached.iter().map(|attached| attached.vpc).collect(),
            with_strangers: with_strangers(facts, &attached, &estate),
            unknown: unknown.into_iter().map(|cell| (cell.account_id, cell.region)).collect(),
            estate,
        }
    }

    /// Whether every account that may use a group was answered.
    pub(super) fn are_known(&self, group: Resource<'_>) -> bool {
        let region = group.region();
        let answered = |account: &str, table: &str| self.facts.is_answered(account, region, table);
        let are_answered = |account: &str| answered(account, GROUPS) && answered(account, INTERFACES);
        if !group.observers().chain([group.account_id()]).all(are_answered) {
            return false;
        }
        let Some(vpc) = group.text("vpc_id") else { return true };
        let Some(owner) = self.owners.get(vpc) else { return false };
        let mut insiders = self.insiders.get(vpc).into_iter().flatten();
        if !insiders.all(|account| are_answered(account)) || !answered(owner, PEERINGS) || !answered(owner, ATTACHMENTS)
        {
            return false;
        }
        let peers = self.peers.get(vpc);
        let has_stranger = peers.into_iter().flatten().any(|peer| !self.estate.contains(peer.as_str()));
        if has_stranger || self.with_strangers.contains(vpc) {
            return false;
        }
        let hides = |account: &str, place: &str| place == region || place == ANY_REGION && !answered(account, GROUPS);
        let is_connected =
            |account: &str| self.on_gateways.contains(vpc) || peers.is_some_and(|peers| peers.contains(account));
        !self.unknown.iter().any(|(account, place)| hides(account, place) && is_connected(account))
    }
}

/// The accounts that own a VPC, see it or its subnets, or have interfaces or groups in it.
fn insiders(facts: &Facts) -> HashMap<&str, BTreeSet<&str>> {
    let mut insiders: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for vpc in facts.all(VPCS) {
        insiders.entry(vpc.id()).or_default().extend(vpc.observers().chain([vpc.account_id()]));
    }
    for table in [SUBNETS, INTERFACES, GROUPS] {
        for resource in facts.all(table) {
            let Some(vpc) = resource.text("vpc_id") else { continue };
            let accounts = insiders.entry(vpc).or_default();
            accounts.insert(resource.account_id());
            if table == SUBNETS {
                accounts.extend(resource.observers());
            }
        }
    }
    insiders
}

/// The owners of the VPCs that each VPC is peered with in its region.
fn peers(facts: &Facts) -> HashMap<String, BTreeSet<String>> {
    let mut peers: HashMap<String, BTreeSet<String>> = HashMap::new();
    for peering in facts.all(PEERINGS).filter(|peering| is_connected(text(&peering.json("status"), &["Code"]))) {
        let sides = [peering.json("requester_vpc_info"), peering.json("accepter_vpc_info")];
        if text(&sides[0], &["Region"]) != text(&sides[1], &["Region"]) {
            continue;
        }
        for (side, other) in [(&sides[0], &sides[1]), (&sides[1], &sides[0])] {
            if let (Some(vpc), Some(owner)) = (text(side, &["VpcId"]), text(other, &["OwnerId"])) {
                peers.entry(vpc.to_owned()).or_default().insert(owner.to_owned());
            }
        }
    }
    peers
}

/// A VPC on a transit gateway that may let groups be referred to.
struct AttachedVpc<'a> {
    vpc: &'a str,
    gateway: Option<&'a str>,
    owner: &'a str,
}

fn attached(facts: &Facts) -> Vec<AttachedVpc<'_>> {
    let refuses = |resource: Resource<'_>| {
        text(&resource.json("options"), &["SecurityGroupReferencingSupport"]) == Some("disable")
    };
    let refusing: HashSet<&str> = facts.all(GATEWAYS).filter(|gateway| refuses(*gateway)).map(Resource::id).collect();
    let attachments = facts.all(ATTACHMENTS).filter(|one| is_connected(one.text("state")) && !refuses(*one));
    let attached = attachments.filter_map(|one| {
        let (vpc, gateway, owner) = (one.text("vpc_id")?, one.text("transit_gateway_id"), one.account_id());
        Some(AttachedVpc { vpc, gateway, owner })
    });
    attached.filter(|one| one.gateway.is_none_or(|gateway| !refusing.contains(gateway))).collect()
}

/// The VPCs on a gateway that has a VPC of an account outside of the estate, or may have one: what is on a gateway its owner
/// knows alone.
fn with_strangers<'a>(facts: &Facts, attached: &[AttachedVpc<'a>], estate: &BTreeSet<&str>) -> HashSet<&'a str> {
    let own = facts.all(GATEWAYS).filter(|gateway| estate.contains(gateway.account_id()));
    let own: HashSet<Option<&str>> = own.map(|gateway| Some(gateway.id())).collect();
    let strange = attached.iter().filter(|one| !estate.contains(one.owner));
    let strange: HashSet<Option<&str>> = strange.map(|one| one.gateway).collect();
    let is_open = |one: &&AttachedVpc<'a>| !own.contains(&one.gateway) || strange.contains(&one.gateway);
    attached.iter().filter(is_open).map(|one| one.vpc).collect()
}

/// Whether a connection of this state connects. One without a state does.
fn is_connected(state: Option<&str>) -> bool {
    state.is_none_or(|state| !UNCONNECTED.contains(&state.replace('-', "").to_ascii_lowercase().as_str()))
}
