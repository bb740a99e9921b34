//! Reads some rows of some tables in steps. The bytes of a table are fetched once, and stay in memory.
//!
//! **Invariant:** of a resource all valid rows are read, or none.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::tables::{ReadColumns, files, keep_valid};
use super::{Estate, unreadable};
use crate::answers::facts::{Cells, FactSource, FactTable, Read};
use crate::error::{Error, ErrorKind};
use crate::output::rows::{OneOf, RowGroup, RowSet, RowTest, RowsError, read_groups};
use crate::output::state::StateRun;

/// Some rows of some tables of an estate.
#[derive(Debug)]
pub(crate) struct RowSearch {
    estate: Estate,
    columns: BTreeMap<&'static str, Arc<ReadColumns>>,
    /// The tables that were opened.
    tables: HashMap<&'static str, SearchedRows>,
}

/// The rows of a table that are in memory, and those that are selected.
#[derive(Debug)]
struct SearchedRows {
    columns: Arc<ReadColumns>,
    groups: Vec<SearchedGroup>,
    /// Whether rows were selected since the table was read.
    is_changed: bool,
}

#[derive(Debug)]
struct SearchedGroup {
    /// The run that wrote the rows.
    run_id: Arc<str>,
    rows: Arc<RowGroup>,
    selected: RowSet,
}

impl RowSearch {
    /// A search in these tables, with these columns of theirs.
    pub(crate) fn new(estate: &Estate, reads: &[Read]) -> Self {
        let mut columns: BTreeMap<&'static str, BTreeSet<&'static str>> = BTreeMap::new();
        for read in reads {
            columns.entry(read.table).or_default().extend(read.columns);
        }
        let columns = columns.into_iter().map(|(table, names)| {
            let columns = ReadColumns::new(estate, table, &names);
            (table, Arc::new(columns))
        });
        Self { estate: estate.clone(), columns: columns.collect(), tables: HashMap::new() }
    }

    /// Takes the result of each task, of which every one has a table of its own: decoding takes a processor.
    async fn finish<T: 'static>(
        &mut self,
        mut tasks: JoinSet<Result<(SearchedRows, T), RowsError>>,
    ) -> Result<Vec<T>, Error> {
        let mut results = Vec::with_capacity(tasks.len());
        while let Some(task) = tasks.join_next().await {
            let done = task.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
            let (rows, result) = done.map_err(|error| unreadable(&self.estate.location, &error))?;
            self.tables.insert(rows.columns.table, rows);
            results.push(result);
        }
        Ok(results)
    }
}

impl FactSource for RowSearch {
    async fn select(&mut self, tests: Vec<(&'static str, RowTest)>) -> Result<(), Error> {
        let mut of_table: BTreeMap<&'static str, RowTest> = BTreeMap::new();
        for (table, test) in tests.into_iter().filter(|(_, test)| !test.is_nothing()) {
            let known = of_table.remove(table).unwrap_or_default();
            of_table.insert(table, known.or(test));
        }
        let mut tasks = JoinSet::new();
        for (table, test) in of_table {
            let Some(columns) = self.columns.get(table).cloned() else { continue };
            let (estate, open) = (self.estate.clone(), self.tables.remove(table));
            tasks.spawn(async move {
                let mut rows = match open {
                    Some(rows) => rows,
                    None => SearchedRows::open(&estate, columns).await?,
                };
                let passing = rows.passing(test).await?;
                if passing.iter().any(|rows| !rows.is_empty()) {
                    rows.select(passing, &*estate.cells().await)?;
                }
                Ok((rows, ()))
            });
        }
        self.finish(tasks).await.map(|_| ())
    }

    async fn read(&mut self) -> Result<Vec<FactTable>, Error> {
        let mut tasks = JoinSet::new();
        let changed: Vec<&'static str> =
            self.tables.iter().filter(|(_, rows)| rows.is_changed).map(|(table, _)| *table).collect();
        for mut rows in changed.into_iter().filter_map(|table| self.tables.remove(table)) {
            let estate = self.estate.clone();
            tasks.spawn(async move {
                rows.complete(&*estate.cells().await).await?;
                let table = rows.table()?;
                Ok((rows, table))
            });
        }
        self.finish(tasks).await
    }
}

impl SearchedRows {
    async fn open(estate: &Estate, columns: Arc<ReadColumns>) -> Result<Self, RowsError> {
        let all = columns.all();
        let read = async |(file, run): (_, StateRun)| {
            let (run_id, mut groups) = (Arc::<str>::from(run.run_id), Vec::new());
            let accept = |rows: RowGroup| {
                groups.push(SearchedGroup { run_id: run_id.clone(), rows: rows.into(), selected: RowSet::default() });
                Ok(())
            };
            read_groups(&estate.store, &file, &all, accept).await.map(|()| groups)
        };
        let files = files(estate, columns.table).into_iter().map(read);
        let groups = futures::future::try_join_all(files).await?.into_iter().flatten().collect();
        Ok(Self { columns, groups, is_changed: false })
    }

