//! The one read model behind all answers: which rows of an output are valid at a moment.
//!
//! **Invariant:** knows the state of the output, its files and the catalogue. Writes nothing.

mod moment;
mod tables;
mod row_search;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use crate::answers::facts::{CellRef, Cells, Facts, Read, RowFilter};
use crate::catalogue::{Catalogue, Reach, Table};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::output::rows::RowsError;
use crate::output::state::{self, State, StateError, StateRun};
use crate::store::Store;

pub(crate) use moment::{Moment, commits, newest_whole_runs, run_times, whole_run_before};
use row_search::RowSearch;
pub(crate) use tables::{ReadColumns, ValidRows};

/// An output, opened at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Estate {
    store: Store,
    /// The output as the settings name it.
    location: String,
    catalogue: &'static Catalogue,
    state: Arc<State>,
    /// The newest word on the cells of the state, once something needs it.
    cells: Arc<OnceCell<Arc<Cells>>>,
    /// The moment from which ages count.
    at: Timestamp,
    /// Whether it has one run alone, with its continuations.
    is_one_run: bool,
}

impl Estate {
    /// Opens the output of the settings. Only the cells of these tables are read, if they are given.
    ///
    /// # Errors
    ///
    /// Returns an error if no run is committed by the moment, or if what was committed cannot be read.
    pub(crate) async fn open(engine: &Engine, moment: &Moment, tables: Option<&[&str]>) -> Result<Self, Error> {
        let estate = Self::open_or_empty(engine, moment, tables).await?;
        if estate.state.is_empty() {
            return Err(moment::nothing_committed(&estate.store, &estate.location, moment).await);
        }
        Ok(estate)
    }

    /// The same, and an empty estate if no run is committed by the moment.
    pub(crate) async fn open_or_empty(
        engine: &Engine,
        moment: &Moment,
        tables: Option<&[&str]>,
    ) -> Result<Self, Error> {
        let catalogue = Catalogue::get().map_err(|what| Error::new(ErrorKind::Internal, what))?;
        let (store, location) = engine.output()?;
        let (state, at) = match moment {
            Moment::Now => (state::load(&store, None, tables).await, Timestamp::now()),
            Moment::At(at) => (state::load(&store, Some(*at), tables).await, *at),
            Moment::Run(_) | Moment::Alone { .. } => {
                let runs = match moment {
                    Moment::Run(run_id) => moment::chain(engine, run_id).await?,
                    Moment::Alone { run_id, dt } => vec![(dt.clone(), run_id.to_string())],
                    Moment::Now | Moment::At(_) => Vec::new(),
                };
                let state = state::of_runs(&store, &runs, tables).await;
                let at = state.as_ref().map_or(Timestamp::MIN, State::moment);
                (state, at)
            }
        };
        let state = state.map_err(|error| unreadable(&location, &error))?;
        Ok(Self {
            store,
            location,
            catalogue,
            state: Arc::new(state),
            cells: Arc::default(),
            at,
            is_one_run: matches!(moment, Moment::Run(_) | Moment::Alone { .. }),
        })
    }

    /// The estate of some accounts alone: the others are as if they had never been asked.
    pub(crate) fn of_accounts(&self, accounts: &BTreeSet<String>) -> Self {
        Self { state: Arc::new(self.state.of_accounts(accounts)), cells: Arc::default(), ..self.clone() }
    }

    /// The rows of the files that have current rows, of all tables.
    pub(crate) fn row_count(&self) -> u64 {
        self.tables().flat_map(|table| self.state.files_of(table)).map(|(file, _)| file.rows).sum()
    }

