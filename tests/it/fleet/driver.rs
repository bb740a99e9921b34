//! Executes the state machine's steps on the simulated AWS, with faults in its shards, and reads their output.

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
use crate::fixture::{Fixture, PATIENCE, files_below, until};
use crate::sim::{Fault, FaultKind, Times};

/// A fault in one invocation of a shard. Invocations after the last fault succeed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ShardFault {
    /// The process dies at this moment. Everything that it wrote stays.
    Dies(Moment),
    /// The invocation's time ends at this moment.
    Ends(Moment),
    /// Two invocations run concurrently.
    Twice,
}

/// The moment at which one of a shard's accounts has made `calls` calls and is about to make the next one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    /// The index of the account in its shard.
    pub account: usize,
    /// The number of calls, including AssumeRole.
    pub calls: u64,
}

/// Executes the state machine's steps: plan, concurrent shards, reduce, and again while something remains.
pub(super) struct Driver<'a> {
    pub fixture: &'a Fixture,
    pub batch: usize,
    pub concurrency: usize,
    pub attempts: usize,
}

impl Driver<'_> {
    pub(super) fn engine(&self) -> Engine {
        self.fixture.engine()
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
        shard.expect("a failed customer is data, so the shard succeeds");
    }

    /// Runs a shard until a moment, then kills it or ends its time. Calls of the account are held from then on, so that
    /// the shard cannot finish first.
    pub(super) async fn ended_at(&self, run_id: &RunId, shard: &str, moment: Moment, dies: bool) {
        let account = &self.accounts_of(run_id, shard)[moment.account];
        let held = Fault::new(FaultKind::Held).account(account).times(Times::After(moment.calls));
        let held = self.fixture.sim.add_fault(held);
        let reached = || async { until("the moment", || self.fixture.sim.fired(held) > 0).await };
        if dies {
            tokio::select! {
                () = reached() => {}
                () = self.shard(run_id, shard) => panic!("shard {shard} ended before {moment:?}"),
            }
        } else {
            let stop = CancellationToken::new();
            let end = async {
                reached().await;
                stop.cancel();
            };
            tokio::join!(self.shard_until(run_id, shard, stop.clone()), end);
        }
        self.fixture.sim.lift(held);
    }

    /// Returns the accounts of a shard in the plan.
    fn accounts_of(&self, run_id: &RunId, shard: &str) -> Vec<String> {
        let plan =
            std::fs::read(self.fixture.out().join("runs").join(run_id.as_str()).join("plan.json")).expect("a plan");
        let plan: Value = serde_json::from_slice(&plan).expect("JSON");
        let (batch, number) =
            (plan["batch"].as_u64().expect("a number") as usize, shard.parse::<usize>().expect("one"));
        let accounts = plan["accounts"].as_array().expect("accounts").chunks(batch).nth(number).expect("a shard");
        accounts.iter().map(|account| account["account_id"].as_str().expect("an id").to_owned()).collect()
    }

    /// Runs one child of the map with its faults and retries. Its failure does not fail the machine.
    pub(super) async fn child(&self, run_id: &RunId, shard: &str, faults: &[ShardFault]) {
        for attempt in 0..self.attempts {
            match faults.get(attempt) {
                Some(ShardFault::Dies(moment)) => {
                    self.ended_at(run_id, shard, *moment, true).await;
                    continue;
                }
                Some(ShardFault::Ends(moment)) => self.ended_at(run_id, shard, *moment, false).await,
                Some(ShardFault::Twice) => {
                    tokio::join!(self.shard(run_id, shard), self.shard(run_id, shard));
                }
                None => self.shard(run_id, shard).await,
            }
            return;
        }
    }

    /// Runs the whole machine and returns the output of each run's reduce step.
    pub(super) async fn run_to_end(
        &self,
        request: Request,
        faults: &BTreeMap<(u32, usize), Vec<ShardFault>>,
    ) -> Vec<ReduceStepOutput> {
        let mut outputs = Vec::new();
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
                let faults = faults.get(&(run_id.continuation_number(), number)).cloned().unwrap_or_default();
                let run_id = run_id.clone();
                async move { self.child(&run_id, &shard, &faults).await }
            });
            let _: Vec<()> = {
                use futures::StreamExt;
                futures::stream::iter(children).buffer_unordered(self.concurrency).collect().await
            };
            let reduced = self.steps().reduce(&run_id, Arc::new(NoopObserver)).await.expect("a manifest");
            let goes_on = reduced.goes_on;
            outputs.push(reduced);
            if !goes_on {
                return outputs;
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

/// Returns the status of every cell of a run, and asserts that each cell has exactly one row.
pub(super) fn cells(out: &Path, run_id: &str) -> BTreeMap<String, String> {
    let manifest = manifest(out, run_id);
    let ledger = rows(out, &manifest, "ledger");
    let mut cells = BTreeMap::new();
    // Attempts at roles are no cells.
    for row in ledger.iter().filter(|row| row["table"] != "trust") {
        let cell = format!("{} {} {}", row["account_id"], row["region"], row["table"]);
        let previous = cells.insert(cell.clone(), row["status"].as_str().expect("a status").to_owned());
        assert_eq!(previous, None, "{cell} has two rows");
    }
    let counted: u64 = manifest["cells"].as_object().expect("cells").values().map(|n| n.as_u64().expect("n")).sum();
    assert_eq!(counted, cells.len() as u64);
    let accounts = manifest["by_account"].as_array().expect("accounts");
    let different: BTreeSet<&str> = accounts.iter().map(|one| one["account_id"].as_str().expect("an id")).collect();
    assert_eq!(different.len(), accounts.len());
    assert_eq!(manifest["accounts"]["planned"], accounts.len());
    cells
}

/// Returns the records of all runs of a machine, without the columns that differ between runs.
pub(super) fn records(out: &Path, runs: &[ReduceStepOutput]) -> BTreeMap<&'static str, Vec<String>> {
    let mut records: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for table in ["ec2_vpcs", "ec2_subnets", "route53_hosted_zones", "route53_records", "accounts"] {
        let mut all: Vec<String> = Vec::new();
        // The rows of the newest run that answered a cell count.
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

/// Returns every file below a folder with its size.
pub(super) fn files(folder: &Path) -> BTreeMap<String, u64> {
    let size = |path: &Path| std::fs::metadata(path).expect("a file").len();
    files_below(folder).iter().map(|path| (path.display().to_string(), size(path))).collect()
}
