//! Each question finds what is planted for it after the last night, and not its healthy neighbours.
//!
//! `expected.txt` has the answers: a line with the question and the columns that it shows, and one for each row.
//! Whoever adds a question plants a case of it and adds its lines; the failed test prints them.

use super::*;
use crate::answers::facts::Facts;
use crate::answers::lookup::{self, Query};
use crate::answers::questions::{AnswerRow, Options, Question, questions};

const EXPECTED: &str = include_str!("expected.txt");

/// The columns that the test shows of a question. Ids follow from names, which say more.
const SHOWN: [&str; 24] = [
    "address",
    "kind",
    "public_ip",
    "name",
    "group_name",
    "zone_name",
    "service_name",
    "verdict",
    "state",
    "range",
    "other_range",
    "destination",
    "outside_ip_address",
    "from_port",
    "cidr",
    "cidr_block",
    "free_block",
    "private_ip_address",
    "table",
    "tables",
    "status",
    "worst_status",
    "in_use",
    "idle",
];

fn answers(facts: &Facts) -> String {
    let mut text = String::new();
    for question in questions().filter(|question| question.compares.is_none()) {
        let columns: Vec<usize> =
            (0..question.columns.len()).filter(|column| SHOWN.contains(&question.columns[*column].name)).collect();
        let names: Vec<&str> = columns.iter().map(|column| question.columns[*column].name).collect();
        text.push_str(&format!("{}: {}\n", question.name, names.join(", ")));
        let mut lines: Vec<String> =
            (question.answer)(facts, &Options::defaults(question)).iter().map(|row| line(row, &columns)).collect();
        lines.sort();
        text.push_str(&lines.concat());
    }
    text
}

/// A row, with the alias of its account.
fn line(row: &AnswerRow, columns: &[usize]) -> String {
    let account = ACCOUNTS.iter().find(|account| row.account_id.as_deref() == Some(account.account_id));
    let account = account.map_or("-", |account| account.alias);
    let values = columns.iter().map(|column| match &row.values[*column] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    });
    let values: Vec<String> = values.collect();
    format!("    {account} {} {}\n", row.region.as_deref().unwrap_or("-"), values.join(" | "))
}

#[test]
fn every_question_finds_its_case_and_nothing_else() {
    let answers = answers(&state::facts());
    assert_eq!(answers, EXPECTED, "the answers are now:\n{answers}");
}

#[test]
fn every_question_has_a_case() {
    let facts = state::facts();
    let is_empty = |question: &&Question| (question.answer)(&facts, &Options::defaults(question)).is_empty();
    // Those that compare have two estates in tests of their own.
    let of_one = questions().filter(|question| question.compares.is_none());
    let without: Vec<&str> = of_one.filter(is_empty).map(|question| question.name).collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn the_address_of_the_readme_is_found_with_its_reachability() {
    let facts = state::facts();
    let hits = lookup::look_up(&facts, &[Query::parse("10.20.4.17").unwrap()]);
    let lines: Vec<String> = hits
        .iter()
        .map(|hit| format!("{:?} {} {} {:?}", hit.relation, hit.table, hit.name.as_deref().unwrap_or("-"), hit.public))
        .collect();
    assert_eq!(
        lines,
        [
            "Bears ec2_addresses shop-web None",
            "Bears ec2_instances shop-web-green Some(true)",
            "Bears ec2_network_interfaces shop-web-green Some(true)",
            "Contains ec2_managed_prefix_lists everyone None",
            "Contains ec2_subnets shop-public-a None",
            "Contains ec2_vpcs shop None",
            "Names route53_records origin.shop.acme.example. None",
            "Names route53_records api.shop.acme.example. None",
        ]
    );
}