    /// Every table of resources.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &'static str> {
        self.catalogue.tables().iter().map(|table| table.entry.table)
    }

    /// Refuses region globs of which one matches no region of the inventory: an empty answer would look like one.
    pub(crate) fn require_regions(&self, selection: &RowFilter) -> Result<(), Error> {
        let Some(globs) = &selection.regions else { return Ok(()) };
        let known: BTreeSet<&str> = self.state.places().map(|(_, region)| region).collect();
        let unmatched = globs.unmatched(known.iter().copied());
        if unmatched.is_empty() {
            return Ok(());
        }
        let mut errors = ValidationErrors::new();
        for glob in unmatched {
            errors.push("--regions", format!("`{glob}` matches no region of the inventory"));
        }
        Err(Error::of(ErrorKind::InvalidRequest, &errors))
    }

    /// Reads the valid rows of some tables.
    pub(crate) async fn facts(&self, rows: &[Read], selection: RowFilter) -> Result<Facts, Error> {
        let mut columns: BTreeMap<&'static str, BTreeSet<&'static str>> = BTreeMap::new();
        for read in rows {
            columns.entry(read.table).or_default().extend(read.columns);
        }
        let cells = self.cells().await;
        // Decoding takes a processor, so each table has a task of its own. They end with this call.
        let mut tasks = JoinSet::new();
        for (table, columns) in columns {
            let (estate, cells, columns) = (self.clone(), cells.clone(), ReadColumns::new(self, table, &columns));
            tasks.spawn(async move { tables::read(&estate, &cells, &columns).await });
        }
        let mut facts = Vec::new();
        while let Some(read) = tasks.join_next().await {
            let read = read.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
            facts.push(read.map_err(|error| unreadable(&self.location, &error))?);
        }
        Ok(Facts::new(facts, cells, selection, self.at))
    }

    /// Roughly the bytes of memory that the rows of some tables take, and at least one.
    pub(crate) fn weight(&self, reads: &[Read]) -> u64 {
        let bytes = |read: &Read| {
            let rows: u64 = self.state.files_of(read.table).map(|(file, _)| file.rows).sum();
            let columns = ReadColumns::new(self, read.table, &read.columns.iter().copied().collect());
            rows.saturating_mul(columns.row_bytes())
        };
        reads.iter().map(bytes).fold(0, u64::saturating_add).max(1)
    }

    /// A search in the valid rows of some tables.
    pub(crate) fn search(&self, reads: &[Read]) -> RowSearch {
        RowSearch::new(self, reads)
    }

    /// A table of the catalogue.
    pub(crate) fn table(&self, name: &str) -> Option<&'static Table> {
        self.catalogue.find(name)
    }

    /// Whether it has one run alone, with its continuations.
    pub(crate) fn is_one_run(&self) -> bool {
        self.is_one_run
    }

    /// The time of the newest commit. `None` if no run is committed.
    pub(crate) fn newest_commit(&self) -> Option<Timestamp> {
        (!self.state.is_empty()).then(|| self.state.moment())
    }

    /// The number of cells of a table that were asked, and have no full answer.
    pub(crate) fn unanswered(&self, table: &str) -> u64 {
        self.state.cells_of(table).filter(|cell| cell.answer.is_none()).count() as u64
    }

    /// The accounts that were ever asked for anything.
    pub(crate) fn accounts(&self) -> BTreeSet<&str> {
        self.state.places().map(|(account_id, _)| account_id).collect()
    }

    /// The account and region of each cell of a table, and the newest run that answered it in full.
    pub(crate) fn answers(&self, table: &str) -> impl Iterator<Item = (&str, &str, &StateRun)> {
        self.state.cells_of(table).filter_map(|cell| Some((cell.account_id, cell.region, cell.answer?)))
    }

    /// Hands over the valid rows of a table with these columns beside the opening ones, row group by row group.
    pub(crate) async fn scan(
        &self,
        columns: &ReadColumns,
        accept: impl FnMut(ValidRows<'_>) -> Result<(), RowsError>,
    ) -> Result<(), Error> {
        let cells = self.cells().await;
        tables::scan(self, &cells, columns, accept).await.map_err(|error| unreadable(&self.location, &error))
    }

    /// The columns of a table with these beside the opening ones.
    pub(crate) fn columns(&self, table: &'static str, names: &BTreeSet<&'static str>) -> ReadColumns {
        ReadColumns::new(self, table, names)
    }

    /// The moment from which ages count.
    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }

    /// The newest word on the cells of the tables for which the estate was opened.
    pub(crate) async fn cells(&self) -> Arc<Cells> {
        Arc::clone(self.cells.get_or_init(async || Arc::new(self.known_cells())).await)
    }

    fn known_cells(&self) -> Cells {
        let global = self.catalogue.tables().iter().filter(|table| table.entry.reach == Reach::Global);
        let mut cells = Cells::new(global.map(|table| table.entry.table.to_owned()));
        for (account_id, region) in self.state.places() {
            cells.add_place(account_id, region);
        }
        for table in self.tables() {
            for cell in self.state.cells_of(table) {
                cells.add(CellRef {
                    account_id: cell.account_id,
                    region: cell.region,
                    table,
                    status: cell.status,
                    error_code: cell.error_code,
                    word_at: cell.word.started_at,
                    last_answered: cell.answer.map(|run| run.started_at),
                    answered_by: cell.answer.map(|run| run.run_id.as_str()),
                });
            }
        }
        cells.finish()
    }
}

fn unreadable(location: &str, error: &StateError) -> Error {
    Error::new(ErrorKind::OutputUnreadable, format!("the output {location} cannot be read: {error}"))
}
