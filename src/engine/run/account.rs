//! One account of a run: entered, looked around in, asked cell by cell, and accounted for in the ledger
//! however it ends.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::Observer;
use super::resume::PriorResults;
use crate::aws::Service;
use crate::aws::{AwsError, AwsErrorKind};
use crate::catalogue::{ACCOUNTS, Catalogue, Reach, Source, Table};
use crate::customers::Registry;
use crate::customers::RoleAssumer;
use crate::domain::CallCounts;
use crate::domain::Partition;
use crate::engine::collect::{AccountInfo, Cancellation, Collected, Context, EnabledRegions, Job, accounts_row, jobs};
use crate::engine::fan_out::{TaskOutcome, fan_out};
use crate::engine::plan::{ChosenRegions, PlannedAccount};
use crate::engine::report::{AccountSummary, Completeness, FailureGroup, PartlyAnswered, Stage, group, summarise};
use crate::inventory::{ANY_REGION, AccountLedger, CellType, GLOBAL, LedgerRow, Status};
use crate::output::sink::{SinkMessage, WriteMarginEstimator};

/// What all accounts of a run share.
#[derive(Debug)]
pub(super) struct ShardContext {
    pub run_id: Arc<str>,
    pub catalogue: &'static Catalogue,
    pub tables: Arc<[usize]>,
    pub door: Arc<RoleAssumer>,
    pub registry: Arc<Registry>,
    pub partition: &'static Partition,
    pub session_name: Arc<str>,
    pub observer: Arc<dyn Observer>,
    /// What the runs that this one resumes have answered.
    pub before: PriorResults,
    /// What it takes to write what is collected.
    pub pace: Arc<WriteMarginEstimator>,
}

/// One account to take stock of.
#[derive(Clone, Debug)]
pub(super) struct AccountRun {
    pub stock: Arc<ShardContext>,
    pub account: PlannedAccount,
    pub sink: mpsc::Sender<SinkMessage>,
    pub stop: CancellationToken,
}

/// What is known of an account while it is being asked, and still known should that panic.
#[derive(Debug, Default)]
struct CellProgress {
    ledger: AccountLedger,
    /// There is a session.
    entered: bool,
    /// The cells that have no region are open.
    global: bool,
    regions: Regions,
    request_ids: Vec<String>,
    /// Calls that stand in no cell's row.
    besides: CallCounts,
    /// Why what is still open was not answered.
    ended: Option<AwsError>,
}

/// What is known of an account's regions.
#[derive(Debug, Default)]
enum Regions {
    /// Nothing yet.
    #[default]
    Unknown,
    /// Which they are; their cells are not open yet.
    Known(ChosenRegions),
    /// Their cells are open.
    Open,
}

/// What an account came to.
#[derive(Clone, Debug)]
pub(super) struct AccountOutcome {
    pub summary: AccountSummary,
    pub failures: Vec<FailureGroup>,
    /// Cells of which a part was answered before the run ended.
    pub partly_answered: Vec<PartlyAnswered>,
    /// The run ended before all of it was asked.
    pub cut: bool,
}

type SharedProgress = Arc<Mutex<CellProgress>>;

impl AccountRun {
    /// Takes stock of the account, writes its ledger, and sums it up.
    pub(super) async fn take_stock(self) -> AccountOutcome {
        let span = tracing::info_span!("account", account_id = self.account.account_id.as_str());
        let counted = async {
            let shared: SharedProgress = Arc::default();
            // With the account goes what is asked in it.
            let asked = AbortOnDropHandle::new(tokio::spawn(self.clone().ask(shared.clone()).in_current_span())).await;
            let mut progress = std::mem::take(&mut *lock(&shared));
            if let Err(error) = asked {
                progress.ended = Some(AwsError::new(AwsErrorKind::Other, format!("rolecall itself failed: {error}")));
            }
            self.clone().account_for(progress).await
        };
        counted.instrument(span).await
    }

    /// Accounts for an account that was never entered.
    pub(super) async fn never_entered(self, panic: Option<&str>) -> AccountOutcome {
        let ended =
            panic.map(|message| AwsError::new(AwsErrorKind::Other, format!("rolecall itself failed: {message}")));
        self.account_for(CellProgress { ended, ..CellProgress::default() }).await
    }

