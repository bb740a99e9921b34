//! Runs that disable the targets of open roles: only what is open, once, and without harm to the run.

use rolecall::testing::{
    Disabling, Engine, ErrorKind, NoopObserver, Observer, RequestDraft, Response, RunId, RunIdSource, RunRequest,
    Steps, StopCondition,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

use crate::command::manifest;
use crate::fixture::{Fixture, account_with};
use crate::sim::{Fault, FaultKind, Service, Sim, Times, World, account_id};

const BUCKET: &str = "registry";
const KEY: &str = "targets.json";

/// A fleet whose registry is in a bucket and whose runs disable the targets of open roles.
async fn fleet(accounts: usize, change: impl FnOnce(&mut World)) -> Fixture {
    let fixture = Fixture::start(accounts, account_with(0, 0, 0), |world| {
        world.bucket(BUCKET);
        change(world);
    })
    .await;
    let registry = std::fs::read(fixture.folder.path().join(KEY)).expect("a registry");
    fixture.sim.put_object(BUCKET, KEY, registry);
    let mut settings = fixture.settings.clone();
    settings.registry = Some(format!("s3://{BUCKET}/{KEY}"));
    settings.disable_open_roles = true;
    Fixture { settings, ..fixture }
}

fn set_external_id(world: &mut World, number: usize, external_id: Option<String>) {
    let role = world.account(&account_id(number)).roles.get_mut("rolecall-inventory");
    role.expect("a role").external_id = external_id;
}

fn open(world: &mut World, number: usize) {
    set_external_id(world, number, None);
}

fn close(world: &mut World, number: usize) {
    set_external_id(world, number, Some(format!("ext-{}", account_id(number))));
}

fn registry(sim: &Sim) -> Value {
    serde_json::from_slice(&sim.object(BUCKET, KEY).expect("a registry").body).expect("JSON")
}

/// Edits the registry as another person would.
fn edit(sim: &Sim, change: impl FnOnce(&mut Vec<Value>)) {
    let mut edited = registry(sim);
    change(edited["targets"].as_array_mut().expect("targets"));
    sim.put_object(BUCKET, KEY, edited.to_string().into_bytes());
}

/// The numbers of the targets that the registry has disabled.
fn disabled(fixture: &Fixture) -> Vec<usize> {
    let registry = registry(&fixture.sim);
    let targets = registry["targets"].as_array().expect("targets").iter().enumerate();
    targets.filter(|(_, target)| target["enabled"] == false).map(|(number, _)| number).collect()
}

/// Does something at the moment of the commit, and keeps what the engine says of the disabling.
#[derive(Default)]
struct AtCommit {
    action: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    said: Mutex<Vec<Disabling>>,
}

impl std::fmt::Debug for AtCommit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AtCommit")
    }
}

impl Observer for AtCommit {
    fn run_committed(&self, _: &Response) {
        if let Some(action) = self.action.lock().expect("no panic").take() {
            action();
        }
    }

    fn targets_disabled(&self, _: &str, disabling: &Disabling) {
        self.said.lock().expect("no panic").push(disabling.clone());
    }
}

fn request(run_id: &str) -> Value {
    json!({ "run_id": run_id, "accounts": "all", "resources": ["accounts"] })
}

fn order(run_id: &str, observer: Arc<dyn Observer>) -> RunRequest {
    let draft = RequestDraft::read(&request(run_id), "request");
    RunRequest { observer, ..RunRequest::new(draft, RunIdSource::Invocation("an-invocation".into())) }
}

async fn run(engine: &Engine, run_id: &str, observer: &Arc<AtCommit>) -> Response {
    engine.run(order(run_id, observer.clone())).await.expect("the disabling fails no run")
}

/// Runs and does something at the moment of the commit.
async fn run_and_then(fixture: &Fixture, run_id: &str, action: impl FnOnce() + Send + 'static) -> Response {
    let observer = Arc::new(AtCommit { action: Mutex::new(Some(Box::new(action))), ..AtCommit::default() });
    run(&fixture.engine(), run_id, &observer).await
}

