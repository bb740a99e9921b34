//! The rows of the ledger: one for every cell, with its status and its cost.
//!
//! **Invariant:** knows neither how AWS is called nor how files are written.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

    const ALL: [Self; 11] = [
        Self::Ok,
        Self::Empty,
        Self::Partial,
        Self::Denied,
        Self::ScpDenied,
        Self::RegionDisabled,
        Self::Unsupported,
        Self::Throttled,
        Self::TimedOut,
        Self::Failed,
        Self::NotStarted,
    ];

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

    /// Returns the status of this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
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
    /// are known: see [`super::SessionEvidence`].
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

    pub(super) fn credentials_were_rejected(&self) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

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