    async fn account_for(self, mut progress: CellProgress) -> AccountOutcome {
        let id = self.account.account_id.to_string();
        self.open_global(&mut progress);
        if matches!(progress.regions, Regions::Unknown) {
            self.open_unknown(&mut progress.ledger);
        }
        self.open_regions(&mut progress);
        let ended = progress.ended;
        let run_id = self.stock.run_id.clone();
        let run_ended = self.stop.is_cancelled();
        let begun = self.stock.before.begun.get(&id).cloned().unwrap_or_default();
        let rows = progress.ledger.finish(|region, cell| {
            let status = ended.as_ref().map_or(Status::NotStarted, |cause| Status::of(cause.kind));
            let mut row = LedgerRow::new(&run_id, &id, region, cell, status);
            row.cut = run_ended && ended.as_ref().is_none_or(|cause| cause.kind == AwsErrorKind::RunEnded);
            // What was answered before stays answered.
            if let Some(done) = begun.get(&(region.to_owned(), cell.table.to_owned())) {
                row.records = done.records;
                row.status = if done.parents.is_empty() { row.status } else { Status::Partial };
                row.done = done.parents.iter().cloned().collect();
            }
            match &ended {
                Some(cause) => row.because(cause),
                None => {
                    row.because(&AwsError::new(AwsErrorKind::RunEnded, "the run's time ended before this was begun"))
                }
            }
        });
        let part = |row: &LedgerRow| PartlyAnswered {
            account_id: self.account.account_id.clone(),
            region: row.region.clone(),
            table: row.table.into(),
            answered: row.done.clone(),
        };
        let partly_answered = rows.iter().filter(|row| row.cut && !row.done.is_empty()).map(part).collect();
        let cut = rows.iter().any(|row| row.cut);
        let stage = if progress.entered { Stage::Collect } else { Stage::Assume };
        let groups = group(&self.account.account_id, stage, &rows);
        let mut summary = summarise(&self.account, &self.stock.session_name, progress.request_ids, &rows);
        summary.calls += progress.besides.calls;
        summary.retries += progress.besides.retries;
        summary.throttles += progress.besides.throttles;
        self.log(&summary, &groups);
        let _ = self.sink.send(SinkMessage::Ledger(rows)).await;
        self.stock.observer.account_done(&summary);
        AccountOutcome { summary, failures: groups, partly_answered, cut }
    }

    fn log(&self, summary: &AccountSummary, groups: &[FailureGroup]) {
        let records: u64 = summary.records.values().sum();
        let status = summary.status;
        tracing::info!(?status, records, calls = summary.calls, throttles = summary.throttles, "account done");
        if status != Completeness::NotStarted {
            for group in groups {
                let (code, tables) = (group.code.as_deref().unwrap_or("-"), group.tables.join(" "));
                tracing::warn!(stage = ?group.stage, status = group.status.name(), code, cells = group.cells, tables, message_of_aws = group.message, "not answered");
            }
        }
    }

    fn tables(&self) -> impl Iterator<Item = &'static Table> + '_ {
        self.stock.tables.iter().map(|index| self.stock.catalogue.at(*index))
    }

    /// Where nobody knows which regions there are, there is a row a type, at region `*` or at those named in full. What is
    /// still open after the runs that this one resumes is known by them.
    fn open_unknown(&self, ledger: &mut AccountLedger) {
        let regions = self.account.regions.named_in_full().unwrap_or_else(|| vec![ANY_REGION.into()]);
        for table in self.tables().filter(|table| table.entry.reach == Reach::Regional) {
            match self.stock.before.open(self.account.account_id.as_str(), table.entry.table) {
                Some(open) => open.into_iter().for_each(|region| ledger.open(region, cell(table))),
                None => regions.iter().for_each(|region| ledger.open(region, cell(table))),
            }
        }
    }

