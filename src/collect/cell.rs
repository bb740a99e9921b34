//! One cell while it is being asked: what came, what it cost, what went wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use tokio::time::Instant;

use super::{Context, Done, Stop};
use crate::catalogue::{Ask, Call, Next, Table};
use crate::failure::{Cause, Kind};
use crate::ledger::{CellType, LedgerRow, Status};
use crate::session::Asker;
use crate::transcode::Wanted;
use crate::wire::{Taken, Tally, Ticket};

/// A cell that has begun.
pub struct Cell {
    pub table: &'static Table,
    pub region: Arc<str>,
    records: AtomicU64,
    dropped: AtomicU64,
    asker: Asker,
    stop: Stop,
    started_at: Timestamp,
    began: Instant,
    answered: bool,
    cause: Option<Cause>,
    cut: bool,
    /// The parents whose listings came to their end.
    pub done: Vec<String>,
    parent: Option<&'static str>,
    inherited: Option<Status>,
}

impl Cell {
    pub fn new(context: &Context, table: &'static Table, region: &str) -> Self {
        let service = table.entry.service;
        Self {
            table,
            region: region.into(),
            records: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            asker: context.session.asker(service, context.asked_region(service, region)),
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
    pub fn line(&self) -> Line {
        Line { asker: self.asker.beside(), stop: self.stop.clone() }
    }

    /// Counts records that are handed to the sink.
    pub fn sent(&self, records: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
    }

    /// Counts what was answered of it before as its own.
    pub fn goes_on_from(&mut self, done: &Done) {
        self.sent(done.records);
        self.answered |= !done.parents.is_empty();
    }

    /// Counts unknown members that were dropped because they stood beside secrets.
    pub fn dropped(&self, members: u64) {
        self.dropped.fetch_add(members, Ordering::Relaxed);
    }

    /// Notes what went wrong; the first failure is the one that is told.
    pub fn failed(&mut self, cause: Cause) {
        self.cut |= self.stop.run.is_cancelled();
        self.cause.get_or_insert(cause);
    }

    /// Some of what was asked was answered, though perhaps without a page of its own.
    pub fn some_answered(&mut self) {
        self.answered = true;
    }

    /// A cell whose parent's listing failed bears the parent's status, unless something came all the same.
    pub fn suffers_from(&mut self, parent: &Cell) {
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
        let Some(cause) = &self.cause else {
            return if self.records.load(Ordering::Relaxed) > 0 { Status::Ok } else { Status::Empty };
        };
        if self.answered || self.asker.ticket.tally().pages > 0 {
            return Status::Partial;
        }
        // The run ended before this was begun, though its turn had come.
        if cause.kind == Kind::RunEnded && self.asker.ticket.tally().calls == 0 {
            return Status::NotStarted;
        }
        self.inherited.unwrap_or(Status::of(cause.kind))
    }

    /// What its calls cost.
    pub fn tally(&self) -> Tally {
        self.asker.ticket.tally()
    }

    /// The cell's row.
    pub fn row(self, run_id: &str, account_id: &str) -> LedgerRow {
        let cell = CellType { table: self.table.entry.table, operation: self.table.entry.operation };
        let mut row =
            LedgerRow::new(run_id, account_id, &self.region, cell, self.status()).costing(self.asker.ticket.tally());
        if let Some(cause) = &self.cause {
            row = row.because(cause);
        }
        row.records = self.records.into_inner();
        row.dropped = self.dropped.into_inner();
        row.parent = self.parent;
        // What another run need not ask again is of use only where there will be one.
        if self.cut && self.table.goes_on_by_parent() {
            row.done = self.done;
        }
        row.cut = self.cut;
        row.started_at = Some(self.started_at);
        row.duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        row
    }
}

/// One line of calls, each after the other.
pub struct Line {
    asker: Asker,
    stop: Stop,
}

/// A question: the call, what it is told to ask, and what is wanted of the answer.
#[derive(Clone)]
pub struct Question {
    /// `ec2:DescribeVpcs`.
    pub operation: &'static str,
    /// The call.
    pub call: Call,
    /// What becomes rows of the answer.
    pub wanted: Arc<Wanted>,
    /// What the call is about.
    pub ask: Ask,
}

impl Line {
    /// A line by this asker, which ends with `stop`.
    pub fn new(asker: &Asker, stop: &Stop) -> Self {
        Self { asker: asker.clone(), stop: stop.clone() }
    }

    /// Makes one call, unless and until it is told to stop. A session that has expired is assumed again, once.
    pub async fn ask(&self, question: &Question) -> Result<(Taken, Next), Cause> {
        renewing(&self.asker, || self.attempt(question)).await
    }

    async fn attempt(&self, question: &Question) -> Result<(Taken, Next), Cause> {
        let Self { asker, stop } = self;
        let ticket = &asker.ticket;
        let called = async {
            ticket.open(question.operation, Some(question.wanted.clone())).await;
            // Looked at when the turn has come: others may have waited in vain meanwhile.
            if let Some(cause) = asker.is_given_up() {
                return Err(cause);
            }
            let called = ticket.calling((question.call)(asker.clone(), question.ask.clone())).await;
            let next = called.map_err(|cause| told_in_full(cause, ticket))?;
            let taken = ticket.take().ok_or_else(|| Cause::new(Kind::Unreadable, "the answer had no body"))?;
            Ok::<_, Cause>((taken, next))
        };
        let outcome = tokio::select! {
            // Nothing is begun that would be ended at once.
            biased;
            cause = stop.ended() => Err(what_was_said_last(cause, ticket)),
            outcome = called => {
                asker.heard(outcome.as_ref().err().map(|cause| cause.kind));
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
pub async fn renewing<T, F>(asker: &Asker, call: impl Fn() -> F) -> Result<T, Cause>
where
    F: Future<Output = Result<T, Cause>>,
{
    match call().await {
        Err(cause) if cause.kind == Kind::Expired => {
            asker.session_expired();
            call().await
        }
        outcome => outcome,
    }
}

/// Adds what only the wire has seen: a code where the SDK's deserialiser found none, and the request id.
fn told_in_full(cause: Cause, ticket: &Ticket) -> Cause {
    let mut cause = match ticket.last_refusal() {
        Some(refusal) if cause.code.is_none() && cause.kind == Kind::Other => refusal,
        _ => cause,
    };
    cause.request_id = cause.request_id.or_else(|| ticket.last_request_id());
    cause
}

/// What the last attempt said counts: a throttled call that runs out of time was throttled.
fn what_was_said_last(ended: Cause, ticket: &Ticket) -> Cause {
    match ticket.last_refusal() {
        Some(refusal) if refusal.kind == Kind::Throttled => refusal,
        _ => ended,
    }
}
