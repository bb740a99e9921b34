//! One account of a shard: opens its session, discovers its regions, collects it cell by cell, and closes its ledger.
//!
//! However an account ends, each of its cells has exactly one ledger row.

mod cells;
mod closed_regions;
mod log;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::Observer;
use super::account_types::AccountTypes;
use super::resume::PriorResults;
use super::trust_attempts::TrustQueue;
use crate::aws::{AwsError, AwsErrorKind, Cancellation, Session};
use crate::catalogue::{ACCOUNTS, Catalogue, Table};
use crate::customers::{Registry, RoleAssumer};
use crate::domain::{CallCounts, Partition, is_full_name, lock};
use crate::engine::collect::{AccountInfo, Collected, Context, EnabledRegions, Job, RegionQuery, accounts_row};
use crate::engine::fan_out::{TaskOutcome, fan_out};
use crate::engine::plan::{ChosenRegions, PlannedAccount, RegionFilter};
use crate::engine::report::{AccountSummary, FailureGroup, PartlyAnswered, Stage, group, summarise};
use crate::inventory::{AccountLedger, GLOBAL, LedgerRow, Status};
use crate::output::sink::{SinkMessage, WriteMarginEstimator};
use closed_regions::ClosedRegions;

/// What all accounts of a shard share.
#[derive(Debug)]
pub(super) struct ShardContext {
    pub run_id: Arc<str>,
    pub catalogue: &'static Catalogue,
    /// The resource types of the run, by their index in the catalogue.
    pub tables: Arc<[usize]>,
    pub roles: Arc<RoleAssumer>,
    pub registry: Arc<Registry>,
    pub partition: &'static Partition,
    pub session_name: Arc<str>,
    pub observer: Arc<dyn Observer>,
    pub prior_results: PriorResults,
    pub write_margin: Arc<WriteMarginEstimator>,
    /// Has roles tried without their external IDs; none if no account is due.
    pub trust: Option<TrustQueue>,
    pub sink: mpsc::Sender<SinkMessage>,
    /// Cancelled when the shard has to end.
    pub stop: CancellationToken,
}

/// One account to collect.
#[derive(Clone, Debug)]
pub(super) struct AccountContext {
    pub shard: Arc<ShardContext>,
    pub account: PlannedAccount,
    pub types: AccountTypes,
}

/// The outcome of one account.
#[derive(Clone, Debug)]
pub(super) struct AccountOutcome {
    pub summary: AccountSummary,
    pub failures: Vec<FailureGroup>,
    /// Ledger rows by table.
    pub cells_by_table: BTreeMap<&'static str, u64>,
    /// True if rolecall itself failed. Then rows may have been sent that no ledger row counts.
    pub has_panicked: bool,
    /// Cells of which a part was answered before the run ended.
    pub partly_answered: Vec<PartlyAnswered>,
    /// True if the run ended before every cell was asked.
    pub interrupted: bool,
}

/// What is known of an account so far. It is shared, so that it survives a panic of the task that collects.
#[derive(Debug, Default)]
struct AccountProgress {
    ledger: AccountLedger,
    /// How far the account got.
    stage: Stage,
    global_cells_opened: bool,
    regions: Regions,
    assume_request_ids: Vec<String>,
    /// Calls that are counted in no cell's row.
    overhead: CallCounts,
    /// Why the cells that are still open were not answered.
    end_cause: Option<AwsError>,
    /// True if a task that collects has panicked.
    has_panicked: bool,
}

/// What is known of an account's regions.
#[derive(Debug, Default)]
enum Regions {
    #[default]
    Unknown,
    /// They are chosen, and their cells are not open yet. The error is the reason if the enabled regions are unknown, and the
    /// chosen ones may not be all that were asked for.
    Chosen(ChosenRegions, Option<AwsError>),
    /// Their cells are open.
    Opened,
}

type SharedProgress = Arc<Mutex<AccountProgress>>;

impl AccountProgress {
    /// Records why the cells that are still open are not answered.
    fn end_with(&mut self, cause: AwsError) {
        self.end_cause = Some(cause);
    }
}

