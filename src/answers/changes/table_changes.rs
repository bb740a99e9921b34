//! Compares the rows of one table.
//!
//! Digests are read first. The other columns are read of the cells that changed.
//!
//! **Invariant:** of a resource that several accounts see, the owner's cell decides, if the estate has one.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::cell_pairs::CellPairs;
use super::changed_row::{Change, ChangedRow};
use super::row_members::{differing, members, own_columns};
use super::row_pairs::{RowKey, RowPairs, key, pair};
use crate::answers::estate::Estate;
use crate::answers::facts::{BaselineCell, FactTable, Resource, RowFilter};
use crate::answers::lookup::name_column;
use crate::catalogue::Table;
use crate::error::Error;

const DIGEST: &str = "digest";

/// What changed in a table.
#[derive(Debug, Default)]
pub(super) struct TableChanges {
    pub rows: Vec<ChangedRow>,
    pub baseline: BTreeSet<BaselineCell>,
}

/// Compares a table.
pub(super) async fn of_table(
    older: &Estate,
    newer: &Estate,
    table: &'static str,
    selection: &RowFilter,
) -> Result<TableChanges, Error> {
    let mut cells = CellPairs::of(older, newer, table, selection);
    let mut changes = TableChanges { rows: Vec::new(), baseline: std::mem::take(&mut cells.baseline) };
    let Some(catalogue) = newer.table(table).filter(|_| !cells.compared.is_empty()) else { return Ok(changes) };
    let wanted: HashSet<(String, String)> = cells.compared.keys().cloned().collect();
    let light: BTreeSet<&'static str> = [DIGEST].into_iter().chain(name_column(table)).collect();
    let mut sides = Sides::read(older, newer, table, &light, &wanted).await?;
    let has_digests = sides.rows().all(|row| row.integer(DIGEST).is_some());
    if !has_digests {
        // An earlier version wrote one of them: both are compared by their columns.
        sides = Sides::read(older, newer, table, &all_columns(catalogue), &wanted).await?;
    }
    let digest = |row: Resource<'_>| match row.integer(DIGEST).filter(|_| has_digests) {
        Some(digest) => digest.cast_unsigned(),
        None => crate::decode::json_hash(&members(catalogue, row).into()),
    };
    let RowPairs { changed, added, removed } = pair(
        sides.older.single_rows().map(|row| (row, digest(row))),
        sides.newer.single_rows().map(|row| (row, digest(row))),
    );
    let mut made = ToldChanges { cells: &cells, selection, table, rows: Vec::new(), shared: HashSet::new() };
    added.into_iter().for_each(|row| made.add(None, Some(row)));
    removed.into_iter().for_each(|row| made.add(Some(row), None));
    if !changed.is_empty() {
        let wanted: HashSet<(String, String)> =
            changed.iter().map(|(_, row)| (row.observer().to_owned(), row.region().to_owned())).collect();
        let whole = match has_digests {
            true => Some(Sides::read(older, newer, table, &all_columns(catalogue), &wanted).await?),
            false => None,
        };
        let whole = whole.as_ref().unwrap_or(&sides);
        let (before, after) = (by_content(&whole.older, &digest), by_content(&whole.newer, &digest));
        for (old, new) in &changed {
            let content = |side: &HashMap<(RowKey<'_>, u64), Resource<'_>>, row: Resource<'_>| {
                side.get(&(key(row), digest(row))).map(|row| members(catalogue, *row)).unwrap_or_default()
            };
            let members = differing(&content(&before, *old), &content(&after, *new));
            let at = made.rows.len();
            made.add(Some(*old), Some(*new));
            if let Some(row) = made.rows.get_mut(at) {
                row.members = Some(members);
            }
        }
    }
    changes.rows = made.rows;
    Ok(changes)
}

fn all_columns(table: &'static Table) -> BTreeSet<&'static str> {
    [DIGEST].into_iter().chain(own_columns(table).map(|(name, _)| name)).collect()
}

fn by_content<'a>(
    side: &'a FactTable,
    digest: &impl Fn(Resource<'_>) -> u64,
) -> HashMap<(RowKey<'a>, u64), Resource<'a>> {
    side.single_rows().map(|row| ((key(row), digest(row)), row)).collect()
}

/// The rows of both estates.
struct Sides {
    older: FactTable,
    newer: FactTable,
}

impl Sides {
    async fn read(
        older: &Estate,
        newer: &Estate,
        table: &'static str,
        columns: &BTreeSet<&'static str>,
        cells: &HashSet<(String, String)>,
    ) -> Result<Self, Error> {
        Ok(Self {
            older: older.rows_of_cells(table, columns, cells).await?,
            newer: newer.rows_of_cells(table, columns, cells).await?,
        })
    }

    fn rows(&self) -> impl Iterator<Item = Resource<'_>> {
        self.older.single_rows().chain(self.newer.single_rows())
    }
}

/// The rows of a table that were made so far.
struct ToldChanges<'a> {
    cells: &'a CellPairs,
    selection: &'a RowFilter,
    table: &'static str,
    rows: Vec<ChangedRow>,
    /// What was told of resources whose owner is not in the estate.
    shared: HashSet<(String, Option<String>, Change)>,
}

impl ToldChanges<'_> {
    /// Adds a change, unless the cell of the owner tells it, or another observer did.
    fn add(&mut self, before: Option<Resource<'_>>, after: Option<Resource<'_>>) {
        let Some(row) = after.or(before) else { return };
        let change = match (before, after) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Changed,
        };
        let place = |account: &str| (account.to_owned(), row.region().to_owned());
        if row.account_id() != row.observer() {
            let is_told = self.cells.answered.contains(&place(row.account_id()))
                || !self.shared.insert((row.id().to_owned(), row.arn().map(str::to_owned), change));
            if is_told {
                return;
            }
        }
        let is_selected = |row: Resource<'_>| self.selection.includes(row);
        if !before.is_some_and(is_selected) && !after.is_some_and(is_selected) {
            return;
        }
        let Some(runs) = self.cells.compared.get(&place(row.observer())) else { return };
        self.rows.push(ChangedRow {
            run_id: runs.newer.clone(),
            account_id: row.observer().to_owned(),
            region: row.region().to_owned(),
            table: self.table,
            id: row.id().to_owned(),
            arn: row.arn().map(str::to_owned),
            name: row.name().or_else(|| name_column(self.table).and_then(|column| row.text(column)).map(str::to_owned)),
            change,
            previous_run_id: runs.older.clone(),
            previous_collected_at: before.and_then(Resource::collected_at),
            collected_at: after.and_then(Resource::collected_at),
            members: None,
        });
    }
}
