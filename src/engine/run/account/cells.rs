//! Opens the cells of an account in its ledger, and returns the jobs that answer them.

use super::{AccountContext, AccountProgress, Regions};
use crate::aws::{AwsError, AwsErrorKind};
use crate::catalogue::{Reach, Source, Table};
use crate::engine::collect::{Job, jobs};
use crate::inventory::{ANY_REGION, AccountLedger, CellType, GLOBAL, LedgerRow, Status};

impl AccountContext {
    fn tables(&self) -> impl Iterator<Item = &'static Table> + '_ {
        self.types.planned.iter().map(|index| self.shard.catalogue.at(*index))
    }

    /// The types of the run that the account does not share: it has no cells of them, unless an earlier run left some open.
    fn unshared_tables(&self) -> impl Iterator<Item = &'static Table> + '_ {
        let unshared = self.shard.tables.iter().filter(|index| !self.types.planned.contains(index));
        unshared.map(|index| self.shard.catalogue.at(*index))
    }

    fn regional_tables(&self) -> impl Iterator<Item = &'static Table> + '_ {
        self.tables().filter(|table| table.entry.reach == Reach::Regional)
    }

    /// Opens the cells of an account whose enabled regions are unknown: one per type, for the regions named in full or else
    /// for `*`. A resumed run takes its open cells from the earlier ledgers.
    pub(super) fn open_cells_of_unknown_regions(&self, ledger: &mut AccountLedger) {
        let named = self.account.regions.filter().ok().and_then(|filter| filter.named_in_full());
        let regions = named.unwrap_or_else(|| vec![ANY_REGION.into()]);
        for table in self.regional_tables() {
            match self.shard.prior_results.open_regions(self.id(), table.entry.table) {
                Some(open) => open.into_iter().for_each(|region| ledger.open(region, cell_type(table))),
                None => regions.iter().for_each(|region| ledger.open(region, cell_type(table))),
            }
        }
    }

    /// Opens the account's global cells, once, and returns the jobs that answer them.
    pub(super) fn open_global_cells(&self, progress: &mut AccountProgress) -> Vec<Job> {
        if std::mem::replace(&mut progress.global_cells_opened, true) {
            return Vec::new();
        }
        self.close_unshared_cells_of_earlier_runs(progress);
        self.open_cells(progress, Reach::Global, GLOBAL)
    }

    /// Opens the account's regional cells, once, and returns the jobs that answer them, region by region. Cells of regions
    /// that are not enabled are closed at once. The many cells take memory, so they are opened only when they are asked.
    pub(super) fn open_regional_cells(&self, progress: &mut AccountProgress) -> Vec<Vec<Job>> {
        let shard = &self.shard;
        let Regions::Chosen(chosen, unknown_because) = std::mem::replace(&mut progress.regions, Regions::Opened) else {
            return Vec::new();
        };
        for (region, reason) in &chosen.disabled {
            let cause = AwsError::new(AwsErrorKind::Other, reason.clone());
            for table in self.regional_tables() {
                self.close_cell(progress, region, table, (Status::RegionDisabled, Some(&cause)));
            }
        }
        self.close_cells_of_earlier_runs(progress, &chosen.ask);
        let jobs_of_region = |region: &String| {
            let mut jobs = self.open_cells(progress, Reach::Regional, region);
            // Types that call a global service once per resource take longest, so they begin first.
            let calls_global_service = |index: &usize| !shard.catalogue.at(*index).entry.service.is_regional();
            jobs.sort_by_key(|job| !job.children.iter().any(calls_global_service));
            jobs
        };
        let jobs = chosen.ask.iter().map(jobs_of_region).collect();
        self.close_cells_of_other_regions(progress, unknown_because.as_ref());
        jobs
    }

    /// Closes cells that an earlier run has left open in regions that are no longer among those to ask.
    fn close_cells_of_earlier_runs(&self, progress: &mut AccountProgress, asked: &[String]) {
        let reason = "an earlier run left this open, and the region is no longer one to ask: it is not enabled in this \
                      account any more, or the registry does not allow it any more";
        let cause = AwsError::new(AwsErrorKind::Other, reason);
        for table in self.regional_tables() {
            let open = self.shard.prior_results.open_regions(self.id(), table.entry.table).unwrap_or_default();
            let is_asked = |region: &str| region == ANY_REGION || asked.iter().any(|asked| asked == region);
            for region in open.into_iter().filter(|region| !is_asked(region)) {
                self.close_cell(progress, region, table, (Status::RegionDisabled, Some(&cause)));
            }
        }
    }

