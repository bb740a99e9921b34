//! The ledger: exactly one row for every cell, whatever happens.
//!
//! An account's cells are opened when its regions are known, and closed once each. What is still open at the end is
//! closed with a reason.
//!
//! **Invariant:** knows neither how AWS is called nor how files are written.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::closed_cell::{ClosedCell, RowOwner};
use super::session_evidence::SessionEvidence;
use crate::aws::{AwsError, AwsErrorKind};
use crate::domain::CallCounts;

/// The name of the ledger's table.
pub(crate) const LEDGER: &str = "ledger";
/// The rows of attempts to enter an account without its external ID. They are no cells: nothing is collected by them, and they
/// count towards no account and no run.
pub(crate) const TRUST: CellType = CellType { table: "trust", operation: "sts:AssumeRole" };
/// Stands for all regions that are not known: those of an account that was never entered, or whose enabled regions AWS did
/// not list.
pub(crate) const ANY_REGION: &str = "*";

/// The outcome of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Answered in full, with records.
    Ok,
    /// Answered in full, without records.
    Empty,
    /// Some pages were read before it failed; their records are kept.
    Partial,
    /// The role lacks the permission, or it could not be assumed.
    Denied,
    /// A service control policy forbids it.
    ScpDenied,
    /// The region is not enabled in the account.
    RegionDisabled,
    /// The region does not have the operation. This counts as an answer, like `empty`.
    Unsupported,
    /// AWS throttled the call up to the last attempt.
    Throttled,
    /// The time of the call, the account or the run ended.
    TimedOut,
    /// Any other failure; the row has its code and message.
    Failed,
    /// The run's time ended before the cell began.
    NotStarted,
}

impl Status {
    /// The statuses of cells that leave nothing to ask. A region without the operation has no such resources.
    pub(crate) const ANSWERED: [Self; 3] = [Self::Ok, Self::Empty, Self::Unsupported];

    /// Returns whether the cell leaves nothing to ask.
    pub fn is_answered(self) -> bool {
        Self::ANSWERED.contains(&self)
    }

    /// Returns the status of a cell that got no answer because of this error.
    pub fn of(kind: AwsErrorKind) -> Self {
        match kind {
            AwsErrorKind::Denied | AwsErrorKind::CredentialsRejected => Self::Denied,
            AwsErrorKind::ScpDenied => Self::ScpDenied,
            AwsErrorKind::Unsupported => Self::Unsupported,
            AwsErrorKind::Throttled => Self::Throttled,
            AwsErrorKind::OutOfTime | AwsErrorKind::RunEnded => Self::TimedOut,
            _ => Self::Failed,
        }
    }

    /// Returns the status of cells that were not asked because a call before them failed: the one that opens the session, or
    /// the one that lists the regions. It never counts as an answer.
    pub(crate) fn of_earlier_call(kind: AwsErrorKind) -> Self {
        match Self::of(kind) {
            status if status.is_answered() => Self::Failed,
            status => status,
        }
    }

    /// Returns the name that every output format uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Empty => "empty",
            Self::Partial => "partial",
            Self::Denied => "denied",
            Self::ScpDenied => "scp_denied",
            Self::RegionDisabled => "region_disabled",
            Self::Unsupported => "unsupported",
            Self::Throttled => "throttled",
            Self::TimedOut => "timed_out",
            Self::Failed => "failed",
            Self::NotStarted => "not_started",
        }
    }
}

/// The facts about a cell's calls from which its status follows, in runs and in checks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CellOutcome {
    /// The number of records that were read.
    pub records: u64,
    /// Whether a page, or the listing of a parent, was answered in full.
    pub partly_answered: bool,
    /// The number of requests sent.
    pub calls: u64,
    /// The kind of the first failure.
    pub error: Option<AwsErrorKind>,
    /// The parent's status, if the failure is the one of the parent's listing.
    pub inherited: Option<Status>,
}

impl CellOutcome {
    /// The outcome of one call alone.
    pub(crate) fn of_call(result: &Result<(), AwsError>) -> Self {
        Self { calls: 1, error: result.as_ref().err().map(|error| error.kind), ..Self::default() }
    }

    /// Returns the cell's status. Rejected credentials are `denied` until all calls of the session
    /// are known: see [`SessionEvidence`].
    pub(crate) fn status(self) -> Status {
        let Some(kind) = self.error else {
            return if self.records > 0 { Status::Ok } else { Status::Empty };
        };
        if self.partly_answered {
            return Status::Partial;
        }
        // The run ended after the cell's turn had come, and before its first request.
        if kind == AwsErrorKind::RunEnded && self.calls == 0 {
            return Status::NotStarted;
        }
        self.inherited.unwrap_or(Status::of(kind))
    }
}

