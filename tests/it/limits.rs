//! What a run keeps to, and what it does when it is told to end: calls in flight, the patience with STS, where the time
//! went, signals.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rolecall::settings::Settings;
use serde_json::{Value, json};

use crate::command::manifest;
use crate::scene::{Scene, ledger, some};
use crate::sim::{Fault, Rate, Service, Times, What, account_id};

fn complete(response: &rolecall::report::Response) {
    assert_eq!(serde_json::to_value(response.status).expect("JSON"), "complete", "{:?}", response.failures);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_fleet_is_entered_though_sts_refuses_for_rate() {
    let scene = Scene::set(600, some(0, 0, 0), |world| {
        world.buckets.sts = Some(Rate { burst: 50.0, refill: 100.0 });
    })
    .await;
    let settings = Settings {
        accounts_at_once: 600,
        call_timeout: Duration::from_secs(30),
        sts_rate: 5000.0,
        attempts: 2,
        backoff: Duration::from_millis(50),
        ..scene.settings.clone()
    };
    let scene = Scene { settings, ..scene };
    let request = json!({ "run_id": "fleet", "accounts": "all", "resources": ["accounts"] });
    let response = scene.run(request, None).await.expect("a response");
    complete(&response);
    let counts = scene.sim.counts();
    assert!(counts.throttled > 10, "STS had no reason to refuse: {}", counts.throttled);
    assert_eq!(counts.assumed.len(), 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_that_took_longest_comes_first_the_next_time() {
    let scene = Scene::set(3, some(1, 1, 2), |world| world.account(&account_id(2)).zones = 40).await;
    let scene = Scene { settings: Settings { accounts_at_once: 1, ..scene.settings.clone() }, ..scene };
    let mut begun = Vec::new();
    for run_id in ["first", "second"] {
        scene.sim.reset_counts();
        complete(&scene.run(json!({ "run_id": run_id, "accounts": "all" }), None).await.expect("a response"));
        let entered = scene.sim.log_of(Service::Sts, "AssumeRole").into_iter().filter_map(|call| call.target);
        begun.push(entered.collect::<Vec<_>>());
    }
    assert_eq!(begun[0], [account_id(0), account_id(1), account_id(2)]);
    assert_eq!(begun[1][0], account_id(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_in_flight_keep_to_each_of_their_limits() {
    let scene = Scene::set(4, some(3, 2, 5), |world| world.latency = Duration::from_millis(40)).await;
    // One that never answers keeps few slots, however many it could have.
    scene.sim.add_fault(Fault::new(What::Hang).account(&account_id(2)).service(Service::Ec2));
    let settings = Settings {
        in_flight: 30,
        account_in_flight: 20,
        region_in_flight: 5,
        account_budget: Duration::from_secs(3),
        ..scene.settings.clone()
    };
    let scene = Scene { settings, ..scene };
    scene.run(json!({ "run_id": "limits", "accounts": "all" }), None).await.expect("a response");
    let counts = scene.sim.counts();
    // The server learns a little later than we of a call that was given up.
    assert!(counts.peak_in_flight <= 30 + 2 && counts.peak_in_flight > 20, "{}", counts.peak_in_flight);
    let of = |number: usize| counts.peak_by_account[&account_id(number)];
    assert!((0..4).all(|number| of(number) <= 20 + 2) && of(0) > 12, "{:?}", counts.peak_by_account);
    assert!(of(2) <= 12, "{:?}", counts.peak_by_account);
    let mut regions = counts.peak_by_region.iter().filter(|((_, region), _)| region != "us-east-1");
    assert!(regions.all(|(_, peak)| *peak <= 5), "{:?}", counts.peak_by_region);
    // Connections serve all accounts.
    assert!(counts.peak_connections <= 2 * 30 && counts.connections <= 3 * 30, "{counts:?}");
}

/// A run over customers of whom one never answers.
fn begun(scene: &Scene, output: &str, more: &[&str]) -> Child {
    scene.sim.add_fault(Fault::new(What::Hang).account(&account_id(1)).service(Service::Ec2));
    let mut command = scene.command(output);
    command
        .args(["--regions", "eu-west-1", "--run-id", "ended", "--resources", "ec2_v*,ec2_s*,route53_*"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().expect("it runs")
}

fn signal(child: &Child, name: &str) {
    let killed = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
}

async fn until_it_asks(scene: &Scene) {
    let asked = async {
        while scene.sim.counts().of(&account_id(1), Service::Ec2, "DescribeRegions") == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asked).await.expect("it asks nothing");
    tokio::time::sleep(Duration::from_secs(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_told_to_end_commits_what_it_has() {
    for name in ["-TERM", "-INT"] {
        let scene = Scene::set(3, some(3, 1, 5), |_| {}).await;
        let child = begun(&scene, scene.out().to_str().expect("a path"), &[]);
        until_it_asks(&scene).await;
        signal(&child, name);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        let response: Value = serde_json::from_slice(&output.stdout).expect("a response");
        assert_eq!(response["remaining"]["accounts"], json!([account_id(1)]), "{name}");
        assert_eq!(manifest(&scene.out(), "ended")["status"], "partial");
        let rows = ledger(&scene.out(), "ended");
        let healthy = rows.iter().filter(|row| row["account_id"] != account_id(1).as_str());
        assert!(
            healthy.clone().count() > 20
                && healthy.clone().all(|row| row["pages"].as_u64() > Some(0) || row["status"] == "empty")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_interrupt_ends_it_at_once() {
    let scene = Scene::set(2, some(1, 0, 0), |world| world.bucket("results")).await;
    // The output takes for ever, so that good order has no end.
    scene.sim.add_fault(Fault::new(What::Hang).service(Service::S3).times(Times::After(4)));
    let child = begun(&scene, "s3://results", &[]);
    until_it_asks(&scene).await;
    signal(&child, "-INT");
    tokio::time::sleep(Duration::from_millis(500)).await;
    signal(&child, "-INT");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_time_went_is_told_by_account_and_operation() {
    let scene = Scene::set(2, some(3, 3, 5), |world| world.latency = Duration::from_millis(30)).await;
    let file = scene.folder.path().join("timings.csv");
    let more = ["--timings", file.to_str().expect("a path"), "--account-budget", "1s"];
    let child = begun(&scene, scene.out().to_str().expect("a path"), &more);
    child.wait_with_output().expect("it ends");
    let text = std::fs::read_to_string(file).expect("timings");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("account_id,operation,calls,limiter_ms,slot_ms,memory_ms,backoff_ms,aws_ms"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let told = |account: &str, operation: &str| {
        rows.iter()
            .find(|row| row[0] == account && row[1] == operation)
            .unwrap_or_else(|| panic!("no {operation}: {text}"))
    };
    for operation in
        ["sts:AssumeRole", "iam:ListAccountAliases", "ec2:DescribeRegions", "route53:ListResourceRecordSets"]
    {
        let row = told(&account_id(0), operation);
        assert!(row[7].parse::<u64>().expect("milliseconds") >= 30, "{row:?}");
    }
    assert_eq!(told(&account_id(0), "route53:ListResourceRecordSets")[2], "3");
}