fn attempts_without_external_id(fixture: &Fixture) -> usize {
    let entries = fixture.sim.log_of(Service::Sts, "AssumeRole");
    entries.iter().filter(|call| !call.params.contains_key("ExternalId")).count()
}

fn counts(disabling: &Disabling) -> (u64, u64, u64) {
    (disabling.disabled_count, disabling.skipped, disabling.failed)
}

#[tokio::test(flavor = "multi_thread")]
async fn open_roles_are_disabled_once_after_the_commit() {
    let fixture = fleet(3, |world| open(world, 1)).await;
    let (engine, observer) = (fixture.engine(), Arc::new(AtCommit::default()));
    let first = run(&engine, "first", &observer).await;
    let disabling = first.disabling.clone().expect("a disabling");
    assert_eq!((counts(&disabling), disabling.disabled.len()), ((1, 0, 0), 1), "{disabling:?}");
    assert_eq!(disabled(&fixture), [1]);
    assert!(manifest(&fixture.out(), "first")["disabling"].is_null(), "the commit precedes it");
    assert_eq!(attempts_without_external_id(&fixture), 4, "each role, and the open one once more");
    // The customer closes the role and the target is enabled again. A late delivery of the event says the same and does
    // nothing.
    fixture.sim.change(|world| close(world, 1));
    edit(&fixture.sim, |targets| targets[1]["enabled"] = json!(true));
    let again = run(&engine, "first", &observer).await;
    assert_eq!(json!(again), json!(first));
    assert_eq!((disabled(&fixture), attempts_without_external_id(&fixture)), (vec![], 4));
    assert_eq!(observer.said.lock().expect("no panic").as_slice(), [disabling]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_disabled_unless_the_setting_says_so() {
    let mut fixture = fleet(2, |world| open(world, 0)).await;
    fixture.settings.disable_open_roles = false;
    let before = registry(&fixture.sim);
    let response = fixture.run(request("off"), None).await.expect("a run");
    assert!(response.disabling.is_none() && json!(response)["trust"]["open"] == json!([account_id(0)]), "{response:?}");
    assert_eq!((registry(&fixture.sim), attempts_without_external_id(&fixture)), (before, 2));
    // Nor if no role is open.
    fixture.settings.disable_open_roles = true;
    fixture.settings.trust_interval = None;
    let response = fixture.run(request("untried"), None).await.expect("a run");
    assert!(response.disabling.is_none() && disabled(&fixture).is_empty());
}

/// What happens between the commit and the disabling: the role is closed, the target is removed, gets another role, or is
/// disabled by somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_the_attempt_is_left_alone() {
    let fixture = Arc::new(fleet(5, |world| (0..5).for_each(|number| open(world, number))).await);
    let same = fixture.clone();
    let response = run_and_then(&fixture, "raced", move || {
        same.sim.change(|world| close(world, 0));
        edit(&same.sim, |targets| {
            targets[2]["external_id"] = Value::Null;
            targets[3]["enabled"] = json!(false);
            targets.remove(1);
        });
    })
    .await;
    let disabling = response.disabling.expect("a disabling");
    assert_eq!(counts(&disabling), (2, 3, 0), "{disabling:?}");
    let accounts: Vec<String> = disabling.disabled.iter().map(ToString::to_string).collect();
    assert_eq!(accounts, [account_id(3), account_id(4)]);
    // The second target is gone.
    assert_eq!(disabled(&fixture), [2, 3]);
}

/// A failure is reported and fails no run. A later delivery of the event tries again.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_reported_and_tried_again() {
    let fixture = fleet(2, |world| open(world, 0)).await;
    let (engine, observer) = (fixture.engine(), Arc::new(AtCommit::default()));
    let write = Fault::new(FaultKind::Denied).operation("PutObject").path(KEY);
    let read =
        Fault::new(FaultKind::error(500, "InternalError")).operation("GetObject").path(KEY).times(Times::After(1));
    let attempt = Fault::new(FaultKind::error(400, "ExpiredToken")).account(&account_id(0)).operation("AssumeRole");
    let attempt = attempt.times(Times::After(2));
    for (run_id, fault) in [("write", write), ("read", read), ("attempt", attempt)] {
        fixture.sim.clear_faults();
        fixture.sim.add_fault(fault);
        let response = run(&engine, run_id, &observer).await;
        assert_eq!(json!(response.status), "complete", "{run_id}");
        assert_eq!(counts(&response.disabling.expect("a disabling")), (0, 0, 1), "{run_id}");
        assert_eq!(disabled(&fixture), [0; 0], "{run_id}");
        // The attempt of the next run is in the same interval.
        std::fs::remove_dir_all(fixture.out().join("trust")).expect("records of the attempts");
    }
    fixture.sim.clear_faults();
    let again = run(&engine, "write", &observer).await;
    assert_eq!(counts(&again.disabling.expect("a disabling")), (1, 0, 0));
    assert_eq!(disabled(&fixture), [0]);
    assert_eq!(observer.said.lock().expect("no panic").len(), 4);
}

