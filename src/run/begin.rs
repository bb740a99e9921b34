//! From a request to a run that is planned: what stands under its name already, else a plan that is fixed in the output
//! before any customer is called.

use std::sync::Arc;

use super::account::Stock;
use super::intake::{self, Prepared, prepare};
use super::resume;
use super::{Engine, Observer, Order, commit};
use crate::attempt;
use crate::backend::Identity;
use crate::catalogue::session_policies;
use crate::collect::now;
use crate::credentials::Door;
use crate::event::{AccountId, Request, RunId};
use crate::plan::{Part, Plan};
use crate::refusal::{Refusal, RefusalKind};
use crate::registry::Registry;
use crate::report::Manifest;
use crate::store::{Created, Store, StoreError};

/// What a run has come to before any customer is called.
pub enum Begun {
    Committed(Box<Manifest>),
    Planned(Box<Planned>),
}

/// A run that is planned, with what it takes to go on with it.
pub struct Planned {
    pub plan: Plan,
    /// The run that this one goes on with.
    pub base: Option<Manifest>,
    /// This invocation's.
    pub attempt: String,
    registry: Arc<Registry>,
    identity: Identity,
}

/// What stands under a run's name already.
enum Found {
    Committed(Box<Manifest>),
    Planned(Box<Plan>),
}

impl Engine {
    /// All that comes before the first customer is called. A new plan's shards have `batch` accounts each.
    pub(super) async fn begin(
        &self,
        store: &Store,
        order: &Order,
        run_id: &RunId,
        batch: Option<usize>,
    ) -> Result<Begun, Refusal> {
        let refused = |error| Refusal::of_output(&store.address(""), &error);
        // Local things are looked at first, so that a slip costs no call; a bucket wants credentials at once.
        let in_bucket = [&self.settings.registry, &self.settings.output].into_iter().flatten();
        let remote = in_bucket.into_iter().any(|address| address.starts_with("s3://"));
        let fine = order.problems.is_empty();
        let early = if remote && fine { Some(self.backend.identify().await?) } else { None };
        // What was committed or begun under this name stands, whatever the registry says by now.
        let planned = match if fine { self.found(store, run_id, &order.request).await? } else { None } {
            Some(Found::Committed(manifest)) => return Ok(Begun::Committed(manifest)),
            Some(Found::Planned(plan)) => Some(*plan),
            None => None,
        };
        let attempt = attempt::new();
        let (registry, selection) = match &planned {
            Some(_) => (intake::read_registry(self).await?, None),
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
                intake::same_request(&plan, &order.request)?;
                plan
            }
            _ => return Err(Refusal::new(RefusalKind::Internal, "there is neither a plan nor a selection")),
        };
        order.observer.begun(plan.run_id.as_str(), plan.accounts.len());
        let base = resume::base(store, &plan).await.map_err(refused)?;
        Ok(Begun::Planned(Box::new(Planned { plan, base, attempt, registry: registry.into(), identity })))
    }

    /// A run that was planned before: by the name of its run alone. Where nobody is to be entered, as when it is put together,
    /// the registry is not needed, and what is wrong with it holds nothing up.
    pub(super) async fn reopen(&self, store: &Store, plan: Plan, enters: bool) -> Result<Planned, Refusal> {
        let refused = |error| Refusal::of_output(&store.address(""), &error);
        let identity = self.backend.identify().await?;
        let registry = if enters { intake::read_registry(self).await? } else { Registry::empty() };
        let base = resume::base(store, &plan).await.map_err(refused)?;
        Ok(Planned { plan, base, attempt: attempt::new(), registry: registry.into(), identity })
    }

    /// What it takes to carry a part of a run out.
    pub(super) async fn stock(
        &self,
        store: &Store,
        planned: &Planned,
        part: &Part,
        observer: Arc<dyn Observer>,
    ) -> Result<Stock, Refusal> {
        let Planned { plan, base, registry, identity, .. } = planned;
        let catalogue = intake::catalogue()?;
        let accounts: Vec<AccountId> = plan.accounts_of(part).map(|account| account.account_id.clone()).collect();
        let before = resume::before(store, base.as_ref(), catalogue, &accounts).await;
        let before = before.map_err(|error| Refusal::of_output(&store.address(""), &error))?;
        let tables: Vec<usize> =
            plan.resources.iter().filter_map(|name| catalogue.find(name)).map(|table| table.index).collect();
        let policies = session_policies(tables.iter().map(|index| catalogue.at(*index)));
        let session_name = plan.run_id.session_name();
        Ok(Stock {
            run_id: plan.run_id.as_str().into(),
            catalogue,
            tables: tables.into(),
            door: Door::new(self.backend.clone(), identity.clone(), session_name.clone(), policies),
            registry: registry.clone(),
            partition: self.backend.partition,
            session_name: session_name.into(),
            observer,
            before,
            pace: Arc::default(),
        })
    }

    /// What there is under a run's name already. Another request's is refused.
    async fn found(&self, store: &Store, run_id: &RunId, request: &Request) -> Result<Option<Found>, Refusal> {
        let refused = |error| Refusal::of_output(&store.address(""), &error);
        if let Some(manifest) = commit::read_manifest(store, run_id).await.map_err(refused)? {
            intake::same_request(&manifest.plan, request)?;
            return Ok(Some(Found::Committed(Box::new(manifest))));
        }
        let Some(plan) = commit::read_plan(store, run_id).await.map_err(refused)? else { return Ok(None) };
        intake::same_request(&plan, request)?;
        Ok(Some(Found::Planned(Box::new(plan))))
    }

    /// Writes the plan, or goes on with the one that is there. Writing it is also the proof that the
    /// output can be written, before any customer is called.
    async fn fix(&self, store: &Store, plan: Plan) -> Result<Plan, StoreError> {
        match commit::create(store, &commit::plan_key(&plan.run_id), &plan).await? {
            Created::Ours => Ok(plan),
            Created::Theirs => {
                tracing::info!(run_id = plan.run_id.as_str(), "the run was begun already: going on with its plan");
                Ok(commit::read_plan(store, &plan.run_id).await?.unwrap_or(plan))
            }
        }
    }
}
