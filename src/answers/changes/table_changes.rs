//! Compares the rows of one table.
//!
//! ```text
//! hashes of all rows -> rows of the identities that differ -> all columns of the rows that changed
//! ```
//!
//! **Invariant:** of a resource that several accounts see, the owner's cell decides, if the estate has one.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::cell_pairs::CellPairs;
use super::comparison::ComparedEstates;
use super::row_hashes::{KeyColumns, SideHashes, keep_compared, row_key_hash};
use super::row_members::{differing, members, own_columns};
use super::row_pairs::{RowKey, RowPairs, key, pair};
use crate::answers::estate::{Estate, ReadColumns};
use crate::answers::facts::{BaselineCell, Change, ChangedRow, FactTable, Resource, RowFilter};
use crate::answers::searched::name_column;
use crate::catalogue::Table;
use crate::decode::json_hash;
use crate::error::Error;

const DIGEST: &str = "digest";
/// Rows that are handed over together, and changed rows of which all columns are in memory.
const TOGETHER: usize = 10_000;

/// Takes rows as they are found.
pub(crate) trait ChangeSink: Send {
    /// Takes some rows.
    fn take(&mut self, rows: Vec<ChangedRow>) -> impl Future<Output = Result<(), Error>> + Send;
}

impl ChangeSink for Vec<ChangedRow> {
    async fn take(&mut self, mut rows: Vec<ChangedRow>) -> Result<(), Error> {
        self.append(&mut rows);
        Ok(())
    }
}

/// The cells of a table, by what became of them.
#[derive(Debug, Default)]
pub(crate) struct ComparedCells {
    /// The number of cells that were compared.
    pub compared: u64,
    /// The number of cells that were left out, since another run's answer is newer.
    pub outdated: u64,
    /// The cells that have no older answer.
    pub baseline: BTreeSet<BaselineCell>,
}

/// Compares a table.
pub(crate) async fn of_table(
    comparison: &ComparedEstates,
    table: &'static str,
    selection: &RowFilter,
    sink: &mut impl ChangeSink,
) -> Result<ComparedCells, Error> {
    let mut cells = CellPairs::of(comparison, table, selection);
    let told = ComparedCells {
        compared: cells.compared.len() as u64,
        outdated: cells.outdated,
        baseline: std::mem::take(&mut cells.baseline),
    };
    let Some(catalogue) = comparison.newer.table(table).filter(|_| !cells.compared.is_empty()) else { return Ok(told) };
    let mut sides = TableSides { comparison, name: table, table: catalogue, cells: &cells, has_digests: true };
    let mut keys = sides.differing_keys().await?;
    if keys.is_none() {
        // An earlier version wrote a row without a digest: all are compared by their columns.
        sides.has_digests = false;
        keys = sides.differing_keys().await?;
    }
    let keys = keys.unwrap_or_default();
    if !keys.is_empty() {
        sides.hand_over(&keys, selection, sink).await?;
    }
    Ok(told)
}

/// A table of both estates.
#[derive(Clone, Copy)]
struct TableSides<'a> {
    comparison: &'a ComparedEstates,
    name: &'static str,
    table: &'static Table,
    cells: &'a CellPairs,
    /// Whether every row has a digest.
    has_digests: bool,
}