    async fn ask(self, shared: SharedProgress) {
        let target = self.stock.registry.target(&self.account.account_id).filter(|target| target.enabled);
        let Some(target) = target else {
            let what = "the account is in the run's plan and no longer an enabled target of the registry";
            lock(&shared).ended = Some(AwsError::new(AwsErrorKind::Other, what));
            return;
        };
        let entered = tokio::select! {
            biased;
            entered = self.stock.door.open_session(target) => entered,
            () = self.stop.cancelled() => Err(AwsError::new(AwsErrorKind::RunEnded, "the run's time ended before STS answered")),
        };
        let session = match entered {
            Ok(entered) => {
                let mut progress = lock(&shared);
                (progress.entered, progress.request_ids) = (true, entered.request_ids);
                entered.session
            }
            Err(cause) => {
                lock(&shared).ended = Some(cause);
                return;
            }
        };
        let stop = Cancellation { run: self.stop.clone(), account: self.stop.child_token() };
        let (clock, spent) = (session.time_budget().clone(), stop.account.clone());
        let _watch = AbortOnDropHandle::new(tokio::spawn(async move {
            clock.exhausted().await;
            spent.cancel();
        }));
        self.ask_all(session, &shared, &stop).await;
        if stop.account.is_cancelled() && !stop.run.is_cancelled() {
            lock(&shared).ended = Some(AwsError::new(AwsErrorKind::OutOfTime, "the account's time budget is spent"));
        }
    }

    async fn ask_all(&self, session: Arc<crate::aws::Session>, shared: &SharedProgress, stop: &Cancellation) {
        let stock = &self.stock;
        let Some(accounts) = stock.catalogue.find(ACCOUNTS) else { return };
        let named = self.account.regions.names();
        let around = EnabledRegions::discover(session.clone(), accounts, stock.partition, named, stop.clone());
        let around = AbortOnDropHandle::new(tokio::spawn(around.in_current_span()));
        let id = self.account.account_id.as_str();
        let account = Arc::new(AccountInfo::load(&session, id, stock.partition, stop).await);
        if account.answered() {
            lock(shared).ledger.worked_in(GLOBAL);
        }
        let context = Context {
            run_id: stock.run_id.clone(),
            session,
            account,
            catalogue: stock.catalogue,
            sink: self.sink.clone(),
            completed_parents: stock.before.begun.get(id).cloned().unwrap_or_default(),
            stop: stop.clone(),
        };
        // What is long and needs no region is begun at once: Route 53's zones. The many calls to the regions wait until
        // these are known and there is room for them.
        let global = self.open_global(&mut lock(shared));
        let first = self.carry_out(&context, global, shared);
        let rest = async {
            let around = match around.await {
                Ok(around) => around,
                Err(error) => {
                    let what = format!("rolecall itself failed: {error}");
                    lock(shared).ended = Some(AwsError::new(AwsErrorKind::Other, what));
                    return;
                }
            };
            if !self.know(&context, &around, accounts, shared).await {
                return;
            }
            tokio::select! {
                () = context.session.wait_for_admission() => {}
                () = stop.account.cancelled() => {}
            }
            let regions = self.open_regions(&mut lock(shared));
            // No region waits for another.
            futures::future::join_all(regions.into_iter().map(|jobs| self.carry_out(&context, jobs, shared))).await;
        };
        tokio::join!(first, rest);
    }

    /// Takes note of the regions. They may never have been learned, since time ended first.
    async fn know(
        &self,
        context: &Context,
        around: &EnabledRegions,
        accounts: &'static Table,
        shared: &SharedProgress,
    ) -> bool {
        let stop = &context.stop;
        let mut spent = context.account.call_counts();
        spent += around.call_counts();
        if !around.is_known() && stop.account.is_cancelled() {
            let ended = stop.cancelled().await;
            let mut progress = lock(shared);
            progress.besides += spent;
            progress.ended = Some(ended);
            return false;
        }
        if around.is_known() {
            lock(shared).ledger.worked_in(GLOBAL);
        }
        lock(shared).regions = Regions::Known(self.account.regions.choose(around.regions.iter().map(String::as_str)));
        if self.wants(accounts, GLOBAL) {
            let row = accounts_row(context, around, accounts).await;
            lock(shared).ledger.close(row);
            self.stock.observer.cells_done(1);
        } else {
            lock(shared).besides += spent;
        }
        true
    }

