//! One event carried out, from the request to the committed manifest. The one file that knows every
//! stage; what each of them does is theirs.

mod prepare;
mod run_store;
mod resume;
mod account;
mod plan_run;
mod shard;
mod reduce;
mod notify;
mod continuation;
mod steps;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

pub(crate) use prepare::prepare;
pub use steps::{PlanStepOutput, ReduceStepOutput};
pub(crate) use steps::{RemainingWork, RunStatus};

use crate::aws::Backend;
use crate::customers::backend_role;
use crate::domain::{Format, RunId};
use crate::engine::report::{AccountSummary, Manifest, Response, ShardManifest};
use crate::error::{Error, ErrorKind};
use crate::event;
use crate::event::{Request, RunIdSource};
use crate::input::ValidationErrors;
use crate::output::sink::MIN_WRITE_MARGIN;
use crate::output::views;
use crate::settings::Runtime;
use crate::settings::Settings;
use crate::store::Store;
use crate::store::StoreError;
use plan_run::{Run, RunStart};
use shard::StopCondition;

/// How long a write of the function may take at least.
const LEAST_PATIENCE: Duration = Duration::from_secs(2);

/// The plan of a run and a ledger that says of everything that it was not started take so long to write.
const LEAST_TO_WRITE: Duration = Duration::from_secs(2);

/// How many folders are looked at side by side.
const LOOKED_AT_ONCE: usize = 16;

/// What is told while a run goes on.
pub trait Observer: Send + Sync + std::fmt::Debug {
    /// The run begins, with so many accounts.
    fn begun(&self, run_id: &str, accounts: usize) {
        let _ = (run_id, accounts);
    }
    /// An account's cells are known.
    fn cells(&self, more: usize) {
        let _ = more;
    }
    /// Cells were answered, or not.
    fn cells_done(&self, more: usize) {
        let _ = more;
    }
    /// The run is committed, by this invocation.
    fn committed(&self, response: &Response) {
        let _ = response;
    }
    /// An account is done.
    fn account_done(&self, summary: &AccountSummary) {
        let _ = summary;
    }
}

/// Nobody watches.
#[derive(Debug)]
pub struct NoopObserver;

impl Observer for NoopObserver {}

/// What carries runs out: made once in a process.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Who we are and how AWS is called.
    pub backend: Backend,
    /// The settings.
    pub settings: Settings,
    /// Lambda or terminal.
    pub face: Runtime,
}

/// One request, with where it came from.
#[derive(Debug)]
pub struct RunRequest {
    /// The request, best effort.
    pub request: Request,
    /// What is wrong with it already.
    pub problems: ValidationErrors,
    /// How the run is named where the request names none.
    pub naming: RunIdSource,
    /// Whether records may come back in the response.
    pub may_inline: bool,
    /// When the run must be over.
    pub deadline: Option<Instant>,
    /// Ends the run early, in good order.
    pub stop: CancellationToken,
    /// Who watches.
    pub observer: Arc<dyn Observer>,
}

impl RunRequest {
    /// Returns where a run has to end that has not begun: interrupted, or with so little time left that even a ledger of
    /// cells that were not started could not be written any more.
    async fn time_is_up(&self) {
        let end = async {
            match self.deadline {
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    tokio::time::sleep_until(deadline - LEAST_TO_WRITE.min(left / 8)).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = end => {}
        }
    }
}

impl Engine {
    /// Finds out where it runs, and takes `backend_role` on where the settings name it. Calls nothing yet.
    pub async fn start(settings: Settings, face: Runtime) -> Self {
        let mut backend = Backend::load(&settings).await;
        if let Some(role) = &settings.backend_role {
            let provider = backend_role(&backend, role);
            backend = backend.with_credentials(provider);
        }
        Self { backend, settings, face }
    }

    /// What the settings say of the format.
    fn format(&self) -> Result<Format, Error> {
        let Some(text) = &self.settings.format else { return Ok(Format::Parquet) };
        text.parse().map_err(|error| Error::new(ErrorKind::InvalidSettings, format!("ROLECALL_FORMAT: {error}")))
    }

    /// The views over what lies in the output, as a script for DuckDB.
    pub async fn duckdb(&self) -> Result<String, Error> {
        let (store, output) = self.output()?;
        let format = self.format()?;
        let tables = views::tables(prepare::catalogue()?);
        // DuckDB refuses a view over a pattern that no file matches.
        let look = |name: String| {
            let store = store.clone();
            async move { store.holds_any(&format!("{format}/{name}")).await.map(|any| any.then_some(name)) }
        };
        let looked: Vec<_> = futures::stream::iter(tables.iter().map(|table| look(table.name.clone())))
            .buffer_unordered(LOOKED_AT_ONCE)
            .collect()
            .await;
        let mut present = HashSet::new();
        for name in looked {
            present.extend(name.map_err(|error| error.at(output))?);
        }
        // Files lie there before their manifest does; the list of files follows it.
        if !store.holds_any(run_store::COMMITTED).await.map_err(|error| error.at(output))? {
            present.clear();
        }
        Ok(views::duckdb(&tables, output, format, |name| present.contains(name)))
    }

