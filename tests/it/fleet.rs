//! Runs in shards: a driver that plays the state machine, over the simulated AWS, with shards that die, are tried again, run
//! out of time and run twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rolecall::event::{Naming, Request, RunId};
use rolecall::input::Problems;
use rolecall::refusal::RefusalKind;
use rolecall::run::{Engine, LaidOut, Order, Reduced, Unwatched};
use rolecall::settings::Settings;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::command::{manifest, ran, rows};
use crate::emulator::{python, root, stage};
use crate::scene::{BACKEND, Scene, ids, some};
use crate::sim::{Account, Service};

/// What becomes of a shard's invocations, one after the other; what follows is carried out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// It dies, so long after it began: its process is gone, and what it wrote stays.
    Dies(Duration),
    /// It has so much time.
    Has(Duration),
    /// Two of it run at the same time.
    Twice,
}

/// Plays the machine: plan, shards side by side, reduce, again while something remains.
struct Driver<'a> {
    scene: &'a Scene,
    batch: usize,
    at_once: usize,
    attempts: usize,
}

impl Driver<'_> {
    fn engine(&self) -> Engine {
        self.scene.engine()
    }

    async fn plan(&self, request: Request) -> LaidOut {
        let order = Order {
            request,
            problems: Problems::default(),
            naming: Naming::Invocation("an-execution".into()),
            may_inline: false,
            deadline: Some(Instant::now() + Duration::from_secs(60)),
            stop: CancellationToken::new(),
            observer: Arc::new(Unwatched),
        };
        self.engine().lay_out(order, self.batch).await.expect("a plan")
    }

    async fn shard(&self, run_id: &RunId, shard: &str, time: Duration) {
        let (engine, run_id, shard) = (self.engine(), run_id.clone(), shard.to_owned());
        let deadline = Some(Instant::now() + time);
        let carried = engine.one_shard(&run_id, &shard, deadline, CancellationToken::new(), Arc::new(Unwatched));
        carried.await.expect("a shard is data, and fails of nothing but itself");
    }

    /// One child of the map: a task that is tried again, and whose end is no failure of the machine.
    async fn child(&self, run_id: &RunId, shard: &str, fates: &[Fate]) {
        let enough = Duration::from_secs(120);
        for attempt in 0..self.attempts {
            match fates.get(attempt) {
                Some(Fate::Dies(after)) => {
                    let _ = tokio::time::timeout(*after, self.shard(run_id, shard, enough)).await;
                    continue;
                }
                Some(Fate::Has(time)) => self.shard(run_id, shard, *time).await,
                Some(Fate::Twice) => {
                    tokio::join!(self.shard(run_id, shard, enough), self.shard(run_id, shard, enough));
                }
                None => self.shard(run_id, shard, enough).await,
            }
            return;
        }
    }

    /// The whole machine; how each of its runs ended, in turn.
    async fn play(&self, request: Request, fates: &BTreeMap<(u32, usize), Vec<Fate>>) -> Vec<Reduced> {
        let mut ended = Vec::new();
        let mut request = request;
        loop {
            let laid_out = self.plan(request).await;
            assert!(!laid_out.committed);
            let items = laid_out.items.expect("a list");
            assert_eq!(items.bucket, "");
            let items: Vec<Value> = serde_json::from_slice(&std::fs::read(&items.key).expect("a list")).expect("JSON");
            assert_eq!(items.len(), laid_out.shards);
            let run_id = laid_out.run_id;
            let children = items.iter().map(|item| {
                let shard = item["shard"].as_str().expect("a name").to_owned();
                assert_eq!(item["run_id"], run_id.as_str());
                let number: usize = shard.parse().expect("a number");
                let fates = fates.get(&(run_id.number(), number)).cloned().unwrap_or_default();
                let run_id = run_id.clone();
                async move { self.child(&run_id, &shard, &fates).await }
            });
            let _: Vec<()> = {
                use futures::StreamExt;
                futures::stream::iter(children).buffer_unordered(self.at_once).collect().await
            };
            let reduced = self.engine().reduce(&run_id, Arc::new(Unwatched)).await.expect("a manifest");
            let goes_on = reduced.goes_on;
            ended.push(reduced);
            if !goes_on {
                return ended;
            }
            request = self.engine().remaining(&run_id).await.expect("something remains");
        }
    }
}

