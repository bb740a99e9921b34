//! The ledger of one account: its cells are opened when its regions are known, and closed once each. What is still open at
//! the end is closed with a reason.
//!
//! **Invariant:** knows neither how AWS is called nor how files are written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::closed_cell::{ClosedCell, RowOwner};
use super::ledger::{ANY_REGION, CellType, LedgerRow, Status};
use super::session_evidence::SessionEvidence;

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
    use crate::aws::{AwsError, AwsErrorKind};

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
}
