//! One account of a run: entered, looked around in, asked cell by cell, and accounted for in the ledger
//! however it ends.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Observer;
use crate::catalogue::{Catalogue, Partition, Reach, Source, Table};
use crate::collect::{Account, Collected, Context, Job, Stop, accounts_row, jobs, look_around};
use crate::credentials::Door;
use crate::failure::{Cause, Kind};
use crate::fan_out::{Outcome, fan_out};
use crate::ledger::{ANY_REGION, AccountLedger, CellType, GLOBAL, LedgerRow, Status};
use crate::plan::PlannedAccount;
use crate::registry::Registry;
use crate::report::{AccountSummary, Completeness, FailureGroup, Stage, group, summarise};
use crate::sink::Parcel;
use crate::wire::Tally;

/// How many listings of one account go on at once.
const LISTINGS_AT_ONCE: usize = 64;

/// A cell, as `account`, `region`, `table`.
pub type CellName = (String, String, String);

/// What all accounts of a run share.
#[derive(Debug)]
pub struct Stock {
    pub run_id: Arc<str>,
    pub catalogue: &'static Catalogue,
    pub tables: Arc<[usize]>,
    pub door: Arc<Door>,
    pub registry: Arc<Registry>,
    pub partition: &'static Partition,
    pub session_name: Arc<str>,
    pub observer: Arc<dyn Observer>,
    /// Cells that the run which this one resumes has answered.
    pub answered: Arc<HashSet<CellName>>,
}

/// One account to take stock of.
#[derive(Clone, Debug)]
pub struct AccountRun {
    pub stock: Arc<Stock>,
    pub account: PlannedAccount,
    pub sink: mpsc::Sender<Parcel>,
    pub stop: CancellationToken,
}

/// What is known of an account while it is being asked, and still known should that panic.
#[derive(Debug, Default)]
struct Progress {
    ledger: AccountLedger,
    entered: bool,
    request_ids: Vec<String>,
    /// Calls that stand in no cell's row.
    besides: Tally,
    /// Why what is still open was not answered.
    ended: Option<Cause>,
}

/// What an account came to.
#[derive(Clone, Debug)]
pub struct Taken {
    pub summary: AccountSummary,
    pub failures: Vec<FailureGroup>,
    /// The run ended before all of it was asked.
    pub cut: bool,
}

type Shared = Arc<Mutex<Progress>>;

impl AccountRun {
    /// Takes stock of the account, writes its ledger, and sums it up.
    pub async fn take_stock(self) -> Taken {
        let shared: Shared = Arc::default();
        let asked = tokio::spawn(self.clone().ask(shared.clone())).await;
        let mut progress = std::mem::take(&mut *lock(&shared));
        if let Err(error) = asked {
            progress.ended = Some(Cause::new(Kind::Other, format!("rolecall itself failed: {error}")));
        }
        self.account_for(progress).await
    }

    /// Accounts for an account that was never entered.
    pub async fn never_entered(self, panic: Option<&str>) -> Taken {
        let ended = panic.map(|message| Cause::new(Kind::Other, format!("rolecall itself failed: {message}")));
        self.account_for(Progress { ended, ..Progress::default() }).await
    }

    async fn account_for(self, mut progress: Progress) -> Taken {
        let id = self.account.account_id.to_string();
        if !progress.entered {
            self.open_unentered(&mut progress.ledger);
        }
        let ended = progress.ended;
        let run_id = self.stock.run_id.clone();
        let run_ended = self.stop.is_cancelled();
        let rows = progress.ledger.finish(|region, cell| {
            let status = ended.as_ref().map_or(Status::NotStarted, |cause| Status::of(cause.kind));
            let mut row = LedgerRow::new(&run_id, &id, region, cell, status);
            row.cut = run_ended && ended.as_ref().is_none_or(|cause| cause.kind == Kind::RunEnded);
            match &ended {
                Some(cause) => row.because(cause),
                None => row.because(&Cause::new(Kind::RunEnded, "the run's time ended before this was begun")),
            }
        });
        let cut = rows.iter().any(|row| row.cut);
        let stage = if progress.entered { Stage::Collect } else { Stage::Assume };
        let groups = group(&self.account.account_id, stage, &rows);
        let mut summary = summarise(&self.account, &self.stock.session_name, progress.request_ids, &rows);
        summary.calls += progress.besides.calls;
        summary.retries += progress.besides.retries;
        summary.throttles += progress.besides.throttles;
        self.log(&summary, &groups);
        let _ = self.sink.send(Parcel::Ledger(rows)).await;
        self.stock.observer.account_done(&summary);
        Taken { summary, failures: groups, cut }
    }

