//! Two executions of one run: one of them calls the customers, and both return the same result.

use rolecall::testing::{ErrorKind, Settings};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::fixture::{Fixture, PATIENCE, account_with, assert_complete, ledger, until};
use crate::sim::{Fault, FaultKind, Service, account_id};

const CUSTOMERS: usize = 3;

fn request(run_id: &str) -> Value {
    json!({ "run_id": run_id, "accounts": "all", "regions": ["eu-west-1", "us-east-1"],
            "resources": ["ec2_vpcs", "ec2_subnets", "route53_hosted_zones", "route53_records"] })
}

/// A fixture whose leases outlast any busy machine, with its output in a folder or in a bucket.
async fn fixture(bucket: bool) -> Fixture {
    let fixture = Fixture::start(CUSTOMERS, account_with(2, 1, 3), |world| world.bucket("results")).await;
    let output = if bucket { Some("s3://results".to_owned()) } else { fixture.settings.output.clone() };
    let settings = Settings { output, lease: Some(PATIENCE), trust_interval: None, ..fixture.settings.clone() };
    Fixture { settings, ..fixture }
}

/// The calls of customers by account, region and operation, and the sessions that were opened in each.
fn calls(fixture: &Fixture) -> BTreeMap<String, u64> {
    let counts = fixture.sim.counts();
    let calls = counts.calls.into_iter().filter(|(call, _)| !matches!(call.service, Service::S3 | Service::Sts));
    let calls = calls.map(|(call, count)| (format!("{} {} {}", call.account, call.region, call.operation), count));
    calls.chain(counts.assumed.into_iter().map(|(account, count)| (format!("{account} AssumeRole"), count))).collect()
}

fn with_lease(fixture: Fixture, lease: Option<Duration>) -> Fixture {
    Fixture { settings: Settings { lease, ..fixture.settings.clone() }, ..fixture }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_executions_of_one_run_call_each_customer_once() {
    for bucket in [false, true] {
        let fixture = fixture(bucket).await;
        assert_complete(&fixture.run(request("alone"), None).await.expect("a response"));
        let once = calls(&fixture);
        assert!(once.len() > 2 * CUSTOMERS && once.values().all(|count| *count > 0));
        fixture.sim.reset_counts();
        let both = futures::future::join_all((0..3).map(|_| fixture.run(request("twice"), None))).await;
        let responses: Vec<Value> = both.into_iter().map(|response| json!(response.expect("a response"))).collect();
        assert_eq!(responses[0]["status"], "complete");
        assert!(responses.iter().all(|response| *response == responses[0]), "{responses:#?}");
        assert_eq!(calls(&fixture), once, "bucket: {bucket}");
    }
}

/// Without leases the executions of one run still commit one of them.
#[tokio::test(flavor = "multi_thread")]
async fn leases_can_be_switched_off_or_be_impossible() {
    let fixture = fixture(true).await;
    let off = with_lease(fixture, None);
    assert_complete(&off.run(request("off"), None).await.expect("a response"));
    assert!(!off.sim.objects("results").keys().any(|key| key.starts_with("leases/")));
    let fixture = with_lease(off, Some(PATIENCE));
    for (operation, run_id) in [("PutObject", "not-written"), ("GetObject", "not-read")] {
        let denied = Fault::new(FaultKind::error(403, "AccessDenied")).service(Service::S3).operation(operation);
        let denied = fixture.sim.add_fault(denied.path("leases/"));
        assert_complete(&fixture.run(request(run_id), None).await.expect("a response"));
        assert!(fixture.sim.fired(denied) > 0, "{operation}");
        fixture.sim.lift(denied);
    }
    // The answer to the write of a lease is lost: the lease is ours all the same.
    let lost = Fault::new(FaultKind::ResetAfter).service(Service::S3).operation("PutObject").path("leases/lost/");
    fixture.sim.add_fault(lost);
    assert_complete(&fixture.run(request("lost"), None).await.expect("a response"));
}

/// Who works at the run, since when and until when; and no customer is called.
#[tokio::test(flavor = "multi_thread")]
async fn an_execution_whose_time_ends_reports_the_one_that_works() {
    let mut fixture = fixture(false).await;
    // Half of the time is spent waiting.
    fixture.settings.margin = Some(PATIENCE);
    let held = Fault::new(FaultKind::Held).account(&account_id(1)).service(Service::Ec2);
    let held = fixture.sim.add_fault(held);
    let second = async {
        until("a call that is held", || fixture.sim.fired(held) > 0).await;
        let before = fixture.sim.log_of(Service::Sts, "AssumeRole").len();
        let refused = fixture.run(request("held"), Some(Duration::from_secs(60))).await.expect_err("in progress");
        assert_eq!(fixture.sim.log_of(Service::Sts, "AssumeRole").len(), before);
        fixture.sim.lift(held);
        refused
    };
    let (first, refused) = tokio::join!(fixture.run(request("held"), None), second);
    assert_complete(&first.expect("a response"));
    let says = |what: &str| refused.message.contains(what);
    assert!(says("run held is in progress: attempt ") && says(" since ") && says(" until "), "{refused}");
    assert_eq!(refused.kind, ErrorKind::RunInProgress);
}

/// A process that dies in the middle of a run is followed by another one, once its lease has ended.
#[tokio::test(flavor = "multi_thread")]
async fn the_work_of_a_dead_execution_is_taken_over() {
    for bucket in [false, true] {
        let fixture = with_lease(fixture(bucket).await, Some(Duration::from_secs(1)));
        let held = fixture.sim.add_fault(Fault::new(FaultKind::Held).account(&account_id(2)).service(Service::Ec2));
        tokio::select! {
            () = until("a call that is held", || fixture.sim.fired(held) > 0) => {}
            response = fixture.run(request("dead"), None) => panic!("{response:?}"),
        }
        fixture.sim.lift(held);
        let responses = tokio::join!(fixture.run(request("dead"), None), fixture.run(request("dead"), None));
        let (one, other) = (responses.0.expect("a response"), responses.1.expect("a response"));
        assert_complete(&one);
        assert_eq!(json!(one), json!(other));
        if !bucket {
            let statuses: Vec<Value> =
                ledger(&fixture.out(), "dead").into_iter().map(|row| row["status"].clone()).collect();
            assert!(statuses.iter().all(|status| status == "ok" || status == "empty"), "{statuses:?}");
        }
    }
}
