//! Answers questions about runs: their status, what they leave to do, and the chain of their continuations.
//!
//! **Invariant:** reads the output, and calls nothing else.

use super::lease::{Lease, live_leases};
use super::run_store::{RunState, RunStore};
use crate::domain::RunId;
use crate::engine::plan::Plan;
use crate::engine::report::{Manifest, Response};
use crate::error::{Error, ErrorKind};
use crate::event::Request;
use crate::input::ValidationErrors;

/// The status of a run.
#[derive(Debug)]
pub(crate) enum RunStatus {
    Committed,
    /// The run has a plan and no manifest.
    Planned {
        plan: Box<Plan>,
        /// Shards of the plan.
        shards: usize,
        /// Shards whose manifests exist.
        committed: usize,
        /// Accounts in the committed shards.
        accounts: usize,
        /// The leases under which executions work at the other shards.
        leases: Vec<Lease>,
    },
    /// The output has no plan of this name.
    Unknown,
    /// The run that would continue another one has its name, and was made for another request.
    Taken,
}

/// What a run and its continuations leave to do.
#[derive(Debug)]
pub(crate) enum RemainingWork {
    /// Nothing: this manifest is the last one of the chain.
    Nothing(Box<Manifest>),
    /// A request to carry out.
    Continue {
        /// The last committed run of the chain, if any is committed.
        last_committed: Option<Box<Manifest>>,
        request: Request,
    },
}

/// The most runs of a chain that are looked at.
const MAX_CHAIN: usize = 1_000;

/// Reads what an output says of its runs.
#[derive(Clone, Debug)]
pub struct RunHistory {
    store: RunStore,
}

impl RunHistory {
    pub(super) fn new(store: RunStore) -> Self {
        Self { store }
    }

    /// Returns the manifest of a committed run.
    pub(crate) async fn manifest(&self, run_id: &RunId) -> Result<Option<Manifest>, Error> {
        self.store.manifest(run_id).await
    }

    /// Returns the status of a run.
    pub(crate) async fn status(&self, run_id: &RunId) -> Result<RunStatus, Error> {
        match self.store.state(run_id).await? {
            RunState::Committed(_) => Ok(RunStatus::Committed),
            RunState::New => Ok(RunStatus::Unknown),
            RunState::Planned(plan) => self.progress(plan).await,
        }
    }

    /// Returns how far a planned run is.
    async fn progress(&self, plan: Box<Plan>) -> Result<RunStatus, Error> {
        let committed = self.store.shards(&plan).await?;
        let accounts = committed.iter().map(|shard| shard.accounts.len()).sum();
        let open = plan.shards().into_iter().map(|shard| shard.name);
        let open = open.filter(|name| !committed.iter().any(|shard| shard.shard == *name)).collect();
        // The rest of the report holds without them.
        let leases = live_leases(self.store.store(), &plan.run_id, open).await.unwrap_or_else(|error| {
            tracing::warn!(run_id = plan.run_id.as_str(), %error, "who works at the run is not known");
            Vec::new()
        });
        Ok(RunStatus::Planned { shards: plan.shards().len(), plan, committed: committed.len(), accounts, leases })
    }

    /// Returns the name and the status of the run that is to continue a committed one, if anything remains of it.
    pub(crate) async fn next_status(&self, last: &Manifest) -> Result<Option<(RunId, RunStatus)>, Error> {
        let Some(next) = continuation_of(last) else { return Ok(None) };
        let status = match self.store.state(&next).await? {
            RunState::Committed(manifest) if continues(&manifest, &last.response) => RunStatus::Committed,
            RunState::Planned(plan) if last.response.remaining.as_ref() == Some(&plan.request) => {
                self.progress(plan).await?
            }
            RunState::New => RunStatus::Unknown,
            RunState::Committed(_) | RunState::Planned(_) => RunStatus::Taken,
        };
        Ok(Some((next, status)))
    }

    /// Returns a committed run and its committed continuations, in order. Empty if the run is not committed.
    pub(crate) async fn chain(&self, run_id: &RunId) -> Result<Vec<Manifest>, Error> {
        let mut chain: Vec<Manifest> = Vec::new();
        let mut next = Some(run_id.clone());
        while let Some(run_id) = next {
            let Some(manifest) = self.store.manifest(&run_id).await? else { break };
            if chain.last().is_some_and(|last| !continues(&manifest, &last.response)) {
                break;
            }
            next = continuation_of(&manifest);
            chain.push(manifest);
        }
        Ok(chain)
    }

    /// Returns the names of a run and of the runs that it continues, the oldest first.
    pub(crate) async fn chain_until(&self, run_id: &RunId) -> Result<Vec<RunId>, Error> {
        let mut chain = vec![run_id.clone()];
        while let Some(first) = chain.last().filter(|_| chain.len() < MAX_CHAIN) {
            match self.store.manifest(first).await?.and_then(|manifest| manifest.resumes) {
                Some(before) => chain.push(before),
                None => break,
            }
        }
        chain.reverse();
        Ok(chain)
    }

    /// Returns the request that does the rest of a committed run, for the plan step after it.
    pub async fn remaining_request(&self, run_id: &RunId) -> Result<Request, Error> {
        let manifest = self.store.manifest(run_id).await?;
        manifest.and_then(|manifest| manifest.response.remaining).ok_or_else(|| {
            let what = format!("run {run_id} is not committed, or nothing remains of it");
            Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("event.resumes", what))
        })
    }

    /// Follows a run and its continuations to the first one that is not committed.
    pub(crate) async fn remaining_work(&self, run_id: &RunId) -> Result<RemainingWork, Error> {
        let mut last_committed: Option<Box<Manifest>> = None;
        let mut next = Some(run_id.clone());
        while let Some(run_id) = next {
            match (self.store.state(&run_id).await?, last_committed) {
                (RunState::Committed(manifest), last)
                    if last.as_ref().is_none_or(|last| continues(&manifest, &last.response)) =>
                {
                    next = continuation_of(&manifest);
                    last_committed = Some(manifest);
                }
                (_, Some(last)) => {
                    // Whether it is planned, taken by another request or neither, the run before it left this request.
                    let Some(request) = last.response.remaining.clone() else {
                        return Ok(RemainingWork::Nothing(last));
                    };
                    return Ok(RemainingWork::Continue { last_committed: Some(last), request });
                }
                (RunState::Committed(_), None) => {
                    return Err(Error::new(ErrorKind::Internal, "the end of the run's chain was not found"));
                }
                (RunState::Planned(plan), None) => {
                    let request = Request { run_id: Some(run_id), inline: false, ..plan.request };
                    return Ok(RemainingWork::Continue { last_committed: None, request });
                }
                (RunState::New, None) => {
                    let what = format!("there is no run {run_id} in {}", self.store.location());
                    return Err(Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("run_id", what)));
                }
            }
        }
        let last = last_committed.map(RemainingWork::Nothing);
        last.ok_or_else(|| Error::new(ErrorKind::Internal, "the end of the run's chain was not found"))
    }
}

/// Returns whether a run is the rest of another one. A run of another request may only have its name.
pub(super) fn continues(manifest: &Manifest, last: &Response) -> bool {
    let is_named = manifest.resumes.as_ref() == Some(&last.run_id);
    is_named && last.remaining.as_ref() == Some(&manifest.plan.request)
}

fn continuation_of(manifest: &Manifest) -> Option<RunId> {
    manifest.response.remaining.as_ref().and_then(|request| request.run_id.clone())
}