    /// The rows of each row group that pass, valid or not. A table can be much larger than the others, so each row group has a
    /// task of its own.
    async fn passing(&self, test: RowTest) -> Result<Vec<RowSet>, RowsError> {
        let test = Arc::new(test);
        let mut tasks = JoinSet::new();
        for (at, group) in self.groups.iter().enumerate() {
            let (rows, test) = (group.rows.clone(), test.clone());
            tasks.spawn(async move { (at, rows.passing(&test)) });
        }
        let mut passing = vec![RowSet::default(); self.groups.len()];
        while let Some(task) = tasks.join_next().await {
            let (at, rows) = task.map_err(|error| RowsError::content(self.columns.table, error))?;
            passing[at] = rows?;
        }
        Ok(passing)
    }

    /// Selects these rows of each row group, as far as they are valid.
    fn select(&mut self, passing: Vec<RowSet>, cells: &Cells) -> Result<(), RowsError> {
        for (group, mut rows) in self.groups.iter_mut().zip(passing).filter(|(_, rows)| !rows.is_empty()) {
            keep_valid(&group.rows, &mut rows, cells.answered_by(self.columns.table, &group.run_id))?;
            self.is_changed |= !rows.is_empty();
            group.selected.add(rows);
        }
        Ok(())
    }

    /// Selects the other rows of the resources of which a row is selected: those with the same ARN, or without one with the
    /// same id.
    async fn complete(&mut self, cells: &Cells) -> Result<(), RowsError> {
        let (mut arns, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for group in &self.groups {
            let arn = group.rows.values("arn", &group.selected)?;
            let id = group.rows.values("id", &group.selected)?;
            for row in 0..group.selected.len() {
                match arn.text(row) {
                    Some(arn) => arns.insert(arn.to_owned()),
                    None => ids.insert(id.text(row).unwrap_or_default().to_owned()),
                };
            }
        }
        let mut test = RowTest::default();
        if !arns.is_empty() {
            test = test.or_text("arn", OneOf::new(arns.iter().cloned()));
        }
        if !ids.is_empty() {
            test = test.or_text("id", OneOf::new(ids));
        }
        let mut passing = self.passing(test).await?;
        for (group, rows) in self.groups.iter().zip(&mut passing) {
            let arn = group.rows.values("arn", rows)?;
            // Another resource can have the id too.
            rows.keep(|row| arn.text(row).is_none_or(|arn| arns.contains(arn)));
        }
        self.select(passing, cells)
    }

    /// The selected rows.
    fn table(&mut self) -> Result<FactTable, RowsError> {
        let mut builder = self.columns.builder();
        for group in self.groups.iter().filter(|group| !group.selected.is_empty()) {
            self.columns.append(&mut builder, &group.rows, &group.selected)?;
        }
        self.is_changed = false;
        Ok(builder.finish())
    }
}