impl TableSides<'_> {
    /// The hashes of the identities whose rows differ. `None` if a row lacks the digest that it should have.
    async fn differing_keys(&self) -> Result<Option<HashSet<u64>>, Error> {
        let Some(older) = self.hashes(&self.comparison.older).await? else { return Ok(None) };
        let Some(newer) = self.hashes(&self.comparison.newer).await? else { return Ok(None) };
        Ok(Some(older.differing(newer)))
    }

    async fn hashes(&self, estate: &Estate) -> Result<Option<SideHashes>, Error> {
        let (columns, cells) = (self.first_columns(estate), self.cells);
        let (mut hashes, mut is_complete) = (SideHashes::default(), true);
        let scan = estate.scan(&columns, |mut rows| {
            keep_compared(&mut rows, cells)?;
            if rows.len() == 0 || !is_complete {
                return Ok(());
            }
            if !self.has_digests {
                let mut builder = columns.builder();
                rows.append_to(&mut builder)?;
                builder.finish().single_rows().for_each(|row| hashes.push(row_key_hash(row), self.digest(row)));
                return Ok(());
            }
            let (keys, digests) = (KeyColumns::of(&rows)?, rows.values(DIGEST)?);
            for row in 0..rows.len() {
                match digests.integer(row) {
                    Some(digest) => hashes.push(keys.hash(row), digest.cast_unsigned()),
                    None => is_complete = false,
                }
            }
            Ok(())
        });
        scan.await?;
        Ok(is_complete.then_some(hashes))
    }

    /// The columns that tell whether a row differs.
    fn first_columns(&self, estate: &Estate) -> ReadColumns {
        let names = if self.has_digests { BTreeSet::from([DIGEST]) } else { self.all_columns() };
        estate.columns(self.name, &names)
    }

    fn all_columns(&self) -> BTreeSet<&'static str> {
        [DIGEST].into_iter().chain(own_columns(self.table).map(|(name, _)| name)).collect()
    }

    fn digest(&self, row: Resource<'_>) -> u64 {
        match row.integer(DIGEST).filter(|_| self.has_digests) {
            Some(digest) => digest.cast_unsigned(),
            None => json_hash(&members(self.table, row).into()),
        }
    }

    /// The rows with these identities, of both sides.
    async fn read(&self, names: &BTreeSet<&'static str>, keys: &HashSet<u64>) -> Result<[FactTable; 2], Error> {
        let (older, newer) = (&self.comparison.older, &self.comparison.newer);
        Ok([self.read_side(older, names, keys).await?, self.read_side(newer, names, keys).await?])
    }

    async fn read_side(
        &self,
        estate: &Estate,
        names: &BTreeSet<&'static str>,
        keys: &HashSet<u64>,
    ) -> Result<FactTable, Error> {
        let (columns, cells) = (estate.columns(self.name, names), self.cells);
        let mut builder = columns.builder();
        let scan = estate.scan(&columns, |mut rows| {
            keep_compared(&mut rows, cells)?;
            if rows.len() == 0 {
                return Ok(());
            }
            let identities = KeyColumns::of(&rows)?;
            rows.keep(|row| keys.contains(&identities.hash(row)));
            if rows.len() == 0 { Ok(()) } else { rows.append_to(&mut builder) }
        });
        scan.await?;
        Ok(builder.finish())
    }

    /// Hands over the changes of the rows with these identities.
    async fn hand_over(
        &self,
        keys: &HashSet<u64>,
        selection: &RowFilter,
        sink: &mut impl ChangeSink,
    ) -> Result<(), Error> {
        let names = match self.has_digests {
            true => [DIGEST].into_iter().chain(name_column(self.name)).collect(),
            false => self.all_columns(),
        };
        let [older, newer] = self.read(&names, keys).await?;
        let RowPairs { changed, added, removed } = pair(
            older.single_rows().map(|row| (row, self.digest(row))),
            newer.single_rows().map(|row| (row, self.digest(row))),
        );
        let mut told = ToldChanges { cells: self.cells, selection, table: self.name, shared: HashSet::new() };
        for some in added.chunks(TOGETHER) {
            sink.take(some.iter().filter_map(|row| told.row(None, Some(*row))).collect()).await?;
        }
        for some in removed.chunks(TOGETHER) {
            sink.take(some.iter().filter_map(|row| told.row(Some(*row), None)).collect()).await?;
        }
        for some in changed.chunks(TOGETHER) {
            let rows = some.iter().filter_map(|(old, new)| Some((told.row(Some(*old), Some(*new))?, *old, *new)));
            let rows: Vec<_> = rows.collect();
            if !rows.is_empty() {
                sink.take(self.with_members(rows).await?).await?;
            }
        }
        Ok(())
    }

    /// Adds the members that differ.
    async fn with_members(
        &self,
        rows: Vec<(ChangedRow, Resource<'_>, Resource<'_>)>,
    ) -> Result<Vec<ChangedRow>, Error> {
        let keys: HashSet<u64> = rows.iter().map(|(_, _, row)| row_key_hash(*row)).collect();
        let [older, newer] = self.read(&self.all_columns(), &keys).await?;
        let (before, after) = (self.by_content(&older), self.by_content(&newer));
        let content = |side: &HashMap<(RowKey<'_>, u64), Resource<'_>>, row: Resource<'_>| {
            side.get(&(key(row), self.digest(row))).map(|row| members(self.table, *row)).unwrap_or_default()
        };
        let row = |(mut row, old, new): (ChangedRow, Resource<'_>, Resource<'_>)| {
            row.members = Some(differing(&content(&before, old), &content(&after, new)));
            row
        };
        Ok(rows.into_iter().map(row).collect())
    }

    fn by_content<'a>(&self, side: &'a FactTable) -> HashMap<(RowKey<'a>, u64), Resource<'a>> {
        side.single_rows().map(|row| ((key(row), self.digest(row)), row)).collect()
    }
}

/// Decides which changes are told, and by whom.
struct ToldChanges<'a> {
    cells: &'a CellPairs,
    selection: &'a RowFilter,
    table: &'static str,
    /// What was told of resources whose owner is not in the estate.
    shared: HashSet<(String, Option<String>, Change)>,
}

impl ToldChanges<'_> {
    /// A change, unless the cell of the owner tells it, or another observer did.
    fn row(&mut self, before: Option<Resource<'_>>, after: Option<Resource<'_>>) -> Option<ChangedRow> {
        let row = after.or(before)?;
        let change = match (before, after) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Changed,
        };
        let place = |account: &str| (account.to_owned(), row.region().to_owned());
        if row.account_id() != row.observer() {
            let is_told = self.cells.answered.contains(&place(row.account_id()))
                || !self.shared.insert((row.id().to_owned(), row.arn().map(Cow::into_owned), change));
            if is_told {
                return None;
            }
        }
        let is_selected = |row: Resource<'_>| self.selection.includes(row);
        if !before.is_some_and(is_selected) && !after.is_some_and(is_selected) {
            return None;
        }
        let runs = self.cells.compared.get(&place(row.observer()))?;
        Some(ChangedRow {
            run_id: runs.newer.clone(),
            account_id: row.observer().to_owned(),
            region: row.region().to_owned(),
            table: self.table,
            id: row.id().to_owned(),
            arn: row.arn().map(Cow::into_owned),
            name: row.name().or_else(|| name_column(self.table).and_then(|column| row.text(column)).map(str::to_owned)),
            change,
            previous_run_id: runs.older.clone(),
            previous_collected_at: before.and_then(Resource::collected_at),
            collected_at: after.and_then(Resource::collected_at),
            members: None,
        })
    }
}
