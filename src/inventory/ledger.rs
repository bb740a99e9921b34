//! The ledger: one row for every question, exactly one, whatever happens.
//!
//! An account's cells are opened when its regions are known and closed once each; what is still open at
//! the end is closed with a reason. Knows neither AWS nor files.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::{AwsError, AwsErrorKind};
use crate::domain::CallCounts;

/// The ledger's table.
pub(crate) const LEDGER: &str = "ledger";
/// The region of what has none.
pub(crate) const GLOBAL: &str = "global";
/// The region of a regional cell in an account that was never entered.
pub(crate) const ANY_REGION: &str = "*";

/// What became of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Answered in full, with records.
    Ok,
    /// Answered in full, and there are none.
    Empty,
    /// Some pages came, then it failed: the records that came are kept.
    Partial,
    /// The role may not do this, or could not be assumed.
    Denied,
    /// A service control policy forbids it.
    ScpDenied,
    /// The region is not enabled in the account.
    RegionDisabled,
    /// The region does not know the operation.
    Unsupported,
    /// Refused for rate to the last attempt.
    Throttled,
    /// Out of time: the call's, the account's or the run's.
    TimedOut,
    /// Anything else, told.
    Failed,
    /// The run's time ended before it began.
    NotStarted,
}

impl Status {
    /// Answered in full.
    pub fn is_answered(self) -> bool {
        matches!(self, Self::Ok | Self::Empty)
    }

    /// The status of a cell that got no answer for this cause.
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

    /// Its name in every format.
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

/// One row of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LedgerRow {
    /// The run.
    pub run_id: String,
    /// The account that was asked.
    pub account_id: String,
    /// The region; `global`, or `*` where the account was never entered.
    pub region: String,
    /// The resource type.
    pub table: &'static str,
    /// The type's main operation.
    pub operation: &'static str,
    /// What became of it.
    pub status: Status,
    /// How many records were written.
    pub records: u64,
    /// How many unknown members were dropped because they stood beside secrets.
    pub dropped: u64,
    /// Answers read.
    pub pages: u64,
    /// Requests sent, retries included.
    pub calls: u64,
    /// Those of them that repeated one.
    pub retries: u64,
    /// Those of them that were refused for rate.
    pub throttles: u64,
    /// When the cell was begun; null where it never was.
    pub started_at: Option<Timestamp>,
    /// How long it took, waiting included, in milliseconds.
    pub duration_ms: u64,
    /// The type whose failure this cell suffers from.
    pub parent: Option<&'static str>,
    /// AWS's error code.
    pub error_code: Option<String>,
    /// What went wrong.
    pub error_message: Option<String>,
    /// AWS's request id of the failure.
    pub request_id: Option<String>,
    /// What went wrong, as rolecall sees it.
    #[serde(skip)]
    pub kind: Option<AwsErrorKind>,
    /// The run ended before the cell was answered: the rest of the run is to ask it.
    #[serde(skip)]
    pub cut: bool,
    /// Of a cell that is listed by parents and was cut, those that were answered.
    #[serde(skip)]
    pub done: Vec<String>,
}

impl LedgerRow {
    /// A row with nothing but its status yet.
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

    /// Says what went wrong.
    pub fn because(mut self, cause: &AwsError) -> Self {
        self.error_code.clone_from(&cause.code);
        self.error_message = Some(cause.message.clone());
        self.request_id.clone_from(&cause.request_id);
        self.kind = Some(cause.kind);
        self
    }

    /// Says what it cost.
    pub fn costing(mut self, tally: CallCounts) -> Self {
        (self.pages, self.calls, self.retries, self.throttles) =
            (tally.pages, tally.calls, tally.retries, tally.throttles);
        self
    }
}

/// A resource type, as the ledger names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellType {
    /// Its table.
    pub table: &'static str,
    /// Its main operation.
    pub operation: &'static str,
}

/// The cells of one account.
#[derive(Debug, Default)]
pub(crate) struct AccountLedger {
    cells: BTreeMap<(String, CellType), Option<LedgerRow>>,
    worked_in: Vec<String>,
}

impl AccountLedger {
    /// Opens a cell, once.
    pub(crate) fn open(&mut self, region: &str, cell: CellType) {
        self.cells.entry((region.to_owned(), cell)).or_insert(None);
    }

    /// Closes a cell. The first word stands: a second row for the same question is never written.
    pub(crate) fn close(&mut self, row: LedgerRow) {
        let cell = CellType { table: row.table, operation: row.operation };
        let place = self.cells.entry((row.region.clone(), cell)).or_insert(None);
        if place.is_none() {
            *place = Some(row);
        }
    }

    /// Notes that the account's session was good in a region, though no cell says so.
    pub(crate) fn worked_in(&mut self, region: &str) {
        self.worked_in.push(region.to_owned());
    }

    /// Every cell's row; `unfinished` gives those of cells that nobody closed.
    pub(crate) fn finish(self, unfinished: impl Fn(&str, CellType) -> LedgerRow) -> Vec<LedgerRow> {
        let mut rows: Vec<LedgerRow> = self
            .cells
            .into_iter()
            .map(|((region, cell), row)| row.unwrap_or_else(|| unfinished(&region, cell)))
            .collect();
        let mut worked = self.worked_in;
        worked.extend(rows.iter().filter(|row| row.pages > 0).map(|row| row.region.clone()));
        // Credentials that are good elsewhere, and nowhere in a region, are refused because it is not enabled. A
        // region that has answered is not switched off in between: there the session itself has ended, and then
        // its refusals elsewhere say nothing of the regions either.
        let refused =
            |row: &LedgerRow| row.kind == Some(AwsErrorKind::CredentialsRejected) && row.status == Status::Denied;
        let ended = rows.iter().any(|row| refused(row) && (row.region == GLOBAL || worked.contains(&row.region)));
        for row in rows.iter_mut().filter(|row| refused(row)) {
            if !ended && !worked.is_empty() {
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
    fn every_cell_has_one_row_and_the_first_word_stands() {
        let mut ledger = AccountLedger::default();
        for region in ["a", "b", "b"] {
            ledger.open(region, VPCS);
        }
        ledger.close(row("a", Status::Ok));
        ledger.close(row("a", Status::Failed));
        let rows = ledger.finish(|region, _| row(region, Status::NotStarted));
        let told: Vec<_> = rows.iter().map(|row| (row.region.as_str(), row.status)).collect();
        assert_eq!(told, [("a", Status::Ok), ("b", Status::NotStarted)]);
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
}
