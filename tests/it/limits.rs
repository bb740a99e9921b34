//! The limits of a run and its interruption: calls in flight, throttling by STS, the timings file, signals.

use rolecall::testing::Settings;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::command::manifest;
use crate::fixture::{
    BACKEND, Fixture, ProgressCounter, account_with, assert_complete, ledger, ledger_row, until, write_registry,
};
use crate::sim::{Fault, FaultKind, Service, Times, account_id};

#[tokio::test(flavor = "multi_thread")]
async fn throttling_by_sts_loses_no_account() {
    let fixture = Fixture::start(600, account_with(0, 0, 0), |_| {}).await;
    fixture.sim.add_fault(Fault::new(FaultKind::Throttle).operation("AssumeRole").times(Times::First(200)));
    let settings = Settings {
        accounts_at_once: 600,
        sts_rate: 5000.0,
        attempts: 2,
        backoff: Duration::from_millis(50),
        ..fixture.settings.clone()
    };
    let fixture = Fixture { settings, ..fixture };
    let request = json!({ "run_id": "fleet", "accounts": "all", "resources": ["accounts"] });
    let response = fixture.run(request, None).await.expect("a response");
    assert_complete(&response);
    let counts = fixture.sim.counts();
    assert_eq!(counts.throttled, 200);
    assert_eq!(counts.assumed.len(), 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn slowest_account_of_a_run_comes_first_in_the_next() {
    let fixture = Fixture::start(3, account_with(1, 1, 2), |world| world.account(&account_id(2)).zones = 40)
        .await
        .without_attempts();
    let fixture = Fixture { settings: Settings { accounts_at_once: 1, ..fixture.settings.clone() }, ..fixture };
    let mut order = Vec::new();
    for run_id in ["first", "second"] {
        fixture.sim.reset_counts();
        assert_complete(&fixture.run(json!({ "run_id": run_id, "accounts": "all" }), None).await.expect("a response"));
        let entered = fixture.sim.log_of(Service::Sts, "AssumeRole").into_iter().filter_map(|call| call.target);
        order.push(entered.collect::<Vec<_>>());
    }
    assert_eq!(order[0], [account_id(0), account_id(1), account_id(2)]);
    assert_eq!(order[1][0], account_id(2));
}

/// What never answers is waited for once, and not call after call. The healthy account is read whole.
#[tokio::test(flavor = "multi_thread")]
async fn what_never_answers_is_waited_for_once() {
    use Service::{Account, Ec2, Iam, Route53};
    let cases = [(&[Ec2, Route53, Iam, Account][..], None), (&[Ec2], None), (&[Ec2], Some("us-east-1"))];
    let checks = cases.map(|(hung, region)| async move {
        let what = format!("{hung:?} {region:?}");
        let fixture = Fixture::start(2, account_with(2, 1, 3), |_| {}).await.without_attempts();
        for service in hung {
            let fault = Fault::new(FaultKind::Hang).account(&account_id(1)).service(*service);
            fixture.sim.add_fault(if let Some(region) = region { fault.region(region) } else { fault });
        }
        // The limit of silence is reached within the second attempts of the first calls.
        let (call_timeout, operation_timeout) = (Duration::from_secs(35), Duration::from_secs(60));
        let settings = Settings { call_timeout, operation_timeout, attempts: 9, ..fixture.settings.clone() };
        let fixture = Fixture { settings, ..fixture };
        let request = json!({ "run_id": "hung", "accounts": "all", "resources": ["ec2_*", "route53_*"] });
        fixture.run(request, None).await.expect("a response");
        let ledger = ledger(&fixture.out(), "hung");
        let of = |number: usize| ledger.iter().filter(move |row| row["account_id"] == account_id(number).as_str());
        assert!(of(0).all(|row| row["status"] == "ok" || row["status"] == "empty"), "{what}");
        let is_hung = |row: &Value| match region {
            Some(region) => row["region"] == region,
            None => hung.contains(&Route53) || row["table"].as_str().is_some_and(|table| table.starts_with("ec2_")),
        };
        for row in of(1) {
            // Zones by VPC are asked of Route 53, and need EC2's VPCs.
            if row["table"] == "route53_zone_associations" {
                continue;
            }
            let expected: &[&str] = if is_hung(row) { &["timed_out"] } else { &["ok", "empty"] };
            assert!(expected.contains(&row["status"].as_str().unwrap_or_default()), "{what}: {row}");
        }
        let silent =
            |row: &&Value| row["error_message"].as_str().is_some_and(|text| text.contains("answered no call here"));
        assert!(of(1).filter(silent).count() > 20, "{what}");
        let calls: u64 = of(1).filter(|row| is_hung(row)).map(|row| row["calls"].as_u64().expect("calls")).sum();
        // An account begins with eight calls in flight, and each has two attempts.
        assert!(calls <= 2 * 8 + 2, "{what}: {calls}");
    });
    futures::future::join_all(checks).await;
}

/// The alias and the list of regions come first. If they hang, the rest is asked without them.
#[tokio::test(flavor = "multi_thread")]
async fn what_answers_is_read_though_the_first_calls_hang() {
    let hang = || Fault::new(FaultKind::Hang).account(&account_id(0));
    let everywhere = [Service::Ec2, Service::Route53, Service::Iam, Service::Account];
    let cases = [
        ("the alias", vec![hang().service(Service::Iam)]),
        ("both lists of regions", ["DescribeRegions", "ListRegions"].map(|name| hang().operation(name)).to_vec()),
        ("all of us-east-1", everywhere.map(|service| hang().service(service).region("us-east-1")).to_vec()),
    ];
    let checks = cases.map(|(what, faults)| async move {
        let fixture = Fixture::start(1, account_with(2, 1, 3), |_| {}).await.without_attempts();
        for fault in faults {
            fixture.sim.add_fault(fault);
        }
        let (call_timeout, operation_timeout) = (Duration::from_secs(24), Duration::from_secs(60));
        let settings = Settings { call_timeout, operation_timeout, ..fixture.settings.clone() };
        let fixture = Fixture { settings, ..fixture };
        let request = json!({ "run_id": "first", "accounts": "all", "resources": ["accounts", "ec2_vpcs"] });
        fixture.run(request, None).await.expect("a response");
        let ledger = ledger(&fixture.out(), "first");
        let answered = |row: &&Value| row["table"] == "ec2_vpcs" && row["status"] == "ok";
        assert!(ledger.iter().filter(answered).count() > 2, "{what}: {ledger:#?}");
        let accounts = ledger_row(&ledger, &account_id(0), "global", "accounts");
        assert!(accounts["status"] == "partial" || accounts["status"] == "timed_out", "{what}: {accounts}");
    });
    futures::future::join_all(checks).await;
}

/// A role in between that STS does not answer for is waited for once, and not once for each target behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_in_between_that_hangs_is_waited_for_once() {
    let fixture = Fixture::start(4, account_with(0, 0, 0), |world| {
        world.role(BACKEND, "passage", None);
    })
    .await;
    let via = format!("arn:aws:iam::{BACKEND}:role/passage");
    let target = |index| json!({ "account_id": account_id(index), "external_id": "behind-hR7tQz2LmX9vKp4w", "via": via, "customer": "one" });
    write_registry(fixture.folder.path(), &[0, 1, 2, 3].map(target));
    fixture.sim.add_fault(Fault::new(FaultKind::Hang).account(BACKEND).operation("AssumeRole"));
    let settings = Settings { attempts: 2, call_timeout: Duration::from_secs(20), ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    let request = json!({ "run_id": "via", "accounts": "all", "resources": ["accounts"] });
    fixture.run(request, None).await.expect("a response");
    assert!(ledger(&fixture.out(), "via").iter().all(|row| row["status"] == "timed_out"));
    assert_eq!(fixture.sim.log_of(Service::Sts, "AssumeRole").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_in_flight_stay_within_every_limit() {
    let fixture = Fixture::start(4, account_with(3, 2, 5), |world| world.latency = Duration::from_millis(40))
        .await
        .without_attempts();
    // An account that never answers holds few permits, however many it may have.
    fixture.sim.add_fault(Fault::new(FaultKind::Hang).account(&account_id(2)).service(Service::Ec2));
    // Another account answers first, then holds its calls until it has all the permits that it may have.
    let wait = Fault::new(FaultKind::Held).account(&account_id(0)).service(Service::Ec2).times(Times::After(60));
    let wait = fixture.sim.add_fault(wait);
    let settings = Settings { in_flight: 30, account_in_flight: 20, region_in_flight: 5, ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    let full = |_: &ProgressCounter| {
        let counts = fixture.sim.counts();
        counts.peak_in_flight > 20 && counts.peak_by_account.get(&account_id(0)).is_some_and(|peak| *peak > 12)
    };
    fixture.run_until(json!({ "run_id": "limits", "accounts": "all" }), full).await.expect("a response");
    let counts = fixture.sim.counts();
    fixture.sim.lift(wait);
    // The server notices a cancelled call a little later than the client, so two more are tolerated.
    assert!(counts.peak_in_flight <= 30 + 2, "{}", counts.peak_in_flight);
    let of = |number: usize| counts.peak_by_account[&account_id(number)];
    assert!((0..4).all(|number| of(number) <= 20 + 2), "{:?}", counts.peak_by_account);
    assert!(of(2) <= 12, "{:?}", counts.peak_by_account);
    let mut regions = counts.peak_by_region.iter().filter(|((_, region), _)| region != "us-east-1");
    assert!(regions.all(|(_, peak)| *peak <= 5), "{:?}", counts.peak_by_region);
    // Accounts share connections.
    assert!(counts.peak_connections <= 2 * 30 && counts.connections <= 3 * 30, "{counts:?}");
}

/// A run in a separate process, and its standard error so far.
struct RunProcess {
    child: Child,
    stderr: Arc<Mutex<String>>,
}

impl RunProcess {
    /// Returns the number of occurrences of `text` in its standard error.
    fn count(&self, text: &str) -> usize {
        self.stderr.lock().expect("lines").matches(text).count()
    }

    fn signal(&self, name: &str) {
        let killed =
            Command::new("sh").args(["-c", &format!("kill {name} {}", self.child.id())]).status().expect("a shell");
        assert!(killed.success());
    }

    fn wait(self) -> (Output, String) {
        let output = self.child.wait_with_output().expect("it ends");
        let stderr = self.stderr.lock().expect("lines").clone();
        (output, stderr)
    }
}

/// Starts a run over customers, one of whom never answers.
fn start_run(fixture: &Fixture, output: &str, more: &[&str]) -> RunProcess {
    fixture.sim.add_fault(Fault::new(FaultKind::Hang).account(&account_id(1)).service(Service::Ec2));
    let mut command = fixture.command(output);
    command
        .args(["--regions", "eu-west-1", "--run-id", "ended", "--resources", "ec2_v*,ec2_s*,route53_*", "-v"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    let (lines, stderr) = (BufReader::new(child.stderr.take().expect("piped")).lines(), Arc::new(Mutex::default()));
    let run = RunProcess { child, stderr: Arc::clone(&stderr) };
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let mut stderr: std::sync::MutexGuard<'_, String> = stderr.lock().expect("lines");
            stderr.push_str(&line);
            stderr.push('\n');
        }
    });
    run
}

/// Waits until only the account that never answers is left.
async fn until_only_one_is_left(fixture: &Fixture, run: &RunProcess, others: usize) {
    let called = || fixture.sim.counts().of(&account_id(1), Service::Ec2, "DescribeRegions") > 0;
    until("the last account", || called() && run.count("account done") >= others).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_run_commits_what_it_has() {
    for name in ["-TERM", "-INT"] {
        let fixture = Fixture::start(3, account_with(3, 1, 5), |_| {}).await;
        let run = start_run(&fixture, fixture.out().to_str().expect("a path"), &[]);
        until_only_one_is_left(&fixture, &run, 2).await;
        run.signal(name);
        let (output, stderr) = run.wait();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        let response: Value = serde_json::from_slice(&output.stdout).expect("a response");
        assert_eq!(response["remaining"]["accounts"], json!([account_id(1)]), "{name}");
        assert_eq!(manifest(&fixture.out(), "ended")["status"], "partial");
        let rows = ledger(&fixture.out(), "ended");
        let healthy = rows.iter().filter(|row| row["account_id"] != account_id(1).as_str());
        assert!(
            healthy.clone().count() > 20
                && healthy.clone().all(|row| row["pages"].as_u64() > Some(0) || row["status"] == "empty")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn second_interrupt_ends_the_process_at_once() {
    let fixture = Fixture::start(2, account_with(1, 0, 0), |world| world.bucket("results")).await;
    let run = start_run(&fixture, "s3://results", &["--trust-interval", "off"]);
    until_only_one_is_left(&fixture, &run, 1).await;
    // Writes to the output hang, so that the orderly end never comes.
    fixture.sim.add_fault(Fault::new(FaultKind::Hang).service(Service::S3));
    run.signal("-INT");
    until("the message on the first interrupt", || run.count("interrupt again") == 1).await;
    run.signal("-INT");
    let (output, stderr) = run.wait();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn timings_are_written_by_account_and_operation() {
    let fixture = Fixture::start(2, account_with(3, 3, 5), |world| world.latency = Duration::from_millis(30)).await;
    let file = fixture.folder.path().join("timings.csv");
    let more = ["--timings", file.to_str().expect("a path")];
    let run = start_run(&fixture, fixture.out().to_str().expect("a path"), &more);
    until_only_one_is_left(&fixture, &run, 1).await;
    run.signal("-TERM");
    run.wait();
    let text = std::fs::read_to_string(file).expect("timings");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("account_id,operation,calls,limiter_ms,slot_ms,memory_ms,backoff_ms,aws_ms"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let timing = |account: &str, operation: &str| {
        rows.iter()
            .find(|row| row[0] == account && row[1] == operation)
            .unwrap_or_else(|| panic!("no {operation}: {text}"))
    };
    for operation in
        ["sts:AssumeRole", "iam:ListAccountAliases", "ec2:DescribeRegions", "route53:ListResourceRecordSets"]
    {
        let row = timing(&account_id(0), operation);
        assert!(row[7].parse::<u64>().expect("milliseconds") >= 30, "{row:?}");
    }
    assert_eq!(timing(&account_id(0), "route53:ListResourceRecordSets")[2], "3");
}
