//! The question about missing tags.
//!
//! **Invariant:** only an owner's view of a resource says that tags are missing. Others see a shared resource without them.

use serde_json::json;

use super::values::{list, text};
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::questions::{AnswerRow, Options, Question, QuestionOption, QuestionSql};

/// The tables whose resources people make and tag. Network interfaces are left out, because services make most of them, and
/// prefix lists, because AWS owns some.
const TAGGABLE: &[Read] = &[
    Read::subject("ec2_instances", &["state"]),
    Read::subject("ec2_key_pairs", &[]),
    Read::subject("ec2_launch_templates", &[]),
    Read::subject("ec2_volumes", &[]),
    Read::subject("ec2_snapshots", &[]),
    Read::subject("ec2_images", &[]),
    Read::subject("ec2_vpcs", &[]),
    Read::subject("ec2_subnets", &[]),
    Read::subject("ec2_route_tables", &[]),
    Read::subject("ec2_security_groups", &[]),
    Read::subject("ec2_network_acls", &[]),
    Read::subject("ec2_addresses", &[]),
    Read::subject("ec2_dhcp_options", &[]),
    Read::subject("ec2_flow_logs", &[]),
    Read::subject("ec2_internet_gateways", &[]),
    Read::subject("ec2_nat_gateways", &["state"]),
    Read::subject("ec2_vpc_peering_connections", &["status"]),
    Read::subject("ec2_vpc_endpoints", &["state"]),
    Read::subject("ec2_customer_gateways", &["state"]),
    Read::subject("ec2_vpn_gateways", &["state"]),
    Read::subject("ec2_vpn_connections", &["state"]),
    Read::subject("ec2_transit_gateways", &["state"]),
    Read::subject("ec2_transit_gateway_vpc_attachments", &["state"]),
    Read::subject("ec2_transit_gateway_route_tables", &["state"]),
    Read::subject("route53_hosted_zones", &[]),
    Read::subject("route53_health_checks", &[]),
];

/// The states of resources that AWS lists for a while although they exist no more.
const GONE: [&str; 5] = ["terminated", "deleted", "rejected", "expired", "failed"];

pub(super) const MISSING_TAGS: Question = Question {
    name: "missing-tags",
    title: "Missing tags",
    description: "Resources without one of the required tags (--require), as their owners see them. A tag with an empty value is there. \
                  Deleted and terminated resources are left out.",
    why: "Tags say who owns a resource and who pays for it.",
    columns: &[text("table"), text("id"), text("arn"), text("name"), list("missing")],
    options: &[QuestionOption {
        name: "require",
        default: "Name",
        help: "The keys of the required tags, such as owner,env. They are compared exactly",
        check: check_keys,
    }],
    reads: TAGGABLE,
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/missing-tags.duckdb.sql"),
        athena: include_str!("../sql/missing-tags.athena.sql"),
    },
    answer: missing_tags,
};

fn check_keys(text: &str) -> Result<(), String> {
    let is_empty = text.split(',').any(|key| key.trim().is_empty());
    if is_empty { Err("write the keys of tags, such as owner,env".to_owned()) } else { Ok(()) }
}

fn missing_tags(facts: &Facts, options: &Options) -> Vec<AnswerRow> {
    let required = options.list("require");
    let mut rows = Vec::new();
    for read in TAGGABLE {
        for resource in
            facts.selected(read.table).filter(|resource| resource.is_seen_by_owner() && !is_gone(read, *resource))
        {
            let tags = resource.tags();
            let missing: Vec<&str> = required.iter().copied().filter(|key| !tags.contains_key(*key)).collect();
            if !missing.is_empty() {
                let (id, arn, name) = (resource.id(), resource.arn(), resource.name());
                let values = vec![json!(read.table), json!(id), json!(arn), json!(name), json!(missing)];
                rows.push(AnswerRow::of(resource, values));
            }
        }
    }
    rows
}

/// Whether the state of a resource says that it exists no more.
fn is_gone(read: &Read, resource: Resource<'_>) -> bool {
    let state = match (read.table, read.columns) {
        ("ec2_instances", _) => resource.json("state")["Name"].as_str().map(str::to_owned),
        ("ec2_vpc_peering_connections", _) => resource.json("status")["Code"].as_str().map(str::to_owned),
        (_, [column]) => resource.text(column).map(str::to_owned),
        _ => None,
    };
    state.is_some_and(|state| GONE.contains(&state.to_lowercase().as_str()))
}
