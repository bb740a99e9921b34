//! Default VPCs that something uses.
//!
//! **Invariant:** what uses a VPC has an interface in it.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use super::values::{column, text};
use crate::answers::facts::{Facts, Read};

pub(super) const QUESTION: Question = Question {
    name: "default-vpcs-in-use",
    title: "Default VPCs in use",
    description: "Default VPCs with network interfaces in them, with the number of interfaces and instances. The verdict is \
                  `in_use`, or `unknown` if the interfaces of the account were not answered and none is known.",
    why: "Default VPCs all have the same range and public subnets. Workloads in them are seldom meant to be there.",
    columns: &[
        column("id", ColumnKind::Text),
        column("arn", ColumnKind::Text),
        column("name", ColumnKind::Text),
        column("cidr_block", ColumnKind::Text),
        column("interfaces", ColumnKind::Integer),
        column("instances", ColumnKind::Integer),
        column("verdict", ColumnKind::Text),
    ],
    options: &[],
    reads: &[
        Read::subject("ec2_vpcs", &["is_default", "cidr_block"]),
        Read::context("ec2_network_interfaces", &["vpc_id", "attachment"]),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/default-vpcs-in-use.duckdb.sql"),
        athena: include_str!("../sql/default-vpcs-in-use.athena.sql"),
    },
    answer,
};

/// The interfaces in a VPC.
#[derive(Default)]
struct VpcUse {
    interfaces: u64,
    instances: BTreeSet<String>,
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut uses: HashMap<&str, VpcUse> = HashMap::new();
    for interface in facts.all("ec2_network_interfaces") {
        let Some(vpc) = interface.text("vpc_id") else { continue };
        let used = uses.entry(vpc).or_default();
        used.interfaces += 1;
        used.instances.extend(text(&interface.json("attachment"), &["InstanceId"]).map(str::to_owned));
    }
    let mut rows = Vec::new();
    for vpc in facts.selected("ec2_vpcs").filter(|vpc| vpc.flag("is_default") == Some(true)) {
        let (interfaces, instances, verdict) = match uses.get(vpc.id()) {
            Some(used) => (json!(used.interfaces), json!(used.instances.len()), "in_use"),
            None if facts.is_answered(vpc.account_id(), vpc.region(), "ec2_network_interfaces") => continue,
            None => (Value::Null, Value::Null, "unknown"),
        };
        let values = vec![
            json!(vpc.id()),
            json!(vpc.arn()),
            json!(vpc.name()),
            json!(vpc.text("cidr_block")),
            interfaces,
            instances,
            json!(verdict),
        ];
        rows.push(AnswerRow::of(vpc, values));
    }
    rows
}
