//! From a request to a run that is planned: what stands under its name already, else a plan that is fixed in the output
//! before any customer is called.

use std::sync::Arc;

use super::account::ShardContext;
use super::prepare::{self, Prepared, prepare};
use super::resume;
use super::{Engine, Observer, RunRequest, run_store};
use crate::aws::Identity;
use crate::catalogue::session_policies;
use crate::customers::Registry;
use crate::customers::RoleAssumer;
use crate::domain::new_attempt_id;
use crate::domain::{AccountId, RunId};
use crate::engine::collect::now;
use crate::engine::plan::{Plan, Shard};
use crate::engine::report::Manifest;
use crate::error::{Error, ErrorKind};
use crate::event::Request;
use crate::store::{PutOutcome, Store, StoreError};

/// What a run has come to before any customer is called.
pub(super) enum RunStart {
    Committed(Box<Manifest>),
    Planned(Box<Run>),
}

/// A run that is planned, with what it takes to go on with it.
pub(super) struct Run {
    pub plan: Plan,
    /// The run that this one goes on with.
    pub base: Option<Manifest>,
    /// This invocation's.
    pub attempt: String,
    registry: Arc<Registry>,
    identity: Identity,
}

/// What stands under a run's name already.
enum RunState {
    Committed(Box<Manifest>),
    Planned(Box<Plan>),
}

impl Engine {
    /// All that comes before the first customer is called. A new plan's shards have `batch` accounts each.
    pub(super) async fn begin(
        &self,
        store: &Store,
        order: &RunRequest,
        run_id: &RunId,
        batch: Option<usize>,
    ) -> Result<RunStart, Error> {
        let refused = |error: StoreError| error.at(&store.address(""));
        // Local things are looked at first, so that a slip costs no call; a bucket wants credentials at once.
        let in_bucket = [&self.settings.registry, &self.settings.output].into_iter().flatten();
        let remote = in_bucket.into_iter().any(|address| address.starts_with("s3://"));
        let fine = order.problems.is_empty();
        let early = if remote && fine { Some(self.backend.identify().await?) } else { None };
        // What was committed or begun under this name stands, whatever the registry says by now.
        let planned = match if fine { self.found(store, run_id, &order.request).await? } else { None } {
            Some(RunState::Committed(manifest)) => return Ok(RunStart::Committed(manifest)),
            Some(RunState::Planned(plan)) => Some(*plan),
            None => None,
        };
        let attempt = new_attempt_id();
        let (registry, selection) = match &planned {
            Some(_) => (prepare::read_registry(self).await?, None),
            None => {
                let Prepared { registry, selection, .. } = prepare(self, order).await?;
                (registry, Some(selection))
            }
        };
        let identity = match early {
            Some(identity) => identity,
            None => self.backend.identify().await?,
        };
        let plan = match (planned, selection) {
            (Some(plan), _) => plan,
            (_, Some(selection)) => {
                let account = &identity.account_id;
                let plan = selection.plan(order.request.clone(), run_id.clone(), now(), attempt.clone(), account);
                let plan = self.fix(store, Plan { batch, ..plan }).await.map_err(refused)?;
                prepare::same_request(&plan, &order.request)?;
                plan
            }
            _ => return Err(Error::new(ErrorKind::Internal, "there is neither a plan nor a selection")),
        };
        order.observer.run_started(plan.run_id.as_str(), plan.accounts.len());
        let base = resume::base(store, &plan).await.map_err(refused)?;
        Ok(RunStart::Planned(Box::new(Run { plan, base, attempt, registry: registry.into(), identity })))
    }

    /// A run that was planned before: by the name of its run alone. Where nobody is to be entered, as when it is put together,
    /// the registry is not needed, and what is wrong with it holds nothing up.
    pub(super) async fn reopen(&self, store: &Store, plan: Plan, enters: bool) -> Result<Run, Error> {
        let refused = |error: StoreError| error.at(&store.address(""));
        let identity = self.backend.identify().await?;
        let registry = if enters { prepare::read_registry(self).await? } else { Registry::empty() };
        let base = resume::base(store, &plan).await.map_err(refused)?;
        Ok(Run { plan, base, attempt: new_attempt_id(), registry: registry.into(), identity })
    }

    /// What it takes to carry a part of a run out.
    pub(super) async fn stock(
        &self,
        store: &Store,
        planned: &Run,
        part: &Shard,
        observer: Arc<dyn Observer>,
    ) -> Result<ShardContext, Error> {
        let Run { plan, base, registry, identity, .. } = planned;
        let catalogue = prepare::catalogue()?;
        let accounts: Vec<AccountId> = plan.accounts_of(part).map(|account| account.account_id.clone()).collect();
        let before = resume::before(store, base.as_ref(), catalogue, &accounts).await;
        let before = before.map_err(|error| error.at(&store.address("")))?;
        let tables: Vec<usize> =
            plan.resources.iter().filter_map(|name| catalogue.find(name)).map(|table| table.index).collect();
        let policies = session_policies(tables.iter().map(|index| catalogue.at(*index)));
        let session_name = plan.run_id.session_name();
        Ok(ShardContext {
            run_id: plan.run_id.as_str().into(),
            catalogue,
            tables: tables.into(),
            roles: RoleAssumer::new(self.backend.clone(), identity.clone(), session_name.clone(), policies),
            registry: registry.clone(),
            partition: self.backend.partition,
            session_name: session_name.into(),
            observer,
            before,
            write_margin: Arc::default(),
        })
    }

    /// What there is under a run's name already. Another request's is refused.
    async fn found(&self, store: &Store, run_id: &RunId, request: &Request) -> Result<Option<RunState>, Error> {
        let refused = |error: StoreError| error.at(&store.address(""));
        if let Some(manifest) = run_store::read_manifest(store, run_id).await.map_err(refused)? {
            prepare::same_request(&manifest.plan, request)?;
            return Ok(Some(RunState::Committed(Box::new(manifest))));
        }
        let Some(plan) = run_store::read_plan(store, run_id).await.map_err(refused)? else { return Ok(None) };
        prepare::same_request(&plan, request)?;
        Ok(Some(RunState::Planned(Box::new(plan))))
    }

    /// Writes the plan, or goes on with the one that is there. Writing it is also the proof that the
    /// output can be written, before any customer is called.
    async fn fix(&self, store: &Store, plan: Plan) -> Result<Plan, StoreError> {
        match run_store::create(store, &run_store::plan_key(&plan.run_id), &plan).await? {
            PutOutcome::Created => Ok(plan),
            PutOutcome::AlreadyExists => {
                tracing::info!(run_id = plan.run_id.as_str(), "the run was begun already: going on with its plan");
                Ok(run_store::read_plan(store, &plan.run_id).await?.unwrap_or(plan))
            }
        }
    }
}