/// The cause of cells that a mistake of rolecall left unanswered.
fn internal_error(error: impl std::fmt::Display) -> AwsError {
    AwsError::new(AwsErrorKind::Other, format!("rolecall itself failed: {error}"))
}

impl AccountContext {
    /// Collects the account, sends its ledger to the sink, and returns its summary.
    pub(super) async fn collect_account(self) -> AccountOutcome {
        let span = tracing::info_span!("account", account_id = self.id());
        let outcome = async {
            let progress: SharedProgress = Arc::default();
            // A task of its own isolates panics. It is aborted if this future is dropped.
            let task = tokio::spawn(self.clone().collect_cells(progress.clone()).in_current_span());
            let result = AbortOnDropHandle::new(task).await;
            let mut progress = std::mem::take(&mut *lock(&progress));
            if let Err(error) = result {
                progress.has_panicked = true;
                progress.end_cause = Some(internal_error(error));
            }
            self.finish(progress).await
        };
        outcome.instrument(span).await
    }

    /// Closes the ledger of an account that was not started, or whose task panicked.
    pub(super) async fn finish_without_session(self, panic: Option<&str>) -> AccountOutcome {
        let (end_cause, has_panicked) = (panic.map(internal_error), panic.is_some());
        self.finish(AccountProgress { end_cause, has_panicked, ..AccountProgress::default() }).await
    }

    fn id(&self) -> &str {
        self.account.account_id.as_str()
    }

    /// Closes every cell that is still open, and sums the account up.
    async fn finish(&self, mut progress: AccountProgress) -> AccountOutcome {
        self.open_global_cells(&mut progress);
        if matches!(progress.regions, Regions::Unknown) {
            self.open_cells_of_unknown_regions(&mut progress.ledger);
        }
        self.open_regional_cells(&mut progress);
        let rows = self.close_ledger(progress.ledger, progress.end_cause.as_ref());
        let partly_answered = rows.iter().filter(|row| row.cut && !row.done.is_empty()).map(|row| PartlyAnswered {
            account_id: self.account.account_id.clone(),
            region: row.region.clone(),
            table: row.table.into(),
            answered: row.done.clone(),
        });
        let partly_answered = partly_answered.collect();
        let interrupted = rows.iter().any(|row| row.cut);
        let mut cells_by_table = BTreeMap::new();
        rows.iter().for_each(|row| *cells_by_table.entry(row.table).or_default() += 1);
        let failures = group(&self.account.account_id, progress.stage, &rows);
        let mut summary = summarise(&self.account, &self.shard.session_name, progress.assume_request_ids, &rows);
        summary.calls += progress.overhead.calls;
        summary.retries += progress.overhead.retries;
        summary.throttles += progress.overhead.throttles;
        log::outcome(&summary, &failures);
        // If the sink has ended, the run fails as a whole.
        let _ = self.shard.sink.send(SinkMessage::Ledger(rows)).await;
        self.shard.observer.account_done(&summary);
        let has_panicked = progress.has_panicked;
        AccountOutcome { summary, failures, cells_by_table, has_panicked, partly_answered, interrupted }
    }

    /// Gives every open cell its final row: the cause, or else that the run ended before the cell was asked.
    fn close_ledger(&self, ledger: AccountLedger, end_cause: Option<&AwsError>) -> Vec<LedgerRow> {
        let run_ended = self.shard.stop.is_cancelled();
        let started_parents = self.shard.prior_results.started_parents(self.id());
        ledger.finish(|region, cell| {
            let status = end_cause.map_or(Status::NotStarted, |cause| Status::of_earlier_call(cause.kind));
            let mut row = LedgerRow::new(&self.shard.run_id, self.id(), region, cell, status);
            row.cut = run_ended && end_cause.is_none_or(|cause| cause.kind == AwsErrorKind::RunEnded);
            // The rows of an earlier run were copied, so its part of the answer counts.
            if let Some(completed) = started_parents.get(&(region.to_owned(), cell.table.to_owned())) {
                row.records = completed.records;
                row.status = if completed.parents.is_empty() { row.status } else { Status::Partial };
                row.done = completed.parents.iter().cloned().collect();
            }
            match end_cause {
                Some(cause) => row.because(cause),
                None => {
                    row.because(&AwsError::new(AwsErrorKind::RunEnded, "the run's time ended before this was begun"))
                }
            }
        })
    }

