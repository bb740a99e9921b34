//! Transit gateways: what is attached to them, what they are peered with, and their route tables.
//!
//! **Invariant:** an attachment that two tables have, or two accounts, is one link.

use std::collections::{BTreeMap, BTreeSet};

use super::map_links::{Ends, LinkCollector, is_gone, text};
use super::map_model::{MapGateway, MapTransitTable};
use crate::answers::facts::{Facts, Read, Resource};

pub(super) const READS: [Read; 6] = [
    Read::subject("ec2_transit_gateways", &["state"]),
    Read::subject("ec2_transit_gateway_vpc_attachments", &["transit_gateway_id", "vpc_id", "state"]),
    Read::subject(
        "ec2_transit_gateway_attachments",
        &["transit_gateway_id", "transit_gateway_owner_id", "resource_type", "resource_id", "state", "association"],
    ),
    Read::subject("ec2_transit_gateway_peering_attachments", &["state", "requester_tgw_info", "accepter_tgw_info"]),
    Read::subject("ec2_transit_gateway_route_tables", &["transit_gateway_id"]),
    Read::subject(
        "ec2_transit_gateway_routes",
        &[
            "transit_gateway_route_table_id",
            "destination_cidr_block",
            "prefix_list_id",
            "state",
            "type",
            "transit_gateway_attachments",
        ],
    ),
];

/// The gateways that are nodes of their own.
pub(super) fn gateways(facts: &Facts) -> Vec<MapGateway> {
    let transit = gateways_of(facts, "ec2_transit_gateways", "transit-gateway");
    transit.chain(gateways_of(facts, "ec2_vpn_gateways", "vpn-gateway")).collect()
}

fn gateways_of<'a>(
    facts: &'a Facts,
    table: &'static str,
    kind: &'static str,
) -> impl Iterator<Item = MapGateway> + use<'a> {
    let there = facts.selected(table).filter(|gateway| !is_gone(gateway.text("state")));
    there.map(move |gateway| MapGateway {
        id: gateway.id().to_owned(),
        name: gateway.name(),
        kind,
        account: gateway.account_id().to_owned(),
        region: gateway.region().to_owned(),
    })
}

/// Adds the links of transit gateways.
pub(super) fn collect(collector: &mut LinkCollector, facts: &Facts) {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for attachment in facts.selected("ec2_transit_gateway_vpc_attachments") {
        done.insert(attachment.id());
        let (from, to) = (field(attachment, "vpc_id"), field(attachment, "transit_gateway_id"));
        collector.foreign(from, attachment.account_id());
        let state = attachment.text("state");
        collector.add(attachment, Ends { from, to, kind: "transit-gateway-attachment", state });
    }
    for peering in facts.selected("ec2_transit_gateway_peering_attachments") {
        done.insert(peering.id());
        let sides = [peering.json("requester_tgw_info"), peering.json("accepter_tgw_info")];
        for side in &sides {
            collector.foreign(text(&side["TransitGatewayId"]), text(&side["OwnerId"]));
        }
        let [from, to] = sides.each_ref().map(|side| text(&side["TransitGatewayId"]));
        collector.add(peering, Ends { from, to, kind: "transit-gateway-peering", state: peering.text("state") });
    }
    for attachment in facts.selected("ec2_transit_gateway_attachments").filter(|one| !done.contains(one.id())) {
        let (from, to) = (field(attachment, "resource_id"), field(attachment, "transit_gateway_id"));
        let state = attachment.text("state");
        let (kind, label) = match attachment.text("resource_type") {
            // The connection itself is a link.
            Some("vpn" | "peering" | "tgw-peering") => continue,
            Some("vpc") => ("transit-gateway-attachment", None),
            Some("direct-connect-gateway") => ("direct-connect", Some("Direct Connect gateway")),
            Some("connect") => ("transit-gateway-connect", Some("Connect attachment")),
            _ => ("transit-gateway-attachment", Some("Attachment")),
        };
        if let Some(label) = label {
            collector.cloud(from, "premises", format!("{label} {from}"));
        }
        collector.foreign(to, field(attachment, "transit_gateway_owner_id"));
        collector.add(attachment, Ends { from, to, kind, state });
    }
}

/// The route tables with their routes.
pub(super) fn route_tables(facts: &Facts) -> Vec<MapTransitTable> {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for attachment in facts.selected("ec2_transit_gateway_attachments").filter(|one| !is_gone(one.text("state"))) {
        let association = attachment.json("association");
        if let Some(table) = association["TransitGatewayRouteTableId"].as_str() {
            used.entry(table.to_owned()).or_default().insert(field(attachment, "resource_id").to_owned());
        }
    }
    let mut routes: BTreeMap<&str, Vec<[String; 4]>> = BTreeMap::new();
    for route in facts.selected("ec2_transit_gateway_routes") {
        let destination = route.text("destination_cidr_block").or(route.text("prefix_list_id")).unwrap_or_default();
        let targets: Vec<String> = route
            .items("transit_gateway_attachments")
            .iter()
            .map(|attachment| {
                let id = attachment["ResourceId"].as_str().or(attachment["TransitGatewayAttachmentId"].as_str());
                id.unwrap_or_default().to_owned()
            })
            .collect();
        let (kind, state) = (field(route, "type"), field(route, "state"));
        let row = [destination.to_owned(), targets.join(", "), kind.to_owned(), state.to_owned()];
        routes.entry(field(route, "transit_gateway_route_table_id")).or_default().push(row);
    }
    let tables = facts.selected("ec2_transit_gateway_route_tables").map(|table| MapTransitTable {
        id: table.id().to_owned(),
        name: table.name(),
        gateway: field(table, "transit_gateway_id").to_owned(),
        routes: routes.remove(table.id()).unwrap_or_default(),
        used_by: used.remove(table.id()).into_iter().flatten().collect(),
    });
    tables.collect()
}

fn field<'a>(resource: Resource<'a>, column: &str) -> &'a str {
    resource.text(column).unwrap_or_default()
}