fn request(run_id: &str) -> Request {
    let mut problems = Problems::default();
    let value = json!({
        "run_id": run_id, "accounts": "all", "regions": ["eu-central-1"],
        "resources": ["ec2_vpcs", "ec2_subnets", "route53_hosted_zones", "route53_records", "accounts"], "format": "ndjson",
    });
    let request = Request::read(&value, "request", &mut problems);
    assert!(problems.is_empty(), "{problems}");
    request
}

/// Every cell of a run, with its status, each exactly once.
fn cells(out: &Path, run_id: &str) -> BTreeMap<String, String> {
    let manifest = manifest(out, run_id);
    let ledger = rows(out, &manifest, "ledger");
    let mut cells = BTreeMap::new();
    for row in &ledger {
        let cell = format!("{} {} {}", row["account_id"], row["region"], row["table"]);
        let twice = cells.insert(cell.clone(), row["status"].as_str().expect("a status").to_owned());
        assert_eq!(twice, None, "{cell} stands twice");
    }
    let counted: u64 = manifest["cells"].as_object().expect("cells").values().map(|n| n.as_u64().expect("n")).sum();
    assert_eq!(counted, cells.len() as u64);
    let accounts = manifest["by_account"].as_array().expect("accounts");
    let different: BTreeSet<&str> = accounts.iter().map(|one| one["account_id"].as_str().expect("an id")).collect();
    assert_eq!(different.len(), accounts.len());
    assert_eq!(manifest["accounts"]["planned"], accounts.len());
    cells
}

/// All records that the runs of a machine hold together, without what differs from run to run.
fn records(out: &Path, runs: &[Reduced]) -> BTreeMap<&'static str, Vec<String>> {
    let mut records: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for table in ["ec2_vpcs", "ec2_subnets", "route53_hosted_zones", "route53_records", "accounts"] {
        let mut all: Vec<String> = Vec::new();
        // A later run's rows of a cell stand for the cell.
        let mut answered = BTreeSet::new();
        for run in runs.iter().rev() {
            let manifest = manifest(out, run.run_id.as_str());
            let full: BTreeSet<String> = rows(out, &manifest, "ledger")
                .iter()
                .filter(|row| row["table"] == table && ["ok", "empty"].contains(&row["status"].as_str().expect("one")))
                .map(|row| format!("{} {}", row["account_id"], row["region"]))
                .collect();
            for mut row in rows(out, &manifest, table) {
                let cell = format!("{} {}", row["account_id"], row["region"]);
                if full.contains(&cell) && !answered.contains(&cell) {
                    let fields = row.as_object_mut().expect("a row");
                    fields.remove("run_id");
                    fields.remove("collected_at");
                    all.push(row.to_string());
                }
            }
            answered.extend(full);
        }
        all.sort();
        records.insert(table, all);
    }
    records
}

async fn fleet(accounts: usize) -> Scene {
    let scene =
        Scene::set(accounts, Account { zones: 1, records: 4, ..some(2, 1, 4) }, |world| world.threads = 2).await;
    let settings = Settings {
        // Nothing here waits for a rate: what is tried is who does what.
        ec2_rate: 10_000.0,
        ec2_burst: Some(10_000.0),
        route53_rate: 10_000.0,
        route53_burst: Some(10_000.0),
        sts_rate: 10_000.0,
        call_timeout: Duration::from_secs(20),
        margin: Some(Duration::from_millis(300)),
        continuations: 3,
        ..scene.settings.clone()
    };
    Scene { settings, ..scene }
}

