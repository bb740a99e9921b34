//! From a request to a planned run: continues what exists under its run id, or writes a new plan.
//!
//! **Invariant:** calls no customer. Once a plan is written, every later attempt follows it.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::admission::refuse_claim;
use super::prepare::{self, Prepared, prepare};
use super::resume::resumed_run;
use super::run_store::{RunState, RunStore};
use super::{Engine, Observer, RunRequest, organizations};
use crate::aws::Identity;
use crate::customers::Registry;
use crate::domain::{AccountId, RunId, new_attempt_id};
use crate::engine::collect::now;
use crate::engine::plan::{Plan, PlanOrigin, Selection, TrustWindow};
use crate::engine::report::Manifest;
use crate::error::{Error, ErrorKind};

/// The age at which a plan is not continued any more. A state looks for runs of the last 35 days.
const MAX_PLAN_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The start of a run: it is committed already, or it can be carried out.
pub(super) enum RunStart {
    Committed(Box<Manifest>),
    Ready(Box<Run>),
}

/// A planned run, with everything that it takes to carry it out.
pub(super) struct Run {
    pub engine: Engine,
    pub store: RunStore,
    pub plan: Plan,
    /// The manifest of the run that this one resumes.
    pub resumed_from: Option<Manifest>,
    /// Marks the files of this invocation.
    pub attempt: String,
    pub registry: Arc<Registry>,
    pub identity: Identity,
    pub observer: Arc<dyn Observer>,
}

impl Engine {
    /// Does everything that precedes the first call to a customer.
    ///
    /// A scheduled run whose name belongs to another request gets its second name, so that no request suppresses it.
    pub(super) async fn start_run(&self, store: &RunStore, request: &RunRequest) -> Result<RunStart, Error> {
        let taken = match Box::pin(self.start_as(store, request.run_id(), request)).await {
            Err(error) if error.kind == ErrorKind::RunIdTaken => error,
            other => return other,
        };
        let Some(second) = request.second_run_id() else { return Err(taken) };
        tracing::warn!(run_id = second.as_str(), %taken, "the scheduled run is carried out under its second name");
        Box::pin(self.start_as(store, second, request)).await
    }

    async fn start_as(&self, store: &RunStore, run_id: RunId, request: &RunRequest) -> Result<RunStart, Error> {
        let mut identity = None;
        // An invalid request is never compared with what exists: `prepare` reports its problems.
        let state = match request.draft.valid() {
            None => RunState::New,
            Some(valid) => {
                // Local files are read before the first call, so that a mistake costs no call. A bucket needs credentials.
                if self.uses_bucket() {
                    identity = Some(self.backend.identify().await?);
                }
                let state = store.state(&run_id).await?;
                match state.plan() {
                    Some(plan) => {
                        self.refuse_other_request(plan, valid)?;
                        self.refuse_other_targets(plan).await?;
                    }
                    None => refuse_claim(store, valid).await?,
                }
                state
            }
        };
        let attempt = new_attempt_id();
        let (plan, registry, identity) = match state {
            RunState::Committed(manifest) => return Ok(RunStart::Committed(manifest)),
            RunState::Planned(plan) => {
                refuse_old(&plan)?;
                let registry = self.registry_of(&plan).await?;
                (*plan, registry, self.identity(identity).await?)
            }
            RunState::New => self.plan_new(store, (run_id, &attempt), request, identity).await?,
        };
        let resumed_from = resumed_run(store, &plan).await?;
        if let Some(earlier) = &resumed_from {
            store.finish_earlier_commit(earlier).await?;
        }
        request.observer.run_started(plan.run_id.as_str(), plan.accounts.len());
        Ok(RunStart::Ready(Box::new(Run {
            engine: self.clone(),
            store: store.clone(),
            resumed_from,
            plan,
            attempt,
            registry: registry.into(),
            identity,
            observer: request.observer.clone(),
        })))
    }