    /// Carries out the jobs of one region, so many at once as may be in flight there.
    async fn carry_out(&self, context: &Context, jobs: Vec<Job>, shared: &SharedProgress) {
        let stock = &self.stock;
        let (all, width) = (jobs.clone(), context.session.region_in_flight());
        let run = |job: Job| {
            let table = stock.catalogue.at(job.root).entry.table;
            let span = tracing::debug_span!("cell", region = job.region, table);
            context.clone().collect(job).instrument(span)
        };
        fan_out(jobs, width, &context.stop.account, run, |place, outcome| {
            let mut progress = lock(shared);
            match outcome {
                TaskOutcome::Done(Collected { rows, overhead }) => {
                    progress.besides += overhead;
                    stock.observer.cells_done(rows.len());
                    rows.into_iter().for_each(|row| progress.ledger.close(row));
                }
                TaskOutcome::NotStarted => {}
                TaskOutcome::Panicked(message) => {
                    let cause = AwsError::new(AwsErrorKind::Other, format!("rolecall itself failed: {message}"));
                    let job = &all[place];
                    for index in job.wanted.then_some(job.root).into_iter().chain(job.children.iter().copied()) {
                        let cell = cell(stock.catalogue.at(index));
                        let row = LedgerRow::new(&stock.run_id, &context.account.id, &job.region, cell, Status::Failed);
                        progress.ledger.close(row.because(&cause));
                    }
                }
            }
        })
        .await;
    }

    /// Opens the account's cells that have no region, once, and gives the jobs that answer them.
    fn open_global(&self, progress: &mut CellProgress) -> Vec<Job> {
        if std::mem::replace(&mut progress.global, true) {
            return Vec::new();
        }
        self.open(progress, Reach::Global, GLOBAL)
    }

    /// Opens the cells of the account's regions, closes those of regions that are not enabled, and gives the jobs that
    /// answer the others, region by region. The many cells take memory, so they are opened when their turn has come.
    fn open_regions(&self, progress: &mut CellProgress) -> Vec<Vec<Job>> {
        let stock = &self.stock;
        let Regions::Known(chosen) = std::mem::replace(&mut progress.regions, Regions::Open) else { return Vec::new() };
        let id = self.account.account_id.as_str();
        for (region, why) in &chosen.disabled {
            for table in self.tables().filter(|table| table.entry.reach == Reach::Regional) {
                let row = LedgerRow::new(&stock.run_id, id, region, cell(table), Status::RegionDisabled);
                progress.ledger.close(row.because(&AwsError::new(AwsErrorKind::Other, why.clone())));
            }
        }
        let of_region = |region: &String| {
            let mut here = self.open(progress, Reach::Regional, region);
            // What asks a global service once a resource takes longest.
            let long = |index: &usize| stock.catalogue.at(*index).entry.service != Service::Ec2;
            here.sort_by_key(|job| !job.children.iter().any(long));
            here
        };
        chosen.ask.iter().map(of_region).collect()
    }

    /// Opens the cells of one region, or of none, and gives the jobs that answer them.
    fn open(&self, progress: &mut CellProgress, reach: Reach, region: &str) -> Vec<Job> {
        let stock = &self.stock;
        let wanted: Vec<&Table> =
            self.tables().filter(|table| table.entry.reach == reach && self.wants(table, region)).collect();
        wanted.iter().for_each(|table| progress.ledger.open(region, cell(table)));
        stock.observer.cells(wanted.len());
        stock.pace.open_cells(wanted.len() as u64);
        let wanted: Vec<usize> = wanted.iter().map(|table| table.index).collect();
        jobs(stock.catalogue, &wanted, reach, region)
    }

    /// Whether a cell is planned, and not answered yet by the run that this one resumes.
    fn wants(&self, table: &Table, region: &str) -> bool {
        let planned = self.stock.tables.contains(&table.index);
        planned && !self.stock.before.is_answered(self.account.account_id.as_str(), region, table.entry.table)
    }
}

fn cell(table: &Table) -> CellType {
    debug_assert!(!matches!(table.entry.source, Source::Account) || table.entry.reach == Reach::Global);
    CellType { table: table.entry.table, operation: table.entry.operation }
}

fn lock(shared: &SharedProgress) -> std::sync::MutexGuard<'_, CellProgress> {
    shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
