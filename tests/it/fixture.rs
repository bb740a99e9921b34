//! A fixture of the simulated AWS: customers' accounts, the registry of them, and an engine that collects them.

use rolecall::testing::{
    AccountSummary, Backend, Engine, Error, Observer, RequestDraft, Response, RunIdSource, RunRequest, Runtime,
    Settings, StopCondition,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::command::{manifest, rolecall, rows};
use crate::sim::{Account, Sim, World, external_id};
use crate::stores::config;

pub(crate) const BACKEND: &str = "999999999999";
/// The secret key of the backend's operator; the simulated AWS looks at no signature.
pub(crate) const BACKEND_SECRET: &str = "a-key-of-the-backend";

/// The time after which a test stops waiting. It is long, since the machine may be busy. No test waits for its end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1200);

/// Counts the cells and accounts of a run as it progresses.
#[derive(Debug, Default)]
pub(crate) struct ProgressCounter {
    begun: AtomicUsize,
    done: AtomicUsize,
    accounts: AtomicUsize,
}

impl ProgressCounter {
    /// Returns the number of cells that are planned and not answered yet.
    pub(crate) fn open_cells(&self) -> usize {
        let done = self.done.load(Ordering::SeqCst);
        self.begun.load(Ordering::SeqCst) - done
    }

    /// Returns the number of finished accounts.
    pub(crate) fn finished_accounts(&self) -> usize {
        self.accounts.load(Ordering::SeqCst)
    }
}

impl Observer for ProgressCounter {
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

/// Waits until `reached` is true. Panics with `what` after [`PATIENCE`].
pub(crate) async fn until(what: &str, reached: impl Fn() -> bool) {
    let waiting = async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what} never came"));
}

/// A simulated AWS with customers' accounts, and a folder with the registry of them.
pub(crate) struct Fixture {
    pub sim: Sim,
    pub folder: tempfile::TempDir,
    pub settings: Settings,
}

impl Fixture {
    pub(crate) async fn start(customers: usize, template: Account, change: impl FnOnce(&mut World)) -> Self {
        let mut world = World::new(BACKEND);
        let ids = world.add_customers(customers, &template);
        change(&mut world);
        let folder = tempfile::tempdir().expect("a folder");
        let targets: Vec<Value> =
            ids.iter().map(|id| json!({ "account_id": id, "external_id": external_id(id) })).collect();
        let registry = write_registry(folder.path(), &targets);
        let settings = Settings {
            registry: Some(registry),
            output: Some(folder.path().join("out").display().to_string()),
            // Tests of time-outs set shorter ones.
            connect_timeout: PATIENCE,
            call_timeout: PATIENCE,
            operation_timeout: 2 * PATIENCE,
            account_budget: 2 * PATIENCE,
            sts_patience: PATIENCE,
            attempts: 3,
            // Executions that die are followed soon.
            lease: Some(Duration::from_secs(1)),
            format: Some("ndjson".into()),
            // A thousand VPCs are a thousand calls. These tests are not about the rate limit.
            route53_rate: 500.0,
            resolver_rate: 500.0,
            names_rate: 500.0,
            ..Settings::default()
        };
        Self { sim: Sim::start(world).await, folder, settings }
    }

    /// Tries no role without its external ID: for tests that count calls of STS, or decide which of them fails.
    pub(crate) fn without_attempts(mut self) -> Self {
        self.settings.trust_interval = None;
        self
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    pub(crate) fn engine(&self) -> Engine {
        let backend = Backend::from_config(config(&self.sim.endpoint(), "eu-central-1", BACKEND), &self.settings);
        Engine::new(backend, self.settings.clone(), Runtime::Terminal)
    }

    /// Returns `rolecall` with the credentials of an operator of the backend account and the fixture's registry.
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

    /// Returns `rolecall run` over all customers into `output`, as ndjson.
    pub(crate) fn command(&self, output: &str) -> Command {
        self.rolecall(&["run", "--json", "--accounts", "all", "--format", "ndjson", "--output", output])
    }

    pub(crate) fn order(&self, request: &Value) -> RunRequest {
        let draft = RequestDraft::read(request, "request");
        RunRequest { may_inline: true, ..RunRequest::new(draft, RunIdSource::Invocation("an-invocation".into())) }
    }

    pub(crate) async fn run(&self, request: Value, deadline: Option<Duration>) -> Result<Response, Error> {
        let deadline = deadline.map(|time| Instant::now() + time);
        self.engine()
            .run(RunRequest { until: StopCondition { deadline, ..StopCondition::default() }, ..self.order(&request) })
            .await
    }

    /// Runs until `reached` is true, then interrupts the run as its deadline would.
    pub(crate) async fn run_until(
        &self,
        request: Value,
        reached: impl Fn(&ProgressCounter) -> bool,
    ) -> Result<Response, Error> {
        let (seen, stop) = (Arc::new(ProgressCounter::default()), CancellationToken::new());
        let until_stopped = StopCondition { stop: stop.clone(), deadline: None };
        let order = RunRequest { until: until_stopped, observer: seen.clone(), ..self.order(&request) };
        let engine = self.engine();
        let mut run = std::pin::pin!(engine.run(order));
        tokio::select! {
            biased;
            () = until("the condition to interrupt the run", || reached(&seen)) => {}
            // The run may finish first. The caller sees that in the response.
            response = &mut run => return response,
        }
        stop.cancel();
        run.await
    }
}

/// Writes a registry of these targets into a folder and returns its path.
pub(crate) fn write_registry(folder: &Path, targets: &[Value]) -> String {
    let path = folder.join("targets.json");
    std::fs::write(&path, json!({ "version": 1, "targets": targets }).to_string()).expect("written");
    path.display().to_string()
}

/// Returns all files below a folder, sorted by path.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Asserts that a run has answered every cell.
pub(crate) fn assert_complete(response: &Response) {
    assert_eq!(serde_json::to_value(response.status).expect("JSON"), "complete", "{:?}", response.failures);
}

/// Returns an account with `items` EC2 items of each type in each region, and `zones` zones of `records` records.
pub(crate) fn account_with(items: usize, zones: usize, records: usize) -> Account {
    Account { items, zones, records, ..Account::default() }
}

/// Reads the cells of a run's ledger, without its attempts at roles, and asserts that none has two rows.
pub(crate) fn ledger(out: &Path, run_id: &str) -> Vec<Value> {
    let mut rows = rows(out, &manifest(out, run_id), "ledger");
    rows.retain(|row| row["table"] != "trust");
    let mut cells: Vec<String> =
        rows.iter().map(|row| format!("{} {} {}", row["account_id"], row["region"], row["table"])).collect();
    cells.sort();
    cells.dedup();
    assert_eq!(cells.len(), rows.len(), "a cell has two rows");
    rows
}

/// Returns the row of a cell.
pub(crate) fn ledger_row<'a>(ledger: &'a [Value], account: &str, region: &str, table: &str) -> &'a Value {
    let here = |row: &&Value| row["account_id"] == account && row["region"] == region && row["table"] == table;
    ledger.iter().find(here).unwrap_or_else(|| panic!("no row for {account} {region} {table}"))
}

/// Reads the account, region and id of a table's records, sorted, and asserts that no record is duplicate.
pub(crate) fn ids(out: &Path, run_id: &str, table: &str) -> Vec<String> {
    let mut ids: Vec<String> = rows(out, &manifest(out, run_id), table)
        .iter()
        .map(|row| format!("{} {} {}", row["account_id"], row["region"], row["id"]))
        .collect();
    ids.sort();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "a duplicate record in {table}");
    ids
}
