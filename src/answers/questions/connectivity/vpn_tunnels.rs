//! Tunnels of VPN connections that are down.
//!
//! **Invariant:** believes the telemetry that AWS gives with the connection.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use super::values::{column, text};
use crate::answers::facts::{Facts, Read};

pub(super) const QUESTION: Question = Question {
    name: "vpn-tunnels-down",
    title: "VPN tunnels that are down",
    description: "Tunnels of VPN connections whose telemetry says `DOWN`, with the number of tunnels of the connection that \
                  are up. Deleted connections are left out.",
    why: "A connection with one tunnel up has no spare, and one with none carries nothing.",
    columns: &[
        column("id", ColumnKind::Text),
        column("name", ColumnKind::Text),
        column("outside_ip_address", ColumnKind::Text),
        column("status_message", ColumnKind::Text),
        column("last_status_change", ColumnKind::Time),
        column("tunnels_up", ColumnKind::Integer),
        column("customer_gateway_id", ColumnKind::Text),
        column("vpn_gateway_id", ColumnKind::Text),
        column("transit_gateway_id", ColumnKind::Text),
    ],
    options: &[],
    reads: &[Read::subject(
        "ec2_vpn_connections",
        &["state", "vgw_telemetry", "customer_gateway_id", "vpn_gateway_id", "transit_gateway_id"],
    )],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/vpn-tunnels-down.duckdb.sql"),
        athena: include_str!("../sql/vpn-tunnels-down.athena.sql"),
    },
    answer,
};

fn has_status(tunnel: &Value, status: &str) -> bool {
    text(tunnel, &["Status"]) == Some(status)
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut rows = Vec::new();
    for connection in facts.selected("ec2_vpn_connections") {
        if matches!(connection.text("state"), Some("deleting" | "deleted")) {
            continue;
        }
        let tunnels = connection.items("vgw_telemetry");
        let up = tunnels.iter().filter(|tunnel| has_status(tunnel, "UP")).count();
        for tunnel in tunnels.iter().filter(|tunnel| has_status(tunnel, "DOWN")) {
            let changed: Option<Timestamp> = text(tunnel, &["LastStatusChange"]).and_then(|text| text.parse().ok());
            let values = vec![
                json!(connection.id()),
                json!(connection.name()),
                json!(text(tunnel, &["OutsideIpAddress"])),
                json!(text(tunnel, &["StatusMessage"]).filter(|message| !message.is_empty())),
                json!(changed),
                json!(up),
                json!(connection.text("customer_gateway_id")),
                json!(connection.text("vpn_gateway_id")),
                json!(connection.text("transit_gateway_id")),
            ];
            rows.push(AnswerRow::of(connection, values));
        }
    }
    rows
}
