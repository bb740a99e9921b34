//! What accounts see of each other.
//!
//! **Invariant:** believes what each account sees, and knows no share of AWS RAM.

use serde_json::json;

use super::super::connectivity::values::column;
use super::super::{AnswerRow, ColumnKind, Options, Question};
use crate::answers::facts::{Facts, Read, Resource};

pub(super) const QUESTION: Question = Question {
    name: "shared-resources",
    title: "Resources shared between accounts",
    description: "Subnets, VPCs, gateways, attachments, peerings and other resources that accounts see beside their owner, with \
                  these accounts. `owner_in_estate` is false if the owner was never asked.",
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
    reads: &[
        Read::subject("ec2_vpcs", &[]),
        Read::subject("ec2_subnets", &[]),
        Read::subject("ec2_security_groups", &[]),
        Read::subject("ec2_managed_prefix_lists", &[]),
        Read::subject("ec2_vpc_peering_connections", &[]),
        Read::subject("ec2_transit_gateways", &[]),
        Read::subject("ec2_transit_gateway_attachments", &["resource_type"]),
        Read::subject("ec2_transit_gateway_peering_attachments", &[]),
        Read::subject("ec2_ipam_pools", &[]),
        Read::subject("ec2_capacity_reservations", &[]),
        Read::subject("ec2_placement_groups", &[]),
        Read::subject("ec2_hosts", &[]),
    ],
    duckdb: Some(include_str!("../sql/shared-resources.duckdb.sql")),
    athena: Some(include_str!("../sql/shared-resources.athena.sql")),
    answer,
};

/// A peering of transit gateways has a row of its own, in the table of peerings.
fn is_listed_elsewhere(resource: &Resource<'_>) -> bool {
    matches!(resource.text("resource_type"), Some("peering" | "tgw-peering"))
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let estate = facts.cells.accounts();
    let mut rows = Vec::new();
    for read in QUESTION.reads {
        for resource in facts.selected(read.table).filter(|resource| !is_listed_elsewhere(resource)) {
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
