//! Plays the state machine over a scene, with what may become of its shards; and reads what came out.

use rolecall::testing::{
    Engine, NoopObserver, PlanStepOutput, ReduceStepOutput, Request, RunId, RunIdSource, RunRequest, Steps,
    StopCondition, ValidationErrors,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::command::{manifest, rows};
use crate::scene::{PATIENCE, Scene, until};
use crate::sim::{Fault, Times, What};

/// What becomes of a shard's invocations, one after the other; what follows is carried out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fate {
    /// It dies at this moment: its process is gone, and what it wrote stays.
    Dies(Moment),
    /// Its time ends at this moment.
    Ends(Moment),
    /// Two of it run at the same time.
    Twice,
}

/// When one of a shard's accounts has made so many calls, and is about to make the next one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    /// Which of its accounts.
    pub account: usize,
    /// The calls, AssumeRole among them.
    pub calls: u64,
}

/// Plays the machine: plan, shards side by side, reduce, again while something remains.
pub(super) struct Driver<'a> {
    pub scene: &'a Scene,
    pub batch: usize,
    pub at_once: usize,
    pub attempts: usize,
}

impl Driver<'_> {
    pub(super) fn engine(&self) -> Engine {
        self.scene.engine()
    }

    pub(super) fn steps(&self) -> Steps {
        Steps::new(&self.engine()).expect("an output")
    }

    pub(super) fn order(&self, request: Request) -> RunRequest {
        RunRequest {
            until: until_patience_ends(CancellationToken::new()),
            ..RunRequest::new(request, RunIdSource::Invocation("an-execution".into()))
        }
    }

    pub(super) async fn plan(&self, request: Request) -> PlanStepOutput {
        self.steps().plan(self.order(request), self.batch).await.expect("a plan")
    }

    pub(super) async fn shard(&self, run_id: &RunId, shard: &str) {
        self.shard_until(run_id, shard, CancellationToken::new()).await;
    }

    async fn shard_until(&self, run_id: &RunId, shard: &str, stop: CancellationToken) {
        let until = until_patience_ends(stop);
        let shard = self.steps().shard(run_id, shard, until, Arc::new(NoopObserver)).await;
        shard.expect("a shard is data, and fails of nothing but itself");
    }

    /// A shard that is ended at a moment, by its death or in good order. Calls of the account are held from then on, so that
    /// it cannot come to its end first, however fast it is.
    pub(super) async fn ended_at(&self, run_id: &RunId, shard: &str, moment: Moment, dies: bool) {
        let account = &self.accounts_of(run_id, shard)[moment.account];
        let held = Fault::new(What::Held).account(account).times(Times::After(moment.calls));
        let held = self.scene.sim.add_fault(held);
        let come = || async { until("the moment", || self.scene.sim.fired(held) > 0).await };
        if dies {
            tokio::select! {
                () = come() => {}
                () = self.shard(run_id, shard) => panic!("shard {shard} ended before {moment:?}"),
            }
        } else {
            let stop = CancellationToken::new();
            let end = async {
                come().await;
                stop.cancel();
            };
            tokio::join!(self.shard_until(run_id, shard, stop.clone()), end);
        }
        self.scene.sim.lift(held);
    }

    /// The accounts that the plan has put into a shard.
    fn accounts_of(&self, run_id: &RunId, shard: &str) -> Vec<String> {
        let plan =
            std::fs::read(self.scene.out().join("runs").join(run_id.as_str()).join("plan.json")).expect("a plan");
        let plan: Value = serde_json::from_slice(&plan).expect("JSON");
        let (batch, number) =
            (plan["batch"].as_u64().expect("a number") as usize, shard.parse::<usize>().expect("one"));
        let accounts = plan["accounts"].as_array().expect("accounts").chunks(batch).nth(number).expect("a shard");
        accounts.iter().map(|account| account["account_id"].as_str().expect("an id").to_owned()).collect()
    }

    /// One child of the map: a task that is tried again, and whose end is no failure of the machine.
    pub(super) async fn child(&self, run_id: &RunId, shard: &str, fates: &[Fate]) {
        for attempt in 0..self.attempts {
            match fates.get(attempt) {
                Some(Fate::Dies(moment)) => {
                    self.ended_at(run_id, shard, *moment, true).await;
                    continue;
                }
                Some(Fate::Ends(moment)) => self.ended_at(run_id, shard, *moment, false).await,
                Some(Fate::Twice) => {
                    tokio::join!(self.shard(run_id, shard), self.shard(run_id, shard));
                }
                None => self.shard(run_id, shard).await,
            }
            return;
        }
    }

    /// The whole machine; how each of its runs ended, in turn.
    pub(super) async fn play(
        &self,
        request: Request,
        fates: &BTreeMap<(u32, usize), Vec<Fate>>,
    ) -> Vec<ReduceStepOutput> {
        let mut ended = Vec::new();
        let mut request = request;
        loop {
            let laid_out = self.plan(request).await;
            if laid_out.committed && laid_out.goes_on {
                request = self.steps().history().remaining_request(&laid_out.run_id).await.expect("something remains");
                continue;
            }
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
            let reduced = self.steps().reduce(&run_id, Arc::new(NoopObserver)).await.expect("a manifest");
            let goes_on = reduced.goes_on;
            ended.push(reduced);
            if !goes_on {
                return ended;
            }
            request = self.steps().history().remaining_request(&run_id).await.expect("something remains");
        }
    }
}

fn until_patience_ends(stop: CancellationToken) -> StopCondition {
    StopCondition { stop, deadline: Some(Instant::now() + PATIENCE) }
}

pub(super) fn request(run_id: &str) -> Request {
    let mut problems = ValidationErrors::default();
    let value = json!({
        "run_id": run_id, "accounts": "all", "regions": ["eu-central-1"],
        "resources": ["ec2_vpcs", "ec2_subnets", "route53_hosted_zones", "route53_records", "accounts"], "format": "ndjson",
    });
    let request = Request::read(&value, "request", &mut problems);
    assert!(problems.is_empty(), "{problems}");
    request
}

/// Every cell of a run, with its status, each exactly once.
pub(super) fn cells(out: &Path, run_id: &str) -> BTreeMap<String, String> {
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
pub(super) fn records(out: &Path, runs: &[ReduceStepOutput]) -> BTreeMap<&'static str, Vec<String>> {
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

/// Every file below a folder, with its size.
pub(super) fn files(folder: &Path) -> BTreeMap<String, u64> {
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
