//! `next-free-block`: the lowest block of a size that is free in each range of a VPC.
//!
//! The ranges of IPAM pools are not collected, so that blocks are sought in VPCs only.
//!
//! **Invariant:** a block is free if it touches no subnet. What else a network outside AWS uses is unknown here.

use std::collections::HashMap;

use ipnet::IpNet;
use serde_json::json;

use super::vpc_ranges::{subnet_ranges, subnets_by_vpc, vpc_ranges};
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::questions::{
    AnswerRow, ColumnKind, Options, Question, QuestionColumn, QuestionOption, QuestionSql,
};
use crate::answers::ranges::{free_blocks, lowest_free};

pub(super) const QUESTION: Question = Question {
    name: "next-free-block",
    title: "Next free block",
    description: "The lowest block of a prefix length in each range of a VPC that touches no subnet, and how many \
                  there are. Lengths up to 32 are sought in IPv4 ranges, longer ones in IPv6 ranges. The verdict is \
                  `free`, `none` or `unknown`.",
    why: "The next subnet needs a range that nothing uses.",
    columns: &[
        QuestionColumn { name: "verdict", kind: ColumnKind::Text },
        QuestionColumn { name: "vpc_id", kind: ColumnKind::Text },
        QuestionColumn { name: "name", kind: ColumnKind::Text },
        QuestionColumn { name: "range", kind: ColumnKind::Text },
        QuestionColumn { name: "free_block", kind: ColumnKind::Text },
        QuestionColumn { name: "free_blocks", kind: ColumnKind::Integer },
    ],
    options: &[QuestionOption {
        name: "size",
        default: "24",
        help: "the prefix length of the block",
        check: check_size,
    }],
    reads: &[
        Read::subject("ec2_vpcs", &["cidr_block", "cidr_block_association_set", "ipv6_cidr_block_association_set"]),
        Read::context("ec2_subnets", &["vpc_id", "cidr_block", "ipv6_cidr_block_association_set"]),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/next-free-block.duckdb.sql"),
        athena: include_str!("../sql/next-free-block.athena.sql"),
    },
    answer,
};

fn check_size(text: &str) -> Result<(), String> {
    let size: Option<u8> = text.parse().ok();
    size.filter(|size| *size <= 128).map(|_| ()).ok_or_else(|| "write a prefix length from 0 to 128".to_owned())
}

fn answer(facts: &Facts, options: &Options) -> Vec<AnswerRow> {
    let Ok(size) = u8::try_from(options.integer("size")) else { return Vec::new() };
    let subnets = subnets_by_vpc(facts);
    let mut rows = Vec::new();
    for vpc in facts.selected("ec2_vpcs") {
        let is_known = facts.is_answered(vpc.account_id(), vpc.region(), "ec2_subnets");
        for range in vpc_ranges(vpc).into_iter().map(|range| range.range) {
            if matches!(range, IpNet::V4(_)) == (size <= 32) {
                let used = is_known.then(|| used_ranges(vpc, &subnets));
                rows.push(row(vpc, range, used.as_deref(), size));
            }
        }
    }
    rows
}

fn used_ranges(vpc: Resource<'_>, subnets: &HashMap<&str, Vec<Resource<'_>>>) -> Vec<IpNet> {
    subnets.get(vpc.id()).into_iter().flatten().flat_map(|subnet| subnet_ranges(*subnet)).collect()
}

/// The row of a range. Used ranges that are not known are none.
fn row(vpc: Resource<'_>, range: IpNet, used: Option<&[IpNet]>, size: u8) -> AnswerRow {
    let block = used.and_then(|used| lowest_free(range, used, size));
    let count = used.and_then(|used| i64::try_from(free_blocks(range, used, size)).ok());
    let verdict = match (used, block) {
        (None, _) => "unknown",
        (Some(_), Some(_)) => "free",
        (Some(_), None) => "none",
    };
    let values = vec![
        json!(verdict),
        json!(vpc.id()),
        json!(vpc.name()),
        json!(range.to_string()),
        json!(block.map(|block| block.to_string())),
        json!(count),
    ];
    AnswerRow::of(vpc, values)
}
