//! The ranges of VPCs and subnets, as AWS associates them.
//!
//! **Invariant:** a range that is disassociated, or whose association failed, is no range of its VPC.

use std::collections::HashMap;

use ipnet::IpNet;
use serde_json::Value;

use crate::answers::facts::{Facts, Resource};
use crate::answers::ranges::range;

/// A range of a VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VpcRange {
    pub range: IpNet,
    /// The IPAM pool of an IPv6 range. AWS names none for IPv4.
    pub ipam_pool: Option<String>,
}

/// The primary and secondary ranges of a VPC, IPv4 first.
pub(super) fn vpc_ranges(vpc: Resource<'_>) -> Vec<VpcRange> {
    let mut ranges: Vec<VpcRange> = Vec::new();
    let mut add = |text: Option<&str>, pool: Option<&str>| {
        if let Some(range) = text.and_then(range)
            && !ranges.iter().any(|known| known.range == range)
        {
            let ipam_pool = pool.filter(|pool| pool.starts_with("ipam-pool-")).map(str::to_owned);
            ranges.push(VpcRange { range, ipam_pool });
        }
    };
    let associations = vpc.items("cidr_block_association_set");
    if associations.is_empty() {
        add(vpc.text("cidr_block"), None);
    }
    for association in associations.iter().filter(|association| is_associated(&association["CidrBlockState"])) {
        add(association["CidrBlock"].as_str(), None);
    }
    for association in vpc.items("ipv6_cidr_block_association_set") {
        if is_associated(&association["Ipv6CidrBlockState"]) {
            add(association["Ipv6CidrBlock"].as_str(), association["Ipv6Pool"].as_str());
        }
    }
    ranges
}

/// The ranges of a subnet, IPv4 first.
pub(super) fn subnet_ranges(subnet: Resource<'_>) -> Vec<IpNet> {
    let mut ranges: Vec<IpNet> = subnet.text("cidr_block").and_then(range).into_iter().collect();
    for association in subnet.items("ipv6_cidr_block_association_set") {
        if is_associated(&association["Ipv6CidrBlockState"]) {
            ranges.extend(association["Ipv6CidrBlock"].as_str().and_then(range));
        }
    }
    ranges
}

/// Whether a range is associated, or is being so. Without a state it is.
fn is_associated(state: &Value) -> bool {
    matches!(state["State"].as_str(), None | Some("associated" | "associating"))
}

/// The subnets of each VPC, whoever asked for them.
pub(super) fn subnets_by_vpc(facts: &Facts) -> HashMap<&str, Vec<Resource<'_>>> {
    let mut subnets: HashMap<&str, Vec<Resource<'_>>> = HashMap::new();
    for subnet in facts.all("ec2_subnets") {
        if let Some(vpc) = subnet.text("vpc_id") {
            subnets.entry(vpc).or_default().push(subnet);
        }
    }
    subnets
}