    fn log(&self, summary: &AccountSummary, groups: &[FailureGroup]) {
        let records: u64 = summary.records.values().sum();
        let (account_id, status) = (summary.account_id.as_str(), summary.status);
        tracing::info!(
            account_id,
            ?status,
            records,
            calls = summary.calls,
            throttles = summary.throttles,
            "account done"
        );
        if status != Completeness::NotStarted {
            for group in groups {
                let (code, tables) = (group.code.as_deref().unwrap_or("-"), group.tables.join(" "));
                tracing::warn!(account_id, stage = ?group.stage, status = group.status.name(), code, cells = group.cells, tables, message_of_aws = group.message, "not answered");
            }
        }
    }

    fn tables(&self) -> impl Iterator<Item = &'static Table> + '_ {
        self.stock.tables.iter().map(|index| self.stock.catalogue.at(*index))
    }

    /// An account that was never entered has a row a type, at region `*` or at the regions named in full.
    fn open_unentered(&self, ledger: &mut AccountLedger) {
        let regions = self.account.regions.named_in_full().unwrap_or_else(|| vec![ANY_REGION.into()]);
        for table in self.tables() {
            match table.entry.reach {
                Reach::Global if self.wants(table, GLOBAL) => ledger.open(GLOBAL, cell(table)),
                Reach::Global => {}
                Reach::Regional => {
                    regions
                        .iter()
                        .filter(|region| self.wants(table, region))
                        .for_each(|region| ledger.open(region, cell(table)));
                }
            }
        }
    }

    async fn ask(self, shared: Shared) {
        let target = self.stock.registry.target(&self.account.account_id).filter(|target| target.enabled);
        let Some(target) = target else {
            let what = "the account is in the run's plan and no longer an enabled target of the registry";
            lock(&shared).ended = Some(Cause::new(Kind::Other, what));
            return;
        };
        let entered = tokio::select! {
            biased;
            entered = self.stock.door.enter(target) => entered,
            () = self.stop.cancelled() => Err(Cause::new(Kind::RunEnded, "the run's time ended before STS answered")),
        };
        let session = match entered {
            Ok(entered) => {
                lock(&shared).request_ids = entered.request_ids;
                entered.session
            }
            Err(cause) => {
                lock(&shared).ended = Some(cause);
                return;
            }
        };
        let stop = Stop { run: self.stop.clone(), account: self.stop.child_token() };
        let (clock, spent) = (session.clock().clone(), stop.account.clone());
        let _watch = AbortOnDropHandle::new(tokio::spawn(async move {
            clock.run_out().await;
            spent.cancel();
        }));
        self.ask_all(session, &shared, &stop).await;
        if stop.account.is_cancelled() && !stop.run.is_cancelled() {
            lock(&shared).ended = Some(Cause::new(Kind::OutOfTime, "the account's time budget is spent"));
        }
    }

