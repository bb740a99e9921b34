//! Transit gateways, their attachments, and their routes.
//!
//! **Invariant:** the owner of a gateway sees every attachment to it. The owner of what is attached owns the
//! attachment.

use serde_json::{Value, json};

use super::super::accounts::{DemoAccount, Site};
use super::super::ids::id;
use super::super::rows::DemoRows;
use super::{DemoInterface, DemoNetwork};

/// The id of a transit gateway.
pub(in super::super) fn transit_id(site: Site) -> String {
    id("tgw", &site.unique("transit"))
}

fn table_id(site: Site) -> String {
    id("tgw-rtb", &site.unique("transit"))
}

/// Writes a transit gateway with its default route table, and shares it.
pub(in super::super) fn transit_gateway(
    rows: &mut DemoRows,
    site: Site,
    asn: i64,
    participants: &[&'static DemoAccount],
) {
    let table = table_id(site);
    let columns = json!({
        "transit_gateway_id": transit_id(site),
        "state": "available",
        "description": "Backbone",
        "creation_time": "2026-02-11T09:00:00Z",
        "options": {
            "AmazonSideAsn": asn,
            "AutoAcceptSharedAttachments": "disable",
            "DefaultRouteTableAssociation": "enable",
            "AssociationDefaultRouteTableId": table,
            "DefaultRouteTablePropagation": "enable",
            "PropagationDefaultRouteTableId": table,
            "VpnEcmpSupport": "enable",
            "DnsSupport": "enable",
            "SecurityGroupReferencingSupport": "disable",
            "MulticastSupport": "disable",
        },
        "tags": site.tags("backbone"),
    });
    let observers: Vec<&'static DemoAccount> =
        std::iter::once(site.account).chain(participants.iter().copied()).collect();
    rows.add_for(&observers, site, "ec2_transit_gateways", columns);
    let columns = json!({
        "transit_gateway_route_table_id": table,
        "transit_gateway_id": transit_id(site),
        "state": "available",
        "default_association_route_table": true,
        "default_propagation_route_table": true,
        "creation_time": "2026-02-11T09:00:00Z",
        "tags": site.tags("backbone"),
    });
    rows.add(site, "ec2_transit_gateway_route_tables", columns);
}

fn attachment_id(gateway: Site, resource_id: &str) -> String {
    id("tgw-attach", &format!("{} {resource_id}", transit_id(gateway)))
}

fn association(gateway: Site, state: &str) -> Value {
    if state == "available" {
        json!({ "TransitGatewayRouteTableId": table_id(gateway), "State": "associated" })
    } else {
        Value::Null
    }
}

/// Attaches a network to the transit gateway of a site, through an interface with this address in a subnet.
pub(in super::super) fn attach(
    rows: &mut DemoRows,
    gateway: Site,
    network: &DemoNetwork,
    (subnet, address, state): (&'static str, &str, &str),
) {
    let site = network.site;
    let attachment = attachment_id(gateway, &network.id());
    let tags = site.tags(&format!("{}-backbone", network.name));
    let observers: &[_] =
        if site.account == gateway.account { &[site.account] } else { &[site.account, gateway.account] };
    let mut columns = json!({
        "transit_gateway_attachment_id": attachment,
        "transit_gateway_id": transit_id(gateway),
        "transit_gateway_owner_id": gateway.account_id(),
        "resource_owner_id": site.account_id(),
        "resource_type": "vpc",
        "resource_id": network.id(),
        "state": state,
        "creation_time": "2026-02-11T10:00:00Z",
        "owner_id": site.account_id(),
        "tags": tags,
    });
    if state == "available" {
        columns["association"] = association(gateway, state);
    }
    rows.add_for(observers, site, "ec2_transit_gateway_attachments", columns);
    let columns = json!({
        "transit_gateway_attachment_id": attachment,
        "transit_gateway_id": transit_id(gateway),
        "vpc_id": network.id(),
        "vpc_owner_id": site.account_id(),
        "state": state,
        "subnet_ids": [network.subnet_id(subnet)],
        "creation_time": "2026-02-11T10:00:00Z",
        "options": {
            "DnsSupport": "enable", "SecurityGroupReferencingSupport": "disable", "Ipv6Support": "disable",
            "ApplianceModeSupport": "disable",
        },
        "owner_id": site.account_id(),
        "tags": tags,
    });
    rows.add_for(observers, site, "ec2_transit_gateway_vpc_attachments", columns);
    if state == "available" {
        let description = format!("Network Interface for Transit Gateway Attachment {attachment}");
        let name = "backbone";
        DemoInterface::new(network, subnet, name, address)
            .of_service("transit_gateway", "amazon-aws", &description)
            .write(rows);
    }
}

/// Joins the transit gateways of an account in two regions.
pub(in super::super) fn transit_peering(rows: &mut DemoRows, requester: Site, accepter: Site, state: &str) {
    let attachment = attachment_id(requester, &transit_id(accepter));
    let side = |site: Site| {
        json!({
            "TransitGatewayId": transit_id(site), "OwnerId": site.account_id(), "Region": site.region,
        })
    };
    for site in [requester, accepter] {
        let columns = json!({
            "transit_gateway_attachment_id": attachment,
            "requester_tgw_info": side(requester),
            "accepter_tgw_info": side(accepter),
            "status": { "Code": state },
            "state": state,
            "creation_time": "2026-02-13T08:00:00Z",
            "owner_id": requester.account_id(),
            "tags": requester.tags("backbone-peering"),
        });
        rows.add(site, "ec2_transit_gateway_peering_attachments", columns);
        let other = if site == requester { accepter } else { requester };
        let columns = json!({
            "transit_gateway_attachment_id": attachment,
            "transit_gateway_id": transit_id(site),
            "transit_gateway_owner_id": site.account_id(),
            "resource_owner_id": other.account_id(),
            "resource_type": "peering",
            "resource_id": transit_id(other),
            "state": state,
            "association": association(site, state),
            "creation_time": "2026-02-13T08:00:00Z",
            "tags": site.tags("backbone-peering"),
        });
        rows.add(site, "ec2_transit_gateway_attachments", columns);
    }
}

/// Writes routes of a transit gateway: a range, the network that it leads to (none: a black hole), and the type.
pub(in super::super) fn transit_routes(
    rows: &mut DemoRows,
    gateway: Site,
    routes: &[(&str, Option<&DemoNetwork>, &str)],
) {
    for (range, network, kind) in routes {
        let table = table_id(gateway);
        let attachments: Vec<Value> = network
            .iter()
            .map(|network| {
                json!({
                    "ResourceId": network.id(), "ResourceType": "vpc",
                    "TransitGatewayAttachmentId": attachment_id(gateway, &network.id()),
                })
            })
            .collect();
        let columns = json!({
            "id": format!("{table}/{range}"),
            "destination_cidr_block": range,
            "transit_gateway_attachments": attachments,
            "type": kind,
            "state": if network.is_some() { "active" } else { "blackhole" },
            "transit_gateway_route_table_id": table,
            "transit_gateway_id": transit_id(gateway),
        });
        rows.add(gateway, "ec2_transit_gateway_routes", columns);
    }
}
