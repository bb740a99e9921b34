//! A run as the steps of a state machine: plan, then the shards side by side, then reduce.
//!
//! Only names, counts and locations in the output pass between the steps. Each step reads what it needs from the plan.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use tracing::Instrument;

use super::history::{RemainingWork, RunHistory};
use super::open_roles::OpenRoles;
use super::plan_run::{Run, RunStart};
use super::run_store::RunStore;
use super::{Engine, Observer, RunRequest, StopCondition};
use crate::domain::{RunId, new_attempt_id};
use crate::engine::plan::{Plan, Shard};
use crate::engine::report::{AccountCounts, Completeness, Manifest};
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;

/// The output of the plan step.
#[derive(Clone, Debug, Serialize)]
pub struct PlanStepOutput {
    /// The run; of a committed chain of runs, the last one that is committed.
    pub run_id: RunId,
    /// True if the run is committed already. Then no shard is left to do.
    pub committed: bool,
    /// True if a committed run leaves work that the state machine continues with.
    #[serde(rename = "continue")]
    pub goes_on: bool,
    /// The status of a committed run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Completeness>,
    /// The address of a committed run's manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// The number of shards that are left to do.
    pub shards: usize,
    /// The list of these shards, which the map step reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<ObjectLocation>,
}

/// The location of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectLocation {
    /// The bucket; empty for a folder.
    pub bucket: String,
    /// The key; a path for a folder.
    pub key: String,
}

/// The output of the reduce step.
#[derive(Clone, Debug, Serialize)]
pub struct ReduceStepOutput {
    /// The name of the committed run.
    pub run_id: RunId,
    /// How complete the run is.
    pub status: Completeness,
    /// The address of its manifest.
    pub manifest: String,
    /// Accounts by how they ended.
    pub accounts: AccountCounts,
    /// True if the state machine continues with the rest.
    #[serde(rename = "continue")]
    pub goes_on: bool,
}

/// Carries out the steps of the state machine.
#[derive(Clone, Debug)]
pub struct Steps {
    engine: Engine,
    store: RunStore,
}

impl Steps {
    /// Opens the output that the settings name, without a call to it.
    pub fn new(engine: &Engine) -> Result<Self, Error> {
        Ok(Self { store: RunStore::open(engine)?, engine: engine.clone() })
    }

    /// The plan step: plans the run or finds its plan, and lists the shards that are left to do. A new plan's shards have
    /// `batch` accounts each.
    pub async fn plan(&self, request: RunRequest, batch: usize) -> Result<PlanStepOutput, Error> {
        let request = self.engine.admit(request);
        let run_id = request.run_id();
        let span = tracing::info_span!("run", run_id = run_id.as_str());
        // Each continuation halves the batch, so that a slow account delays fewer others on every retry.
        let batch = batch.div_ceil(1 << run_id.continuation_number().min(9));
        let request = RunRequest { batch: Some(batch), ..request };
        Box::pin(self.plan_in_span(request)).instrument(span).await
    }

    async fn plan_in_span(&self, request: RunRequest) -> Result<PlanStepOutput, Error> {
        let start = tokio::select! {
            biased;
            start = Box::pin(self.engine.start_run(&self.store, &request)) => start?,
            error = request.until.out_of_time() => return Err(error),
        };
        match start {
            RunStart::Committed(manifest) => self.continue_after(*manifest, &request).await,
            RunStart::Ready(run) => self.list_shards(&run.plan).await,
        }
    }

    /// Finishes the commit of a run, and finds the work that its chain of continuations leaves.
    async fn continue_after(&self, mut manifest: Manifest, request: &RunRequest) -> Result<PlanStepOutput, Error> {
        let run_id = manifest.response.run_id.clone();
        let finished = self.store.finish_commit(&manifest).await;
        if let Some(open) = OpenRoles::of(&self.engine, &self.store, &manifest) {
            manifest.response.disabling = Some(open.disable(request.until.deadline, &*request.observer).await);
        }
        self.store.sum_up(&manifest, request.until.deadline).await;
        self.engine.notify_or_log(&self.store, &manifest.response).await;
        // A state machine that was stopped between two runs of a chain continues with the second one.
        let (response, goes_on) = match self.history().remaining_work(&run_id).await? {
            RemainingWork::Continue { last_committed: Some(last), request } => {
                (last.response, self.engine.may_continue(&request))
            }
            RemainingWork::Continue { last_committed: None, .. } => (manifest.response, false),
            RemainingWork::Nothing(last) => (last.response, false),
        };
        // The rest of the run matters more than what is missing of this one. That was logged.
        if !goes_on {
            finished?;
        }
        // The notification for the last run of the chain may also have been lost.
        if response.run_id != run_id {
            self.engine.notify_or_log(&self.store, &response).await;
        }
        Ok(PlanStepOutput {
            run_id: response.run_id,
            committed: true,
            goes_on,
            status: Some(response.status),
            manifest: Some(response.manifest),
            shards: 0,
            items: None,
        })
    }