    async fn ask_all(&self, session: Arc<crate::session::Session>, shared: &Shared, stop: &Stop) {
        let stock = &self.stock;
        let Some(accounts) = stock.catalogue.find("accounts") else { return };
        let named = self.account.regions.names();
        let id = self.account.account_id.as_str();
        let account = Arc::new(look_around(&session, accounts, id, stock.partition, named, stop).await);
        if !account.knows_its_regions() && stop.account.is_cancelled() {
            // Which cells there are was never learned: it is accounted for like one that was never entered.
            let ended = stop.ended().await;
            let mut progress = lock(shared);
            progress.besides = account.tally;
            progress.ended = Some(ended);
            return;
        }
        if account.answered() {
            lock(shared).ledger.worked_in(GLOBAL);
        }
        let jobs = self.open(&account, shared);
        let context = Context {
            run_id: stock.run_id.clone(),
            session,
            account,
            catalogue: stock.catalogue,
            sink: self.sink.clone(),
            stop: stop.clone(),
        };
        if self.wants(accounts, GLOBAL) {
            let row = accounts_row(&context, accounts).await;
            lock(shared).ledger.close(row);
            stock.observer.cells_done(1);
        } else {
            lock(shared).besides += context.account.tally;
        }
        let run = |job: Job| context.clone().collect(job);
        fan_out(jobs.clone(), LISTINGS_AT_ONCE, &stop.account, run, |place, outcome| {
            let mut progress = lock(shared);
            match outcome {
                Outcome::Done(Collected { rows, besides }) => {
                    progress.besides += besides;
                    stock.observer.cells_done(rows.len());
                    rows.into_iter().for_each(|row| progress.ledger.close(row));
                }
                Outcome::NotStarted => {}
                Outcome::Panicked(message) => {
                    let cause = Cause::new(Kind::Other, format!("rolecall itself failed: {message}"));
                    let job = &jobs[place];
                    for index in job.wanted.then_some(job.root).into_iter().chain(job.children.iter().copied()) {
                        let cell = cell(stock.catalogue.at(index));
                        let row = LedgerRow::new(&stock.run_id, id, &job.region, cell, Status::Failed);
                        progress.ledger.close(row.because(&cause));
                    }
                }
            }
        })
        .await;
    }

    /// Opens every cell of the account, closes those of regions that are not enabled, and gives the
    /// jobs that answer the others. The long ones come first: Route 53's zones.
    fn open(&self, account: &Account, shared: &Shared) -> Vec<Job> {
        let stock = &self.stock;
        let mut progress = lock(shared);
        progress.entered = true;
        let chosen = self.account.regions.choose(account.regions.iter().map(String::as_str));
        let wanted = |region: &str| -> Vec<usize> {
            stock.tables.iter().copied().filter(|index| self.wants(stock.catalogue.at(*index), region)).collect()
        };
        let mut all = jobs(stock.catalogue, &wanted(GLOBAL), Reach::Global, GLOBAL);
        for region in &chosen.ask {
            all.extend(jobs(stock.catalogue, &wanted(region), Reach::Regional, region));
        }
        let mut cells = 0;
        for table in self.tables() {
            let regions: Vec<&str> = match table.entry.reach {
                Reach::Global => vec![GLOBAL],
                Reach::Regional => chosen.ask.iter().map(String::as_str).collect(),
            };
            for region in regions.into_iter().filter(|region| self.wants(table, region)) {
                progress.ledger.open(region, cell(table));
                cells += 1;
            }
            if table.entry.reach == Reach::Regional {
                for (region, why) in &chosen.disabled {
                    let row = LedgerRow::new(&stock.run_id, &account.id, region, cell(table), Status::RegionDisabled);
                    progress.ledger.close(row.because(&Cause::new(Kind::Other, why.clone())));
                }
            }
        }
        stock.observer.cells(cells);
        all
    }

    /// Whether a cell is planned, and not answered yet by the run that this one resumes.
    fn wants(&self, table: &Table, region: &str) -> bool {
        let planned = self.stock.tables.contains(&table.index);
        let name = || (self.account.account_id.to_string(), region.to_owned(), table.entry.table.to_owned());
        planned && (self.stock.answered.is_empty() || !self.stock.answered.contains(&name()))
    }
}

fn cell(table: &Table) -> CellType {
    debug_assert!(!matches!(table.entry.source, Source::Account) || table.entry.reach == Reach::Global);
    CellType { table: table.entry.table, operation: table.entry.operation }
}

fn lock(shared: &Shared) -> std::sync::MutexGuard<'_, Progress> {
    shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