/// The undisturbed run of the same fleet, and what every other one is held against.
async fn undisturbed(scene: &Scene, batch: usize) -> BTreeMap<&'static str, Vec<String>> {
    let driver = Driver { scene, batch, at_once: 4, attempts: 1 };
    let runs = driver.play(request("calm"), &BTreeMap::new()).await;
    assert_eq!(runs.len(), 1);
    assert!(cells(&scene.out(), "calm").values().all(|status| status == "ok" || status == "empty"));
    records(&scene.out(), &runs)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quarter_of_the_shards_killed_leaves_nothing_lost_and_nothing_doubled() {
    let scene = fleet(300).await;
    let calm = undisturbed(&scene, 25).await;
    assert_eq!(calm["accounts"].len(), 300);
    let ms = Duration::from_millis;
    // Of twelve shards three die: early, in the middle, and after they have written; one runs twice, one has little time, and
    // one never gets there in its first run.
    let fates = BTreeMap::from([
        ((0, 1), vec![Fate::Dies(ms(15))]),
        ((0, 4), vec![Fate::Dies(ms(150)), Fate::Dies(ms(60))]),
        ((0, 7), vec![Fate::Dies(ms(600))]),
        ((0, 9), vec![Fate::Twice]),
        ((0, 10), vec![Fate::Has(ms(330))]),
        ((0, 11), vec![Fate::Dies(ms(5)), Fate::Dies(ms(5)), Fate::Dies(ms(5))]),
        ((1, 0), vec![Fate::Dies(ms(20))]),
    ]);
    let driver = Driver { scene: &scene, batch: 25, at_once: 4, attempts: 3 };
    let runs = driver.play(request("wild"), &fates).await;
    assert!(runs.len() >= 2, "the shard that never got there remains: {runs:?}");
    for run in &runs {
        cells(&scene.out(), run.run_id.as_str());
    }
    // The accounts of the shard that never got there are told, each at a region of its own.
    let first = cells(&scene.out(), "wild");
    assert_eq!(first.iter().filter(|(_, status)| *status == "not_started").count() % 25, 0);
    assert!(first.values().filter(|status| *status == "not_started").count() >= 25 * 5);
    let last = runs.last().expect("a run");
    assert_eq!(manifest(&scene.out(), last.run_id.as_str())["remaining"], Value::Null, "{runs:?}");
    assert_eq!(records(&scene.out(), &runs), calm);

    // The same event again changes nothing, and asks nobody.
    let before = files(&scene.out());
    scene.sim.reset_counts();
    let again = driver.plan(request("wild")).await;
    assert!(again.committed && again.items.is_none());
    assert!(again.manifest.is_some_and(|manifest| manifest.ends_with("runs/wild/manifest.json")));
    assert_eq!(driver.engine().reduce(&again.run_id, Arc::new(Unwatched)).await.expect("it").run_id, again.run_id);
    driver.shard(&again.run_id, "3", Duration::from_secs(60)).await;
    assert_eq!(files(&scene.out()), before);
    assert!(scene.sim.log().iter().all(|call| call.service == Service::Sts && call.operation == "GetCallerIdentity"));
}