    /// Opens the session and collects all cells. Everything it learns goes into `progress`.
    async fn collect_cells(self, progress: SharedProgress) {
        let session = match self.open_session(&progress).await {
            Ok(session) => session,
            Err(cause) => {
                lock(&progress).end_cause = Some(cause);
                return;
            }
        };
        let (stop, _budget_watch) = session.cancellation(&self.shard.stop);
        self.collect_regions(session, &progress, &stop).await;
        if stop.account.is_cancelled() && !stop.run.is_cancelled() {
            let cause = AwsError::new(AwsErrorKind::OutOfTime, "the account's time budget is spent");
            lock(&progress).end_cause = Some(cause);
        }
    }

    /// Assumes the customer's role, unless the run ends first.
    async fn open_session(&self, progress: &SharedProgress) -> Result<Arc<Session>, AwsError> {
        let target = self.shard.registry.target(&self.account.account_id).filter(|target| target.enabled);
        let Some(target) = target else {
            let what = "the account is in the run's plan and no longer an enabled target of the registry";
            return Err(AwsError::new(AwsErrorKind::Other, what));
        };
        if !self.types.may_ask_any() {
            return Err(cells::withdrawn());
        }
        let opened = tokio::select! {
            biased;
            opened = self.shard.roles.open_session(target, &self.types.policies) => {
                opened.inspect_err(|cause| lock(progress).stage = Stage::of_refused_session(cause.kind))?
            }
            () = self.shard.stop.cancelled() => {
                return Err(AwsError::new(AwsErrorKind::RunEnded, "the run's time ended before STS answered"));
            }
        };
        if let Some(trust) = &self.shard.trust {
            trust.entered(target);
        }
        let mut progress = lock(progress);
        (progress.stage, progress.assume_request_ids) = (Stage::Collect, opened.request_ids);
        Ok(opened.session)
    }

    /// Collects the global cells at once, and the regional ones when the enabled regions are known.
    async fn collect_regions(&self, session: Arc<Session>, progress: &SharedProgress, stop: &Cancellation) {
        let shard = &self.shard;
        let (accounts, filter) = match (shard.catalogue.find(ACCOUNTS), self.account.regions.filter()) {
            (Some(accounts), Ok(filter)) => (accounts, filter),
            (None, _) => return lock(progress).end_with(internal_error("its catalogue has no accounts")),
            (_, Err(error)) => return lock(progress).end_with(internal_error(format!("the plan's regions: {error}"))),
        };
        let mut named = filter.names();
        // A region that an earlier run has asked stays one to ask, even if the regions cannot be listed now.
        named.extend(shard.prior_results.regions(self.id()).into_iter().map(str::to_owned));
        let regions = EnabledRegions::discover(RegionQuery {
            session: session.clone(),
            table: accounts,
            partition: shard.partition,
            named,
            stop: stop.clone(),
        });
        let regions = AbortOnDropHandle::new(tokio::spawn(regions.in_current_span()));
        let account = Arc::new(AccountInfo::load(&session, self.id(), shard.partition, stop).await);
        if account.answered() {
            lock(progress).ledger.worked_in(GLOBAL);
        }
        let context = Context {
            run_id: shard.run_id.clone(),
            session,
            account,
            catalogue: shard.catalogue,
            sink: shard.sink.clone(),
            completed_parents: shard.prior_results.started_parents(self.id()),
            stop: stop.clone(),
        };
        // Route 53's zones take long and need no region, so they begin at once. The many regional calls wait until the
        // regions are known and the transport admits the account.
        let global_jobs = self.open_global_cells(&mut lock(progress));
        let global = self.run_jobs(&context, global_jobs, None, progress);
        let regional = async {
            let regions = match regions.await {
                Ok(regions) => regions,
                Err(error) => {
                    return lock(progress).end_with(internal_error(error));
                }
            };
            if !self.record_regions(&context, &regions, (accounts, &filter), progress).await {
                return;
            }
            tokio::select! {
                () = context.session.wait_for_admission() => {}
                () = stop.account.cancelled() => {}
            }
            let regional_jobs = self.open_regional_cells(&mut lock(progress));
            let planned = regional_jobs.iter().flatten();
            let planned = planned.map(|job| (job.region.as_str(), shard.catalogue.at(job.root).entry.operation));
            let closed = ClosedRegions::new(planned);
            // No region waits for another one, unless a service control policy seems to close it.
            let running = regional_jobs.into_iter().map(|jobs| self.run_jobs(&context, jobs, Some(&closed), progress));
            futures::future::join_all(running).await;
        };
        tokio::join!(global, regional);
    }

