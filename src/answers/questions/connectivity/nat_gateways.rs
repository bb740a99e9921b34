//! NAT gateways that no route uses.
//!
//! **Invariant:** a route counts wherever its table is, and whether or not a subnet uses the table.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use super::values::{column, text};
use crate::answers::facts::{Facts, Read, Resource};

pub(super) const QUESTION: Question = Question {
    name: "unused-nat-gateways",
    title: "NAT gateways that no route uses",
    description: "NAT gateways that no route of any route table leads to. The verdict is `unknown` if the VPC was not seen, or if \
                  the route tables of its owner were not answered.",
    why: "A NAT gateway costs by the hour, used or not.",
    columns: &[
        column("id", ColumnKind::Text),
        column("arn", ColumnKind::Text),
        column("name", ColumnKind::Text),
        column("vpc_id", ColumnKind::Text),
        column("subnet_id", ColumnKind::Text),
        column("connectivity_type", ColumnKind::Text),
        column("create_time", ColumnKind::Time),
        column("verdict", ColumnKind::Text),
    ],
    options: &[],
    reads: &[
        Read::subject("ec2_nat_gateways", &["state", "vpc_id", "subnet_id", "connectivity_type", "create_time"]),
        Read::context("ec2_route_tables", &["routes"]),
        Read::context("ec2_vpcs", &[]),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/unused-nat-gateways.duckdb.sql"),
        athena: include_str!("../sql/unused-nat-gateways.athena.sql"),
    },
    answer,
};

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut used = HashSet::new();
    for table in facts.all("ec2_route_tables") {
        let routes = table.items("routes");
        used.extend(routes.iter().filter_map(|route| text(route, &["NatGatewayId"])).map(str::to_owned));
    }
    let owners: HashMap<&str, &str> = facts.all("ec2_vpcs").map(|vpc| (vpc.id(), vpc.account_id())).collect();
    let is_running = |gateway: Resource<'_>| !matches!(gateway.text("state"), Some("deleting" | "deleted" | "failed"));
    let unused =
        facts.selected("ec2_nat_gateways").filter(|gateway| is_running(*gateway) && !used.contains(gateway.id()));
    unused
        .map(|gateway| {
            let vpc = gateway.text("vpc_id");
            let owner = vpc.and_then(|vpc| owners.get(vpc));
            let is_known = owner.is_some_and(|owner| facts.is_answered(owner, gateway.region(), "ec2_route_tables"));
            let values = vec![
                json!(gateway.id()),
                json!(gateway.arn()),
                json!(gateway.name()),
                json!(vpc),
                json!(gateway.text("subnet_id")),
                json!(gateway.text("connectivity_type")),
                json!(gateway.time("create_time")),
                json!(if is_known { "unused" } else { "unknown" }),
            ];
            AnswerRow::of(gateway, values)
        })
        .collect()
}
