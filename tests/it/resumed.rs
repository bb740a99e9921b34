//! Interrupted runs and the runs that resume them: by cell, and by zone within the records.

use rolecall::testing::{Catalogue, Settings};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use crate::command::{manifest, rows};
use crate::fixture::{
    Fixture, ProgressCounter, account_with, assert_complete, files_below, ids, ledger, ledger_row, until,
};
use crate::sim::{Account, Fault, FaultKind, Service, account_id};

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_run_reports_every_cell_and_is_completed() {
    let fixture = Fixture::start(6, account_with(5, 2, 20), |_| {}).await;
    let slow = Fault::new(FaultKind::Held).account(&account_id(1)).operation("DescribeSubnets");
    let slow = fixture.sim.add_fault(slow);
    let hung = fixture.sim.add_fault(Fault::new(FaultKind::Hang).account(&account_id(2)).service(Service::Sts));
    let request =
        json!({ "run_id": "cut", "accounts": "all", "regions": ["eu-west-1"], "resources": ["ec2_*", "route53*"] });
    let all_others_are_done = |seen: &ProgressCounter| {
        let both_are_held = fixture.sim.fired(slow) == 1 && fixture.sim.fired(hung) == 1;
        // The subnets, and the reservations in them, which wait for them.
        both_are_held && seen.finished_accounts() == 4 && seen.open_cells() == 2
    };
    let response = fixture.run_until(request, all_others_are_done).await.expect("a response");
    let ledger = ledger(&fixture.out(), "cut");
    // The types of EC2 and Route 53 have rows for the account whose role was never assumed too.
    let tables = Catalogue::get().expect("a catalogue").tables();
    let is_planned = |name: &str| name.starts_with("ec2_") || name.starts_with("route53");
    let types = tables.iter().filter(|table| is_planned(table.entry.table)).count();
    assert_eq!(ledger.len(), 6 * types);
    assert_eq!(ledger_row(&ledger, &account_id(1), "eu-west-1", "ec2_subnets")["status"], "timed_out");
    assert_eq!(ledger_row(&ledger, &account_id(2), "eu-west-1", "ec2_vpcs")["status"], "timed_out");
    let remaining = serde_json::to_value(response.remaining.expect("there is a rest")).expect("JSON");
    assert_eq!(remaining["run_id"], "cut.r1");
    assert_eq!(remaining["accounts"], json!([account_id(1), account_id(2)]));
    // The process that committed the run may have ended before it wrote the list of its files, without which no answer has
    // its rows.
    let lists = || files_below(&fixture.out().join("committed")).len();
    let list = files_below(&fixture.out().join("committed")).remove(0);
    std::fs::remove_file(list).expect("removed");
    // Once the slow accounts answer, `remaining` sent back unchanged completes the rest and nothing else.
    fixture.sim.clear_faults();
    fixture.sim.reset_counts();
    let rest = fixture.run(remaining, None).await.expect("a response");
    assert_complete(&rest);
    assert_eq!(manifest(&fixture.out(), "cut.r1")["resumes"], "cut");
    assert_eq!(lists(), 2);
    let counts = fixture.sim.counts();
    assert_eq!(counts.of(&account_id(1), Service::Ec2, "DescribeSubnets"), 1);
    assert_eq!(counts.of(&account_id(1), Service::Ec2, "DescribeVpcs"), 0, "answered cells are not collected again");
    let both: usize = ["cut", "cut.r1"].iter().map(|run| ids(&fixture.out(), run, "ec2_subnets").len()).sum();
    assert_eq!(both, 6 * 5);
}

/// Without leases, two concurrent deliveries of one event both collect, one commits, and both get the same response.
#[tokio::test(flavor = "multi_thread")]
async fn two_concurrent_deliveries_leave_one_run() {
    let mut fixture = Fixture::start(3, account_with(5, 1, 20), |_| {}).await;
    fixture.settings.lease = None;
    let held = fixture.sim.add_fault(Fault::new(FaultKind::Held).operation("AssumeRole").account(&account_id(1)));
    let run = || fixture.run(json!({ "run_id": "twice", "accounts": "all", "regions": ["eu-west-1"] }), None);
    let both = async {
        until("both of them", || fixture.sim.fired(held) == 2).await;
        fixture.sim.lift(held);
    };
    let (one, other, ()) = tokio::join!(run(), run(), both);
    let json = |response| serde_json::to_value::<rolecall::testing::Response>(response).expect("JSON");
    assert_eq!(json(one.expect("a response")), json(other.expect("a response")));
    ledger(&fixture.out(), "twice");
    assert_eq!(ids(&fixture.out(), "twice", "ec2_vpcs").len(), 3 * 5);
    let manifest = manifest(&fixture.out(), "twice");
    assert_eq!(manifest["attempts"].as_object().map(serde_json::Map::len), Some(1), "{}", manifest["attempts"]);
}

