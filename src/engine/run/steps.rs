//! A run in steps, for a state machine that carries its shards out side by side: plan, shard, reduce.
//!
//! Only names, counts and places in the output pass between the steps; what each of them needs it reads from the plan.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::plan_run::RunStart;
use super::reduce::shards_of;
use super::shard::StopCondition;
use super::{Engine, Observer, RunRequest, run_store};
use crate::domain::RunId;
use crate::domain::new_attempt_id;
use crate::engine::plan::Plan;
use crate::engine::report::{AccountCounts, Completeness, Manifest};
use crate::error::{Error, ErrorKind};
use crate::event;
use crate::event::Request;
use crate::input::ValidationErrors;
use crate::store::Store;
use crate::store::StoreError;

/// What the plan step came to.
#[derive(Clone, Debug, Serialize)]
pub struct PlanStepOutput {
    /// The run.
    pub run_id: RunId,
    /// Whether it is committed already: then nothing is to do.
    pub committed: bool,
    /// Whether something remains of it that nobody has done: the machine goes on with that then.
    #[serde(rename = "continue")]
    pub goes_on: bool,
    /// How it ended, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Completeness>,
    /// Where its manifest lies, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// How many shards are to do.
    pub shards: usize,
    /// The list of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<ObjectLocation>,
}

/// Where an object lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectLocation {
    /// The bucket; empty for a folder.
    pub bucket: String,
    /// The key; a path for a folder.
    pub key: String,
}

/// What the reduce step came to.
#[derive(Clone, Debug, Serialize)]
pub struct ReduceStepOutput {
    /// The run.
    pub run_id: RunId,
    /// How it ended.
    pub status: Completeness,
    /// Where its manifest lies.
    pub manifest: String,
    /// Accounts, counted.
    pub accounts: AccountCounts,
    /// Whether the machine is to go on with what remains.
    #[serde(rename = "continue")]
    pub goes_on: bool,
}

/// How far a run has come.
#[derive(Debug)]
pub enum RunStatus {
    /// It is committed.
    Committed(Box<Manifest>),
    /// It was planned, and so many of its shards are committed.
    Planned {
        /// The plan.
        plan: Box<Plan>,
        /// Shards in all.
        shards: usize,
        /// Those that are committed.
        committed: usize,
        /// The accounts in these.
        accounts: usize,
    },
    /// Nobody has planned it.
    Unknown,
}

/// What is still to do of a run.
#[derive(Debug)]
pub enum RemainingWork {
    /// Nothing: it, or the last run that did its rest, is this one.
    Nothing(Box<Manifest>),
    /// Carrying this request out.
    Rest {
        /// The last run that is committed, if any is.
        after: Option<Box<Manifest>>,
        /// What does the rest.
        request: Request,
    },
}

impl Engine {
    /// The plan step: the run planned, or found as it is, and the list of shards that are still to do.
    pub async fn lay_out(&self, order: RunRequest, batch: usize) -> Result<PlanStepOutput, Error> {
        let (store, _) = self.output()?;
        let run_id = event::run_id(&order.request, &order.naming);
        let span = tracing::info_span!("run", run_id = run_id.as_str());
        Box::pin(self.laid_out(&store, order, run_id, batch)).instrument(span).await
    }

