//! Runs in shards on the simulated AWS. A driver executes the state machine's steps, with shards that die, are retried,
//! run out of time and run twice.

mod driver;
mod machine;
mod rest;

use rolecall::testing::{ErrorKind, NoopObserver, Response, Settings, StopCondition};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::command::{CommandOutput, manifest, run_command};
use crate::fixture::{Fixture, account_with, ids, until};
use crate::sim::{Account, Fault, FaultKind, Service, account_id};
use driver::{Driver, Moment, ShardFault, cells, files, records, request};

async fn fleet(accounts: usize) -> Fixture {
    let fixture =
        Fixture::start(accounts, Account { zones: 1, records: 4, ..account_with(2, 1, 4) }, |world| world.threads = 2)
            .await;
    let settings = Settings {
        // No call waits for a rate limit: these tests are about the order of steps.
        ec2_rate: 10_000.0,
        ec2_burst: Some(10_000.0),
        route53_rate: 10_000.0,
        resolver_rate: 10_000.0,
        names_rate: 10_000.0,
        route53_burst: Some(10_000.0),
        sts_rate: 10_000.0,
        continuations: 3,
        // Attempts at roles would be among the calls at which shards die.
        trust_interval: None,
        ..fixture.settings.clone()
    };
    Fixture { settings, ..fixture }
}

/// Runs the fleet without faults and returns its records, with which the tests compare those of other runs.
async fn records_without_faults(fixture: &Fixture, batch: usize) -> BTreeMap<&'static str, Vec<String>> {
    let driver = Driver { fixture, batch, concurrency: 4, attempts: 1 };
    let runs = driver.run_to_end(request("calm"), &BTreeMap::new()).await;
    assert_eq!(runs.len(), 1);
    assert!(cells(&fixture.out(), "calm").values().all(|status| status == "ok" || status == "empty"));
    records(&fixture.out(), &runs)
}

/// A deterministic random number generator.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// Returns a moment during the collection of one of a shard's accounts, each of which makes `calls` calls.
    fn moment(&mut self, calls: u64) -> Moment {
        Moment { account: self.below(25) as usize, calls: self.below(calls) }
    }
}

/// Returns the number of calls of each account in a run, including AssumeRole.
fn calls_per_account(fixture: &Fixture) -> u64 {
    let counts = fixture.sim.counts();
    let calls: BTreeSet<u64> = counts.assumed.keys().map(|id| counts.of_account(id) + counts.assumed[id]).collect();
    assert_eq!(calls.len(), 1, "the accounts are alike");
    calls.into_iter().next().expect("a number")
}