    /// Writes the list of the shards that are left to do.
    async fn list_shards(&self, plan: &Plan) -> Result<PlanStepOutput, Error> {
        let run_id = &plan.run_id;
        let committed = self.store.shards(plan).await?;
        // Once the reduce phase has begun, a further shard would come too late.
        let is_reduced = self.store.is_reduced(run_id).await?;
        let is_left = |name: &str| !is_reduced && !committed.iter().any(|manifest| manifest.shard == name);
        let shards = plan.shards().into_iter().filter(|shard| is_left(&shard.name));
        let items: Vec<_> = shards.map(|shard| json!({ "run_id": run_id, "shard": shard.name })).collect();
        // Each attempt at planning writes a list of its own, since the shards left to do change.
        let key = format!("runs/{run_id}/items.{}.json", new_attempt_id());
        self.store.put_if_absent(&key, &items).await?;
        let (bucket, key) = self.store.store().location(&key);
        Ok(PlanStepOutput {
            run_id: run_id.clone(),
            committed: false,
            goes_on: false,
            status: None,
            manifest: None,
            shards: items.len(),
            items: Some(ObjectLocation { bucket, key }),
        })
    }

    /// The shard step: collects and commits one shard. Does nothing if the shard, or its run, is committed.
    pub async fn shard(
        &self,
        run_id: &RunId,
        shard: &str,
        until: StopCondition,
        observer: Arc<dyn Observer>,
    ) -> Result<(), Error> {
        let span = tracing::info_span!("run", run_id = run_id.as_str(), shard);
        Box::pin(self.shard_in_span(run_id, shard, until, observer)).instrument(span).await
    }

    async fn shard_in_span(
        &self,
        run_id: &RunId,
        name: &str,
        until: StopCondition,
        observer: Arc<dyn Observer>,
    ) -> Result<(), Error> {
        let (run, shard) = tokio::select! {
            biased;
            opened = Box::pin(self.open_shard(run_id, name, observer)) => match opened? {
                Some(opened) => opened,
                None => return Ok(()),
            },
            error = until.out_of_time() => return Err(error),
        };
        Box::pin(run.run_shard(&shard, (&until, until.margin(&self.engine.settings)))).await.map(|_| ())
    }

    /// Does everything that precedes the first call to a customer of a shard. Returns `None` if the shard comes too late.
    async fn open_shard(
        &self,
        run_id: &RunId,
        name: &str,
        observer: Arc<dyn Observer>,
    ) -> Result<Option<(Run, Shard)>, Error> {
        let plan = self.existing_plan(run_id).await?;
        let shard = plan.shards().into_iter().find(|shard| shard.name == name).ok_or_else(|| {
            let what = format!("run {run_id} has no shard of this name");
            Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("event.shard", what))
        })?;
        if self.store.is_reduced(run_id).await? {
            tracing::info!("the run was reduced without this shard: the shard is skipped");
            return Ok(None);
        }
        let run = self.engine.reopen_for_shard(&self.store, plan, observer).await?;
        Ok(Some((run, shard)))
    }

    /// The reduce step: commits the run from its shards, unless it is committed.
    pub async fn reduce(&self, run_id: &RunId, observer: Arc<dyn Observer>) -> Result<ReduceStepOutput, Error> {
        let span = tracing::info_span!("run", run_id = run_id.as_str());
        Box::pin(self.reduce_in_span(run_id, observer)).instrument(span).await
    }

    async fn reduce_in_span(&self, run_id: &RunId, observer: Arc<dyn Observer>) -> Result<ReduceStepOutput, Error> {
        let mut manifest = match self.store.manifest(run_id).await? {
            Some(manifest) => manifest,
            None => {
                let plan = self.existing_plan(run_id).await?;
                let run = self.engine.reopen_for_reduce(&self.store, plan, observer.clone()).await?;
                let shards = self.store.shards(&run.plan).await?;
                Box::pin(run.reduce(shards)).await?
            }
        };
        let finished = self.store.finish_commit(&manifest).await;
        if let Some(open) = OpenRoles::of(&self.engine, &self.store, &manifest) {
            manifest.response.disabling = Some(open.disable(None, &*observer).await);
        }
        self.store.sum_up(&manifest, None).await;
        let response = manifest.response;
        let goes_on = response.remaining.as_ref().is_some_and(|request| self.engine.may_continue(request));
        if response.remaining.is_some() && !goes_on {
            self.engine.log_limit_reached(&response);
        }
        if goes_on {
            // The rest of the run matters more than its event, and than what is missing of this one. That was logged.
            self.engine.notify_or_log(&self.store, &response).await;
        } else {
            finished?;
            self.engine.notify(&self.store, &response).await?;
        }
        Ok(ReduceStepOutput {
            goes_on,
            run_id: response.run_id,
            status: response.status,
            manifest: response.manifest,
            accounts: response.accounts,
        })
    }

    /// Answers questions about runs in the same output.
    pub fn history(&self) -> RunHistory {
        RunHistory::new(self.store.clone())
    }

    async fn existing_plan(&self, run_id: &RunId) -> Result<Plan, Error> {
        self.store.plan(run_id).await?.ok_or_else(|| {
            let what = format!("run {run_id} has no plan in {}: the plan step comes first", self.store.location());
            Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("event.run_id", what))
        })
    }
}