/// One row of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LedgerRow {
    /// The id of the run.
    pub run_id: String,
    /// The id of the customer account.
    pub account_id: String,
    /// The region; `global` for services without regions, or `*` for all regions that are not known.
    pub region: String,
    /// The table of the resource type.
    pub table: &'static str,
    /// The type's main operation.
    pub operation: &'static str,
    /// The outcome of the cell.
    pub status: Status,
    /// The number of records written.
    pub records: u64,
    /// The number of unknown members dropped because they were next to secrets.
    pub dropped: u64,
    /// The number of responses read.
    pub pages: u64,
    /// The number of requests sent, retries included.
    pub calls: u64,
    /// The number of requests that repeated one.
    pub retries: u64,
    /// The number of requests that AWS throttled.
    pub throttles: u64,
    /// When the cell began; null if it never did.
    pub started_at: Option<Timestamp>,
    /// How long the cell took, waiting included, in milliseconds.
    pub duration_ms: u64,
    /// The parent type whose failed listing this row reports.
    pub parent: Option<&'static str>,
    /// The error code that AWS returned.
    pub error_code: Option<String>,
    /// AWS's message, or rolecall's own.
    pub error_message: Option<String>,
    /// AWS's id of the failed request.
    pub request_id: Option<String>,
    /// The error's kind, as rolecall classifies it.
    #[serde(skip)]
    pub kind: Option<AwsErrorKind>,
    /// Whether the run ended before the cell was answered. The run's continuation asks such cells.
    #[serde(skip)]
    pub cut: bool,
    /// The parents that were answered, if the cell is listed by parents and was cut.
    #[serde(skip)]
    pub done: Vec<String>,
}

impl LedgerRow {
    /// Creates a row that has nothing but its status yet.
    pub fn new(run_id: &str, account_id: &str, region: &str, cell: CellType, status: Status) -> Self {
        Self {
            run_id: run_id.into(),
            account_id: account_id.into(),
            region: region.into(),
            table: cell.table,
            operation: cell.operation,
            status,
            records: 0,
            dropped: 0,
            pages: 0,
            calls: 0,
            retries: 0,
            throttles: 0,
            started_at: None,
            duration_ms: 0,
            parent: None,
            error_code: None,
            error_message: None,
            request_id: None,
            kind: None,
            cut: false,
            done: Vec::new(),
        }
    }

    /// Adds the error to the row.
    pub fn because(mut self, error: &AwsError) -> Self {
        self.error_code.clone_from(&error.code);
        self.error_message = Some(error.message.clone());
        self.request_id.clone_from(&error.request_id);
        self.kind = Some(error.kind);
        self
    }

    /// Adds the call counts.
    pub fn costing(mut self, counts: CallCounts) -> Self {
        (self.pages, self.calls, self.retries, self.throttles) =
            (counts.pages, counts.calls, counts.retries, counts.throttles);
        self
    }

    fn credentials_were_rejected(&self) -> bool {
        self.kind == Some(AwsErrorKind::CredentialsRejected)
    }
}

/// A resource type, as the ledger names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellType {
    /// The type's table, `ec2_vpcs`.
    pub table: &'static str,
    /// Its main operation, `ec2:DescribeVpcs`.
    pub operation: &'static str,
}

/// The cells of one account.
#[derive(Debug, Default)]
pub(crate) struct AccountLedger {
    /// By region and type; none while the cell is open.
    cells: BTreeMap<String, BTreeMap<CellType, Option<ClosedCell>>>,
    /// That of the last row.
    owner: Option<Arc<RowOwner>>,
    evidence: SessionEvidence,
}

impl AccountLedger {
    /// Opens a cell. A cell that is open, or closed, stays as it is.
    pub(crate) fn open(&mut self, region: &str, cell: CellType) {
        self.region(region).entry(cell).or_insert(None);
    }

    /// Closes a cell. The first row is final: a second one for the same cell is dropped.
    pub(crate) fn close(&mut self, row: LedgerRow) {
        let cell = CellType { table: row.table, operation: row.operation };
        if self.region(&row.region).get(&cell).is_none_or(Option::is_none) {
            let region = row.region.clone();
            let closed = ClosedCell::new(row, &mut self.owner);
            self.region(&region).insert(cell, Some(closed));
        }
    }

    fn region(&mut self, region: &str) -> &mut BTreeMap<CellType, Option<ClosedCell>> {
        self.cells.entry(region.to_owned()).or_default()
    }

    /// Returns whether the ledger has a cell of this type in any region.
    pub(crate) fn has_cell_of(&self, cell: CellType) -> bool {
        self.cells.values().any(|region| region.contains_key(&cell))
    }

    /// Records that the account's session worked in a region, for calls that have no cell.
    pub(crate) fn worked_in(&mut self, region: &str) {
        self.evidence.answered_in(region);
    }

