//! Continuations of an interrupted run, some of whose own shards never run. No answered cell is lost, and only open
//! cells are reported as open.

use rolecall::testing::{NoopObserver, Request, RunId, StopCondition, ValidationErrors};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::driver::Driver;
use super::fleet;
use crate::command::{manifest, rows};
use crate::fixture::{Fixture, ProgressCounter, ids, ledger, ledger_row, until};
use crate::sim::{Account, Fault, FaultId, FaultKind, Service, account_id};

fn parse_request(value: &Value) -> Request {
    let mut problems = ValidationErrors::default();
    let request = Request::read(value, "request", &mut problems);
    assert!(problems.is_empty(), "{problems}");
    request
}

/// Runs the shard until `reached` is true, interrupts it, lifts the fault and reduces the run.
async fn interrupt_and_reduce(
    driver: &Driver<'_>,
    run_id: &RunId,
    held: FaultId,
    reached: impl Fn(u64, &ProgressCounter) -> bool,
) {
    let (seen, stop) = (Arc::new(ProgressCounter::default()), CancellationToken::new());
    let steps = driver.steps();
    let until_stopped = StopCondition { stop: stop.clone(), deadline: None };
    let end = async {
        until("the last call", || reached(driver.fixture.sim.fired(held), &seen)).await;
        stop.cancel();
    };
    let (shard, ()) = tokio::join!(steps.shard(run_id, "0", until_stopped, seen.clone()), end);
    shard.expect("a shard");
    driver.fixture.sim.lift(held);
    steps.reduce(run_id, Arc::new(NoopObserver)).await.expect("a manifest");
}

/// Plans and reduces the next run without running any of its shards.
async fn abandon_next(driver: &Driver<'_>, run_id: &RunId) -> RunId {
    let rest = driver.steps().history().remaining_request(run_id).await.expect("something remains");
    let planned = driver.plan(rest).await;
    driver.steps().reduce(&planned.run_id, Arc::new(NoopObserver)).await.expect("a manifest");
    planned.run_id
}

/// Plans the next run, runs its shard and reduces it.
async fn run_next(driver: &Driver<'_>, run_id: &RunId) -> RunId {
    let rest = driver.steps().history().remaining_request(run_id).await.expect("something remains");
    let planned = driver.plan(rest).await;
    driver.shard(&planned.run_id, "0").await;
    driver.steps().reduce(&planned.run_id, Arc::new(NoopObserver)).await.expect("a manifest");
    planned.run_id
}

fn driver_of_one(fixture: &Fixture) -> Driver<'_> {
    Driver { fixture, batch: 1, concurrency: 1, attempts: 1 }
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_taken_over_by_an_abandoned_run_are_kept() {
    let fixture = fleet(1).await;
    fixture.sim.change(|world| {
        let template = world.account(&account_id(0));
        *template = Account { zones: 6, records: 30, zone_records: [(4, 700), (5, 900)].into(), ..template.clone() };
    });
    let driver = driver_of_one(&fixture);
    let second_pages = Fault::new(FaultKind::Held).operation("ListResourceRecordSets").parameter("name");
    let held = fixture.sim.add_fault(second_pages);
    let what = json!({ "run_id": "zones", "accounts": "all", "resources": ["route53_records"], "format": "ndjson" });
    let first = driver.plan(parse_request(&what)).await.run_id;
    interrupt_and_reduce(&driver, &first, held, |calls, _| calls == 2).await;
    let second = abandon_next(&driver, &first).await;
    let kept =
        ledger_row(&ledger(&fixture.out(), second.as_str()), &account_id(0), "global", "route53_records").clone();
    assert!(kept["status"] == "partial" && kept["records"].as_u64() >= Some(30), "{kept}");
    let third = run_next(&driver, &second).await;
    let row = ledger_row(&ledger(&fixture.out(), third.as_str()), &account_id(0), "global", "route53_records").clone();
    assert_eq!((&row["status"], &row["records"]), (&json!("ok"), &json!(4 * 30 + 700 + 900)), "{row}");
    assert_eq!(ids(&fixture.out(), third.as_str(), "route53_records").len(), 4 * 30 + 700 + 900);
}

/// The registry narrows the account's regions between a run and its continuation. The region that is closed to it since has
/// the only cell, and no answer.
#[tokio::test(flavor = "multi_thread")]
async fn region_that_is_closed_since_is_reported() {
    let fixture = fleet(2).await;
    let driver = driver_of_one(&fixture);
    let elsewhere = Fault::new(FaultKind::Held).account(&account_id(0)).region("us-east-1").operation("DescribeVpcs");
    let held = fixture.sim.add_fault(elsewhere);
    let what =
        json!({ "run_id": "narrowed", "accounts": [account_id(0)], "resources": ["ec2_vpcs"], "format": "ndjson" });
    let first = driver.plan(parse_request(&what)).await.run_id;
    interrupt_and_reduce(&driver, &first, held, |calls, seen| calls == 1 && seen.open_cells() == 1).await;
    let registry = fixture.settings.registry.clone().expect("a registry");
    let mut targets: Value = serde_json::from_slice(&std::fs::read(&registry).expect("it")).expect("JSON");
    targets["targets"][0]["regions"] = json!(["eu-*"]);
    std::fs::write(&registry, targets.to_string()).expect("written");
    let second = run_next(&driver, &first).await;
    let manifest = manifest(&fixture.out(), second.as_str());
    assert_eq!((&manifest["status"], &manifest["remaining"]), (&json!("failed"), &Value::Null));
    let ledger = ledger(&fixture.out(), second.as_str());
    assert_eq!(ledger.len(), 1, "{ledger:?}");
    assert_eq!(ledger_row(&ledger, &account_id(0), "us-east-1", "ec2_vpcs")["status"], "region_disabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn abandoned_continuation_reports_exactly_the_open_cells() {
    let fixture = fleet(1).await;
    let driver = driver_of_one(&fixture);
    let held = fixture.sim.add_fault(Fault::new(FaultKind::Held).service(Service::Ec2).operation("DescribeVolumes"));
    let what = json!({ "run_id": "open", "accounts": "all", "regions": ["eu-west-*"],
                       "resources": ["ec2_vpcs", "ec2_volumes", "accounts"], "format": "ndjson" });
    let first = driver.plan(parse_request(&what)).await.run_id;
    interrupt_and_reduce(&driver, &first, held, |calls, seen| calls > 0 && calls as usize == seen.open_cells()).await;
    let places = |run_id: &RunId, open: bool| {
        let mut places: Vec<String> = rows(&fixture.out(), &manifest(&fixture.out(), run_id.as_str()), "ledger")
            .iter()
            .filter(|row| row["table"] != "trust")
            .filter(|row| open != ["ok", "empty"].contains(&row["status"].as_str().expect("a status")))
            .map(|row| format!("{} {}", row["region"], row["table"]))
            .collect();
        places.sort();
        places
    };
    let cut = places(&first, true);
    assert!(!cut.is_empty() && cut.iter().all(|place| place.contains("ec2_volumes")), "{cut:?}");
    let second = abandon_next(&driver, &first).await;
    assert_eq!((places(&second, true), places(&second, false)), (cut.clone(), Vec::new()));
    let third = run_next(&driver, &second).await;
    assert_eq!((places(&third, false), places(&third, true)), (cut, Vec::new()));
}