    /// Plans a run of which nothing exists. An attempt that was faster has written the plan then, and that plan counts.
    async fn plan_new(
        &self,
        store: &RunStore,
        (run_id, attempt): (RunId, &str),
        request: &RunRequest,
        identity: Option<Identity>,
    ) -> Result<(Plan, Registry, Identity), Error> {
        let prepared = prepare(self, request.draft.clone(), run_id.session_name(), request.until.deadline).await?;
        prepared.warn_of_guessable_external_ids();
        let Prepared { mut registry, request: valid, selection, organizations, .. } = prepared;
        let identity = self.identity(identity).await?;
        let started_at = now();
        let trust = self.trust_window(store, &run_id, (started_at, &selection)).await;
        let plan = selection.plan(PlanOrigin {
            request: valid.clone(),
            run_id,
            started_at,
            attempt: attempt.to_owned(),
            backend_account_id: identity.account_id.clone(),
            given_targets: self.given.as_ref().map(|given| given.flags.clone()),
            organizations: organizations.listings.clone(),
            batch: request.batch,
            trust,
        });
        let plan = store.create_or_load_plan(plan).await?;
        self.refuse_other_request(&plan, &valid)?;
        self.refuse_other_targets(&plan).await?;
        if plan.attempt == attempt {
            organizations.keep(store, &plan.run_id).await;
        }
        // The plan of a faster attempt may have accounts that joined meanwhile.
        organizations::add_planned(&mut registry, &plan);
        Ok((plan, registry, identity))
    }

    /// Reopens a planned run to carry out one of its shards.
    pub(super) async fn reopen_for_shard(
        &self,
        store: &RunStore,
        plan: Plan,
        observer: Arc<dyn Observer>,
    ) -> Result<Run, Error> {
        let identity = self.backend.identify().await?;
        let registry = self.registry_of(&plan).await?;
        self.reopen(store, plan, Customers { identity, registry }, observer).await
    }

    /// Reopens a planned run to reduce it. No account is entered, so the registry is not read, and an invalid one does not
    /// block the commit.
    pub(super) async fn reopen_for_reduce(
        &self,
        store: &RunStore,
        plan: Plan,
        observer: Arc<dyn Observer>,
    ) -> Result<Run, Error> {
        let customers = Customers { identity: self.backend.identify().await?, registry: Registry::empty() };
        self.reopen(store, plan, customers, observer).await
    }

    /// Reads the registry, with targets for the accounts of organizations that a plan has.
    async fn registry_of(&self, plan: &Plan) -> Result<Registry, Error> {
        let mut registry = prepare::read_registry(self).await?;
        organizations::add_planned(&mut registry, plan);
        Ok(registry)
    }

    async fn reopen(
        &self,
        store: &RunStore,
        plan: Plan,
        customers: Customers,
        observer: Arc<dyn Observer>,
    ) -> Result<Run, Error> {
        Ok(Run {
            engine: self.clone(),
            store: store.clone(),
            resumed_from: resumed_run(store, &plan).await?,
            plan,
            attempt: new_attempt_id(),
            registry: customers.registry.into(),
            identity: customers.identity,
            observer,
        })
    }

    /// Returns the window in which the run tries roles, and the accounts that were tried in it. `None` if it tries none.
    async fn trust_window(
        &self,
        store: &RunStore,
        run_id: &RunId,
        (started_at, selection): (Timestamp, &Selection),
    ) -> Option<(TrustWindow, HashSet<AccountId>)> {
        let window = TrustWindow::of(started_at, self.settings.trust_interval?);
        let due = selection.accounts.iter().filter(|account| account.try_trust);
        let due = due.map(|account| account.account_id.clone()).collect();
        let tried = store.tried_accounts(run_id, &window, due).await;
        Some((window, tried))
    }

    /// Returns true if the registry or the output is in a bucket.
    fn uses_bucket(&self) -> bool {
        let addresses = [&self.settings.registry, &self.settings.output];
        addresses.into_iter().flatten().any(|address| address.starts_with("s3://"))
    }

    /// Returns the identity that is known already, or looks it up.
    async fn identity(&self, known: Option<Identity>) -> Result<Identity, Error> {
        match known {
            Some(identity) => Ok(identity),
            None => self.backend.identify().await,
        }
    }
}

/// Who enters customer accounts, and which targets there are.
struct Customers {
    identity: Identity,
    registry: Registry,
}

/// Refuses to continue a plan that is so old that the answers would not look for its rows: they are stored by the day on which
/// the run began.
fn refuse_old(plan: &Plan) -> Result<(), Error> {
    let age = now().duration_since(plan.started_at);
    if age <= MAX_PLAN_AGE {
        return Ok(());
    }
    let what = format!(
        "run {} was planned {} days ago, and is too old to be continued: start a new run under another name",
        plan.run_id,
        age.as_hours() / 24
    );
    Err(Error::new(ErrorKind::RunIdTaken, what))
}
