//! Peerings, attachments and endpoints that are not established, or have failed.
//!
//! **Invariant:** believes the state that AWS gives. An attachment of a transit gateway is one row, although several tables
//! have it.

use serde_json::{Value, json};

use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use super::values::{column, text};
use crate::answers::facts::{Facts, Read, Resource};

pub(super) const QUESTION: Question = Question {
    name: "pending-connections",
    title: "Pending and failed connections",
    description: "VPC peerings, transit gateway attachments and VPC endpoints that wait, or that failed, were rejected or \
                  expired: their state, since when, and both sides. AWS tells no start of a VPC peering, but when its request \
                  expires.",
    why: "A request that nobody accepts expires, and a rejected or failed one stays behind.",
    columns: &[
        column("table", ColumnKind::Text),
        column("id", ColumnKind::Text),
        column("name", ColumnKind::Text),
        column("state", ColumnKind::Text),
        column("message", ColumnKind::Text),
        column("since", ColumnKind::Time),
        column("expires", ColumnKind::Time),
        column("requester_account_id", ColumnKind::Text),
        column("requester_region", ColumnKind::Text),
        column("requester_id", ColumnKind::Text),
        column("accepter_account_id", ColumnKind::Text),
        column("accepter_region", ColumnKind::Text),
        column("accepter_id", ColumnKind::Text),
    ],
    options: &[],
    reads: &[
        Read::subject(
            "ec2_vpc_peering_connections",
            &["accepter_vpc_info", "expiration_time", "requester_vpc_info", "status"],
        ),
        Read::subject(
            "ec2_transit_gateway_attachments",
            &[
                "transit_gateway_id",
                "transit_gateway_owner_id",
                "resource_owner_id",
                "resource_type",
                "resource_id",
                "state",
                "creation_time",
            ],
        ),
        Read::subject(
            "ec2_transit_gateway_peering_attachments",
            &["requester_tgw_info", "accepter_tgw_info", "status", "state", "creation_time"],
        ),
        Read::subject(
            "ec2_vpc_endpoints",
            &[
                "vpc_id",
                "service_name",
                "state",
                "creation_timestamp",
                "last_error",
                "failure_reason",
                "service_region",
            ],
        ),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/pending-connections.duckdb.sql"),
        athena: include_str!("../sql/pending-connections.athena.sql"),
    },
    answer,
};

/// The states of what is not established or has failed, in lower case and without hyphens: AWS writes `pending-acceptance`,
/// `pendingAcceptance` and `PendingAcceptance`.
const STATES: [&str; 12] = [
    "initiating",
    "initiatingrequest",
    "pending",
    "pendingacceptance",
    "provisioning",
    "rollingback",
    "failing",
    "failed",
    "rejecting",
    "rejected",
    "expired",
    "partial",
];

fn is_listed(state: Option<&str>) -> bool {
    state.is_some_and(|state| STATES.contains(&state.replace('-', "").to_ascii_lowercase().as_str()))
}

/// A side: account, region and id.
type Side<'a> = [Option<&'a str>; 3];

/// Whose row it is: the requester's, in its region.
fn row(resource: Resource<'_>, state: [Option<&str>; 2], times: [Value; 2], sides: [Side<'_>; 2]) -> AnswerRow {
    let [[account, region, id], [other_account, other_region, other_id]] = sides;
    let [since, expires] = times;
    let values = vec![
        json!(resource.table()),
        json!(resource.id()),
        json!(resource.name()),
        json!(state[0]),
        json!(state[1].filter(|message| !message.is_empty())),
        since,
        expires,
        json!(account),
        json!(region),
        json!(id),
        json!(other_account),
        json!(other_region),
        json!(other_id),
    ];
    let mut row = AnswerRow::of(resource, values);
    row.region = region.map(str::to_owned).or(row.region);
    row
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut rows = Vec::new();
    rows.extend(facts.selected("ec2_vpc_peering_connections").filter_map(peering));
    rows.extend(facts.selected("ec2_transit_gateway_attachments").filter_map(attachment));
    rows.extend(facts.selected("ec2_transit_gateway_peering_attachments").filter_map(gateway_peering));
    rows.extend(facts.selected("ec2_vpc_endpoints").filter_map(endpoint));
    rows
}

fn peering(peering: Resource<'_>) -> Option<AnswerRow> {
    let status = peering.json("status");
    let state = text(&status, &["Code"]);
    let sides = [peering.json("requester_vpc_info"), peering.json("accepter_vpc_info")];
    let [from, to] = sides.each_ref().map(|info| ["OwnerId", "Region", "VpcId"].map(|member| text(info, &[member])));
    let times = [Value::Null, json!(peering.time("expiration_time"))];
    is_listed(state).then(|| row(peering, [state, text(&status, &["Message"])], times, [from, to]))
}

fn attachment(attachment: Resource<'_>) -> Option<AnswerRow> {
    // Peerings have their own table, which knows both sides.
    if matches!(attachment.text("resource_type"), Some("peering" | "tgw-peering")) {
        return None;
    }
    let state = attachment.text("state");
    let region = Some(attachment.region());
    let from = [attachment.text("resource_owner_id"), region, attachment.text("resource_id")];
    let to = [attachment.text("transit_gateway_owner_id"), region, attachment.text("transit_gateway_id")];
    let times = [json!(attachment.time("creation_time")), Value::Null];
    is_listed(state).then(|| row(attachment, [state, None], times, [from, to]))
}

fn gateway_peering(peering: Resource<'_>) -> Option<AnswerRow> {
    let state = peering.text("state");
    let status = peering.json("status");
    let sides = [peering.json("requester_tgw_info"), peering.json("accepter_tgw_info")];
    let [from, to] = sides.each_ref().map(|info| {
        let id = text(info, &["TransitGatewayId"]).or(text(info, &["CoreNetworkId"]));
        [text(info, &["OwnerId"]), text(info, &["Region"]), id]
    });
    let times = [json!(peering.time("creation_time")), Value::Null];
    is_listed(state).then(|| row(peering, [state, text(&status, &["Message"])], times, [from, to]))
}

fn endpoint(endpoint: Resource<'_>) -> Option<AnswerRow> {
    let state = endpoint.text("state");
    let error = endpoint.json("last_error");
    let message = text(&error, &["Message"]).or(endpoint.text("failure_reason"));
    let from = [Some(endpoint.account_id()), Some(endpoint.region()), endpoint.text("vpc_id")];
    let region = endpoint.text("service_region").unwrap_or(endpoint.region());
    let to = [None, Some(region), endpoint.text("service_name")];
    let times = [json!(endpoint.time("creation_timestamp")), Value::Null];
    is_listed(state).then(|| row(endpoint, [state, message], times, [from, to]))
}
