//! Finds every public address in the rows, with the resources that bear it.
//!
//! **Invariant:** an address that was read twice is two bearings; who asks puts them together.

use serde_json::Value;

use crate::answers::facts::{Facts, Resource};
use crate::answers::ranges::{address, is_public, range};

/// What an address is. Of several bearings of an address the first one here counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AddressKind {
    CustomerOwned,
    Carrier,
    Elastic,
    VpnTunnel,
    AutoAssigned,
    Ipv6,
    Ipv6Prefix,
}

impl AddressKind {
    /// The value of the column `kind`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CustomerOwned => "customer-owned",
            Self::Carrier => "carrier",
            Self::Elastic => "elastic",
            Self::VpnTunnel => "vpn tunnel",
            Self::AutoAssigned => "auto-assigned",
            Self::Ipv6 => "ipv6",
            Self::Ipv6Prefix => "ipv6 prefix",
        }
    }
}

/// A resource that bears a public address.
#[derive(Debug)]
pub(super) struct Bearing<'a> {
    pub resource: Resource<'a>,
    /// The address, or a range that is delegated to an interface.
    pub address: String,
    pub kind: AddressKind,
    /// The ids of what bears it.
    pub ids: Vec<String>,
}

/// Every public address of the selected resources, in the order in which their names are preferred.
pub(super) fn bearings(facts: &Facts) -> Vec<Bearing<'_>> {
    let mut found = Vec::new();
    for resource in facts.selected("ec2_addresses") {
        of_address(resource, &mut found);
    }
    for resource in facts.selected("ec2_instances") {
        let ids = vec![resource.id().to_owned()];
        push(&mut found, resource, resource.text("public_ip_address"), AddressKind::AutoAssigned, &ids);
        push(&mut found, resource, resource.text("ipv6_address"), AddressKind::Ipv6, &ids);
    }
    for resource in facts.selected("ec2_nat_gateways") {
        of_nat_gateway(resource, &mut found);
    }
    for resource in facts.selected("ec2_network_interfaces") {
        of_interface(resource, &mut found);
    }
    for resource in facts.selected("ec2_vpn_connections") {
        if resource.text("state") == Some("deleted") {
            continue;
        }
        for tunnel in resource.items("vgw_telemetry") {
            let ids = vec![resource.id().to_owned()];
            push(&mut found, resource, tunnel["OutsideIpAddress"].as_str(), AddressKind::VpnTunnel, &ids);
        }
    }
    found
}

fn of_address<'a>(resource: Resource<'a>, found: &mut Vec<Bearing<'a>>) {
    let own = [Some(resource.id()), resource.text("network_interface_id"), resource.text("instance_id")];
    let ids: Vec<String> = own.into_iter().flatten().filter(|id| !id.is_empty()).map(str::to_owned).collect();
    push(found, resource, resource.text("public_ip"), AddressKind::Elastic, &ids);
    push(found, resource, resource.text("carrier_ip"), AddressKind::Carrier, &ids);
    push(found, resource, resource.text("customer_owned_ip"), AddressKind::CustomerOwned, &ids);
}

/// A NAT gateway that is gone still lists its addresses for an hour.
fn of_nat_gateway<'a>(resource: Resource<'a>, found: &mut Vec<Bearing<'a>>) {
    if matches!(resource.text("state"), Some("deleted" | "failed")) {
        return;
    }
    for item in resource.items("nat_gateway_addresses") {
        let mut ids = vec![resource.id().to_owned()];
        ids.extend(filled(&item["NetworkInterfaceId"]).map(str::to_owned));
        push(found, resource, item["PublicIp"].as_str(), AddressKind::Elastic, &ids);
    }
}

fn of_interface<'a>(resource: Resource<'a>, found: &mut Vec<Bearing<'a>>) {
    let mut ids = vec![resource.id().to_owned()];
    ids.extend(filled(&resource.json("attachment")["InstanceId"]).map(str::to_owned));
    let mut associations = vec![resource.json("association")];
    associations.extend(resource.items("private_ip_addresses").into_iter().map(|mut item| item["Association"].take()));
    for association in associations {
        let kind = if is_elastic(&association) { AddressKind::Elastic } else { AddressKind::AutoAssigned };
        push(found, resource, association["PublicIp"].as_str(), kind, &ids);
        push(found, resource, association["CarrierIp"].as_str(), AddressKind::Carrier, &ids);
        push(found, resource, association["CustomerOwnedIp"].as_str(), AddressKind::CustomerOwned, &ids);
    }
    for item in resource.items("ipv6_addresses") {
        push(found, resource, item["Ipv6Address"].as_str(), AddressKind::Ipv6, &ids);
    }
    for item in resource.items("ipv6_prefixes") {
        push(found, resource, item["Ipv6Prefix"].as_str(), AddressKind::Ipv6Prefix, &ids);
    }
}

/// Whether an association is that of an elastic address. An address that AWS assigns is owned by `amazon` or a service.
fn is_elastic(association: &Value) -> bool {
    let owner = association["IpOwnerId"].as_str().unwrap_or_default();
    let is_account = owner.len() == 12 && owner.bytes().all(|byte| byte.is_ascii_digit());
    is_account || filled(&association["AllocationId"]).is_some()
}

fn filled(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

fn push<'a>(
    found: &mut Vec<Bearing<'a>>,
    resource: Resource<'a>,
    text: Option<&str>,
    kind: AddressKind,
    ids: &[String],
) {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return };
    let address = match kind {
        AddressKind::Ipv6Prefix => {
            range(text).filter(|range| is_public(range.network())).map(|range| range.to_string())
        }
        _ => address(text).filter(|address| is_public(*address)).map(|address| address.to_string()),
    };
    if let Some(address) = address {
        found.push(Bearing { resource, address, kind, ids: ids.to_vec() });
    }
}
