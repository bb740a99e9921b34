//! What a run keeps to, and what it does when it is told to end: calls in flight, the patience with STS, where the time
//! went, signals.

use rolecall::testing::Settings;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::command::manifest;
use crate::fixture::{Fixture, ProgressCounter, account_with, ledger, until};
use crate::sim::{Fault, FaultKind, Service, Times, account_id};

fn complete(response: &rolecall::testing::Response) {
    assert_eq!(serde_json::to_value(response.status).expect("JSON"), "complete", "{:?}", response.failures);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_fleet_is_entered_though_sts_refuses_for_rate() {
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
    complete(&response);
    let counts = fixture.sim.counts();
    assert_eq!(counts.throttled, 200);
    assert_eq!(counts.assumed.len(), 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_that_took_longest_comes_first_the_next_time() {
    let fixture = Fixture::start(3, account_with(1, 1, 2), |world| world.account(&account_id(2)).zones = 40).await;
    let fixture = Fixture { settings: Settings { accounts_at_once: 1, ..fixture.settings.clone() }, ..fixture };
    let mut begun = Vec::new();
    for run_id in ["first", "second"] {
        fixture.sim.reset_counts();
        complete(&fixture.run(json!({ "run_id": run_id, "accounts": "all" }), None).await.expect("a response"));
        let entered = fixture.sim.log_of(Service::Sts, "AssumeRole").into_iter().filter_map(|call| call.target);
        begun.push(entered.collect::<Vec<_>>());
    }
    assert_eq!(begun[0], [account_id(0), account_id(1), account_id(2)]);
    assert_eq!(begun[1][0], account_id(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_in_flight_keep_to_each_of_their_limits() {
    let fixture = Fixture::start(4, account_with(3, 2, 5), |world| world.latency = Duration::from_millis(40)).await;
    // One that never answers keeps few slots, however many it could have.
    fixture.sim.add_fault(Fault::new(FaultKind::Hang).account(&account_id(2)).service(Service::Ec2));
    // Another one has shown that it answers, and then lets everybody wait until it has all that it may have.
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
    // The server learns a little later than we of a call that was given up.
    assert!(counts.peak_in_flight <= 30 + 2, "{}", counts.peak_in_flight);
    let of = |number: usize| counts.peak_by_account[&account_id(number)];
    assert!((0..4).all(|number| of(number) <= 20 + 2), "{:?}", counts.peak_by_account);
    assert!(of(2) <= 12, "{:?}", counts.peak_by_account);
    let mut regions = counts.peak_by_region.iter().filter(|((_, region), _)| region != "us-east-1");
    assert!(regions.all(|(_, peak)| *peak <= 5), "{:?}", counts.peak_by_region);
    // Connections serve all accounts.
    assert!(counts.peak_connections <= 2 * 30 && counts.connections <= 3 * 30, "{counts:?}");
}

/// A run in a process of its own, and what it has said so far.
struct RunProcess {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl RunProcess {
    /// How often it has said so.
    fn said(&self, what: &str) -> usize {
        self.said.lock().expect("lines").matches(what).count()
    }

    fn signal(&self, name: &str) {
        let killed =
            Command::new("sh").args(["-c", &format!("kill {name} {}", self.child.id())]).status().expect("a shell");
        assert!(killed.success());
    }

    fn ended(self) -> (Output, String) {
        let output = self.child.wait_with_output().expect("it ends");
        let said = self.said.lock().expect("lines").clone();
        (output, said)
    }
}

/// A run over customers of whom one never answers.
fn begun(fixture: &Fixture, output: &str, more: &[&str]) -> RunProcess {
    fixture.sim.add_fault(Fault::new(FaultKind::Hang).account(&account_id(1)).service(Service::Ec2));
    let mut command = fixture.command(output);
    command
        .args(["--regions", "eu-west-1", "--run-id", "ended", "--resources", "ec2_v*,ec2_s*,route53_*", "-v"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    let (lines, said) = (BufReader::new(child.stderr.take().expect("piped")).lines(), Arc::new(Mutex::default()));
    let begun = RunProcess { child, said: Arc::clone(&said) };
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let mut said: std::sync::MutexGuard<'_, String> = said.lock().expect("lines");
            said.push_str(&line);
            said.push('\n');
        }
    });
    begun
}

/// The silent one is being asked, and the others are done.
async fn until_only_one_is_left(fixture: &Fixture, run: &RunProcess, others: usize) {
    let asked = || fixture.sim.counts().of(&account_id(1), Service::Ec2, "DescribeRegions") > 0;
    until("the last account", || asked() && run.said("account done") >= others).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_told_to_end_commits_what_it_has() {
    for name in ["-TERM", "-INT"] {
        let fixture = Fixture::start(3, account_with(3, 1, 5), |_| {}).await;
        let run = begun(&fixture, fixture.out().to_str().expect("a path"), &[]);
        until_only_one_is_left(&fixture, &run, 2).await;
        run.signal(name);
        let (output, said) = run.ended();
        assert_eq!(output.status.code(), Some(1), "{said}");
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
async fn a_second_interrupt_ends_it_at_once() {
    let fixture = Fixture::start(2, account_with(1, 0, 0), |world| world.bucket("results")).await;
    // The output takes for ever, so that good order has no end.
    fixture.sim.add_fault(Fault::new(FaultKind::Hang).service(Service::S3).times(Times::After(4)));
    let run = begun(&fixture, "s3://results", &[]);
    until_only_one_is_left(&fixture, &run, 1).await;
    run.signal("-INT");
    until("a word of the first interrupt", || run.said("interrupt again") == 1).await;
    run.signal("-INT");
    let (output, said) = run.ended();
    assert_eq!(output.status.code(), Some(130), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_time_went_is_told_by_account_and_operation() {
    let fixture = Fixture::start(2, account_with(3, 3, 5), |world| world.latency = Duration::from_millis(30)).await;
    let file = fixture.folder.path().join("timings.csv");
    let more = ["--timings", file.to_str().expect("a path")];
    let run = begun(&fixture, fixture.out().to_str().expect("a path"), &more);
    until_only_one_is_left(&fixture, &run, 1).await;
    run.signal("-TERM");
    run.ended();
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
