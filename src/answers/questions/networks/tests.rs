//! Checks the plan, free blocks and full subnets on a small estate.

use serde_json::{Value, json};

use super::QUESTIONS;
use crate::answers::facts::FactsBuilder;
use crate::answers::questions::{AnswerRow, Options, Question};
use crate::inventory::Status;

pub(super) const A: &str = "111122223333";
pub(super) const B: &str = "444455556666";
pub(super) const HOME: &str = "eu-west-1";

pub(super) fn question(name: &str) -> &'static Question {
    QUESTIONS.iter().find(|question| question.name == name).unwrap()
}

pub(super) fn row(account: &str, id: &str, columns: Value) -> Value {
    let mut row = json!({"account_id": account, "region": HOME, "id": id, "tags": {"Name": format!("name of {id}")}});
    row.as_object_mut().unwrap().extend(columns.as_object().unwrap().clone());
    row
}

/// A VPC whose first range is the primary one.
pub(super) fn vpc(account: &str, id: &str, ranges: &[&str]) -> Value {
    let associated = |range: &&str| json!({"CidrBlock": range, "CidrBlockState": {"State": "associated"}});
    let set: Vec<Value> = ranges.iter().map(associated).collect();
    row(account, id, json!({"cidr_block": ranges[0], "cidr_block_association_set": set, "is_default": false}))
}

fn ipv6(range: &str, pool: &str) -> Value {
    json!([
        {"Ipv6CidrBlock": range, "Ipv6Pool": pool, "Ipv6CidrBlockState": {"State": "associated"}},
        {"Ipv6CidrBlock": "2600:1f99::/56", "Ipv6CidrBlockState": {"State": "disassociated"}},
    ])
}

fn subnet(account: &str, id: &str, vpc: &str, range: &str, free: Option<i64>) -> Value {
    let mut row = row(account, id, json!({"vpc_id": vpc, "cidr_block": range, "available_ip_address_count": free}));
    row["owner_id"] = json!(A);
    row["arn"] = json!(format!("arn:aws:ec2:{HOME}:{A}:subnet/{id}"));
    row
}