/// Every file below a folder, with its size.
fn files(folder: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let (entry, kind) =
                entry.map(|entry| (entry.path(), entry.metadata().expect("it is there"))).expect("an entry");
            if kind.is_dir() {
                folders.push(entry);
            } else {
                found.insert(entry.display().to_string(), kind.len());
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_was_stopped_goes_on_with_its_plan() {
    let scene = fleet(20).await;
    let driver = Driver { scene: &scene, batch: 5, at_once: 1, attempts: 1 };
    let first = driver.plan(request("stopped")).await;
    assert_eq!(first.shards, 4);
    driver.shard(&first.run_id, "2", Duration::from_secs(60)).await;
    scene.sim.reset_counts();
    // Planned again, only what is not committed is to do; and nobody else's request may take the name.
    let second = driver.plan(request("stopped")).await;
    assert_eq!(second.shards, 3);
    let runs = driver.play(request("stopped"), &BTreeMap::new()).await;
    assert_eq!(cells(&scene.out(), "stopped").len(), 20 * 5);
    let entered = scene.sim.log_of(Service::Sts, "AssumeRole").len();
    assert_eq!(entered, 15, "the shard that was committed is not asked again");
    assert_eq!(records(&scene.out(), &runs)["accounts"].len(), 20);
    let (engine, stop) = (driver.engine(), CancellationToken::new());
    let unknown = engine.one_shard(&first.run_id, "99", None, stop, Arc::new(Unwatched));
    assert_eq!(unknown.await.expect_err("there is no such shard").kind, RefusalKind::InvalidRequest);
}

/// Ten thousand accounts in four hundred shards, some of which die, come late or run twice.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_accounts_are_each_accounted_for_once() {
    let scene = fleet(10_000).await;
    let mut few = request("large");
    few.resources = Some(vec!["ec2_vpcs".into()]);
    let ms = Duration::from_millis;
    let fates = (0..400).filter(|shard| shard % 7 == 3).map(|shard| {
        let fate = match shard % 4 {
            0 => vec![Fate::Dies(ms(10 + shard as u64 % 90))],
            1 => vec![Fate::Twice],
            2 => vec![Fate::Dies(ms(5)), Fate::Dies(ms(5))],
            _ => vec![Fate::Has(ms(310))],
        };
        ((0, shard), fate)
    });
    let driver = Driver { scene: &scene, batch: 25, at_once: 8, attempts: 2 };
    let runs = driver.play(few, &fates.collect()).await;
    let first = cells(&scene.out(), "large");
    let accounts: BTreeSet<&str> = first.keys().map(|cell| cell.split(' ').next().expect("an account")).collect();
    assert_eq!(accounts.len(), 10_000);
    // Everybody was answered in one of the runs, and in one only.
    let mut answered = BTreeSet::new();
    for run in &runs {
        for (cell, status) in cells(&scene.out(), run.run_id.as_str()) {
            if status == "ok" {
                assert!(answered.insert(cell.clone()), "{cell} was answered twice");
            }
        }
    }
    assert_eq!(answered.len(), 10_000);
    let vpcs: usize = runs.iter().map(|run| ids(&scene.out(), run.run_id.as_str(), "ec2_vpcs").len()).sum();
    assert_eq!(vpcs, 2 * 10_000);
}

/// The machine itself, on the emulated AWS, with the deployed function in its steps.
#[test]
fn the_state_machine_commits_what_one_run_would() {
    let mut deploying = Command::new(python())
        .arg(root().join("tests/emulator/fleet.py"))
        .args(["--endpoint", stage().fact("endpoint"), "--batch-size", "1", "--max-concurrency", "2"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    serde_json::to_writer(deploying.stdin.take().expect("piped"), &stage().facts).expect("it reads");
    let deployed = deploying.wait_with_output().expect("it ends");
    assert!(deployed.status.success(), "the machine could not be deployed");
    let deployed: Value = serde_json::from_slice(&deployed.stdout).expect("JSON");
    let output = format!("s3://{}", stage().fact("results_bucket"));
    let what =
        ["--accounts", "all", "--regions", "eu-central-1", "--resources", "ec2_vpcs,ec2_subnets,route53_*,accounts"];
    let command = |arguments: &[&str]| {
        let mut command = stage().rolecall(arguments);
        command.env("ROLECALL_STATE_MACHINE", deployed["state_machine_arn"].as_str().expect("an ARN"));
        command.args(["--output", &output]);
        command
    };
    let start = || {
        let mut started = command(&["run", "--fleet", "--json", "--run-id", "by-machine"]);
        started.args(what);
        ran(started)
    };
    let by_machine = start();
    assert_eq!(by_machine.code, 1, "two of the four customers have gaps: {by_machine:?}");
    let mut alone = command(&["run", "--json", "--run-id", "alone", "--format", "ndjson"]);
    alone.args(what);
    let alone = ran(alone).response();
    let machines = by_machine.response();
    for member in ["status", "accounts", "cells", "records"] {
        assert_eq!(machines[member], alone[member], "{member}");
    }
    let manifest: Value = serde_json::from_slice(
        &stage().object(&format!("{output}/runs/by-machine/manifest.json")).expect("a manifest"),
    )
    .expect("JSON");
    let shards: Vec<&String> = manifest["attempts"].as_object().expect("shards").keys().collect();
    assert_eq!(shards, ["0", "1", "2", "3", "rest"]);
    assert!(stage().object(&format!("{output}/runs/by-machine/announced.json")).is_some());
    // Under the same name the same run is followed.
    assert_eq!(start().response(), machines);

    let status = ran(command(&["status", "by-machine"]));
    assert_eq!(status.code, 1);
    assert!(status.out.contains("run by-machine: partial") && !status.out.contains("still to do"), "{status:?}");
    let resumed = ran(command(&["resume", "by-machine"]));
    assert!(resumed.out.contains("Nothing remains of it."), "{resumed:?}");
    let unknown = ran(command(&["status", "nobodys-run"]));
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.starts_with("rolecall: InvalidRequest"), "{unknown:?}");
    let mut nowhere = command(&["run", "--fleet", "--run-id", "x", "--accounts", "all"]);
    nowhere.env("ROLECALL_STATE_MACHINE", "arn:aws:states:eu-central-1:999999999999:stateMachine:no-such-machine");
    let nowhere = ran(nowhere);
    assert!(nowhere.code == 2 && nowhere.err.starts_with("rolecall: FleetFailed"), "{nowhere:?}");
}

/// What one command has begun, another one finishes.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cut_is_told_and_resumed() {
    let scene = fleet(30).await;
    let driver = Driver { scene: &scene, batch: 10, at_once: 1, attempts: 1 };
    let first = driver.plan(request("cut")).await;
    driver.shard(&first.run_id, "1", Duration::from_millis(305)).await;
    driver.shard(&first.run_id, "2", Duration::from_secs(60)).await;
    let out = scene.out().display().to_string();
    let on_scene = |arguments: &[&str]| {
        let mut command = crate::command::rolecall(arguments);
        command
            .args(["--output", &out, "--registry", scene.settings.registry.as_deref().expect("a registry")])
            .env("AWS_ENDPOINT_URL", scene.sim.endpoint())
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", BACKEND)
            .env("AWS_SECRET_ACCESS_KEY", "a-key");
        tokio::task::block_in_place(|| ran(command))
    };
    let status = on_scene(&["status", "cut"]);
    assert_eq!(status.code, 1);
    assert!(status.out.contains("2 of 3 shards, 20 of 30 accounts"), "{status:?}");
    // The first time the shard that nobody has begun is done, the second time what the cut one has left.
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(on_scene(&["resume", "cut", "--json"]).code);
        if codes.last() == Some(&0) {
            break;
        }
    }
    assert_eq!(codes.last(), Some(&0), "{codes:?}");
    let status = on_scene(&["status", "cut", "--json"]).response();
    assert_eq!((&status["committed"], &status["next"]), (&json!(true), &Value::Null));
    let mut answered = BTreeSet::new();
    for run_id in ["cut", "cut.r1", "cut.r2"] {
        if scene.out().join("runs").join(run_id).join("manifest.json").exists() {
            let full =
                cells(&scene.out(), run_id).into_iter().filter(|(_, status)| status == "ok" || status == "empty");
            full.for_each(|(cell, _)| assert!(answered.insert(cell.clone()), "{cell} was answered twice"));
        }
    }
    assert_eq!(answered.len(), 30 * 5);
}
