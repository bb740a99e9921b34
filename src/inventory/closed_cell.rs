//! The row of a closed cell, without what it has in common with the other rows of its account.
//!
//! An account's rows are held until its last cell is closed, and nearly all of them name neither an error nor a parent.
//!
//! **Invariant:** a row comes back exactly as it was.

use std::sync::Arc;

use jiff::Timestamp;

use super::ledger::{CellType, LedgerRow, Status};

/// What all rows of an account name.
#[derive(Debug)]
pub(super) struct RowOwner {
    run_id: String,
    account_id: String,
}

/// The row of a closed cell.
#[derive(Debug)]
pub(super) enum ClosedCell {
    /// A row of counts alone.
    Counts(Box<CellCounts>),
    /// Any other row.
    Whole(Box<LedgerRow>),
}

#[derive(Debug)]
pub(super) struct CellCounts {
    owner: Arc<RowOwner>,
    status: Status,
    records: u64,
    dropped: u64,
    pages: u64,
    calls: u64,
    retries: u64,
    throttles: u64,
    started_at: Option<Timestamp>,
    duration_ms: u64,
}

impl ClosedCell {
    /// Takes a row in. `owner` is that of the account's row before, and becomes this one's.
    pub(super) fn new(row: LedgerRow, owner: &mut Option<Arc<RowOwner>>) -> Self {
        // Without `..`, so that no member is forgotten.
        let LedgerRow {
            run_id,
            account_id,
            region: _,
            table: _,
            operation: _,
            status,
            records,
            dropped,
            pages,
            calls,
            retries,
            throttles,
            started_at,
            duration_ms,
            parent,
            error_code,
            error_message,
            request_id,
            kind,
            cut,
            done,
        } = &row;
        let names_more = parent.is_some()
            || error_code.is_some()
            || error_message.is_some()
            || request_id.is_some()
            || kind.is_some()
            || *cut
            || !done.is_empty();
        if names_more {
            return Self::Whole(Box::new(row));
        }
        let is_same = |owner: &&Arc<RowOwner>| owner.run_id == *run_id && owner.account_id == *account_id;
        let owner = match owner.as_ref().filter(is_same) {
            Some(owner) => owner.clone(),
            None => {
                let named = RowOwner { run_id: run_id.clone(), account_id: account_id.clone() };
                owner.insert(Arc::new(named)).clone()
            }
        };
        Self::Counts(Box::new(CellCounts {
            owner,
            status: *status,
            records: *records,
            dropped: *dropped,
            pages: *pages,
            calls: *calls,
            retries: *retries,
            throttles: *throttles,
            started_at: *started_at,
            duration_ms: *duration_ms,
        }))
    }

    /// Restores the row of this cell.
    pub(super) fn into_row(self, region: &str, cell: CellType) -> LedgerRow {
        match self {
            Self::Whole(row) => *row,
            Self::Counts(counts) => {
                let CellCounts { owner, status, records, dropped, pages, .. } = *counts;
                let CellCounts { calls, retries, throttles, started_at, duration_ms, .. } = *counts;
                LedgerRow {
                    records,
                    dropped,
                    pages,
                    calls,
                    retries,
                    throttles,
                    started_at,
                    duration_ms,
                    ..LedgerRow::new(&owner.run_id, &owner.account_id, region, cell, status)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{AwsError, AwsErrorKind};

    #[test]
    fn every_row_comes_back_as_it_was() {
        let cell = CellType { table: "ec2_vpcs", operation: "ec2:DescribeVpcs" };
        let row = |account: &str| LedgerRow {
            records: 1,
            dropped: 2,
            pages: 3,
            calls: 4,
            retries: 5,
            throttles: 6,
            started_at: Some(Timestamp::UNIX_EPOCH),
            duration_ms: 7,
            ..LedgerRow::new("run", account, "eu-west-1", cell, Status::Ok)
        };
        let rows = [
            row("1"),
            LedgerRow::new("run", "1", "*", cell, Status::NotStarted),
            row("2"),
            row("1").because(&AwsError::new(AwsErrorKind::Denied, "no")),
            LedgerRow { error_code: Some("Denied".into()), ..row("1") },
            LedgerRow { error_message: Some("no".into()), ..row("1") },
            LedgerRow { request_id: Some("r".into()), ..row("1") },
            LedgerRow { kind: Some(AwsErrorKind::Other), ..row("1") },
            LedgerRow { parent: Some("ec2_subnets"), ..row("1") },
            LedgerRow { cut: true, ..row("1") },
            LedgerRow { done: vec!["z".into()], ..row("1") },
        ];
        let mut owner = None;
        let closed: Vec<ClosedCell> = rows.iter().map(|row| ClosedCell::new(row.clone(), &mut owner)).collect();
        let whole = closed.iter().filter(|closed| matches!(closed, ClosedCell::Whole(_))).count();
        assert_eq!(whole, rows.len() - 3);
        for (closed, row) in closed.into_iter().zip(&rows) {
            assert_eq!(closed.into_row(&row.region, cell), *row);
        }
    }
}
