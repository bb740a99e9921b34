//! Checks each question about accounts on a small estate: what it finds, what it does not, and what is unknown.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{Options, find};
use crate::answers::facts::{CellWord, Cells, Facts, FactsBuilder, RowFilter};
use crate::inventory::Status;

const A: &str = "111122223333";
const B: &str = "444455556666";
const C: &str = "777788889999";
const R: &str = "eu-west-1";

/// The rows of an answer in order: account, region, and all values.
fn ask(question: &str, facts: &Facts) -> Vec<Value> {
    let question = find(question).unwrap();
    let rows = (question.answer)(facts, &Options::defaults(question));
    let mut rows: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            assert_eq!(row.values.len(), question.columns.len());
            [json!(row.account_id), json!(row.region)].into_iter().chain(row.values).collect()
        })
        .collect();
    rows.sort_by_key(Value::to_string);
    rows
}

fn day(day: i8) -> Timestamp {
    format!("2026-11-{day:02}T00:00:00Z").parse().unwrap()
}

/// A cell of an account: region, table, status, the day of the newest word, and the day of the newest full answer.
fn cell(account: &str, at: (&str, &str), status: Status, word: i8, answered: Option<i8>) -> CellWord {
    CellWord {
        account_id: account.into(),
        region: at.0.into(),
        table: at.1.into(),
        status,
        error_code: (!status.is_answered()).then(|| "UnauthorizedOperation".to_owned()),
        word_at: day(word),
        last_answered: answered.map(day),
    }
}

fn facts(cells: &[CellWord], selection: RowFilter) -> Facts {
    let mut all = Cells::new(["route53_hosted_zones".to_owned()]);
    for cell in cells {
        all.add(cell.borrowed());
    }
    Facts::new(Vec::new(), all.finish(), selection, day(28))
}

fn cells() -> Vec<CellWord> {
    let (vpcs, subnets, zones) = ((R, "ec2_vpcs"), (R, "ec2_subnets"), ("global", "route53_hosted_zones"));
    vec![
        cell(A, vpcs, Status::Ok, 28, Some(28)),
        cell(A, subnets, Status::Empty, 27, Some(27)),
        cell(B, vpcs, Status::Denied, 28, Some(20)),
        cell(B, subnets, Status::Denied, 28, Some(20)),
        cell(B, ("us-east-1", "ec2_vpcs"), Status::Denied, 28, Some(20)),
        cell(B, ("us-east-1", "ec2_subnets"), Status::Denied, 28, Some(20)),
        cell(B, zones, Status::ScpDenied, 28, None),
        cell(B, ("us-east-1", "ec2_addresses"), Status::Throttled, 28, Some(21)),
        cell(C, ("*", "ec2_vpcs"), Status::Denied, 28, None),
        cell(C, vpcs, Status::Ok, 26, Some(26)),
    ]
}

#[test]
fn accounts_by_the_age_of_their_answers() {
    let at = |day: i8| format!("2026-11-{day:02}T00:00:00Z");
    assert_eq!(
        ask("account-ages", &facts(&cells(), RowFilter::default())),
        [
            json!([A, null, null, at(27), at(28), 1, 2, 0, 0, "ok"]),
            json!([B, null, null, at(20), at(21), 8, 6, 6, 1, "denied"]),
            json!([C, null, null, at(26), at(26), 2, 2, 2, 1, "denied"]),
        ]
    );
    let only_a = RowFilter { accounts: Some([A.to_owned()].into()), ..RowFilter::default() };
    assert_eq!(ask("account-ages", &facts(&cells(), only_a)).len(), 1);
}

#[test]
fn what_was_denied_in_few_rows() {
    let (code, day) = ("UnauthorizedOperation", |day: i8| format!("2026-11-{day:02}T00:00:00Z"));
    let (both, zones) = (["eu-west-1", "us-east-1"], "route53_hosted_zones");
    assert_eq!(
        ask("denied", &facts(&cells(), RowFilter::default())),
        [
            json!([B, "global", [zones], ["global"], 1, "scp_denied", code, null]),
            json!([B, null, ["ec2_subnets", "ec2_vpcs"], both, 4, "denied", code, day(20)]),
            json!([C, "*", ["ec2_vpcs"], ["*"], 1, "denied", code, day(26)]),
        ]
    );
}

