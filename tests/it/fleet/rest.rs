//! What remains of a run when a shard of its rest never gets there either: nothing that was answered is lost by it, and
//! nothing is told of what is not open.

use rolecall::testing::{NoopObserver, Request, RunId, StopCondition, ValidationErrors};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::driver::Driver;
use super::fleet;
use crate::command::{manifest, rows};
use crate::scene::{Scene, Seen, ids, ledger, told, until};
use crate::sim::{Account, Fault, FaultId, Service, What, account_id};

fn asked(value: &Value) -> Request {
    let mut problems = ValidationErrors::default();
    let request = Request::read(value, "request", &mut problems);
    assert!(problems.is_empty(), "{problems}");
    request
}

/// Carries the shard out until what is waited for has come, lets go whom it held, and puts the run together.
async fn cut_once(driver: &Driver<'_>, run_id: &RunId, held: FaultId, come: impl Fn(u64, &Seen) -> bool) {
    let (seen, stop) = (Arc::new(Seen::default()), CancellationToken::new());
    let steps = driver.steps();
    let until_stopped = StopCondition { stop: stop.clone(), deadline: None };
    let end = async {
        until("the last call", || come(driver.scene.sim.fired(held), &seen)).await;
        stop.cancel();
    };
    let (carried, ()) = tokio::join!(steps.shard(run_id, "0", until_stopped, seen.clone()), end);
    carried.expect("a shard");
    driver.scene.sim.lift(held);
    steps.reduce(run_id, Arc::new(NoopObserver)).await.expect("a manifest");
}

/// The run after it, planned, and not one of its shards carried out.
async fn given_up(driver: &Driver<'_>, run_id: &RunId) -> RunId {
    let rest = driver.steps().history().remaining_request(run_id).await.expect("something remains");
    let planned = driver.plan(rest).await;
    driver.steps().reduce(&planned.run_id, Arc::new(NoopObserver)).await.expect("a manifest");
    planned.run_id
}

/// The run after it, carried out.
async fn carried_out(driver: &Driver<'_>, run_id: &RunId) -> RunId {
    let rest = driver.steps().history().remaining_request(run_id).await.expect("something remains");
    let planned = driver.plan(rest).await;
    driver.shard(&planned.run_id, "0").await;
    driver.steps().reduce(&planned.run_id, Arc::new(NoopObserver)).await.expect("a manifest");
    planned.run_id
}

fn alone(scene: &Scene) -> Driver<'_> {
    Driver { scene, batch: 1, at_once: 1, attempts: 1 }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_zones_that_a_given_up_run_took_over_are_in_the_next_one() {
    let scene = fleet(1).await;
    scene.sim.change(|world| {
        let template = world.account(&account_id(0));
        *template = Account { zones: 6, records: 30, zone_records: [(4, 700), (5, 900)].into(), ..template.clone() };
    });
    let driver = alone(&scene);
    let second_pages = Fault::new(What::Held).operation("ListResourceRecordSets").parameter("name");
    let held = scene.sim.add_fault(second_pages);
    let what = json!({ "run_id": "zones", "accounts": "all", "resources": ["route53_records"], "format": "ndjson" });
    let first = driver.plan(asked(&what)).await.run_id;
    cut_once(&driver, &first, held, |calls, _| calls == 2).await;
    let second = given_up(&driver, &first).await;
    let kept = told(&ledger(&scene.out(), second.as_str()), &account_id(0), "global", "route53_records").clone();
    assert!(kept["status"] == "partial" && kept["records"].as_u64() >= Some(30), "{kept}");
    let third = carried_out(&driver, &second).await;
    let row = told(&ledger(&scene.out(), third.as_str()), &account_id(0), "global", "route53_records").clone();
    assert_eq!((&row["status"], &row["records"]), (&json!("ok"), &json!(4 * 30 + 700 + 900)), "{row}");
    assert_eq!(ids(&scene.out(), third.as_str(), "route53_records").len(), 4 * 30 + 700 + 900);
}

/// A customer's regions are narrowed between a run and its rest, so that nothing is left to ask.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_nothing_left_to_ask_holds_up_no_run() {
    let scene = fleet(2).await;
    let driver = alone(&scene);
    let elsewhere = Fault::new(What::Held).account(&account_id(0)).region("us-east-1").operation("DescribeVpcs");
    let held = scene.sim.add_fault(elsewhere);
    let what =
        json!({ "run_id": "narrowed", "accounts": [account_id(0)], "resources": ["ec2_vpcs"], "format": "ndjson" });
    let first = driver.plan(asked(&what)).await.run_id;
    cut_once(&driver, &first, held, |calls, seen| calls == 1 && seen.open() == 1).await;
    let registry = scene.settings.registry.clone().expect("a registry");
    let mut targets: Value = serde_json::from_slice(&std::fs::read(&registry).expect("it")).expect("JSON");
    targets["targets"][0]["regions"] = json!(["eu-*"]);
    std::fs::write(&registry, targets.to_string()).expect("written");
    let second = carried_out(&driver, &first).await;
    let manifest = manifest(&scene.out(), second.as_str());
    assert_eq!((&manifest["status"], &manifest["remaining"]), (&json!("complete"), &Value::Null));
    assert!(ledger(&scene.out(), second.as_str()).is_empty());
}

/// A rest that was given up tells of the cells that are open, where they are known, and of no others.
#[tokio::test(flavor = "multi_thread")]
async fn a_given_up_rest_tells_of_what_is_open_and_of_nothing_else() {
    let scene = fleet(1).await;
    let driver = alone(&scene);
    let held = scene.sim.add_fault(Fault::new(What::Held).service(Service::Ec2).operation("DescribeVolumes"));
    let what = json!({ "run_id": "open", "accounts": "all", "regions": ["eu-west-*"],
                       "resources": ["ec2_vpcs", "ec2_volumes", "accounts"], "format": "ndjson" });
    let first = driver.plan(asked(&what)).await.run_id;
    cut_once(&driver, &first, held, |calls, seen| calls > 0 && calls as usize == seen.open()).await;
    let places = |run_id: &RunId, open: bool| {
        let mut places: Vec<String> = rows(&scene.out(), &manifest(&scene.out(), run_id.as_str()), "ledger")
            .iter()
            .filter(|row| open != ["ok", "empty"].contains(&row["status"].as_str().expect("a status")))
            .map(|row| format!("{} {}", row["region"], row["table"]))
            .collect();
        places.sort();
        places
    };
    let cut = places(&first, true);
    assert!(!cut.is_empty() && cut.iter().all(|place| place.contains("ec2_volumes")), "{cut:?}");
    let second = given_up(&driver, &first).await;
    assert_eq!((places(&second, true), places(&second, false)), (cut.clone(), Vec::new()));
    let third = carried_out(&driver, &second).await;
    assert_eq!((places(&third, false), places(&third, true)), (cut, Vec::new()));
}
