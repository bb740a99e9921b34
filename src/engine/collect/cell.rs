//! The state of one cell while it is collected: its records, its cost, and its first failure.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::time::Instant;

use super::{CompletedParents, Context, called_region};
use crate::aws::{AwsError, AwsErrorKind, Cancellation, Priority, ServiceClient};
use crate::catalogue::Table;
use crate::domain::{CallCounts, lock};
use crate::inventory::{CellOutcome, CellType, LedgerRow, Status};

pub(super) struct Cell {
    pub table: &'static Table,
    pub region: Arc<str>,
    records: AtomicU64,
    dropped: AtomicU64,
    client: ServiceClient,
    /// The clients of the resources that are asked about in regions of their own, by region.
    elsewhere: Mutex<BTreeMap<String, ServiceClient>>,
    stop: Cancellation,
    started_at: Timestamp,
    began: Instant,
    answered: bool,
    cause: Option<AwsError>,
    cut: bool,
    /// The parents whose listings are complete.
    pub done: Vec<String>,
    parent: Option<&'static str>,
    inherited: Option<Status>,
}

impl Cell {
    pub(super) fn new(context: &Context, table: &'static Table, region: &str) -> Self {
        let service = table.entry.service;
        let called = called_region(service, context.account.where_global, region);
        Self {
            table,
            region: region.into(),
            records: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            client: context.session.client(service, called, Priority::Normal),
            elsewhere: Mutex::default(),
            stop: context.stop.clone(),
            started_at: super::now(),
            began: Instant::now(),
            answered: false,
            cause: None,
            cut: false,
            done: Vec::new(),
            parent: None,
            inherited: None,
        }
    }

    /// The client that the cell's calls are made with and counted by.
    pub(super) fn client(&self) -> &ServiceClient {
        &self.client
    }

    /// The client for calls about a resource in a region of its own. The cell counts its calls too.
    pub(super) fn client_in(&self, context: &Context, region: &str) -> ServiceClient {
        let new = || context.session.client(self.table.entry.service, region, Priority::Normal);
        lock(&self.elsewhere).entry(region.to_owned()).or_insert_with(new).clone()
    }

    /// Counts records that are sent to the sink.
    pub(super) fn sent(&self, records: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
    }

    /// Counts what an earlier run collected of the cell.
    pub(super) fn resume_from(&mut self, done: &CompletedParents) {
        self.sent(done.records);
        self.answered |= !done.parents.is_empty();
    }

    /// Counts unknown members that were dropped because the model marks a member beside them sensitive.
    pub(super) fn dropped(&self, members: u64) {
        self.dropped.fetch_add(members, Ordering::Relaxed);
    }

    /// Records a failure. The ledger reports the first one. An operation that is unknown counts as an answer, so any other
    /// failure takes precedence over it.
    pub(super) fn failed(&mut self, cause: AwsError) {
        self.cut |= self.stop.run.is_cancelled();
        if self.cause.as_ref().is_none_or(|known| known.kind == AwsErrorKind::Unsupported) {
            self.cause = Some(cause);
            (self.parent, self.inherited) = (None, None);
        }
    }

    /// Records that some part was answered, perhaps without a page.
    pub(super) fn record_answer(&mut self) {
        self.answered = true;
    }

    /// Takes the status of a parent whose listing failed, unless the cell has failed by itself.
    pub(super) fn inherit_failure(&mut self, parent: &Cell) {
        if let Some(cause) = &parent.cause
            && self.cause.is_none()
        {
            self.parent = Some(parent.table.entry.table);
            self.inherited = Some(parent.status());
            self.cause = Some(cause.clone());
            self.cut |= parent.cut;
        }
    }

    pub(super) fn status(&self) -> Status {
        let counts = self.call_counts();
        let outcome = CellOutcome {
            records: self.records.load(Ordering::Relaxed),
            partly_answered: self.answered || counts.pages > 0,
            calls: counts.calls,
            error: self.cause.as_ref().map(|cause| cause.kind),
            inherited: self.inherited,
        };
        outcome.status()
    }

    pub(super) fn call_counts(&self) -> CallCounts {
        let mut counts = self.client.call_counts();
        for client in lock(&self.elsewhere).values() {
            counts += client.call_counts();
        }
        counts
    }

    /// The ledger row of the cell.
    pub(super) fn row(self, run_id: &str, account_id: &str) -> LedgerRow {
        let cell = CellType { table: self.table.entry.table, operation: self.table.entry.operation };
        let mut row = LedgerRow::new(run_id, account_id, &self.region, cell, self.status()).costing(self.call_counts());
        if let Some(cause) = &self.cause {
            row = row.because(cause);
        }
        row.records = self.records.into_inner();
        row.dropped = self.dropped.into_inner();
        row.parent = self.parent;
        // Completed parents are recorded only if the run was interrupted: only a resume reads them.
        if self.cut && self.table.resumes_by_parent() {
            row.done = self.done;
        }
        row.cut = self.cut;
        row.started_at = Some(self.started_at);
        row.duration_ms = crate::domain::millis(self.began.elapsed());
        row
    }
}
