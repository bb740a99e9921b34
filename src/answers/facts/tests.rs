//! Checks how rows become resources, and which cells an answer calls unknown.

use serde_json::json;

use super::*;
use crate::domain::Globs;
use crate::inventory::Status;

const READS: &[Read] = &[Read::subject("ec2_subnets", &["cidr_block"]), Read::context("ec2_vpcs", &[])];
const A: &str = "111122223333";
const B: &str = "444455556666";

fn subnet(account: &str, owner: &str, id: &str, tags: serde_json::Value) -> serde_json::Value {
    json!({
        "account_id": account, "owner_id": owner, "region": "eu-west-1", "id": id, "cidr_block": "10.0.0.0/24", "tags": tags,
        "arn": format!("arn:aws:ec2:eu-west-1:{owner}:subnet/{id}"),
    })
}

#[test]
fn a_shared_resource_is_one_with_its_owners_tags() {
    let facts = FactsBuilder::new(READS)
        .row("ec2_subnets", subnet(B, A, "subnet-1", json!({})))
        .row("ec2_subnets", subnet(A, A, "subnet-1", json!({"Name": "front"})))
        .row("ec2_subnets", subnet(B, A, "subnet-2", serde_json::Value::Null))
        .facts();
    let subnets: Vec<Resource<'_>> = facts.all("ec2_subnets").collect();
    assert_eq!(subnets.len(), 2);
    assert_eq!(subnets[0].name().as_deref(), Some("front"));
    assert_eq!(subnets[0].observers().collect::<Vec<_>>(), [A, B]);
    assert_eq!((subnets[1].account_id(), subnets[1].is_seen_by_owner()), (A, false));
    assert_eq!(subnets[1].observers().collect::<Vec<_>>(), [B]);
}

#[test]
fn a_selection_looks_at_observers_regions_and_tags() {
    let select = |selection: RowFilter| {
        let facts = FactsBuilder::new(READS)
            .row("ec2_subnets", subnet(A, A, "subnet-1", json!({"env": "prod"})))
            .row("ec2_subnets", subnet(B, A, "subnet-1", json!({})))
            .row("ec2_subnets", subnet(A, A, "subnet-2", json!({})))
            .selection(selection)
            .facts();
        facts.selected("ec2_subnets").map(|subnet| subnet.id().to_owned()).collect::<Vec<_>>()
    };
    let everything = RowFilter::default;
    assert_eq!(select(everything()), ["subnet-1", "subnet-2"]);
    assert_eq!(select(RowFilter { accounts: Some([B.to_owned()].into()), ..everything() }), ["subnet-1"]);
    let tags = [("env".to_owned(), "prod".to_owned())].into();
    assert_eq!(select(RowFilter { tags, ..everything() }), ["subnet-1"]);
    let regions = Some(Globs::new(["us-*"]).unwrap());
    assert_eq!(select(RowFilter { regions, ..everything() }), Vec::<String>::new());
}

fn unknown(facts: &Facts) -> Vec<(String, String, String, Status)> {
    let coverage = facts.cells.coverage(READS, &facts.selection);
    let short = |cell: UnknownCell| (cell.account_id, cell.region, cell.table, cell.status);
    coverage.unknown.into_iter().map(short).collect()
}

fn cell(account: &str, region: &str, table: &str, status: Status) -> (String, String, String, Status) {
    (account.into(), region.into(), table.into(), status)
}

#[test]
fn what_was_not_answered_is_unknown() {
    let facts = FactsBuilder::new(READS)
        .account(A, "eu-west-1")
        .account(B, "eu-west-1")
        .status(B, "eu-west-1", "ec2_subnets", Status::Denied)
        .facts();
    assert_eq!(unknown(&facts), [cell(B, "eu-west-1", "ec2_subnets", Status::Denied)]);
    assert_eq!(facts.cells.coverage(READS, &facts.selection).cells, 4);
    assert!(facts.is_answered(A, "eu-west-1", "ec2_subnets") && !facts.is_answered(B, "eu-west-1", "ec2_subnets"));
}

#[test]
fn a_selected_account_needs_the_cells_of_others_only_for_context() {
    let only_a = RowFilter { accounts: Some([A.to_owned()].into()), ..RowFilter::default() };
    let facts = FactsBuilder::new(READS)
        .account(A, "eu-west-1")
        .status(B, "eu-west-1", "ec2_subnets", Status::Denied)
        .status(B, "eu-west-1", "ec2_vpcs", Status::Denied)
        .selection(only_a)
        .facts();
    assert_eq!(unknown(&facts), [cell(B, "eu-west-1", "ec2_vpcs", Status::Denied)]);
}

#[test]
fn an_account_that_could_not_be_entered_is_unknown_everywhere() {
    let mut cells = Cells::new([]);
    let at: Timestamp = builder::NOW.parse().unwrap();
    let before: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
    let word = |region: &str, status: Status, word_at: Timestamp| CellWord {
        account_id: A.into(),
        region: region.into(),
        table: "ec2_subnets".into(),
        status,
        error_code: None,
        word_at,
        last_answered: status.is_answered().then_some(word_at),
    };
    cells.add(word("eu-west-1", Status::Ok, before).borrowed());
    cells.add(word("us-east-1", Status::Empty, at).borrowed());
    cells.add(word("*", Status::Denied, at).borrowed());
    let cells = cells.finish();
    assert!(!cells.is_answered(A, "eu-west-1", "ec2_subnets"), "the newest run could not enter");
    assert!(cells.is_answered(A, "us-east-1", "ec2_subnets"), "the newest run asked this region by name");
    let coverage = cells.coverage(&READS[..1], &RowFilter::default());
    assert_eq!(coverage.unknown.len(), 1);
    assert_eq!((coverage.unknown[0].region.as_str(), coverage.unknown[0].last_answered), ("*", Some(at)));
}

#[test]
fn what_was_never_asked_is_unknown() {
    let mut cells = Cells::new(["route53_zones".to_owned()]);
    let at: Timestamp = builder::NOW.parse().unwrap();
    for (region, table) in [("eu-west-1", "ec2_vpcs"), ("us-east-1", "ec2_vpcs"), ("eu-west-1", "ec2_subnets")] {
        cells.add(
            CellWord {
                account_id: A.into(),
                region: region.into(),
                table: table.into(),
                status: Status::Ok,
                error_code: None,
                word_at: at,
                last_answered: Some(at),
            }
            .borrowed(),
        );
    }
    let cells = cells.finish();
    let reads = [
        Read::subject("ec2_subnets", &[]),
        Read::subject("route53_zones", &[]),
        Read::subject("ec2_nat_gateways", &[]),
    ];
    let unknown: Vec<_> = cells.coverage(&reads, &RowFilter::default()).unknown;
    let short: Vec<_> = unknown.iter().map(|cell| (cell.table.as_str(), cell.region.as_str(), cell.status)).collect();
    let never = Status::NotStarted;
    assert_eq!(
        short,
        [("ec2_nat_gateways", "*", never), ("route53_zones", "global", never), ("ec2_subnets", "us-east-1", never)]
    );
}