    /// Records the account's regions, and its row in `accounts`. Returns false if time ended before the regions were known.
    async fn record_regions(
        &self,
        context: &Context,
        regions: &EnabledRegions,
        (accounts, filter): (&'static Table, &RegionFilter),
        progress: &SharedProgress,
    ) -> bool {
        let stop = &context.stop;
        let mut calls = context.account.call_counts();
        calls += regions.call_counts();
        if !regions.is_known() && stop.account.is_cancelled() {
            let cause = stop.cancelled().await;
            let mut progress = lock(progress);
            progress.overhead += calls;
            progress.end_cause = Some(cause);
            return false;
        }
        if regions.is_known() {
            lock(progress).ledger.worked_in(GLOBAL);
        }
        let mut chosen = filter.choose(regions.regions.iter().map(String::as_str));
        let unknown_because = regions.unknown_because().filter(|_| !filter.has_names_only());
        if unknown_because.is_some() {
            // Whether a glob matches an enabled region is unknown too.
            chosen.disabled.retain(|(pattern, _)| is_full_name(pattern));
        }
        lock(progress).regions = Regions::Chosen(chosen, unknown_because);
        if self.is_wanted(accounts, GLOBAL) && self.types.may_ask(accounts.index) {
            let row = accounts_row(context, regions, accounts).await;
            lock(progress).ledger.close(row);
            self.shard.observer.cells_closed(1);
        } else {
            lock(progress).overhead += calls;
        }
        true
    }

    /// Runs the jobs of one region, as many at the same time as may be in flight there.
    async fn run_jobs(
        &self,
        context: &Context,
        jobs: Vec<Job>,
        closed: Option<&Arc<ClosedRegions>>,
        progress: &SharedProgress,
    ) {
        let shard = &self.shard;
        let (all, width) = (jobs.clone(), context.session.region_in_flight());
        let run = |job: Job| {
            let entry = shard.catalogue.at(job.root).entry;
            let span = tracing::debug_span!("cell", region = job.region, table = entry.table);
            let (context, closed, account) = (context.clone(), closed.cloned(), self.clone());
            let collecting = async move {
                let Some(closed) = closed else { return context.collect(job).await };
                match closed.admit(&job.region, entry.operation, &context.stop.account).await {
                    Ok(admitted) => {
                        let collected = context.collect(job).await;
                        admitted.ended(collected.listing);
                        collected
                    }
                    Err(cause) => {
                        let rows = account.rows_of_failed_job(&job, &cause);
                        Collected { rows, overhead: CallCounts::default(), listing: Status::of(cause.kind) }
                    }
                }
            };
            collecting.instrument(span)
        };
        fan_out(jobs, width, &context.stop.account, run, |index, outcome| {
            let mut progress = lock(progress);
            match outcome {
                TaskOutcome::Done(Collected { rows, overhead, .. }) => {
                    progress.overhead += overhead;
                    shard.observer.cells_closed(rows.len());
                    rows.into_iter().for_each(|row| progress.ledger.close(row));
                }
                TaskOutcome::NotStarted => {}
                TaskOutcome::Panicked(message) => {
                    progress.has_panicked = true;
                    let rows = self.rows_of_failed_job(&all[index], &internal_error(message));
                    rows.into_iter().for_each(|row| progress.ledger.close(row));
                }
            }
        })
        .await;
    }
}
