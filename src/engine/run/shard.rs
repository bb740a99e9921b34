//! Carries out the shards of a run: collects their accounts side by side into the sink, within the deadline.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::account::{AccountContext, AccountOutcome, ShardContext};
use super::account_types::{AccountTypes, TypeSets};
use super::checks::{check_plan, check_shard};
use super::lease::{Access, Lease, LeaseClaim, in_progress, live_leases};
use super::plan_run::Run;
use super::resume::{PriorResults, ResumedRun};
use super::run_store::CATCH_UP_SHARD;
use super::stop_timer::{WriteMargin, stop_in_time};
use super::trust_attempts::{TrustAttempts, TrustQueue};
use super::{StopCondition, prepare, trust_attempts};
use crate::catalogue::Catalogue;
use crate::customers::RoleAssumer;
use crate::domain::AccountId;
use crate::engine::collect::now;
use crate::engine::fan_out::{TaskOutcome, fan_out};
use crate::engine::plan::{PlannedAccount, Shard, SharedTypes};
use crate::engine::report::{ShardManifest, bounded_failures};
use crate::error::{Error, ErrorKind};
use crate::input::ParseError;
use crate::output::sink;
use crate::output::sink::{FileNaming, SinkConfig, SinkMessage, Tables, WriteMarginEstimator, WrittenFile};
use crate::store::StoreError;

/// Most bytes of failures in a shard's manifest.
const MAX_FAILURES_BYTES: usize = 1 << 20;

/// The sink's task. It ends when every sender of its channel is dropped.
type Writer = AbortOnDropHandle<Result<Vec<WrittenFile>, StoreError>>;

/// What became of a shard.
enum ShardOutcome {
    Committed(Box<ShardManifest>),
    /// It was not begun for want of time.
    Skipped(String),
}

