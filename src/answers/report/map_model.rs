//! What the network map is made of.
//!
//! **Invariant:** holds values in the order of account, region and id, so that the picture of two nights is the same where
//! nothing changed.

use serde::Serialize;

/// The id of the node that stands for the internet.
pub(super) const INTERNET: &str = "internet";

/// The network of an estate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct NetworkMap {
    pub(super) vpcs: Vec<MapVpc>,
    /// The number of VPCs of each account and region, also of those that are left out.
    pub(super) tiles: Vec<(String, String, usize)>,
    pub(super) subnets: Vec<MapSubnet>,
    /// Gateways that are no part of one VPC alone: transit gateways and VPN gateways.
    pub(super) gateways: Vec<MapGateway>,
    /// Where links end that leave the estate.
    pub(super) clouds: Vec<MapCloud>,
    pub(super) links: Vec<MapLink>,
    pub(super) transit_tables: Vec<MapTransitTable>,
}

/// A VPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct MapVpc {
    pub id: String,
    pub name: Option<String>,
    pub account: String,
    pub region: String,
    pub ranges: Vec<String>,
    pub is_default: bool,
    /// The accounts that see it beside its owner.
    pub shared_with: Vec<String>,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct MapSubnet {
    pub id: String,
    pub name: Option<String>,
    pub vpc: String,
    pub account: String,
    pub zone: String,
    pub ranges: Vec<String>,
    /// Whether a route connects it with the internet. Null if that is unknown.
    pub public: Option<bool>,
    /// What its routes lead to, beside the VPC itself.
    pub targets: Vec<String>,
    /// Those of its routes whose target is gone.
    pub blackholes: Vec<String>,
    pub shared_with: Vec<String>,
}

/// A gateway that is a node of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct MapGateway {
    pub id: String,
    pub name: Option<String>,
    /// `transit-gateway` or `vpn-gateway`.
    pub kind: &'static str,
    pub account: String,
    pub region: String,
}

/// A place outside the estate, or one that could not be seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct MapCloud {
    pub id: String,
    /// `internet`, `service`, `premises`, `clients`, `account` or `unseen`.
    pub kind: &'static str,
    pub label: String,
}

/// A link of the map, and a row of the table `links`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct MapLink {
    /// The account and region of the resource that makes the link.
    pub account: String,
    pub region: String,
    /// The ids of both ends. What has no id has its address or name.
    pub from: String,
    pub to: String,
    pub kind: &'static str,
    /// The id of the resource that makes the link. Null for an attachment that has no id.
    pub via: Option<String>,
    pub state: Option<String>,
}

/// A route table of a transit gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct MapTransitTable {
    pub id: String,
    pub name: Option<String>,
    pub gateway: String,
    /// Destination, what it leads to, type and state of each route.
    pub routes: Vec<[String; 4]>,
    /// The ids of what uses the table.
    pub used_by: Vec<String>,
}