/// A VPC with two IPv4 ranges and one of IPv6 below a pool, whose first subnet is shared with another account.
pub(super) fn estate() -> Vec<(&'static str, Value)> {
    let mut shop = vpc(A, "vpc-1", &["10.0.0.0/24", "10.1.0.0/26", "odd"]);
    shop["ipv6_cidr_block_association_set"] = ipv6("2600:1f00:0:100::/56", "ipam-pool-2");
    let gone = json!({"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "disassociated"}});
    shop["cidr_block_association_set"].as_array_mut().unwrap().push(gone);
    let mut both = subnet(A, "subnet-2", "vpc-1", "10.0.0.64/26", Some(9));
    both["ipv6_cidr_block_association_set"] = ipv6("2600:1f00:0:100::/64", "");
    vec![
        ("ec2_vpcs", shop),
        ("ec2_vpcs", vpc(B, "vpc-2", &["10.0.0.0/16"])),
        ("ec2_subnets", subnet(A, "subnet-1", "vpc-1", "10.0.0.0/28", Some(11))),
        ("ec2_subnets", subnet(B, "subnet-1", "vpc-1", "10.0.0.0/28", Some(11))),
        ("ec2_subnets", both),
        ("ec2_subnets", subnet(A, "subnet-3", "vpc-9", "10.0.0.0/28", Some(0))),
        ("ec2_subnets", subnet(A, "subnet-4", "vpc-9", "not a range", Some(0))),
        ("ec2_subnets", subnet(A, "subnet-5", "vpc-9", "::ffff:10.5.0.0/124", None)),
        ("ec2_ipam_pools", row(B, "ipam-pool-2", json!({"source_ipam_pool_id": "ipam-pool-1"}))),
        ("ec2_ipam_pools", row(B, "ipam-pool-1", json!({"source_ipam_pool_id": null}))),
        ("ec2_ipam_pools", row(B, "ipam-pool-3", json!({"source_ipam_pool_id": "ipam-pool-4"}))),
        ("ec2_ipam_pools", row(B, "ipam-pool-4", json!({"source_ipam_pool_id": "ipam-pool-3"}))),
    ]
}

fn builder(question: &Question) -> FactsBuilder {
    let builder = FactsBuilder::new(question.reads);
    estate().into_iter().fold(builder, |builder, (table, row)| builder.row(table, row))
}

fn ask(name: &str, option: Option<(&'static str, &str)>) -> Vec<AnswerRow> {
    let question = question(name);
    let options = Options::defaults(question);
    let options = option.into_iter().fold(options, |options, (name, value)| options.with(name, value));
    let rows = (question.answer)(&builder(question).facts(), &options);
    for row in &rows {
        assert_eq!(row.values.len(), question.columns.len());
        assert!(row.collected_at.is_some());
    }
    rows
}

/// The rows as lines: the account, then the values without the name.
fn lines(rows: &[AnswerRow]) -> String {
    let line = |row: &AnswerRow| {
        let text = |value: &Value| match value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let values = row.values.iter().filter(|value| !value.as_str().is_some_and(|text| text.starts_with("name of")));
        let values: Vec<String> = values.map(text).collect();
        format!("{} {}\n", &row.account_id.as_deref().unwrap_or("-")[..1], values.join(" "))
    };
    rows.iter().map(line).collect()
}

#[test]
fn the_plan_is_a_tree_whose_numbers_add_up() {
    let rows = ask("address-plan", None);
    insta::assert_snapshot!(lines(&rows), @r#"
    4 1 0 ipam pool ipam-pool-1 - - - - - - - - -
    4 2 1 ipam pool ipam-pool-2 - ipam-pool-1 - - - - - - -
    1 3 2 vpc vpc-1 2600:1f00:0:100::/56 ipam-pool-2 - /64 256 1 0 0 255
    1 4 3 subnet subnet-2 2600:1f00:0:100::/64 vpc-1 2600:1f00:0:100::/56 /64 1 - - - -
    4 5 0 ipam pool ipam-pool-3 - ipam-pool-4 - - - - - - -
    4 6 1 ipam pool ipam-pool-4 - ipam-pool-3 - - - - - - -
    1 7 0 vpc vpc-1 10.0.0.0/24 - - address 256 50 10 20 176
    1 8 1 subnet subnet-1 10.0.0.0/28 vpc-1 10.0.0.0/24 address 16 0 5 11 0
    1 9 1 subnet subnet-2 10.0.0.64/26 vpc-1 10.0.0.0/24 address 64 50 5 9 0
    1 10 0 vpc vpc-1 10.1.0.0/26 - - address 64 0 0 0 64
    4 11 0 vpc vpc-2 10.0.0.0/16 - - address 65536 0 0 0 65536
    1 12 0 subnet subnet-3 10.0.0.0/28 vpc-9 - address 16 11 5 0 0
    1 13 0 subnet subnet-5 10.5.0.0/28 vpc-9 - address 16 - - - -
    "#);
    for row in &rows {
        let number = |at: usize| row.values[at].as_i64();
        if let Some(parts) = (10..14).map(number).sum::<Option<i64>>() {
            assert_eq!(Some(parts), number(9), "{row:?}");
        }
    }
}

#[test]
fn the_plan_of_an_unread_account_has_no_numbers() {
    let question = question("address-plan");
    let facts = builder(question).status(A, HOME, "ec2_subnets", Status::Denied).facts();
    let rows = (question.answer)(&facts, &Options::default());
    let ranges: Vec<&AnswerRow> = rows.iter().filter(|row| row.values[3] == "vpc-1").collect();
    assert_eq!(ranges.len(), 3);
    assert!(ranges.iter().all(|row| row.values[10..].iter().all(Value::is_null)));
}

#[test]
fn the_lowest_free_block_of_every_range_is_found() {
    insta::assert_snapshot!(lines(&ask("next-free-block", None)), @r#"
    1 none vpc-1 10.0.0.0/24 - 0
    1 none vpc-1 10.1.0.0/26 - 0
    4 free vpc-2 10.0.0.0/16 10.0.0.0/24 256
    "#);
    insta::assert_snapshot!(lines(&ask("next-free-block", Some(("size", "28")))), @r#"
    1 free vpc-1 10.0.0.0/24 10.0.0.16/28 11
    1 free vpc-1 10.1.0.0/26 10.1.0.0/28 4
    4 free vpc-2 10.0.0.0/16 10.0.0.0/28 4096
    "#);
    insta::assert_snapshot!(lines(&ask("next-free-block", Some(("size", "64")))), @r#"
    1 free vpc-1 2600:1f00:0:100::/56 2600:1f00:0:101::/64 255
    "#);
}

#[test]
fn a_block_is_unknown_if_the_owners_subnets_could_not_be_read() {
    let question = question("next-free-block");
    let facts = builder(question).status(A, HOME, "ec2_subnets", Status::Denied).facts();
    let rows = (question.answer)(&facts, &Options::defaults(question));
    insta::assert_snapshot!(lines(&rows), @r#"
    1 unknown vpc-1 10.0.0.0/24 - -
    1 unknown vpc-1 10.1.0.0/26 - -
    4 free vpc-2 10.0.0.0/16 10.0.0.0/24 256
    "#);
}

#[test]
fn only_sizes_and_shares_that_exist_are_taken() {
    let check = |name: &str, value: &str| (question(name).options[0].check)(value).is_ok();
    assert!(check("next-free-block", "28") && !check("next-free-block", "129") && !check("next-free-block", "/24"));
    assert!(check("full-subnets", "99.5") && !check("full-subnets", "101") && !check("full-subnets", "nan"));
    assert!(check("overlapping-networks", "yes") && !check("overlapping-networks", "true"));
}

#[test]
fn full_subnets_are_counted_without_the_reserved_addresses() {
    // subnet-2 has 59 usable addresses, 9 of them free; subnet-3 has 11, none free.
    insta::assert_snapshot!(lines(&ask("full-subnets", None)), @r#"
    1 subnet-2 vpc-1 10.0.0.64/26 84 59 50 9
    1 subnet-3 vpc-9 10.0.0.0/28 100 11 11 0
    "#);
    insta::assert_snapshot!(lines(&ask("full-subnets", Some(("percent", "85")))), @r#"
    1 subnet-3 vpc-9 10.0.0.0/28 100 11 11 0
    "#);
    assert_eq!(ask("full-subnets", Some(("percent", "0"))).len(), 3);
}