    /// Closes cells that an earlier run has left open, of types that the account does not share any more. Without them the run
    /// would look complete.
    fn close_unshared_cells_of_earlier_runs(&self, progress: &mut AccountProgress) {
        let cause = withdrawn();
        for table in self.unshared_tables() {
            let open = self.shard.prior_results.open_regions(self.id(), table.entry.table).unwrap_or_default();
            for region in open {
                self.close_cell(progress, region, table, (Status::of_earlier_call(cause.kind), Some(&cause)));
            }
        }
    }

    /// Closes the cells at region `*`, which stand for all regions that are not known. If the regions are unknown, each type
    /// has one, so that no ledger claims more than was asked. If they are known, only a type has one that an earlier run
    /// left open there, and that has no other cell in this run.
    fn close_cells_of_other_regions(&self, progress: &mut AccountProgress, unknown_because: Option<&AwsError>) {
        for table in self.regional_tables() {
            let open = self.shard.prior_results.open_regions(self.id(), table.entry.table);
            let was_open = open.as_ref().is_some_and(|regions| regions.contains(&ANY_REGION));
            let outcome = match unknown_because {
                // The regions are known if an earlier run knew them.
                Some(cause) if open.is_none() || was_open => (Status::of_earlier_call(cause.kind), Some(cause)),
                None if was_open && !progress.ledger.has_cell_of(cell_type(table)) => (Status::Empty, None),
                _ => continue,
            };
            self.close_cell(progress, ANY_REGION, table, outcome);
        }
    }

    /// Closes a cell that is not asked.
    fn close_cell(
        &self,
        progress: &mut AccountProgress,
        region: &str,
        table: &Table,
        (status, cause): (Status, Option<&AwsError>),
    ) {
        let row = LedgerRow::new(&self.shard.run_id, self.id(), region, cell_type(table), status);
        progress.ledger.close(match cause {
            Some(cause) => row.because(cause),
            None => row,
        });
    }

    /// Opens the cells of one region, or of `global`, and returns the jobs that answer them.
    fn open_cells(&self, progress: &mut AccountProgress, reach: Reach, region: &str) -> Vec<Job> {
        let shard = &self.shard;
        let is_opened = |table: &&Table| table.entry.reach == reach && self.is_wanted(table, region);
        let (tables, withdrawn_tables): (Vec<&Table>, Vec<&Table>) =
            self.tables().filter(is_opened).partition(|table| self.types.may_ask(table.index));
        tables.iter().for_each(|table| progress.ledger.open(region, cell_type(table)));
        for table in withdrawn_tables {
            let cause = withdrawn();
            self.close_cell(progress, region, table, (Status::of_earlier_call(cause.kind), Some(&cause)));
        }
        shard.observer.cells_opened(tables.len());
        shard.write_margin.open_cells(tables.len() as u64);
        let tables: Vec<usize> = tables.iter().map(|table| table.index).collect();
        jobs(shard.catalogue, &tables, reach, region)
    }

    /// Makes the rows of a job that asked nothing, or whose answers are lost.
    pub(super) fn rows_of_failed_job(&self, job: &Job, cause: &AwsError) -> Vec<LedgerRow> {
        let tables = job.wanted.then_some(job.root).into_iter().chain(job.children.iter().copied());
        let row = |index: usize| {
            let cell = cell_type(self.shard.catalogue.at(index));
            LedgerRow::new(&self.shard.run_id, self.id(), &job.region, cell, Status::of_earlier_call(cause.kind))
        };
        tables.map(|index| row(index).because(cause)).collect()
    }

    /// Returns true if the cell is planned, and no earlier run has answered it.
    pub(super) fn is_wanted(&self, table: &Table, region: &str) -> bool {
        let planned = self.types.planned.contains(&table.index);
        planned && !self.shard.prior_results.is_answered(self.id(), region, table.entry.table)
    }
}

/// Why the cells of a type are not asked that the customer shared when the run was planned.
pub(super) fn withdrawn() -> AwsError {
    let what =
        "the registry does not let this type be asked in this account any more: see the `resources` of its target";
    AwsError::new(AwsErrorKind::Other, what)
}

/// A cell's table and operation, as its ledger row names them.
pub(super) fn cell_type(table: &Table) -> CellType {
    debug_assert!(!matches!(table.entry.source, Source::Account) || table.entry.reach == Reach::Global);
    CellType { table: table.entry.table, operation: table.entry.operation }
}
