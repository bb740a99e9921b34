//! A scene for the simulated AWS: customers, the registry that names them, and an engine that runs over them.

use rolecall::testing::{
    AccountSummary, Backend, Engine, Error, Observer, RequestDraft, Response, RunIdSource, RunRequest, Runtime,
    Settings, StopCondition,
};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::command::{manifest, rolecall, rows};
use crate::sim::{Account, Sim, World};
use crate::stores::config;

pub(crate) const BACKEND: &str = "999999999999";
/// The secret key of the backend's operator; the simulated AWS looks at no signature.
pub(crate) const BACKEND_SECRET: &str = "a-key-of-the-backend";

/// However busy the machine is, what a test waits for has come by then, or never does.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What a run has come to.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    begun: AtomicUsize,
    done: AtomicUsize,
    accounts: AtomicUsize,
}

impl Seen {
    /// Cells that are known and not answered yet.
    pub(crate) fn open(&self) -> usize {
        let done = self.done.load(Ordering::SeqCst);
        self.begun.load(Ordering::SeqCst) - done
    }

    /// Accounts that are done.
    pub(crate) fn accounts(&self) -> usize {
        self.accounts.load(Ordering::SeqCst)
    }
}

impl Observer for Seen {
    fn cells_opened(&self, count: usize) {
        self.begun.fetch_add(count, Ordering::SeqCst);
    }

    fn cells_closed(&self, count: usize) {
        self.done.fetch_add(count, Ordering::SeqCst);
    }

    fn account_done(&self, _: &AccountSummary) {
        self.accounts.fetch_add(1, Ordering::SeqCst);
    }
}

/// Waits until something has come.
pub(crate) async fn until(what: &str, come: impl Fn() -> bool) {
    let waiting = async {
        while !come() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what} never came"));
}

/// A simulated AWS with customers, and a folder with the registry that names them.
pub(crate) struct Scene {
    pub sim: Sim,
    pub folder: tempfile::TempDir,
    pub settings: Settings,
}

impl Scene {
    pub(crate) async fn set(customers: usize, template: Account, change: impl FnOnce(&mut World)) -> Self {
        let mut world = World::new(BACKEND);
        let ids = world.add_customers(customers, &template);
        change(&mut world);
        let folder = tempfile::tempdir().expect("a folder");
        let targets: Vec<Value> =
            ids.iter().map(|id| json!({ "account_id": id, "external_id": format!("ext-{id}") })).collect();
        let registry = folder.path().join("targets.json");
        std::fs::write(&registry, json!({ "version": 1, "targets": targets }).to_string()).expect("written");
        let settings = Settings {
            registry: Some(registry.display().to_string()),
            output: Some(folder.path().join("out").display().to_string()),
            // Where time is meant to run out the test says how soon.
            connect_timeout: PATIENCE,
            call_timeout: 10 * PATIENCE,
            operation_timeout: 20 * PATIENCE,
            account_budget: 20 * PATIENCE,
            sts_patience: PATIENCE,
            attempts: 3,
            format: Some("ndjson".into()),
            // A thousand VPCs are a thousand calls; how fast they may go is not what these tests are about.
            route53_rate: 500.0,
            ..Settings::default()
        };
        Self { sim: Sim::start(world).await, folder, settings }
    }

    pub(crate) fn out(&self) -> std::path::PathBuf {
        self.folder.path().join("out")
    }

    pub(crate) fn engine(&self) -> Engine {
        let backend = Backend::of(config(&self.sim.endpoint(), "eu-central-1", BACKEND), &self.settings);
        Engine { backend, settings: self.settings.clone(), runtime: Runtime::Terminal }
    }

    /// `rolecall` as an operator of the backend account, over the scene's customers.
    pub(crate) fn rolecall(&self, arguments: &[&str]) -> Command {
        let mut command = rolecall(arguments);
        command
            .args(["--registry", self.settings.registry.as_deref().expect("a registry")])
            .env("AWS_ENDPOINT_URL", self.sim.endpoint())
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", BACKEND)
            .env("AWS_SECRET_ACCESS_KEY", BACKEND_SECRET);
        command
    }

    /// `rolecall run` over all customers, into lines that tests can read.
    pub(crate) fn command(&self, output: &str) -> Command {
        self.rolecall(&["run", "--json", "--accounts", "all", "--format", "ndjson", "--output", output])
    }

    fn order(&self, request: &Value) -> RunRequest {
        let draft = RequestDraft::read(request, "request");
        RunRequest { may_inline: true, ..RunRequest::new(draft, RunIdSource::Invocation("an-invocation".into())) }
    }

    pub(crate) async fn run(&self, request: Value, deadline: Option<Duration>) -> Result<Response, Error> {
        let deadline = deadline.map(|time| Instant::now() + time);
        self.engine()
            .run(RunRequest { until: StopCondition { deadline, ..StopCondition::default() }, ..self.order(&request) })
            .await
    }

    /// A run that ends early, as at its deadline, once what the test waits for has come.
    pub(crate) async fn run_until(&self, request: Value, come: impl Fn(&Seen) -> bool) -> Result<Response, Error> {
        let (seen, stop) = (Arc::new(Seen::default()), CancellationToken::new());
        let until_stopped = StopCondition { stop: stop.clone(), deadline: None };
        let order = RunRequest { until: until_stopped, observer: seen.clone(), ..self.order(&request) };
        let engine = self.engine();
        let mut run = std::pin::pin!(engine.run(order));
        tokio::select! {
            biased;
            () = until("what the run was to end at", || come(&seen)) => {}
            // So fast a run has come to its end, which whoever asked for it finds in the response.
            response = &mut run => return response,
        }
        stop.cancel();
        run.await
    }
}

pub(crate) fn some(items: usize, zones: usize, records: usize) -> Account {
    Account { items, zones, records, ..Account::default() }
}

pub(crate) fn ledger(out: &Path, run_id: &str) -> Vec<Value> {
    let rows = rows(out, &manifest(out, run_id), "ledger");
    let mut cells: Vec<String> =
        rows.iter().map(|row| format!("{} {} {}", row["account_id"], row["region"], row["table"])).collect();
    cells.sort();
    cells.dedup();
    assert_eq!(cells.len(), rows.len(), "a cell stands twice");
    rows
}

pub(crate) fn told<'a>(ledger: &'a [Value], account: &str, region: &str, table: &str) -> &'a Value {
    let here = |row: &&Value| row["account_id"] == account && row["region"] == region && row["table"] == table;
    ledger.iter().find(here).unwrap_or_else(|| panic!("no row for {account} {region} {table}"))
}

pub(crate) fn ids(out: &Path, run_id: &str, table: &str) -> Vec<String> {
    let mut ids: Vec<String> = rows(out, &manifest(out, run_id), table)
        .iter()
        .map(|row| format!("{} {} {}", row["account_id"], row["region"], row["id"]))
        .collect();
    ids.sort();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "a record stands twice in {table}");
    ids
}