impl Run {
    /// Carries out all shards, as many at the same time as the limit of open accounts allows. Shards that do not begin
    /// before the deadline are skipped; `reduce` reports their accounts as not started, unless they are committed.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::RunInProgress`] if another execution works at a shard: the run is not committed without it.
    pub(super) async fn run_shards(&self, until: &StopCondition) -> Result<Vec<ShardManifest>, Error> {
        let plan = &self.plan;
        if plan.batch.is_some() && self.store.is_reduced(&plan.run_id).await? {
            return Ok(Vec::new());
        }
        let settings = &self.engine.settings;
        let margin = until.margin(settings);
        let concurrency = plan.batch.map_or(1, |batch| (settings.accounts_at_once / batch).max(1));
        let running = futures::stream::iter(plan.shards())
            .map(|shard| async move {
                if plan.batch.is_some() && until.is_near(margin) {
                    return Ok(Ok(ShardOutcome::Skipped(shard.name)));
                }
                match Box::pin(self.run_shard(&shard, (until, margin))).await {
                    // The other shards go on.
                    Err(error) if error.kind == ErrorKind::RunInProgress => Ok(Err(error)),
                    result => result.map(|manifest| Ok(ShardOutcome::Committed(Box::new(manifest)))),
                }
            })
            .buffer_unordered(concurrency);
        let outcomes: Vec<Result<ShardOutcome, Error>> = running.try_collect().await?;
        let (mut committed, mut skipped) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            match outcome? {
                ShardOutcome::Committed(manifest) => committed.push(*manifest),
                ShardOutcome::Skipped(name) => skipped.push(name),
            }
        }
        self.refuse_live(skipped).await?;
        Ok(committed)
    }

    /// Refuses to go on without shards at which another execution works.
    async fn refuse_live(&self, skipped: Vec<String>) -> Result<(), Error> {
        if self.engine.settings.lease.is_none() {
            return Ok(());
        }
        let leases = live_leases(self.store.store(), &self.plan.run_id, skipped).await;
        for lease in leases.map_err(|error| self.store.error(&error))? {
            if self.store.shard(&self.plan.run_id, &lease.shard).await?.is_none() {
                return Err(in_progress(&lease));
            }
        }
        Ok(())
    }

    /// Collects and commits a shard, or returns the manifest under which it is committed already.
    /// `margin` is the time before the deadline in which it waits for no other execution.
    pub(super) async fn run_shard(
        &self,
        shard: &Shard,
        (until, margin): (&StopCondition, Duration),
    ) -> Result<ShardManifest, Error> {
        if let Some(committed) = self.store.shard(&self.plan.run_id, &shard.name).await? {
            return Ok(committed);
        }
        check_plan(&self.plan)?;
        self.planned_tables(prepare::catalogue()?)?;
        let lease = match self.acquire_lease(shard, (until, margin)).await? {
            Access::Granted(lease) => lease,
            Access::Done(committed) => return Ok(committed),
        };
        let committed = match Box::pin(self.collect_shard(shard, until)).await {
            Ok(manifest) => self.store.commit_shard(manifest).await,
            Err(error) => Err(error),
        };
        if let Some(lease) = lease {
            lease.release().await;
        }
        committed
    }

    /// Waits until no other execution works at a shard, or returns the manifest that one has committed.
    async fn acquire_lease(
        &self,
        shard: &Shard,
        (until, margin): (&StopCondition, Duration),
    ) -> Result<Access<ShardManifest>, Error> {
        let settings = &self.engine.settings;
        let Some(duration) = settings.lease else { return Ok(Access::Granted(None)) };
        let claim = LeaseClaim {
            store: self.store.store().clone(),
            run_id: self.plan.run_id.clone(),
            shard: shard.name.clone(),
            attempt: self.attempt.clone(),
            duration,
        };
        let waits = |lease: &Lease| {
            let what = format!("{}. This execution waits for it", lease.summary());
            tracing::info!(run_id = self.plan.run_id.as_str(), "{what}");
            self.observer.waits(&what);
        };
        let committed = || self.store.shard(&self.plan.run_id, &shard.name);
        claim.acquire((until, margin), waits, committed).await
    }

    /// Collects all accounts of a shard and writes their files. Commits nothing.
    pub(super) async fn collect_shard(&self, shard: &Shard, until: &StopCondition) -> Result<ShardManifest, Error> {
        let catalogue = prepare::catalogue()?;
        check_plan(&self.plan)?;
        let tables = self.planned_tables(catalogue)?;
        let stop = until.stop.child_token();
        let write_margin: Arc<WriteMarginEstimator> = Arc::default();
        let margin = WriteMargin { fixed: self.engine.settings.margin, estimator: write_margin.clone() };
        let _timer = until.deadline.map(|deadline| stop_in_time(deadline, margin, stop.clone()));
        let (sink, writer) = self.start_writer(shard, catalogue, write_margin.clone(), stop.clone());
        let prior_results = self.load_prior_results(shard, catalogue, &sink).await?;
        let (backend, session_name) = (self.engine.backend.clone(), self.plan.run_id.session_name());
        let partition = backend.partition;
        let roles = RoleAssumer::new(backend, self.identity.clone(), session_name.clone());
        let (trust, attempts) = self.start_trust_attempts(shard, &roles, &stop);
        let to_ledger = sink.clone();
        let context = ShardContext {
            run_id: self.plan.run_id.as_str().into(),
            catalogue,
            tables: tables.into(),
            roles,
            registry: self.registry.clone(),
            partition,
            session_name: session_name.into(),
            observer: self.observer.clone(),
            prior_results,
            write_margin,
            trust,
            sink,
            stop,
        };
        // The context is dropped here, and the senders in it, so that the attempts and the writer end.
        let (mut outcomes, cells_by_table) = self.collect_accounts(shard, Arc::new(context)).await?;
        if let Some(attempts) = attempts {
            let tried = attempts.finish().await;
            // If the sink has ended, the run fails as a whole.
            let _ = to_ledger.send(SinkMessage::Ledger(trust_attempts::rows(self.plan.run_id.as_str(), &tried))).await;
            let results = trust_attempts::results(&tried);
            let summaries = outcomes.iter_mut().map(|outcome| &mut outcome.summary);
            summaries.for_each(|summary| summary.trust = results.get(&summary.account_id).copied());
        }
        drop(to_ledger);
        let written = writer.await;
        let written = written.map_err(|error| Error::new(ErrorKind::Internal, format!("the sink ended: {error}")))?;
        let files = written.map_err(|error| self.store.error(&error))?;
        let manifest = ShardManifest { cells_by_table, ..self.shard_manifest(shard, outcomes, files) };
        check_shard(&self.plan, &manifest, self.resumed_from.is_some())?;
        Ok(manifest)
    }

    /// The planned resource types, by their index in the catalogue. A type that this version does not know is an error: a run
    /// without it would look complete.
    fn planned_tables(&self, catalogue: &Catalogue) -> Result<Vec<usize>, Error> {
        let find = |name: &String| catalogue.find(name).map(|table| table.index).ok_or_else(|| name.clone());
        let tables: Result<Vec<usize>, String> = self.plan.resources.iter().map(find).collect();
        tables.map_err(|unknown| {
            let what = format!(
                "run {} was planned by another version of rolecall: this one does not know its resource type {unknown}. \
                 Deliver the event again when only one version is deployed",
                self.plan.run_id
            );
            Error::new(ErrorKind::Internal, what)
        })
    }

    /// Starts the sink. If it fails, it stops the shard: no customer is called for records that cannot be written.
    fn start_writer(
        &self,
        shard: &Shard,
        catalogue: &'static Catalogue,
        write_margin: Arc<WriteMarginEstimator>,
        stop: CancellationToken,
    ) -> (mpsc::Sender<SinkMessage>, Writer) {
        let plan = &self.plan;
        let (sender, receiver) = sink::channel();
        let naming = FileNaming {
            run_id: plan.run_id.to_string(),
            shard: shard.name.clone(),
            attempt: self.attempt.clone(),
            dt: plan.dt.clone(),
        };
        // Of several shards only one writes a file for every table: a large fleet would have thousands of empty files.
        let every_table = plan.batch.is_none() || shard.name == CATCH_UP_SHARD;
        let tables = if every_table { Tables::Every } else { Tables::WithRows };
        let store = self.store.store().clone();
        let writing = sink::write(
            SinkConfig { store, naming, format: plan.format, catalogue, tables, margin: write_margin },
            receiver,
        );
        let writer = AbortOnDropHandle::new(tokio::spawn(async move {
            let written = writing.await;
            if written.is_err() {
                stop.cancel();
            }
            written
        }));
        (sender, writer)
    }

    /// Starts the attempts at the shard's roles without their external IDs, if any is due.
    fn start_trust_attempts(
        &self,
        shard: &Shard,
        roles: &Arc<RoleAssumer>,
        stop: &CancellationToken,
    ) -> (Option<TrustQueue>, Option<TrustAttempts>) {
        let due = self.plan.accounts_of(shard).filter(|account| account.try_trust);
        let due: HashSet<AccountId> = due.map(|account| account.account_id.clone()).collect();
        if due.is_empty() || stop.is_cancelled() {
            return (None, None);
        }
        let (queue, attempts) = trust_attempts::start(roles.clone(), due, stop.clone());
        (Some(queue), Some(attempts))
    }

    /// Loads what earlier runs have answered of the shard's accounts, and copies the rows that still count to the sink.
    async fn load_prior_results(
        &self,
        shard: &Shard,
        catalogue: &'static Catalogue,
        sink: &mpsc::Sender<SinkMessage>,
    ) -> Result<PriorResults, Error> {
        let Some(manifest) = &self.resumed_from else { return Ok(PriorResults::default()) };
        let accounts: Vec<AccountId> = self.plan.accounts_of(shard).map(|account| account.account_id.clone()).collect();
        let resumed = ResumedRun { store: &self.store, manifest, catalogue, partition: self.engine.backend.partition };
        resumed.load(&accounts, sink).await
    }

    /// Collects the accounts of a shard, and returns exactly one outcome for each, in the plan's order, and the ledger rows
    /// by table. They are summed up as the accounts end: a fleet's outcomes are held until its last account has ended.
    async fn collect_accounts(
        &self,
        shard: &Shard,
        context: Arc<ShardContext>,
    ) -> Result<(Vec<AccountOutcome>, BTreeMap<String, u64>), Error> {
        let accounts: Vec<&PlannedAccount> = self.plan.accounts_of(shard).collect();
        let types = self.types_of(&accounts, &context)?;
        let account_context = |index: usize| AccountContext {
            shard: context.clone(),
            account: accounts[index].clone(),
            types: types[index].clone(),
        };
        let start_order = self.longest_first(&accounts).await;
        let mut outcomes: Vec<Option<AccountOutcome>> = vec![None; accounts.len()];
        let mut panics: HashMap<usize, String> = HashMap::new();
        let mut cells = CellsByTable::default();
        let collect = |index: usize| account_context(index).collect_account().in_current_span();
        let width = self.engine.settings.accounts_at_once;
        fan_out(start_order.clone(), width, &context.stop, collect, |position, outcome| match outcome {
            TaskOutcome::Done(outcome) => outcomes[start_order[position]] = Some(cells.take(outcome)),
            TaskOutcome::NotStarted => {}
            TaskOutcome::Panicked(message) => drop(panics.insert(start_order[position], message)),
        })
        .await;
        let mut all = Vec::with_capacity(outcomes.len());
        for (index, outcome) in outcomes.into_iter().enumerate() {
            all.push(match outcome {
                Some(outcome) => outcome,
                None => {
                    let panic = panics.get(&index).map(String::as_str);
                    cells.take(account_context(index).finish_without_session(panic).await)
                }
            });
        }
        Ok((all, cells.0))
    }

    /// The resource types of each account, in the order of the accounts.
    fn types_of(&self, accounts: &[&PlannedAccount], context: &ShardContext) -> Result<Vec<AccountTypes>, Error> {
        let invalid = |error: ParseError| {
            let what = format!("run {}: the `resources` of an account in its plan: {error}", self.plan.run_id);
            Error::new(ErrorKind::Internal, what)
        };
        let shared = SharedTypes::new(&self.plan.resources, accounts.iter().copied()).map_err(invalid)?;
        let mut sets = TypeSets::new(context.catalogue, context.tables.to_vec(), shared, &self.registry);
        accounts.iter().map(|account| sets.of(account).map_err(invalid)).collect()
    }

    /// The order in which accounts start, as indices. If not all fit in at once, those start first that took most calls in
    /// the newest run of the whole fleet, so that no long one is left alone at the end. New accounts precede them.
    async fn longest_first(&self, accounts: &[&PlannedAccount]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..accounts.len()).collect();
        if order.len() > self.engine.settings.accounts_at_once {
            // Only the order depends on it, so an error is ignored.
            let calls = self.store.latest_call_counts().await.unwrap_or_default();
            order.sort_by_key(|index| Reverse(calls.get(&accounts[*index].account_id).copied().unwrap_or(u64::MAX)));
        }
        order
    }

    fn shard_manifest(&self, shard: &Shard, outcomes: Vec<AccountOutcome>, files: Vec<WrittenFile>) -> ShardManifest {
        let (mut accounts, mut failures) = (Vec::new(), Vec::new());
        let (mut unfinished, mut partly_answered) = (Vec::new(), Vec::new());
        let mut uncounted = Vec::new();
        for outcome in outcomes {
            if outcome.has_panicked {
                uncounted.push(outcome.summary.account_id.clone());
            }
            if outcome.interrupted {
                unfinished.push(outcome.summary.account_id.clone());
            }
            accounts.push(outcome.summary);
            partly_answered.extend(outcome.partly_answered);
            failures.extend(outcome.failures);
        }
        let (failures, failures_omitted) = bounded_failures(failures, MAX_FAILURES_BYTES);
        ShardManifest {
            run_id: self.plan.run_id.clone(),
            shard: shard.name.clone(),
            attempt: self.attempt.clone(),
            committed_at: now(),
            files,
            accounts,
            cells_by_table: BTreeMap::new(),
            uncounted,
            failures,
            failures_omitted,
            unfinished,
            partly_answered,
        }
    }
}

/// The ledger rows of a shard by table.
#[derive(Default)]
struct CellsByTable(BTreeMap<String, u64>);

impl CellsByTable {
    /// Takes the counts out of an account's outcome.
    fn take(&mut self, mut outcome: AccountOutcome) -> AccountOutcome {
        for (table, cells) in std::mem::take(&mut outcome.cells_by_table) {
            *self.0.entry(table.to_owned()).or_default() += cells;
        }
        outcome
    }
}
