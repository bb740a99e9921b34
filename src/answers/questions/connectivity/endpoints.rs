//! VPC endpoints, grouped by the service that they lead to.
//!
//! **Invariant:** counts the endpoints of all accounts together, in one region at a time.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use super::values::column;
use crate::answers::facts::{Facts, Read, Resource};

pub(super) const QUESTION: Question = Question {
    name: "endpoints-by-service",
    title: "VPC endpoints by service",
    description: "The VPC endpoints of each region, grouped by service and type, with their number, accounts, VPCs and ids. \
                  Deleted endpoints are left out.",
    why: "Interface endpoints cost by the hour and zone, and many of one service may be replaced by a shared one.",
    columns: &[
        column("service_name", ColumnKind::Text),
        column("vpc_endpoint_type", ColumnKind::Text),
        column("endpoints", ColumnKind::Integer),
        column("account_ids", ColumnKind::Json),
        column("vpc_ids", ColumnKind::Json),
        column("ids", ColumnKind::Json),
    ],
    options: &[],
    reads: &[Read::subject(
        "ec2_vpc_endpoints",
        &["service_name", "vpc_endpoint_type", "vpc_id", "state", "service_network_arn", "resource_configuration_arn"],
    )],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/endpoints-by-service.duckdb.sql"),
        athena: include_str!("../sql/endpoints-by-service.athena.sql"),
    },
    answer,
};

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut groups: BTreeMap<_, Vec<Resource<'_>>> = BTreeMap::new();
    for endpoint in facts.selected("ec2_vpc_endpoints") {
        if endpoint.text("state").is_some_and(|state| state.eq_ignore_ascii_case("deleted")) {
            continue;
        }
        // An endpoint for a resource or a service network of VPC Lattice has no service.
        let service = ["service_name", "service_network_arn", "resource_configuration_arn"];
        let service = service.iter().find_map(|column| endpoint.text(column));
        groups.entry((endpoint.region(), service, endpoint.text("vpc_endpoint_type"))).or_default().push(endpoint);
    }
    let rows = groups.into_iter().map(|((region, service, kind), endpoints)| {
        let accounts: BTreeSet<&str> = endpoints.iter().map(|endpoint| endpoint.account_id()).collect();
        let vpcs: BTreeSet<&str> = endpoints.iter().filter_map(|endpoint| endpoint.text("vpc_id")).collect();
        let ids: BTreeSet<&str> = endpoints.iter().map(|endpoint| endpoint.id()).collect();
        let values =
            vec![json!(service), json!(kind), json!(endpoints.len()), json!(accounts), json!(vpcs), json!(ids)];
        endpoints.iter().fold(AnswerRow::new(None, Some(region), values), |row, endpoint| row.based_on(*endpoint))
    });
    rows.collect()
}