    async fn laid_out(
        &self,
        store: &Store,
        order: RunRequest,
        run_id: RunId,
        batch: usize,
    ) -> Result<PlanStepOutput, Error> {
        let refused = |error: StoreError| error.at(&store.address(""));
        // What did not get through together is parted, so that who holds up a shard holds up fewer of the others each time.
        let batch = batch.div_ceil(1 << run_id.continuation_number().min(9));
        let planned = match Box::pin(self.begin(store, &order, &run_id, Some(batch))).await? {
            RunStart::Committed(manifest) => {
                self.stands(store, &manifest).await;
                if let Err(refusal) = self.announce(store, &manifest.response).await {
                    tracing::error!(%refusal, "the event bus could not be told");
                }
                // A machine that was stopped between two runs goes on with the second one.
                let (response, goes_on) = match self.unfinished(&run_id).await? {
                    RemainingWork::Rest { after: Some(last), request } => (last.response, self.may_go_on(&request)),
                    RemainingWork::Rest { after: None, .. } => (manifest.response, false),
                    RemainingWork::Nothing(last) => (last.response, false),
                };
                // So may the news of the last of them.
                if response.run_id != run_id
                    && let Err(refusal) = self.announce(store, &response).await
                {
                    tracing::error!(%refusal, "the event bus could not be told");
                }
                return Ok(PlanStepOutput {
                    run_id: response.run_id,
                    committed: true,
                    goes_on,
                    status: Some(response.status),
                    manifest: Some(response.manifest),
                    shards: 0,
                    items: None,
                });
            }
            RunStart::Planned(planned) => planned,
        };
        let plan = &planned.plan;
        let done = shards_of(store, plan).await.map_err(refused)?;
        // Where the run is being put together already, a shard would come too late.
        let gathered = run_store::is_gathered(store, &run_id).await.map_err(refused)?;
        let to_do: Vec<_> = plan
            .parts()
            .into_iter()
            .filter(|part| !gathered && !done.iter().any(|shard| shard.shard == part.name))
            .map(|part| json!({ "run_id": run_id, "shard": part.name }))
            .collect();
        // A list of its own for each attempt at planning, since what is to do changes.
        let key = format!("runs/{run_id}/items.{}.json", new_attempt_id());
        run_store::create(store, &key, &to_do).await.map_err(refused)?;
        let (bucket, key) = store.place(&key);
        let items = Some(ObjectLocation { bucket, key });
        Ok(PlanStepOutput {
            run_id,
            committed: false,
            goes_on: false,
            status: None,
            manifest: None,
            shards: to_do.len(),
            items,
        })
    }

