//! What accounts see of each other.
//!
//! **Invariant:** believes what each account sees, and knows no share of AWS RAM.

use serde_json::json;

use super::super::connectivity::values::{column, text};
use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use crate::answers::facts::{Facts, Read, Resource};

pub(super) const QUESTION: Question = Question {
    name: "shared-resources",
    title: "Resources shared between accounts",
    description: "Subnets, VPCs, gateways, attachments, peerings and other resources that accounts see beside their owner, with \
                  these accounts. What was deleted, rejected or released is left out. `owner_in_estate` is false if the owner was \
                  never asked.",
    why: "Who changes a shared resource changes it for others, and an owner outside of the estate may take it away.",
    columns: &[
        column("table", ColumnKind::Text),
        column("id", ColumnKind::Text),
        column("arn", ColumnKind::Text),
        column("name", ColumnKind::Text),
        column("owner_in_estate", ColumnKind::Flag),
        column("observers", ColumnKind::Json),
    ],
    options: &[],
    // Context, because the accounts that were not selected say who sees a resource.
    reads: &[
        Read::context("ec2_vpcs", &[]),
        Read::context("ec2_subnets", &[]),
        Read::context("ec2_security_groups", &[]),
        Read::context("ec2_managed_prefix_lists", &[]),
        Read::context("ec2_vpc_peering_connections", &["status"]),
        Read::context("ec2_transit_gateways", &["state"]),
        Read::context("ec2_transit_gateway_attachments", &["state", "resource_type"]),
        Read::context("ec2_transit_gateway_peering_attachments", &["state"]),
        Read::context("ec2_ipam_pools", &["state"]),
        Read::context("ec2_capacity_reservations", &["state"]),
        Read::context("ec2_placement_groups", &["state"]),
        Read::context("ec2_hosts", &["state"]),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/shared-resources.duckdb.sql"),
        athena: include_str!("../sql/shared-resources.athena.sql"),
    },
    answer,
};

/// The states of what AWS still lists and nobody can use any more.
const GONE: [&str; 8] = [
    "deleted",
    "delete-complete",
    "rejected",
    "expired",
    "failed",
    "cancelled",
    "released",
    "released-permanent-failure",
];

fn is_gone(resource: &Resource<'_>) -> bool {
    let status = resource.json("status");
    let state = text(&status, &["Code"]).or(resource.text("state"));
    state.is_some_and(|state| GONE.contains(&state.to_ascii_lowercase().as_str()))
}

/// A peering of transit gateways has a row of its own, in the table of peerings.
fn is_listed_elsewhere(resource: &Resource<'_>) -> bool {
    matches!(resource.text("resource_type"), Some("peering" | "tgw-peering"))
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let estate = facts.cells.accounts();
    let mut rows = Vec::new();
    for read in QUESTION.reads {
        let resources = facts.selected(read.table);
        for resource in resources.filter(|resource| !is_listed_elsewhere(resource) && !is_gone(resource)) {
            let owner = resource.account_id();
            let observers: Vec<&str> = resource.observers().filter(|account| *account != owner).collect();
            if observers.is_empty() {
                continue;
            }
            let values = vec![
                json!(resource.table()),
                json!(resource.id()),
                json!(resource.arn()),
                json!(resource.name()),
                json!(estate.contains(owner)),
                json!(observers),
            ];
            rows.push(AnswerRow::of(resource, values));
        }
    }
    rows
}