/// Two people edit at once, and two deliveries of the event disable at once.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_deliveries_and_edits_lose_nothing() {
    let fixture = fleet(6, |world| (0..3).for_each(|number| open(world, number))).await;
    let engine = fixture.engine();
    let held =
        fixture.sim.add_fault(Fault::new(FaultKind::Held).operation("PutObject").path(KEY).times(Times::First(1)));
    let deliver = async || run(&engine, "twice", &Arc::new(AtCommit::default())).await;
    let editing = async {
        crate::fixture::until("the first write", || fixture.sim.fired(held) > 0).await;
        edit(&fixture.sim, |targets| targets[5]["name"] = json!("renamed"));
        fixture.sim.lift(held);
    };
    let (one, other, ()) = tokio::join!(deliver(), deliver(), editing);
    for response in [one, other] {
        assert_eq!(counts(&response.disabling.expect("a disabling")), (3, 0, 0));
    }
    assert_eq!(disabled(&fixture), [0, 1, 2]);
    assert_eq!(registry(&fixture.sim)["targets"][5]["name"], "renamed");
}

/// A registry in which everything is disabled is valid. The next run is refused, and says why.
#[tokio::test(flavor = "multi_thread")]
async fn all_targets_may_become_disabled() {
    let fixture = fleet(2, |world| (0..2).for_each(|number| open(world, number))).await;
    let response = fixture.run(request("all"), None).await.expect("a run");
    assert_eq!(counts(&response.disabling.expect("a disabling")), (2, 0, 0));
    let refused = fixture.run(request("next"), None).await.expect_err("nothing is left");
    assert!(refused.kind == ErrorKind::InvalidRequest && refused.message.contains("no enabled target"), "{refused}");
}

/// In a fleet the reduce step disables, whether it commits the run or finds it committed.
#[tokio::test(flavor = "multi_thread")]
async fn reduce_step_of_a_fleet_disables() {
    let fixture = fleet(4, |world| open(world, 2)).await;
    let (steps, run_id): (Steps, RunId) =
        (Steps::new(&fixture.engine()).expect("an output"), "fleet".parse().expect("an id"));
    let planned = steps.plan(order("fleet", Arc::new(NoopObserver)), 2).await.expect("a plan");
    assert_eq!(planned.shards, 2);
    for shard in ["0", "1"] {
        steps.shard(&run_id, shard, StopCondition::default(), Arc::new(NoopObserver)).await.expect("a shard");
    }
    assert_eq!(disabled(&fixture), [0; 0]);
    let denied = fixture.sim.add_fault(Fault::new(FaultKind::Denied).operation("PutObject").path(KEY));
    let reduce = async || {
        let observer = Arc::new(AtCommit::default());
        steps.reduce(&run_id, observer.clone()).await.expect("a commit");
        let said = observer.said.lock().expect("no panic");
        said.iter().map(counts).collect::<Vec<_>>()
    };
    assert_eq!(reduce().await, [(0, 0, 1)]);
    fixture.sim.lift(denied);
    assert_eq!(reduce().await, [(1, 0, 0)]);
    assert_eq!((reduce().await, disabled(&fixture)), (vec![], vec![2]));
}