    /// Returns every cell's row. `unfinished` makes the rows of cells that are still open.
    pub(crate) fn finish(self, unfinished: impl Fn(&str, CellType) -> LedgerRow) -> Vec<LedgerRow> {
        let mut rows: Vec<LedgerRow> = Vec::with_capacity(self.cells.values().map(BTreeMap::len).sum());
        for (region, cells) in self.cells {
            rows.extend(cells.into_iter().map(|(cell, closed)| match closed {
                Some(closed) => closed.into_row(&region, cell),
                None => unfinished(&region, cell),
            }));
        }
        let mut evidence = self.evidence;
        // A row at region `*` says nothing of a region.
        for row in rows.iter().filter(|row| row.region != ANY_REGION) {
            if row.pages > 0 {
                evidence.answered_in(&row.region);
            }
            if row.credentials_were_rejected() {
                evidence.rejected_in(&row.region);
            }
        }
        for row in &mut rows {
            let denied = row.status == Status::Denied && row.credentials_were_rejected();
            if denied && evidence.is_region_disabled(&row.region) {
                row.status = Status::RegionDisabled;
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VPCS: CellType = CellType { table: "ec2_vpcs", operation: "ec2:DescribeVpcs" };

    fn row(region: &str, status: Status) -> LedgerRow {
        LedgerRow::new("r", "1", region, VPCS, status)
    }

    #[test]
    fn every_cell_has_one_row_and_the_first_one_is_final() {
        let mut ledger = AccountLedger::default();
        for region in ["a", "b", "b"] {
            ledger.open(region, VPCS);
        }
        ledger.close(row("a", Status::Ok));
        ledger.close(row("a", Status::Failed));
        let rows = ledger.finish(|region, _| row(region, Status::NotStarted));
        let found: Vec<_> = rows.iter().map(|row| (row.region.as_str(), row.status)).collect();
        assert_eq!(found, [("a", Status::Ok), ("b", Status::NotStarted)]);
    }

    #[test]
    fn refused_credentials_mean_a_disabled_region_only_if_they_work_elsewhere() {
        let refused = AwsError::new(
            AwsErrorKind::CredentialsRejected,
            "AWS was not able to validate the provided access credentials",
        );
        for (pages, status) in [(1, Status::RegionDisabled), (0, Status::Denied)] {
            let mut ledger = AccountLedger::default();
            ledger.close(row("off", Status::of(refused.kind)).because(&refused));
            ledger.close(LedgerRow { pages, ..row("on", Status::Empty) });
            let rows = ledger.finish(|region, _| row(region, Status::NotStarted));
            assert_eq!(rows[0].status, status);
        }
        // A region that has answered before is not disabled: the session was revoked.
        let mut ledger = AccountLedger::default();
        let subnets = CellType { table: "ec2_subnets", operation: "ec2:DescribeSubnets" };
        ledger.close(row("on", Status::of(refused.kind)).because(&refused));
        ledger.close(LedgerRow { pages: 1, ..LedgerRow::new("r", "1", "on", subnets, Status::Ok) });
        let rows = ledger.finish(|region, _| row(region, Status::NotStarted));
        assert_eq!(rows.iter().filter(|row| row.status == Status::Denied).count(), 1);
    }

    #[test]
    fn a_session_that_ends_within_a_listing_disables_no_region() {
        let rejected = AwsError::new(AwsErrorKind::CredentialsRejected, "the credentials are not valid");
        let mut ledger = AccountLedger::default();
        ledger.close(LedgerRow { pages: 1, ..row("on", Status::Partial).because(&rejected) });
        ledger.close(row("other", Status::Denied).because(&rejected));
        let rows = ledger.finish(|region, _| row(region, Status::NotStarted));
        let statuses: Vec<Status> = rows.iter().map(|row| row.status).collect();
        assert_eq!(statuses, [Status::Partial, Status::Denied]);
    }

    #[test]
    fn a_status_follows_from_what_was_answered_before_the_failure() {
        let failed = |kind| CellOutcome { error: Some(kind), calls: 1, ..CellOutcome::default() };
        for (outcome, status) in [
            (CellOutcome::of_call(&Ok(())), Status::Empty),
            (CellOutcome { records: 2, ..CellOutcome::default() }, Status::Ok),
            (failed(AwsErrorKind::Denied), Status::Denied),
            (failed(AwsErrorKind::CredentialsRejected), Status::Denied),
            (failed(AwsErrorKind::RunEnded), Status::TimedOut),
            (CellOutcome { calls: 0, ..failed(AwsErrorKind::RunEnded) }, Status::NotStarted),
            (CellOutcome { partly_answered: true, ..failed(AwsErrorKind::Denied) }, Status::Partial),
            (CellOutcome { inherited: Some(Status::Partial), ..failed(AwsErrorKind::Denied) }, Status::Partial),
        ] {
            assert_eq!(outcome.status(), status, "{outcome:?}");
        }
    }
}
