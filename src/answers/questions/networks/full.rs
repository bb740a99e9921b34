//! `full-subnets`: subnets with few free addresses.
//!
//! **Invariant:** IPv4 only: AWS tells no free addresses of an IPv6 range.

use ipnet::IpNet;
use serde_json::json;

use super::plan::{RESERVED, total};
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::questions::{
    AnswerRow, ColumnKind, Options, Question, QuestionColumn, QuestionOption, QuestionSql,
};
use crate::answers::ranges::range;

pub(super) const QUESTION: Question = Question {
    name: "full-subnets",
    title: "Subnets close to full",
    description: "Subnets whose share of used IPv4 addresses is at least that of `--percent`. The five addresses \
                  that AWS reserves in each subnet are not usable.",
    why: "In a full subnet nothing can be started: no instance, no balancer's node, no function in a VPC.",
    columns: &[
        QuestionColumn { name: "subnet_id", kind: ColumnKind::Text },
        QuestionColumn { name: "name", kind: ColumnKind::Text },
        QuestionColumn { name: "vpc_id", kind: ColumnKind::Text },
        QuestionColumn { name: "cidr_block", kind: ColumnKind::Text },
        QuestionColumn { name: "used_percent", kind: ColumnKind::Integer },
        QuestionColumn { name: "usable", kind: ColumnKind::Integer },
        QuestionColumn { name: "used", kind: ColumnKind::Integer },
        QuestionColumn { name: "free", kind: ColumnKind::Integer },
    ],
    options: &[QuestionOption {
        name: "percent",
        default: "80",
        help: "the share of used addresses from which on a subnet is a row",
        check: check_percent,
    }],
    reads: &[Read::subject("ec2_subnets", &["vpc_id", "cidr_block", "available_ip_address_count"])],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/full-subnets.duckdb.sql"),
        athena: include_str!("../sql/full-subnets.athena.sql"),
    },
    answer,
};

fn check_percent(text: &str) -> Result<(), String> {
    let percent: Option<f64> = text.parse().ok();
    let is_share = percent.is_some_and(|percent| (0.0..=100.0).contains(&percent));
    if is_share { Ok(()) } else { Err("write a number from 0 to 100".to_owned()) }
}

fn answer(facts: &Facts, options: &Options) -> Vec<AnswerRow> {
    let percent = options.number("percent");
    facts.selected("ec2_subnets").filter_map(|subnet| row(subnet, percent)).collect()
}

/// The row of a subnet, if it is full enough.
fn row(subnet: Resource<'_>, percent: f64) -> Option<AnswerRow> {
    let text = subnet.text("cidr_block")?;
    let range = range(text).filter(|range| matches!(range, IpNet::V4(_)))?;
    let usable = (total(range)? - RESERVED).max(0);
    let free = subnet.integer("available_ip_address_count")?;
    let used = (usable - free).max(0);
    let number = |count: i64| u32::try_from(count).ok().map(f64::from);
    if usable == 0 || number(used)? * 100.0 < percent * number(usable)? {
        return None;
    }
    let values = vec![
        json!(subnet.id()),
        json!(subnet.name()),
        json!(subnet.text("vpc_id").filter(|vpc| !vpc.is_empty())),
        json!(text),
        json!(used * 100 / usable),
        json!(usable),
        json!(used),
        json!(free),
    ];
    Some(AnswerRow::of(subnet, values))
}