/// If every shard succeeds in the end, the output does not show that some had died.
#[tokio::test(flavor = "multi_thread")]
async fn retried_shards_leave_the_same_run_as_undisturbed_ones() {
    let fixture = fleet(300).await;
    let calm = records_without_faults(&fixture, 25).await;
    let calls = calls_per_account(&fixture);
    for seed in [1, 2, 3] {
        let mut random = Random(seed);
        // Three of twelve shards die. One of them dies twice before two invocations of it run concurrently.
        let mut dies = || ShardFault::Dies(random.moment(calls));
        let faults = BTreeMap::from([
            ((0, 1), vec![dies()]),
            ((0, 4), vec![dies(), dies(), ShardFault::Twice]),
            ((0, 10), vec![dies()]),
        ]);
        let run_id = format!("wild-{seed}");
        let driver = Driver { fixture: &fixture, batch: 25, concurrency: 4, attempts: 3 };
        let runs = driver.run_to_end(request(&run_id), &faults).await;
        assert_eq!(runs.len(), 1, "{faults:?}");
        assert_eq!(cells(&fixture.out(), &run_id), cells(&fixture.out(), "calm"), "{faults:?}");
        assert_eq!(records(&fixture.out(), &runs), calm, "{faults:?}");
        let before = files(&fixture.out());
        let again = driver.plan(request(&run_id)).await;
        assert!(again.committed && !again.goes_on && again.items.is_none());
        assert_eq!(files(&fixture.out()), before, "{faults:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_shards_lose_and_duplicate_no_record() {
    let fixture = fleet(300).await;
    let calm = records_without_faults(&fixture, 25).await;
    assert_eq!(calm["accounts"].len(), 300);
    let (calls, mut random) = (calls_per_account(&fixture), Random(7));
    let mut dies = || ShardFault::Dies(random.moment(calls));
    // Of twelve shards three die, one of them in every attempt; one runs twice, and the time of one ends.
    let faults = BTreeMap::from([
        ((0, 1), vec![dies()]),
        ((0, 4), vec![dies(), dies()]),
        ((0, 9), vec![ShardFault::Twice]),
        ((0, 10), vec![ShardFault::Ends(Moment { account: 3, calls: 5 })]),
        ((0, 11), vec![dies(), dies(), dies()]),
        ((1, 0), vec![ShardFault::Dies(Moment { account: 2, calls: 1 })]),
    ]);
    let driver = Driver { fixture: &fixture, batch: 25, concurrency: 4, attempts: 3 };
    let runs = driver.run_to_end(request("wild"), &faults).await;
    assert!(runs.len() >= 2, "the shard that never succeeded remains: {runs:?}");
    for run in &runs {
        cells(&fixture.out(), run.run_id.as_str());
    }
    // The ledger has every cell of the accounts whose shard never succeeded.
    let first = cells(&fixture.out(), "wild");
    for account in (275..300).map(account_id) {
        let of: Vec<&String> =
            first.iter().filter(|(cell, _)| cell.contains(&account)).map(|(_, status)| status).collect();
        assert_eq!(of, ["not_started"; 5], "{account}");
    }
    let last = runs.last().expect("a run");
    assert_eq!(manifest(&fixture.out(), last.run_id.as_str())["remaining"], Value::Null, "{runs:?}");

    // No manifest names the files of attempts that died or were overtaken by another one. Whether one has written any by then
    // depends on the machine, so a file of such an attempt is added.
    let named: BTreeSet<String> = runs
        .iter()
        .flat_map(|run| manifest(&fixture.out(), run.run_id.as_str())["files"].as_array().expect("files").clone())
        .map(|file| fixture.out().join(file["key"].as_str().expect("a key")).display().to_string())
        .collect();
    let written = files(&fixture.out());
    assert!(named.iter().all(|file| written.contains_key(file)), "a file that is named is there");
    let file = named.iter().find(|file| file.contains("/ec2_vpcs/")).expect("a file of VPCs");
    let of_another = file.replace("/wild.", "/wild.9.");
    assert!(of_another != *file && !written.contains_key(&of_another), "{file}");
    std::fs::copy(file, of_another).expect("copied");
    assert_eq!(records(&fixture.out(), &runs), calm);

    // The same event again changes nothing and makes no call to a customer.
    let before = files(&fixture.out());
    fixture.sim.reset_counts();
    let again = driver.plan(request("wild")).await;
    assert!(again.committed && !again.goes_on && again.items.is_none());
    assert_eq!(again.run_id, last.run_id, "the last of the runs answers");
    assert_eq!(
        driver.steps().reduce(&runs[0].run_id, Arc::new(NoopObserver)).await.expect("it").run_id,
        runs[0].run_id
    );
    // A late invocation of a committed shard, and one of an abandoned shard, change nothing either.
    driver.shard(&runs[0].run_id, "3").await;
    driver.shard(&runs[0].run_id, "11").await;
    assert_eq!(files(&fixture.out()), before);
    assert!(fixture.sim.log().iter().all(|call| call.service == Service::Sts && call.operation == "GetCallerIdentity"));
}

/// A shard that commits after the reduce step changes nothing, however often the reduce step is repeated.
#[tokio::test(flavor = "multi_thread")]
async fn shard_committed_after_reduce_is_not_in_the_run() {
    let fixture = fleet(20).await;
    let driver = Driver { fixture: &fixture, batch: 5, concurrency: 1, attempts: 1 };
    let planned = driver.plan(request("late")).await;
    for shard in ["0", "1"] {
        driver.shard(&planned.run_id, shard).await;
    }
    // Two concurrent reduce steps run while shard 2 is still running. Shard 3 is never started.
    let held = fixture.sim.add_fault(Fault::new(FaultKind::Held).service(Service::Sts).operation("AssumeRole"));
    let (observer, steps) = (Arc::new(NoopObserver), driver.steps());
    let late = driver.shard(&planned.run_id, "2");
    let reduces = async {
        until("the shard", || fixture.sim.fired(held) > 0).await;
        // The reduce step assumes no role, so an invalid registry does not block it.
        std::fs::write(fixture.settings.registry.as_deref().expect("a registry"), "no registry").expect("written");
        let reduced = tokio::join!(
            steps.reduce(&planned.run_id, observer.clone()),
            steps.reduce(&planned.run_id, observer.clone())
        );
        fixture.sim.lift(held);
        reduced
    };
    let ((), (one, other)) = tokio::join!(late, reduces);
    // The later of the two found the result of the other.
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    let shard = fixture.out().join("runs/late/shards/2.json");
    assert!(shard.exists(), "the late shard has committed its own manifest");
    let first = cells(&fixture.out(), "late");
    assert_eq!(first.values().filter(|status| *status == "not_started").count(), 10 * 5);
    let manifest_file = fixture.out().join("runs/late/manifest.json");
    let before: Value = serde_json::from_slice(&std::fs::read(&manifest_file).expect("it")).expect("JSON");
    std::fs::remove_file(&manifest_file).expect("removed");
    steps.reduce(&planned.run_id, observer.clone()).await.expect("once more");
    let after: Value = serde_json::from_slice(&std::fs::read(&manifest_file).expect("it")).expect("JSON");
    assert_eq!(after, before, "abandoned accounts stay abandoned");
    let rest = driver.steps().history().remaining_request(&planned.run_id).await.expect("something remains");
    assert_eq!(serde_json::to_value(rest.accounts).expect("JSON").as_array().map(Vec::len), Some(10));
}

/// The state machine can reduce the plan of a function that died, and continue the run.
#[tokio::test(flavor = "multi_thread")]
async fn abandoned_plan_of_one_shard_is_reduced_and_continued() {
    let fixture = fleet(6).await;
    let driver = Driver { fixture: &fixture, batch: 2, concurrency: 2, attempts: 1 };
    let (engine, steps) = (driver.engine(), driver.steps());
    // The process dies after it has written the plan and nothing else.
    let held = fixture.sim.add_fault(Fault::new(FaultKind::Held).service(Service::Sts).operation("AssumeRole"));
    tokio::select! {
        ended = engine.run(driver.order(request("lost"))) => panic!("{ended:?}"),
        () = until("the first AssumeRole", || fixture.sim.fired(held) > 0) => {}
    }
    fixture.sim.lift(held);
    let reduced = steps.reduce(&"lost".parse().expect("a name"), Arc::new(NoopObserver)).await.expect("a manifest");
    assert!(reduced.goes_on);
    let runs = driver.run_to_end(request("lost"), &BTreeMap::new()).await;
    assert_eq!(runs.last().expect("a run").run_id.as_str(), "lost.r1");
    assert!(cells(&fixture.out(), "lost.r1").values().all(|status| status == "ok" || status == "empty"));
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_machine_continues_its_plan() {
    let fixture = fleet(20).await;
    let driver = Driver { fixture: &fixture, batch: 5, concurrency: 1, attempts: 1 };
    let first = driver.plan(request("stopped")).await;
    assert_eq!(first.shards, 4);
    driver.shard(&first.run_id, "2").await;
    fixture.sim.reset_counts();
    // The second plan has only the shards that are not committed.
    let second = driver.plan(request("stopped")).await;
    assert_eq!(second.shards, 3);
    let runs = driver.run_to_end(request("stopped"), &BTreeMap::new()).await;
    assert_eq!(cells(&fixture.out(), "stopped").len(), 20 * 5);
    let entered = fixture.sim.log_of(Service::Sts, "AssumeRole").len();
    assert_eq!(entered, 15, "the committed shard is not collected again");
    assert_eq!(records(&fixture.out(), &runs)["accounts"].len(), 20);
    let steps = driver.steps();
    let unknown = steps.shard(&first.run_id, "99", StopCondition::default(), Arc::new(NoopObserver));
    assert_eq!(unknown.await.expect_err("there is no such shard").kind, ErrorKind::InvalidRequest);
}

/// Ten thousand accounts in two hundred shards, some of which die, run out of time or run twice.
#[ignore = "uses all processors for minutes: make test runs it alone, after the others"]
#[tokio::test(flavor = "multi_thread")]
async fn each_of_ten_thousand_accounts_is_answered_once() {
    let fixture = fleet(10_000).await;
    let mut few = request("large");
    few.resources = Some(vec!["ec2_subnets".into()]);
    let faults = (0..200).filter(|shard| shard % 7 == 3).map(|shard| {
        let moment = Moment { account: shard % 50, calls: shard as u64 % 3 };
        let faults = match shard % 4 {
            0 => vec![ShardFault::Dies(moment)],
            1 => vec![ShardFault::Twice],
            2 => vec![ShardFault::Dies(moment), ShardFault::Dies(moment)],
            _ => vec![ShardFault::Ends(moment)],
        };
        ((0, shard), faults)
    });
    let driver = Driver { fixture: &fixture, batch: 50, concurrency: 8, attempts: 2 };
    let runs = driver.run_to_end(few, &faults.collect()).await;
    let first = cells(&fixture.out(), "large");
    let accounts: BTreeSet<&str> = first.keys().map(|cell| cell.split(' ').next().expect("an account")).collect();
    assert_eq!(accounts.len(), 10_000);
    // Every account was answered in exactly one of the runs.
    let mut answered = BTreeSet::new();
    for run in &runs {
        for (cell, status) in cells(&fixture.out(), run.run_id.as_str()) {
            if status == "ok" {
                assert!(answered.insert(cell.clone()), "{cell} was answered twice");
            }
        }
    }
    assert_eq!(answered.len(), 10_000);
    let subnets: usize = runs.iter().map(|run| ids(&fixture.out(), run.run_id.as_str(), "ec2_subnets").len()).sum();
    assert_eq!(subnets, 2 * 10_000);
}

/// Runs a command as an operator on the fixture's output.
fn run_cli(fixture: &Fixture, arguments: &[&str]) -> CommandOutput {
    let mut command = fixture.rolecall(arguments);
    command.args(["--output", &fixture.out().display().to_string()]).env("ROLECALL_MARGIN", "5s");
    tokio::task::block_in_place(|| run_command(command))
}

/// An attempt whose time ends skips the shards that it has not begun. Those that another attempt has committed count, and one
/// at which another attempt works is not given up.
#[tokio::test(flavor = "multi_thread")]
async fn shards_of_other_attempts_count_if_the_time_is_short() {
    let fixture = fleet(6).await;
    // One shard after the other.
    let settings = Settings { accounts_at_once: 2, ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    let driver = Driver { fixture: &fixture, batch: 2, concurrency: 1, attempts: 1 };
    let hold =
        |number| fixture.sim.add_fault(Fault::new(FaultKind::Held).account(&account_id(number)).service(Service::Ec2));
    let interrupted = async |run_id: &str| {
        let held = hold(0);
        let response = fixture.run_until(json!(request(run_id)), |_| fixture.sim.fired(held) > 0).await;
        fixture.sim.lift(held);
        response
    };
    let left = |response: &Response| response.remaining.as_ref().map(|rest| json!(rest)["accounts"].to_string());

    let planned = driver.plan(request("brief")).await;
    driver.shard(&planned.run_id, "1").await;
    let response = interrupted("brief").await.expect("a response");
    assert_eq!((response.accounts.planned, response.accounts.not_started), (6, 2), "{:?}", response.accounts);
    let rest = left(&response).expect("a rest");
    assert!([0, 4, 5].iter().all(|number| rest.contains(&account_id(*number))), "{rest}");
    assert!(![2, 3].iter().any(|number| rest.contains(&account_id(*number))), "{rest}");

    let planned = driver.plan(request("busy")).await;
    let (steps, held) = (driver.steps(), hold(4));
    let other = steps.shard(&planned.run_id, "2", StopCondition::default(), Arc::new(NoopObserver));
    let this = async {
        until("another attempt at the last shard", || fixture.sim.fired(held) > 0).await;
        let refused = interrupted("busy").await.expect_err("the last shard is in progress");
        assert_eq!(refused.kind, ErrorKind::RunInProgress, "{refused}");
        assert!(refused.message.contains("at shard 2"), "{refused}");
        fixture.sim.lift(held);
    };
    tokio::join!(other, this).0.expect("the shard is committed");
    let response = fixture.run(json!(request("busy")), None).await.expect("a response");
    assert_eq!(response.accounts.not_started, 0, "{:?}", response.accounts);
    assert!(![2, 3, 4, 5].iter().any(|number| left(&response).is_some_and(|rest| rest.contains(&account_id(*number)))));
}

/// A resume whose deadline passes starts no further, ever shorter runs.
#[tokio::test(flavor = "multi_thread")]
async fn resume_stops_at_its_deadline() {
    let fixture = fleet(4).await;
    let driver = Driver { fixture: &fixture, batch: 2, concurrency: 1, attempts: 1 };
    driver.plan(request("short")).await;
    let held = Fault::new(FaultKind::Held).account(&account_id(3)).service(Service::Ec2);
    let held = fixture.sim.add_fault(held);
    let resumed = run_cli(&fixture, &["resume", "short", "--deadline", "1m"]);
    assert_eq!(resumed.code, 1, "{resumed:?}");
    // The flags that were typed, and none of the environment.
    let (registry, out) = (fixture.settings.registry.as_deref().expect("a registry"), fixture.out());
    let again = format!("`rolecall resume short --registry {registry} --output {}` finishes it.", out.display());
    assert!(resumed.out.contains(&again), "{resumed:?}");
    assert!(!fixture.out().join("runs/short.r1").exists(), "another run was begun");
    fixture.sim.lift(held);
    let resumed = run_cli(&fixture, &["resume", "short"]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert!(resumed.out.contains("run short, continued by short.r1: complete, 4 of 4"), "{resumed:?}");
}

/// One command finishes the run that another one has started.
#[tokio::test(flavor = "multi_thread")]
async fn interrupted_run_is_reported_and_resumed() {
    let fixture = fleet(30).await;
    let driver = Driver { fixture: &fixture, batch: 10, concurrency: 1, attempts: 1 };
    let first = driver.plan(request("cut")).await;
    driver.ended_at(&first.run_id, "1", Moment { account: 4, calls: 3 }, false).await;
    driver.shard(&first.run_id, "2").await;
    let run_cli = |arguments: &[&str]| run_cli(&fixture, arguments);
    let status = run_cli(&["status", "cut"]);
    assert_eq!(status.code, 1);
    assert!(status.out.contains("2 of 3 shards, 20 of 30 accounts"), "{status:?}");
    // The shard that was never started is collected first, then the rest of the interrupted one.
    let resumed = run_cli(&["resume", "cut", "--json"]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert_eq!(
        (&resumed.response()["run_id"], &resumed.response()["chain"]["runs"]),
        (&json!("cut.r1"), &json!(["cut", "cut.r1"]))
    );
    let status = run_cli(&["status", "cut", "--json"]).response();
    assert_eq!((&status["committed"], &status["next"]), (&json!(true), &Value::Null));
    let combined = json!({ "planned": 30, "complete": 30, "partial": 0, "failed": 0, "not_started": 0 });
    assert_eq!((&status["chain"]["status"], &status["chain"]["accounts"]), (&json!("complete"), &combined));
    let resumed = run_cli(&["resume", "cut"]);
    assert!(
        resumed.out.contains("continued by cut.r1: complete, 30 of 30") && resumed.out.contains("Nothing remains"),
        "{resumed:?}"
    );
    let status = run_cli(&["status", "cut"]);
    assert!(
        status.out.contains("continued by cut.r1: complete") && !status.out.contains("rolecall resume"),
        "{status:?}"
    );
    let mut answered = BTreeSet::new();
    for run_id in ["cut", "cut.r1"] {
        let full = cells(&fixture.out(), run_id).into_iter().filter(|(_, status)| status == "ok" || status == "empty");
        full.for_each(|(cell, _)| assert!(answered.insert(cell.clone()), "{cell} was answered twice"));
    }
    assert_eq!(answered.len(), 30 * 5);
}
