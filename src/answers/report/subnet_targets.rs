//! What the routes of each subnet lead to.
//!
//! **Invariant:** names targets, and concludes nothing from them. Whether a subnet is public is a question of `reach`.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::answers::facts::{Facts, Read, Resource};

pub(super) const ROUTES: Read = Read::context("ec2_route_tables", &["associations", "routes", "vpc_id"]);

/// The members of a route that name its target.
const TARGETS: [&str; 9] = [
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "CarrierGatewayId",
    "LocalGatewayId",
    "NetworkInterfaceId",
    "CoreNetworkArn",
];

/// The targets of a route table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RouteTargets {
    pub targets: Vec<String>,
    /// The destinations of routes whose target is gone.
    pub blackholes: Vec<String>,
}

/// The route tables of subnets, and the main one of each VPC.
#[derive(Debug, Default)]
pub(super) struct SubnetTargets {
    by_subnet: HashMap<String, RouteTargets>,
    by_vpc: HashMap<String, RouteTargets>,
}

impl SubnetTargets {
    pub(super) fn new(facts: &Facts) -> Self {
        let mut all = Self::default();
        for table in facts.all(ROUTES.table) {
            let targets = targets(table);
            for association in table.items("associations") {
                let state = association["AssociationState"]["State"].as_str();
                if matches!(state, Some("disassociated" | "failed")) || association["GatewayId"].is_string() {
                    continue;
                }
                if let Some(subnet) = association["SubnetId"].as_str() {
                    all.by_subnet.insert(subnet.to_owned(), targets.clone());
                } else if let Some(vpc) = table.text("vpc_id").filter(|_| association["Main"] == Value::Bool(true)) {
                    all.by_vpc.insert(vpc.to_owned(), targets.clone());
                }
            }
        }
        all
    }

    /// The targets of a subnet: those of its own table, else of the main one of its VPC.
    pub(super) fn of(&self, subnet_id: &str, vpc_id: &str) -> RouteTargets {
        self.by_subnet.get(subnet_id).or_else(|| self.by_vpc.get(vpc_id)).cloned().unwrap_or_default()
    }
}

fn targets(table: Resource<'_>) -> RouteTargets {
    let (mut targets, mut blackholes) = (BTreeSet::new(), BTreeSet::new());
    for route in table.items("routes") {
        let target = TARGETS.iter().find_map(|member| route[*member].as_str()).filter(|target| *target != "local");
        let Some(target) = target else { continue };
        if route["State"] == "blackhole" {
            let destination = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];
            let destination = destination.iter().find_map(|member| route[*member].as_str()).unwrap_or_default();
            blackholes.insert(format!("{destination} → {target}"));
        } else {
            targets.insert(target.to_owned());
        }
    }
    RouteTargets { targets: targets.into_iter().collect(), blackholes: blackholes.into_iter().collect() }
}