#[test]
fn an_account_that_could_not_be_entered_is_few_rows() {
    let regions: Vec<String> = (0..17).map(|number| format!("region-{number}")).collect();
    let tables: Vec<String> = (0..63).map(|number| format!("table_{number:02}")).collect();
    let all = regions.iter().flat_map(|region| tables.iter().map(move |table| (region, table)));
    let all: Vec<CellWord> = all.map(|(region, table)| cell(A, (region, table), Status::Denied, 28, None)).collect();
    let rows = ask("denied", &facts(&all, RowFilter::default()));
    assert_eq!((rows.len(), &rows[0][4], &rows[0][2]), (1, &json!(1071), &json!(tables)));
}

#[test]
fn resources_that_others_see() {
    let subnet = |account: &str, owner: &str, id: &str| {
        json!({
            "account_id": account, "owner_id": owner, "region": R, "id": id, "tags": {"Name": if account == owner { "front" } else { "" }},
            "arn": format!("arn:aws:ec2:{R}:{owner}:subnet/{id}"),
        })
    };
    let attachment = |account: &str, kind: &str, id: &str| json!({"account_id": account, "owner_id": A, "region": R, "id": id, "resource_type": kind});
    let facts = FactsBuilder::new(find("shared-resources").unwrap().reads)
        .row("ec2_subnets", subnet(A, A, "subnet-own"))
        .row("ec2_subnets", subnet(A, A, "subnet-1"))
        .row("ec2_subnets", subnet(B, A, "subnet-1"))
        .row("ec2_subnets", subnet(B, C, "subnet-2"))
        .row("ec2_transit_gateway_attachments", attachment(B, "vpc", "tgw-attach-1"))
        .row("ec2_transit_gateway_attachments", attachment(B, "peering", "tgw-attach-2"))
        .facts();
    assert_eq!(
        ask("shared-resources", &facts),
        [
            json!([
                A,
                R,
                "ec2_subnets",
                "subnet-1",
                "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1",
                "front",
                true,
                [B]
            ]),
            json!([A, R, "ec2_transit_gateway_attachments", "tgw-attach-1", null, null, true, [B]]),
            json!([
                C,
                R,
                "ec2_subnets",
                "subnet-2",
                "arn:aws:ec2:eu-west-1:777788889999:subnet/subnet-2",
                null,
                false,
                [B]
            ]),
        ]
    );
}

/// AWS lists what was deleted or refused for a while.
#[test]
fn resources_that_are_gone_are_shared_with_nobody() {
    let row = |id: &str, more: Value| {
        let mut row = json!({"account_id": B, "owner_id": A, "region": R, "id": id});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let mut facts = FactsBuilder::new(find("shared-resources").unwrap().reads).account(A, R);
    for state in ["active", "deleted", "rejected", "expired", "failed"] {
        let more = json!({"status": {"Code": state}});
        facts = facts.row("ec2_vpc_peering_connections", row(&format!("pcx-{state}"), more));
    }
    for (table, states) in [
        ("ec2_transit_gateways", ["available", "deleted"]),
        ("ec2_transit_gateway_attachments", ["modifying", "deleted"]),
        ("ec2_transit_gateway_peering_attachments", ["pendingAcceptance", "Rejected"]),
        ("ec2_ipam_pools", ["create-complete", "delete-complete"]),
        ("ec2_capacity_reservations", ["active", "cancelled"]),
        ("ec2_placement_groups", ["available", "deleted"]),
        ("ec2_hosts", ["available", "released"]),
    ] {
        for state in states {
            facts = facts.row(table, row(&format!("{table} {state}"), json!({"state": state})));
        }
    }
    let found: Vec<Value> = ask("shared-resources", &facts.facts()).into_iter().map(|row| row[3].clone()).collect();
    assert_eq!(
        found,
        [
            "ec2_capacity_reservations active",
            "ec2_hosts available",
            "ec2_ipam_pools create-complete",
            "ec2_placement_groups available",
            "ec2_transit_gateway_attachments modifying",
            "ec2_transit_gateway_peering_attachments pendingAcceptance",
            "ec2_transit_gateways available",
            "pcx-active",
        ]
    );
}

/// Who shares what is known only if every account was asked, also those that were not selected.
#[test]
fn the_views_of_accounts_that_were_not_selected_are_needed() {
    let question = find("shared-resources").unwrap();
    let only_a = RowFilter { accounts: Some([A.to_owned()].into()), ..RowFilter::default() };
    let facts = FactsBuilder::new(question.reads)
        .account(A, R)
        .status(B, R, "ec2_subnets", Status::Denied)
        .selection(only_a)
        .facts();
    let unknown = facts.cells.coverage(question.reads, &facts.selection).unknown;
    assert_eq!(unknown.iter().map(|cell| cell.account_id.as_str()).collect::<Vec<_>>(), [B]);
}