const ZONES: usize = 14;
/// The number of zones of an account that are listed concurrently.
const CONCURRENT_ZONES: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn resumed_run_lists_no_zone_again_and_has_all_records() {
    for format in ["ndjson", "parquet"] {
        let large = Account { zone_records: [(4, 700), (5, 900)].into(), ..account_with(0, ZONES, 30) };
        let fixture = Fixture::start(2, large, |_| {}).await;
        let settings = Settings { format: Some(format.into()), ..fixture.settings.clone() };
        let fixture = Fixture { settings, ..fixture };
        // All first pages are answered; the second pages of the two large zones are not.
        let slow = Fault::new(FaultKind::Held).account(&account_id(0)).operation("ListResourceRecordSets");
        let slow = fixture.sim.add_fault(slow.parameter("name"));
        let request = json!({ "run_id": "zones", "accounts": "all", "resources": ["route53_records"] });
        let all_others_are_done = |seen: &ProgressCounter| {
            let calls = fixture.sim.counts().of(&account_id(0), Service::Route53, "ListResourceRecordSets");
            calls as usize == ZONES + 2 && fixture.sim.fired(slow) == 2 && seen.finished_accounts() == 1
        };
        let response = fixture.run_until(request, all_others_are_done).await.expect("a response");
        assert_eq!(
            ledger_row(&ledger(&fixture.out(), "zones"), &account_id(0), "global", "route53_records")["status"],
            "partial"
        );
        // The server cannot see when a response has been read, so the kept records show how many zones were completed:
        // at least all those that had to finish before the last concurrent ones could start.
        let mut kept: BTreeMap<String, usize> = BTreeMap::new();
        for row in rows(&fixture.out(), &manifest(&fixture.out(), "zones"), "route53_records") {
            if row["account_id"] == account_id(0) {
                *kept.entry(row["hosted_zone_id"].to_string()).or_default() += 1;
            }
        }
        let whole = kept.values().filter(|records| **records == 30).count();
        assert!((ZONES - 2 - CONCURRENT_ZONES..=ZONES - 2).contains(&whole), "{kept:?}");
        let remaining = serde_json::to_value(response.remaining.expect("there is a rest")).expect("JSON");
        assert_eq!(remaining["accounts"], json!([account_id(0)]));
        // Late responses to the interrupted run must not count as calls of the next.
        fixture.sim.lift(slow);
        let answered = || fixture.sim.log_of(Service::Route53, "ListResourceRecordSets");
        let of_both = 2 * ZONES + 2 + 2 * 2;
        until("the late answers", || answered().len() == of_both).await;
        fixture.sim.reset_counts();
        // The next run is interrupted before it has assumed the role. The answered zones stay answered.
        let hung = fixture.sim.add_fault(Fault::new(FaultKind::Hang).account(&account_id(0)).service(Service::Sts));
        let again = fixture.run_until(remaining, |_| fixture.sim.fired(hung) > 0).await.expect("a response");
        let row = ledger_row(&ledger(&fixture.out(), "zones.r1"), &account_id(0), "global", "route53_records").clone();
        assert_eq!((&row["status"], &row["records"]), (&json!("partial"), &json!(whole * 30)), "{row}");
        fixture.sim.lift(hung);
        let remaining = serde_json::to_value(again.remaining.expect("there is a rest")).expect("JSON");
        let rest = fixture.run(remaining, None).await.expect("a response");
        assert_complete(&rest);
        let calls = fixture.sim.log_of(Service::Route53, "ListResourceRecordSets");
        let zones: BTreeSet<&str> = calls.iter().map(|call| call.params["path"].as_str()).collect();
        assert_eq!((zones.len(), calls.len()), (ZONES - whole, ZONES - 2 - whole + 3 + 3), "{zones:?}");
        // The newest answered cell has all of the account's records, each once.
        assert_eq!(rest.records["route53_records"] as usize, (ZONES - 2) * 30 + 700 + 900);
        let row = ledger_row(&ledger(&fixture.out(), "zones.r2"), &account_id(0), "global", "route53_records").clone();
        assert_eq!((&row["status"], &row["records"]), (&json!("ok"), &json!((ZONES - 2) * 30 + 700 + 900)), "{row}");
        let of = |run: &str| -> Vec<Value> {
            let mut rows = rows(&fixture.out(), &manifest(&fixture.out(), run), "route53_records");
            rows.retain(|row| row["account_id"] == account_id(0));
            rows.sort_by_key(|row| row["id"].to_string());
            rows
        };
        // They equal the records of one undisturbed run.
        let undisturbed = json!({ "run_id": "whole", "accounts": [account_id(0)], "resources": ["route53_records"] });
        fixture.run(undisturbed, None).await.expect("a response");
        let comparable = |mut row: Value| {
            row.as_object_mut().expect("a row").retain(|name, _| name != "run_id" && name != "collected_at");
            row
        };
        let comparable = |rows: Vec<Value>| rows.into_iter().map(comparable).collect::<Vec<_>>();
        assert!(comparable(of("zones.r2")) == comparable(of("whole")), "the records differ");
    }
}
