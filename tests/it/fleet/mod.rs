//! Runs in shards: a driver that plays the state machine, over the simulated AWS, with shards that die, are tried again, run
//! out of time and run twice.

mod driver;
mod machine;
mod rest;

use rolecall::testing::{ErrorKind, NoopObserver, Settings};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use crate::command::{Ran, manifest, ran};
use crate::scene::{Scene, ids, some, until};
use crate::sim::{Account, Fault, Service, What, account_id};
use driver::{Driver, Fate, Moment, cells, files, records, request};

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

/// Numbers that look drawn by chance, the same in every run of the tests.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// While one of a shard's accounts is being asked; each makes this many calls.
    fn moment(&mut self, calls: u64) -> Moment {
        Moment { account: self.below(25) as usize, calls: self.below(calls) }
    }
}

/// How many calls each account of a run takes, AssumeRole among them.
fn calls_of_each(scene: &Scene) -> u64 {
    let counts = scene.sim.counts();
    let calls: BTreeSet<u64> = counts.assumed.keys().map(|id| counts.of_account(id) + counts.assumed[id]).collect();
    assert_eq!(calls.len(), 1, "the accounts are alike");
    calls.into_iter().next().expect("a number")
}

/// As long as every shard gets through in the end, nobody sees that some had died.
#[tokio::test(flavor = "multi_thread")]
async fn shards_that_die_at_any_moment_leave_the_run_as_if_they_had_not() {
    let scene = fleet(300).await;
    let calm = undisturbed(&scene, 25).await;
    let calls = calls_of_each(&scene);
    for seed in [1, 2, 3] {
        let mut dice = Dice(seed);
        // A quarter of twelve; one of them twice, before another one runs twice at the same time.
        let mut dies = || Fate::Dies(dice.moment(calls));
        let fates = BTreeMap::from([
            ((0, 1), vec![dies()]),
            ((0, 4), vec![dies(), dies(), Fate::Twice]),
            ((0, 10), vec![dies()]),
        ]);
        let run_id = format!("wild-{seed}");
        let driver = Driver { scene: &scene, batch: 25, at_once: 4, attempts: 3 };
        let runs = driver.play(request(&run_id), &fates).await;
        assert_eq!(runs.len(), 1, "{fates:?}");
        assert_eq!(cells(&scene.out(), &run_id), cells(&scene.out(), "calm"), "{fates:?}");
        assert_eq!(records(&scene.out(), &runs), calm, "{fates:?}");
        let before = files(&scene.out());
        let again = driver.plan(request(&run_id)).await;
        assert!(again.committed && !again.goes_on && again.items.is_none());
        assert_eq!(files(&scene.out()), before, "{fates:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quarter_of_the_shards_killed_leaves_nothing_lost_and_nothing_doubled() {
    let scene = fleet(300).await;
    let calm = undisturbed(&scene, 25).await;
    assert_eq!(calm["accounts"].len(), 300);
    let (calls, mut dice) = (calls_of_each(&scene), Dice(7));
    let mut dies = || Fate::Dies(dice.moment(calls));
    // Of twelve shards three die, one of them until it is given up; one runs twice, and the time of one ends.
    let fates = BTreeMap::from([
        ((0, 1), vec![dies()]),
        ((0, 4), vec![dies(), dies()]),
        ((0, 9), vec![Fate::Twice]),
        ((0, 10), vec![Fate::Ends(Moment { account: 3, calls: 5 })]),
        ((0, 11), vec![dies(), dies(), dies()]),
        ((1, 0), vec![Fate::Dies(Moment { account: 2, calls: 1 })]),
    ]);
    let driver = Driver { scene: &scene, batch: 25, at_once: 4, attempts: 3 };
    let runs = driver.play(request("wild"), &fates).await;
    assert!(runs.len() >= 2, "the shard that never got there remains: {runs:?}");
    for run in &runs {
        cells(&scene.out(), run.run_id.as_str());
    }
    // The accounts of the shard that never got there are told, every cell of them.
    let first = cells(&scene.out(), "wild");
    for account in (275..300).map(account_id) {
        let of: Vec<&String> =
            first.iter().filter(|(cell, _)| cell.contains(&account)).map(|(_, status)| status).collect();
        assert_eq!(of, ["not_started"; 5], "{account}");
    }
    let last = runs.last().expect("a run");
    assert_eq!(manifest(&scene.out(), last.run_id.as_str())["remaining"], Value::Null, "{runs:?}");
    assert_eq!(records(&scene.out(), &runs), calm);

    // What attempts have left behind that died, or that another one was faster than, is named by no manifest.
    let named: BTreeSet<String> = runs
        .iter()
        .flat_map(|run| manifest(&scene.out(), run.run_id.as_str())["files"].as_array().expect("files").clone())
        .map(|file| scene.out().join(file["key"].as_str().expect("a key")).display().to_string())
        .collect();
    let written = files(&scene.out());
    assert!(named.iter().all(|file| written.contains_key(file)), "a file that is named is there");
    let left: Vec<&String> = written
        .keys()
        .filter(|file| file.contains("/ndjson/") && file.contains("/wild") && !named.contains(*file))
        .collect();
    assert!(!left.is_empty(), "nothing was left behind: no attempt was lost");

    // The same event again changes nothing, and asks nobody.
    let before = files(&scene.out());
    scene.sim.reset_counts();
    let again = driver.plan(request("wild")).await;
    assert!(again.committed && !again.goes_on && again.items.is_none());
    assert_eq!(again.run_id, last.run_id, "the last of the runs answers");
    assert_eq!(
        driver.engine().reduce(&runs[0].run_id, Arc::new(NoopObserver)).await.expect("it").run_id,
        runs[0].run_id
    );
    // A shard that is committed, and one that was given up, are asked for once more, late.
    driver.shard(&runs[0].run_id, "3").await;
    driver.shard(&runs[0].run_id, "11").await;
    assert_eq!(files(&scene.out()), before);
    assert!(scene.sim.log().iter().all(|call| call.service == Service::Sts && call.operation == "GetCallerIdentity"));
}

/// A shard that commits after the run was put together without it changes nothing, however often that is done again.
#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_comes_too_late_is_no_part_of_the_run() {
    let scene = fleet(20).await;
    let driver = Driver { scene: &scene, batch: 5, at_once: 1, attempts: 1 };
    let planned = driver.plan(request("late")).await;
    for shard in ["0", "1"] {
        driver.shard(&planned.run_id, shard).await;
    }
    // Shard 2 has begun when the run is put together, twice at the same time, and ends after it; nobody begins shard 3.
    let door = scene.sim.add_fault(Fault::new(What::Held).service(Service::Sts).operation("AssumeRole"));
    let (observer, engine) = (Arc::new(NoopObserver), driver.engine());
    let late = driver.shard(&planned.run_id, "2");
    let together = async {
        until("the shard", || scene.sim.fired(door) > 0).await;
        // Nobody is entered any more, so that what is wrong with the registry by now holds nothing up.
        std::fs::write(scene.settings.registry.as_deref().expect("a registry"), "no registry").expect("written");
        let reduced = tokio::join!(
            engine.reduce(&planned.run_id, observer.clone()),
            engine.reduce(&planned.run_id, observer.clone())
        );
        scene.sim.lift(door);
        reduced
    };
    let ((), (one, other)) = tokio::join!(late, together);
    // Whichever of the two was later found what the other had done.
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    let shard = scene.out().join("runs/late/shards/2.json");
    assert!(shard.exists(), "the late shard has committed, for itself");
    let first = cells(&scene.out(), "late");
    assert_eq!(first.values().filter(|status| *status == "not_started").count(), 10 * 5);
    let manifest_file = scene.out().join("runs/late/manifest.json");
    let before: Value = serde_json::from_slice(&std::fs::read(&manifest_file).expect("it")).expect("JSON");
    std::fs::remove_file(&manifest_file).expect("removed");
    engine.reduce(&planned.run_id, observer.clone()).await.expect("once more");
    let after: Value = serde_json::from_slice(&std::fs::read(&manifest_file).expect("it")).expect("JSON");
    assert_eq!(after, before, "what was given up stays so");
    let rest = driver.engine().remaining(&planned.run_id).await.expect("something remains");
    assert_eq!(serde_json::to_value(rest.accounts).expect("JSON").as_array().map(Vec::len), Some(10));
}

/// Two whole runs in one plan for one shard: what a lost function has planned, the machine can still put together.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_one_shard_that_was_lost_is_put_together_and_goes_on() {
    let scene = fleet(6).await;
    let driver = Driver { scene: &scene, batch: 2, at_once: 2, attempts: 1 };
    let engine = driver.engine();
    // It dies when it has planned and written nothing else.
    let door = scene.sim.add_fault(Fault::new(What::Held).service(Service::Sts).operation("AssumeRole"));
    tokio::select! {
        ended = engine.run(driver.order(request("lost"))) => panic!("{ended:?}"),
        () = until("the first customer's door", || scene.sim.fired(door) > 0) => {}
    }
    scene.sim.lift(door);
    let reduced = engine.reduce(&"lost".parse().expect("a name"), Arc::new(NoopObserver)).await.expect("a manifest");
    assert!(reduced.goes_on);
    let runs = driver.play(request("lost"), &BTreeMap::new()).await;
    assert_eq!(runs.last().expect("a run").run_id.as_str(), "lost.r1");
    assert!(cells(&scene.out(), "lost.r1").values().all(|status| status == "ok" || status == "empty"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_was_stopped_goes_on_with_its_plan() {
    let scene = fleet(20).await;
    let driver = Driver { scene: &scene, batch: 5, at_once: 1, attempts: 1 };
    let first = driver.plan(request("stopped")).await;
    assert_eq!(first.shards, 4);
    driver.shard(&first.run_id, "2").await;
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
    let unknown = engine.one_shard(&first.run_id, "99", None, stop, Arc::new(NoopObserver));
    assert_eq!(unknown.await.expect_err("there is no such shard").kind, ErrorKind::InvalidRequest);
}

/// Ten thousand accounts in two hundred shards, some of which die, come late or run twice.
#[ignore = "it takes all processors for minutes: make test runs it alone, after the others"]
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_accounts_are_each_accounted_for_once() {
    let scene = fleet(10_000).await;
    let mut few = request("large");
    few.resources = Some(vec!["ec2_vpcs".into()]);
    let fates = (0..200).filter(|shard| shard % 7 == 3).map(|shard| {
        let moment = Moment { account: shard % 50, calls: shard as u64 % 3 };
        let fate = match shard % 4 {
            0 => vec![Fate::Dies(moment)],
            1 => vec![Fate::Twice],
            2 => vec![Fate::Dies(moment), Fate::Dies(moment)],
            _ => vec![Fate::Ends(moment)],
        };
        ((0, shard), fate)
    });
    let driver = Driver { scene: &scene, batch: 50, at_once: 8, attempts: 2 };
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

/// A command of an operator's, over what lies in the scene.
fn on_scene(scene: &Scene, arguments: &[&str]) -> Ran {
    let mut command = scene.rolecall(arguments);
    command.args(["--output", &scene.out().display().to_string()]).env("ROLECALL_MARGIN", "5s");
    tokio::task::block_in_place(|| ran(command))
}

/// Where the time ends that is given for it, no shorter and shorter runs follow.
#[tokio::test(flavor = "multi_thread")]
async fn a_rest_whose_time_ends_is_told_once() {
    let scene = fleet(4).await;
    let driver = Driver { scene: &scene, batch: 2, at_once: 1, attempts: 1 };
    driver.plan(request("short")).await;
    let held = Fault::new(What::Held).account(&account_id(3)).service(Service::Ec2);
    let held = scene.sim.add_fault(held);
    let resumed = on_scene(&scene, &["resume", "short", "--deadline", "25s"]);
    assert_eq!(resumed.code, 1, "{resumed:?}");
    assert!(resumed.out.contains("The run ran out of time: `rolecall resume short` finishes it."), "{resumed:?}");
    assert!(!scene.out().join("runs/short.r1").exists(), "another run was begun");
    scene.sim.lift(held);
    let resumed = on_scene(&scene, &["resume", "short"]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert!(resumed.out.contains("run short, continued by short.r1: complete, 4 of 4"), "{resumed:?}");
}

/// What one command has begun, another one finishes.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cut_is_told_and_resumed() {
    let scene = fleet(30).await;
    let driver = Driver { scene: &scene, batch: 10, at_once: 1, attempts: 1 };
    let first = driver.plan(request("cut")).await;
    driver.ended_at(&first.run_id, "1", Moment { account: 4, calls: 3 }, false).await;
    driver.shard(&first.run_id, "2").await;
    let on_scene = |arguments: &[&str]| on_scene(&scene, arguments);
    let status = on_scene(&["status", "cut"]);
    assert_eq!(status.code, 1);
    assert!(status.out.contains("2 of 3 shards, 20 of 30 accounts"), "{status:?}");
    // The shard that nobody has begun is done first, and then what the cut one has left.
    let resumed = on_scene(&["resume", "cut", "--json"]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert_eq!(
        (&resumed.response()["run_id"], &resumed.response()["chain"]["runs"]),
        (&json!("cut.r1"), &json!(["cut", "cut.r1"]))
    );
    let status = on_scene(&["status", "cut", "--json"]).response();
    assert_eq!((&status["committed"], &status["next"]), (&json!(true), &Value::Null));
    let together = json!({ "planned": 30, "complete": 30, "partial": 0, "failed": 0, "not_started": 0 });
    assert_eq!((&status["chain"]["status"], &status["chain"]["accounts"]), (&json!("complete"), &together));
    let told = on_scene(&["resume", "cut"]);
    assert!(
        told.out.contains("continued by cut.r1: complete, 30 of 30") && told.out.contains("Nothing remains"),
        "{told:?}"
    );
    let status = on_scene(&["status", "cut"]);
    assert!(
        status.out.contains("continued by cut.r1: complete") && !status.out.contains("rolecall resume"),
        "{status:?}"
    );
    let mut answered = BTreeSet::new();
    for run_id in ["cut", "cut.r1"] {
        let full = cells(&scene.out(), run_id).into_iter().filter(|(_, status)| status == "ok" || status == "empty");
        full.for_each(|(cell, _)| assert!(answered.insert(cell.clone()), "{cell} was answered twice"));
    }
    assert_eq!(answered.len(), 30 * 5);
}