    fn output(&self) -> Result<(Store, &str), Error> {
        let address = self.settings.output.as_deref().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidSettings,
                "no output is set: give --output or ROLECALL_OUTPUT, a folder or s3://bucket/prefix",
            )
        })?;
        // A stalled write must not outlive the function, so there it is tried again soon.
        let patience = match self.face {
            Runtime::Lambda => (self.settings.margin.unwrap_or(MIN_WRITE_MARGIN) / 2)
                .max(LEAST_PATIENCE)
                .min(self.settings.call_timeout),
            Runtime::Terminal => self.settings.call_timeout,
        };
        let store = Store::open(address, &self.backend.config, patience, self.settings.output_kms_key.as_deref());
        store.map(|store| (store, address)).map_err(|error| error.at(address))
    }

    /// Carries a request out.
    pub async fn run(&self, order: RunRequest) -> Result<Response, Error> {
        let run_id = event::run_id(&order.request, &order.naming);
        let span = tracing::info_span!("run", run_id = run_id.as_str());
        // Boxed, since all of a run is in this future, and compilers look into futures only so deep.
        Box::pin(self.carry_out(order, run_id)).instrument(span).await
    }

    async fn carry_out(&self, order: RunRequest, run_id: RunId) -> Result<Response, Error> {
        let (store, output) = self.output()?;
        let refused = |error: StoreError| error.at(output);
        let inline = order.may_inline && order.request.inline;
        let catalogue = prepare::catalogue()?;
        let begun = tokio::select! {
            biased;
            begun = Box::pin(self.begin(&store, &order, &run_id, None)) => begun?,
            () = order.time_is_up() => {
                let what = if order.stop.is_cancelled() {
                    "the run was interrupted before any customer was called: nothing was asked"
                } else {
                    "the run's time ended before any customer was called: nothing was asked. Give it more time, and \
                     look at whether STS, the registry and the output answer"
                };
                return Err(Error::new(ErrorKind::OutOfTime, what));
            }
        };
        let manifest = match begun {
            RunStart::Committed(manifest) => {
                tracing::info!("the run is committed already: its manifest is the answer");
                self.stands(&store, &manifest).await;
                *manifest
            }
            RunStart::Planned(planned) => {
                let shards = Box::pin(self.parts(&store, &planned, &order)).await?;
                Box::pin(self.gather(&store, &planned, shards, &order.observer)).await?
            }
        };
        // The rest of a run is worth more than the news of it.
        self.hand_on(&store, &manifest.response).await?;
        self.announce(&store, &manifest.response).await?;
        run_store::answer(&store, manifest, inline, catalogue).await.map_err(refused)
    }

    /// All parts of a run, as many side by side as accounts may be open. What is not begun when the time ends is not begun
    /// any more; of a run in shards that is told where it is put together.
    async fn parts(&self, store: &Store, planned: &Run, order: &RunRequest) -> Result<Vec<ShardManifest>, Error> {
        let refused = |error: StoreError| error.at(&store.address(""));
        let plan = &planned.plan;
        if plan.batch.is_some() && run_store::is_gathered(store, &plan.run_id).await.map_err(refused)? {
            return Ok(Vec::new());
        }
        let margin = self.settings.margin.unwrap_or(MIN_WRITE_MARGIN);
        let time_is_up = || {
            let left = order.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            order.stop.is_cancelled() || left.is_some_and(|left| left < margin)
        };
        let side_by_side = plan.batch.map_or(1, |batch| (self.settings.accounts_at_once / batch).max(1));
        let carried = futures::stream::iter(plan.parts())
            .map(|part| async move {
                if plan.batch.is_some() && time_is_up() {
                    return Ok(None);
                }
                let until = StopCondition { stop: order.stop.clone(), deadline: order.deadline };
                Box::pin(self.part(store, planned, &part, until, &order.observer)).await.map(Some)
            })
            .buffer_unordered(side_by_side);
        let done: Vec<Option<ShardManifest>> = carried.try_collect().await?;
        Ok(done.into_iter().flatten().collect())
    }

    /// What follows from a committed run is seen to again, should the one who committed it not have got there.
    async fn stands(&self, store: &Store, manifest: &Manifest) {
        if let Err(error) = run_store::name_files(store, manifest).await {
            tracing::warn!(%error, "the committed run's files could not be named for Athena");
        }
        run_store::move_latest(store, manifest).await;
    }

    /// The manifest of a committed run.
    pub async fn manifest(&self, run_id: &RunId) -> Result<Option<Manifest>, Error> {
        let (store, output) = self.output()?;
        run_store::read_manifest(&store, run_id).await.map_err(|error| error.at(output))
    }
}
