//! Routes whose target is gone.
//!
//! **Invariant:** believes the state that AWS gives, and does not look for the target.

use serde_json::{Value, json};

use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use super::values::{column, text};
use crate::answers::facts::{Facts, Read};

pub(super) const QUESTION: Question = Question {
    name: "blackhole-routes",
    title: "Blackhole routes",
    description: "Routes of VPC and transit gateway route tables in the state `blackhole`: their target does not exist any \
                  more. A static transit gateway route without a target is a blackhole on purpose.",
    why: "Traffic to these destinations is dropped without an error.",
    columns: &[
        column("table", ColumnKind::Text),
        column("route_table_id", ColumnKind::Text),
        column("name", ColumnKind::Text),
        column("vpc_id", ColumnKind::Text),
        column("transit_gateway_id", ColumnKind::Text),
        column("destination", ColumnKind::Text),
        column("target", ColumnKind::Text),
        column("origin", ColumnKind::Text),
    ],
    options: &[],
    reads: &[
        Read::subject("ec2_route_tables", &["routes", "vpc_id"]),
        Read::subject(
            "ec2_transit_gateway_routes",
            &[
                "destination_cidr_block",
                "prefix_list_id",
                "transit_gateway_attachments",
                "type",
                "state",
                "transit_gateway_route_table_id",
                "transit_gateway_id",
            ],
        ),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/blackhole-routes.duckdb.sql"),
        athena: include_str!("../sql/blackhole-routes.athena.sql"),
    },
    answer,
};

/// The members of a route that can be its destination.
const DESTINATIONS: [&str; 3] = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];

/// The members of a route that can be its target. An instance has an interface too.
const TARGETS: [&str; 12] = [
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "InstanceId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
    "IpAddress",
];

fn first<'v>(route: &'v Value, members: &[&str]) -> Option<&'v str> {
    members.iter().find_map(|member| text(route, &[member]))
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut rows = Vec::new();
    for table in facts.selected("ec2_route_tables") {
        for route in table.items("routes").iter().filter(|route| text(route, &["State"]) == Some("blackhole")) {
            let values = vec![
                json!(table.table()),
                json!(table.id()),
                json!(table.name()),
                json!(table.text("vpc_id")),
                Value::Null,
                json!(first(route, &DESTINATIONS)),
                json!(first(route, &TARGETS)),
                json!(text(route, &["Origin"])),
            ];
            rows.push(AnswerRow::of(table, values));
        }
    }
    for route in facts.selected("ec2_transit_gateway_routes") {
        if route.text("state") != Some("blackhole") {
            continue;
        }
        let attachments = route.items("transit_gateway_attachments");
        let target = attachments.first().and_then(|attachment| text(attachment, &["TransitGatewayAttachmentId"]));
        let values = vec![
            json!(route.table()),
            json!(route.text("transit_gateway_route_table_id")),
            Value::Null,
            Value::Null,
            json!(route.text("transit_gateway_id")),
            json!(route.text("destination_cidr_block").or(route.text("prefix_list_id"))),
            json!(target),
            json!(route.text("type")),
        ];
        rows.push(AnswerRow::of(route, values));
    }
    rows
}
