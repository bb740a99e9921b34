//! What changed between two estates: resources that were added, removed or changed, and their members before and after.
//!
//! ```text
//! two estates -> cells that were answered again -> rows with another digest -> members that differ
//! ```
//!
//! **Invariant:** a resource is removed only if the newer cell was answered in full, and added only if the older one was.

mod comparison;
mod cell_pairs;
mod row_pairs;
mod row_hashes;
mod row_members;
mod table_changes;
mod run_pairs;

pub(crate) use super::facts::{Change, ChangedRow};
pub(crate) use comparison::{AheadAnswers, ComparedEstates};
#[cfg(feature = "cli")]
pub(crate) use row_members::{own_columns, own_value};
pub(crate) use run_pairs::{ComparedRuns, RunPair, compare_common, newest_pair};
pub(crate) use table_changes::{ChangeSink, ComparedCells, of_table};

use std::collections::BTreeSet;

use futures::{FutureExt, StreamExt};

use super::estate::Estate;
use super::facts::{BaselineCell, Coverage, Read, RowFilter};
use crate::error::{Error, ErrorKind};

/// Tables that are compared at the same time.
const CONCURRENT: usize = 2;

/// What changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// In the order of account, region, table, id and ARN.
    pub rows: Vec<ChangedRow>,
    /// What was not known on one side.
    pub coverage: Coverage,
}

/// Compares two estates. Of a single run only the cells that it asked count.
pub(crate) async fn compare(older: &Estate, newer: &Estate, selection: &RowFilter) -> Result<Changes, Error> {
    let tables: Vec<&'static str> = newer.tables().collect();
    compare_tables(older, newer, &tables, selection).await
}

/// Compares some tables of two estates.
pub(crate) async fn compare_tables(
    older: &Estate,
    newer: &Estate,
    tables: &[&'static str],
    selection: &RowFilter,
) -> Result<Changes, Error> {
    let comparison = ComparedEstates::of_sides(older.clone(), newer.clone());
    let compared = tables.iter().map(|table| {
        let (comparison, selection, table) = (comparison.clone(), selection.clone(), *table);
        async move {
            let task = tokio::spawn(async move {
                let mut rows: Vec<ChangedRow> = Vec::new();
                let cells = of_table(&comparison, table, &selection, &mut rows).await?;
                Ok((rows, cells))
            });
            task.await.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?
        }
        .boxed()
    });
    // Boxed and in a list, so that this can be a task too: the compiler cannot tell that of the iterator.
    let compared: Vec<_> = compared.collect();
    let mut changes = Changes::default();
    let mut baseline: BTreeSet<BaselineCell> = BTreeSet::new();
    let mut results = futures::stream::iter(compared).buffer_unordered(CONCURRENT);
    while let Some(result) = results.next().await {
        let (mut rows, mut cells): (Vec<ChangedRow>, ComparedCells) = result?;
        changes.rows.append(&mut rows);
        baseline.append(&mut cells.baseline);
    }
    changes.rows.sort_by(|one, other| one.order().cmp(&other.order()));
    let reads: Vec<Read> = tables.iter().map(|table| Read::subject(table, &[])).collect();
    let cells = newer.cells().await;
    changes.coverage =
        if newer.is_one_run() { cells.coverage_of_asked(&reads, selection) } else { cells.coverage(&reads, selection) };
    changes.coverage.baseline = baseline.into_iter().collect();
    for row in &changes.rows {
        changes.coverage.saw(row.previous_collected_at);
        changes.coverage.saw(row.collected_at);
    }
    Ok(changes)
}