    /// The request that does the rest of a run, for the plan step after it.
    pub async fn remaining(&self, run_id: &RunId) -> Result<Request, Error> {
        let remaining = self.manifest(run_id).await?.and_then(|manifest| manifest.response.remaining);
        remaining.ok_or_else(|| {
            let what = format!("run {run_id} is not committed, or nothing remains of it");
            Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("event.resumes", what))
        })
    }

    /// The shard step. A shard that is committed, or whose run is, is left as it is.
    pub async fn one_shard(
        &self,
        run_id: &RunId,
        shard: &str,
        deadline: Option<Instant>,
        stop: CancellationToken,
        observer: Arc<dyn Observer>,
    ) -> Result<(), Error> {
        let span = tracing::info_span!("run", run_id = run_id.as_str(), shard);
        let until = StopCondition { stop, deadline };
        Box::pin(self.shard_of(run_id, shard, until, observer)).instrument(span).await
    }

    async fn shard_of(
        &self,
        run_id: &RunId,
        shard: &str,
        until: StopCondition,
        observer: Arc<dyn Observer>,
    ) -> Result<(), Error> {
        let (store, output) = self.output()?;
        let refused = |error: StoreError| error.at(output);
        let plan = self.plan_of(&store, run_id).await?;
        let part = plan.parts().into_iter().find(|part| part.name == shard).ok_or_else(|| {
            let what = format!("run {run_id} has no shard of this name");
            Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("event.shard", what))
        })?;
        let given_up = run_store::is_gathered(&store, run_id).await.map_err(refused)?;
        if given_up {
            tracing::info!("the run was put together without this shard: it comes too late");
            return Ok(());
        }
        let planned = self.reopen(&store, plan, true).await?;
        Box::pin(self.part(&store, &planned, &part, until, &observer)).await.map(|_| ())
    }

    /// The reduce step: the run committed from what its shards came to.
    pub async fn reduce(&self, run_id: &RunId, observer: Arc<dyn Observer>) -> Result<ReduceStepOutput, Error> {
        let span = tracing::info_span!("run", run_id = run_id.as_str());
        Box::pin(self.reduced(run_id, observer)).instrument(span).await
    }

    async fn reduced(&self, run_id: &RunId, observer: Arc<dyn Observer>) -> Result<ReduceStepOutput, Error> {
        let (store, output) = self.output()?;
        let refused = |error: StoreError| error.at(output);
        let manifest = match run_store::read_manifest(&store, run_id).await.map_err(refused)? {
            Some(manifest) => {
                self.stands(&store, &manifest).await;
                manifest
            }
            None => {
                let plan = self.plan_of(&store, run_id).await?;
                let planned = self.reopen(&store, plan, false).await?;
                let shards = shards_of(&store, &planned.plan).await.map_err(refused)?;
                Box::pin(self.gather(&store, &planned, shards, &observer)).await?
            }
        };
        let goes_on = manifest.response.remaining.as_ref().is_some_and(|request| self.may_go_on(request));
        if manifest.response.remaining.is_some() && !goes_on {
            let most = self.settings.continuations;
            tracing::error!(most, "the run has been continued as often as it may be: its rest is not done");
        }
        match self.announce(&store, &manifest.response).await {
            // The rest of a run is worth more than the news of it.
            Err(refusal) if goes_on => tracing::error!(%refusal, "the event bus could not be told"),
            outcome => outcome?,
        }
        let response = manifest.response;
        Ok(ReduceStepOutput {
            goes_on,
            run_id: response.run_id,
            status: response.status,
            manifest: response.manifest,
            accounts: response.accounts,
        })
    }

    /// Whether what remains may be done once more, after all the times that it was.
    fn may_go_on(&self, remaining: &Request) -> bool {
        remaining.run_id.as_ref().is_some_and(|next| next.continuation_number() <= self.settings.continuations)
    }

    /// What is still to do of a run, and of the runs that do its rest: nothing, or the request of the one that is next.
    pub async fn unfinished(&self, run_id: &RunId) -> Result<RemainingWork, Error> {
        let mut last: Option<Box<Manifest>> = None;
        let mut next = Some(run_id.clone());
        while let Some(run_id) = next {
            match (self.standing(&run_id).await?, last) {
                (RunStatus::Committed(manifest), _) => {
                    next = manifest.response.remaining.as_ref().and_then(|request| request.run_id.clone());
                    last = Some(manifest);
                }
                (_, Some(after)) => {
                    // Planned already or not, its request is the one that the run before it has left.
                    let Some(request) = after.response.remaining.clone() else {
                        return Ok(RemainingWork::Nothing(after));
                    };
                    return Ok(RemainingWork::Rest { after: Some(after), request });
                }
                (RunStatus::Planned { plan, .. }, None) => {
                    let request = Request { run_id: Some(run_id), inline: false, ..plan.request };
                    return Ok(RemainingWork::Rest { after: None, request });
                }
                (RunStatus::Unknown, None) => {
                    let what = format!("there is no run {run_id} in {}", self.output()?.1);
                    return Err(Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("run_id", what)));
                }
            }
        }
        last.map(RemainingWork::Nothing).ok_or_else(|| Error::new(ErrorKind::Internal, "a run's end was not found"))
    }

    /// A run that is committed and, in turn, those that did its rest as far as they are: none where it is not.
    pub async fn chain(&self, run_id: &RunId) -> Result<Vec<Manifest>, Error> {
        let mut chain: Vec<Manifest> = Vec::new();
        let mut next = Some(run_id.clone());
        while let Some(run_id) = next {
            let Some(manifest) = self.manifest(&run_id).await? else { break };
            next = manifest.response.remaining.as_ref().and_then(|request| request.run_id.clone());
            chain.push(manifest);
        }
        Ok(chain)
    }

    /// How far a run has come.
    pub async fn standing(&self, run_id: &RunId) -> Result<RunStatus, Error> {
        let (store, output) = self.output()?;
        let refused = |error: StoreError| error.at(output);
        if let Some(manifest) = run_store::read_manifest(&store, run_id).await.map_err(refused)? {
            return Ok(RunStatus::Committed(Box::new(manifest)));
        }
        let Some(plan) = run_store::read_plan(&store, run_id).await.map_err(refused)? else {
            return Ok(RunStatus::Unknown);
        };
        let done = shards_of(&store, &plan).await.map_err(refused)?;
        let accounts = done.iter().map(|shard| shard.accounts.len()).sum();
        let shards = plan.parts().len();
        Ok(RunStatus::Planned { plan: Box::new(plan), shards, committed: done.len(), accounts })
    }

    async fn plan_of(&self, store: &Store, run_id: &RunId) -> Result<Plan, Error> {
        let plan = run_store::read_plan(store, run_id).await;
        plan.map_err(|error| error.at(&store.address("")))?.ok_or_else(|| {
            let what = format!("run {run_id} has no plan in {}: the plan step comes first", store.address(""));
            Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("event.run_id", what))
        })
    }
}
