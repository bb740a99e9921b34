//! Carries out runs: from a request to the committed manifest.
//!
//! [`Engine::run`] is the order of the stages. What each stage does is in the module of its name.

mod observer;
mod request;
mod run_store;
mod organizations;
mod prepare;
mod lease;
mod admission;
mod resume;
mod trust_attempts;
mod account_types;
mod account;
mod checks;
mod plan_run;
mod stop_timer;
mod shard;
mod reduce;
mod history;
mod continuation;
mod notify;
mod open_roles;
mod steps;
mod duckdb;
mod recorded;
mod asked;
mod given_targets;

use std::sync::Arc;

use tokio::time::Instant;
use tracing::Instrument;

pub use given_targets::GivenTargets;
pub use history::RunHistory;
pub(crate) use history::{RemainingWork, RunStatus};
pub(crate) use lease::Lease;
pub use observer::{NoopObserver, Observer};
pub(crate) use prepare::prepare;
pub(crate) use recorded::RecordedRun;
pub use request::{RequestDraft, RunRequest, StopCondition};
pub use steps::{PlanStepOutput, ReduceStepOutput, Steps};

use crate::aws::Backend;
use crate::customers::{Registry, backend_role};
use crate::domain::Format;
use crate::engine::report::Response;
use crate::error::{Error, ErrorKind};
use crate::settings::{Runtime, Settings};
use crate::store::Store;
use open_roles::OpenRoles;
use plan_run::RunStart;
use run_store::RunStore;

/// Carries out runs. A process makes one and uses it for all of its runs.
///
/// ```no_run
/// use rolecall::{Engine, RequestDraft, RunIdSource, RunRequest, Runtime, Settings};
///
/// # async fn example() -> Result<(), rolecall::Error> {
/// let settings = Settings {
///     registry: Some("targets.json".into()),
///     output: Some("out/".into()),
///     ..Settings::default()
/// };
/// let engine = Engine::start(settings, Runtime::Terminal).await;
/// let request = serde_json::json!({ "run_id": "first", "accounts": "all", "regions": ["eu-*"] });
/// let draft = RequestDraft::read(&request, "request");
/// let response = engine.run(RunRequest::new(draft, RunIdSource::Given)).await?;
/// println!("{} cells, manifest at {}", response.cells.values().sum::<u64>(), response.manifest);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Engine {
    /// The identity that rolecall runs under, and the configuration of its AWS clients.
    pub backend: Backend,
    /// The settings of every run.
    pub settings: Settings,
    /// Where the engine runs: in Lambda or at a terminal.
    pub runtime: Runtime,
    /// The targets that the command line names, instead of a registry.
    pub given: Option<Arc<GivenTargets>>,
    /// The time at which the process ends, if that is known: the end of an invocation.
    pub ends_at: Option<Instant>,
}

impl Engine {
    /// Loads the AWS configuration of the environment, and uses `backend_role` if the settings name it. Makes no AWS call.
    pub async fn start(settings: Settings, runtime: Runtime) -> Self {
        let mut backend = Backend::load(&settings).await;
        if let Some(role) = &settings.backend_role {
            let provider = backend_role(&backend, role);
            backend = backend.with_credentials(provider);
        }
        Self::new(backend, settings, runtime)
    }

    /// Makes an engine of a backend that is loaded.
    pub fn new(backend: Backend, settings: Settings, runtime: Runtime) -> Self {
        Self { backend, settings, runtime, given: None, ends_at: None }
    }

    /// The same engine in a process that ends at this time.
    pub(crate) fn ending_at(&self, time: Instant) -> Self {
        Self { ends_at: Some(time), ..self.clone() }
    }

    /// Uses these targets instead of those of a registry.
    pub(crate) fn with_targets(self, targets: GivenTargets) -> Self {
        Self { given: Some(Arc::new(targets)), ..self }
    }

    /// Carries out a request and returns its response. A request whose run is committed returns the response of that run.
    ///
    /// # Errors
    ///
    /// Returns an error if the request is refused, or its run cannot be committed. What fails in single accounts is no
    /// error: it is reported in the response and in the ledger.
    pub async fn run(&self, request: RunRequest) -> Result<Response, Error> {
        let request = self.admit(self.refuse_reserved(request));
        let span = tracing::info_span!("run", run_id = request.run_id().as_str());
        // Boxed, since the future of a whole run is too large for the stack and too deep for the compiler.
        Box::pin(self.run_in_span(request)).instrument(span).await
    }

    async fn run_in_span(&self, request: RunRequest) -> Result<Response, Error> {
        let store = RunStore::open(self)?;
        let start = tokio::select! {
            biased;
            start = Box::pin(self.start_run(&store, &request)) => start?,
            error = request.until.out_of_time() => return Err(error),
        };
        let mut manifest = match start {
            RunStart::Committed(manifest) => {
                tracing::info!("the run is committed already: its manifest is returned");
                *manifest
            }
            RunStart::Ready(run) => {
                let shards = Box::pin(run.run_shards(&request.until)).await?;
                Box::pin(run.reduce(shards)).await?
            }
        };
        // Losing the continuation would be worse than what else may fail or take too long here, so it is sent first.
        let continued = self.enqueue_continuation(&store, &manifest.response).await;
        let finished = store.finish_commit(&manifest).await;
        continued?;
        if let Some(open) = OpenRoles::of(self, &store, &manifest) {
            manifest.response.disabling = Some(open.disable(request.until.deadline, &*request.observer).await);
        }
        store.sum_up(&manifest, request.until.deadline).await;
        // A receiver of the notice finds all of the run.
        finished?;
        self.notify(&store, &manifest.response).await?;
        if request.wants_inline() {
            return store.response_with_records(manifest, prepare::catalogue()?).await;
        }
        Ok(manifest.response.bounded())
    }

    /// Returns what the output says of its runs. Opens the output without a call to it.
    pub fn history(&self) -> Result<RunHistory, Error> {
        RunStore::open(self).map(|store| RunHistory::new(store.for_reading()))
    }

    /// Returns the store of the output for a command that only reads it, and the output as the settings name it.
    pub(crate) fn output(&self) -> Result<(Store, String), Error> {
        RunStore::open(self).map(|store| (store.store().clone(), store.location().to_owned()))
    }

    /// Reads the registry that the settings name, with the accounts that its organizations had when they were listed last.
    pub(crate) async fn registry(&self) -> Result<Registry, Error> {
        let mut registry = prepare::read_registry(self).await?;
        if !registry.organizations.is_empty() {
            organizations::add_known(&mut registry, &RunStore::open(self)?.for_reading()).await;
        }
        Ok(registry)
    }

    /// Returns the DuckDB script with views over the tables in the output.
    pub async fn duckdb(&self) -> Result<String, Error> {
        duckdb::duckdb_script(self).await
    }

    /// The format of files whose request names none.
    fn format(&self) -> Result<Format, Error> {
        let Some(text) = &self.settings.format else { return Ok(Format::Parquet) };
        text.parse().map_err(|error| Error::new(ErrorKind::InvalidSettings, format!("ROLECALL_FORMAT: {error}")))
    }
}
