//! One cell while it is being asked: what came, what it cost, what went wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use tokio::time::Instant;

use super::{Cancellation, CompletedParents, Context};
use crate::aws::Priority;
use crate::aws::ServiceClient;
use crate::aws::{AwsError, AwsErrorKind};
use crate::aws::{CallContext, DecodedPage};
use crate::catalogue::{CallParams, NextPage, SendFn, Table};
use crate::decode::ItemSelector;
use crate::domain::CallCounts;
use crate::inventory::{CellOutcome, CellType, LedgerRow, Status};

/// A cell that has begun.
pub(super) struct Cell {
    pub table: &'static Table,
    pub region: Arc<str>,
    records: AtomicU64,
    dropped: AtomicU64,
    client: ServiceClient,
    stop: Cancellation,
    started_at: Timestamp,
    began: Instant,
    answered: bool,
    cause: Option<AwsError>,
    cut: bool,
    /// The parents whose listings came to their end.
    pub done: Vec<String>,
    parent: Option<&'static str>,
    inherited: Option<Status>,
}

impl Cell {
    pub(super) fn new(context: &Context, table: &'static Table, region: &str) -> Self {
        let service = table.entry.service;
        Self {
            table,
            region: region.into(),
            records: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            client: context.session.client(service, context.asked_region(service, region), Priority::Normal),
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

    /// Whom to ask, and until when; what it costs is counted here.
    pub(super) fn line(&self) -> Line {
        Line { client: self.client.fork(), stop: self.stop.clone() }
    }

    /// Counts records that are handed to the sink.
    pub(super) fn sent(&self, records: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
    }

    /// Counts what was answered of it before as its own.
    pub(super) fn goes_on_from(&mut self, done: &CompletedParents) {
        self.sent(done.records);
        self.answered |= !done.parents.is_empty();
    }

    /// Counts unknown members that were dropped because they stood beside secrets.
    pub(super) fn dropped(&self, members: u64) {
        self.dropped.fetch_add(members, Ordering::Relaxed);
    }

    /// Notes what went wrong; the first failure is the one that is told.
    pub(super) fn failed(&mut self, cause: AwsError) {
        self.cut |= self.stop.run.is_cancelled();
        self.cause.get_or_insert(cause);
    }

    /// Some of what was asked was answered, though perhaps without a page of its own.
    pub(super) fn some_answered(&mut self) {
        self.answered = true;
    }

    /// A cell whose parent's listing failed bears the parent's status, unless something came all the same.
    pub(super) fn suffers_from(&mut self, parent: &Cell) {
        if let Some(cause) = &parent.cause
            && self.cause.is_none()
        {
            self.parent = Some(parent.table.entry.table);
            self.inherited = Some(parent.status());
            self.cause = Some(cause.clone());
            self.cut |= parent.cut;
        }
    }

    fn status(&self) -> Status {
        let counts = self.client.ticket.call_counts();
        let outcome = CellOutcome {
            records: self.records.load(Ordering::Relaxed),
            partly_answered: self.answered || counts.pages > 0,
            calls: counts.calls,
            error: self.cause.as_ref().map(|cause| cause.kind),
            inherited: self.inherited,
        };
        outcome.status()
    }

    /// What its calls cost.
    pub(super) fn call_counts(&self) -> CallCounts {
        self.client.ticket.call_counts()
    }

    /// The cell's row.
    pub(super) fn row(self, run_id: &str, account_id: &str) -> LedgerRow {
        let cell = CellType { table: self.table.entry.table, operation: self.table.entry.operation };
        let mut row = LedgerRow::new(run_id, account_id, &self.region, cell, self.status())
            .costing(self.client.ticket.call_counts());
        if let Some(cause) = &self.cause {
            row = row.because(cause);
        }
        row.records = self.records.into_inner();
        row.dropped = self.dropped.into_inner();
        row.parent = self.parent;
        // What another run need not ask again is of use only where there will be one.
        if self.cut && self.table.resumes_by_parent() {
            row.done = self.done;
        }
        row.cut = self.cut;
        row.started_at = Some(self.started_at);
        row.duration_ms = crate::domain::millis(self.began.elapsed());
        row
    }
}

/// One line of calls, each after the other.
pub(crate) struct Line {
    client: ServiceClient,
    stop: Cancellation,
}

/// A question: the call, what it is told to ask, and what is wanted of the answer.
#[derive(Clone)]
pub(crate) struct PageRequest {
    /// `ec2:DescribeVpcs`.
    pub operation: &'static str,
    /// The call.
    pub call: SendFn,
    /// What becomes rows of the answer.
    pub wanted: Arc<ItemSelector>,
    /// What the call is about.
    pub ask: CallParams,
}

impl Line {
    /// A line by this client, which ends with `stop`.
    pub(crate) fn new(client: &ServiceClient, stop: &Cancellation) -> Self {
        Self { client: client.clone(), stop: stop.clone() }
    }

    /// Makes one call, unless and until it is told to stop. A session that has expired is assumed again, once.
    pub(crate) async fn ask(&self, question: &PageRequest) -> Result<(DecodedPage, NextPage), AwsError> {
        renewing(&self.client, || self.attempt(question)).await
    }

    async fn attempt(&self, question: &PageRequest) -> Result<(DecodedPage, NextPage), AwsError> {
        let Self { client, stop } = self;
        let ticket = &client.ticket;
        let called = async {
            ticket.open(question.operation, Some(question.wanted.clone())).await;
            // Looked at when the turn has come: others may have waited in vain meanwhile.
            if let Some(cause) = client.circuit_open() {
                return Err(cause);
            }
            let called = ticket.calling((question.call)(client.clone(), question.ask.clone())).await;
            let next = called.map_err(|cause| told_in_full(cause, ticket))?;
            let taken =
                ticket.take().ok_or_else(|| AwsError::new(AwsErrorKind::Unreadable, "the answer had no body"))?;
            Ok::<_, AwsError>((taken, next))
        };
        let outcome = tokio::select! {
            // Nothing is begun that would be ended at once.
            biased;
            cause = stop.cancelled() => Err(what_was_said_last(cause, ticket)),
            outcome = called => {
                client.record_result(outcome.as_ref().err().map(|cause| cause.kind));
                outcome
            }
        };
        if outcome.is_err() {
            ticket.close();
        }
        let (region, operation) = (&*question.ask.region, question.operation);
        match &outcome {
            Ok((taken, _)) => {
                let items = taken.answer.items.len();
                tracing::debug!(region, operation, items, "answered");
            }
            Err(cause) => {
                let code = cause.code.as_deref().unwrap_or("-");
                tracing::debug!(region, operation, code, kind = ?cause.kind, "not answered");
            }
        }
        outcome
    }
}

/// Makes a call, and once more with a session that is assumed again where the first answer says that it has expired.
pub(super) async fn renewing<T, F>(client: &ServiceClient, call: impl Fn() -> F) -> Result<T, AwsError>
where
    F: Future<Output = Result<T, AwsError>>,
{
    match call().await {
        Err(cause) if cause.kind == AwsErrorKind::Expired => {
            client.session_expired();
            call().await
        }
        outcome => outcome,
    }
}

/// Adds what only the wire has seen: a code where the SDK's deserialiser found none, and the request id.
fn told_in_full(cause: AwsError, ticket: &CallContext) -> AwsError {
    let mut cause = match ticket.last_refusal() {
        Some(refusal) if cause.code.is_none() && cause.kind == AwsErrorKind::Other => refusal,
        _ => cause,
    };
    cause.request_id = cause.request_id.or_else(|| ticket.last_request_id());
    cause
}

/// What the last attempt said counts: a throttled call that runs out of time was throttled.
fn what_was_said_last(ended: AwsError, ticket: &CallContext) -> AwsError {
    match ticket.last_refusal() {
        Some(refusal) if refusal.kind == AwsErrorKind::Throttled => refusal,
        _ => ended,
    }
}
