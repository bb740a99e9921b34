//! Reads a state: its footer and its first row group, both of which a digest vouches for.
//!
//! **Invariant:** a changed byte in what it reads is an error, and never another state.

use std::collections::HashMap;

use jiff::Timestamp;

use super::matrix::Matrix;
use super::{DESCRIPTION, Description, StateColumn, VERSION, columns, digest, named_digest};
use crate::output::rows::{Batch, ParquetFile, RowFile, RowsError};
use crate::output::state::cells::{NumberedWord, RunFile};
use crate::output::state::{State, StateError, StateRun};
use crate::store::Store;

/// Reads a state: of all tables, or of these.
pub(in crate::output::state) async fn decode(
    store: &Store,
    file: &RowFile,
    tables: Option<&[&str]>,
) -> Result<State, StateError> {
    let damaged = |what: &str| RowsError::Content { key: file.key.clone(), what: what.to_owned() };
    let parquet = ParquetFile::open(store, file).await?;
    let description = parquet.metadata(DESCRIPTION).and_then(|text| serde_json::from_str::<Description>(text).ok());
    let description = description.ok_or_else(|| damaged("it does not say what it is"))?;
    if description.version != VERSION {
        return Err(damaged("another version of rolecall wrote it"));
    }
    let named = named_digest(&file.key).ok_or_else(|| damaged("its name has no digest"))?;
    if !digest(parquet.footer()).ends_with(named) {
        return Err(damaged("its footer is not the one that its name vouches for"));
    }
    let head = parquet.head(store, description.head_bytes).await?;
    if digest(&head) != description.head_sha256 {
        return Err(damaged("it was changed after it was written"));
    }
    let mut state = State { moment: description.moment, total: description.total, ..State::default() };
    if parquet.groups() > 0 {
        let batch = parquet.first_group(&columns(), head)?;
        let decoder = StateDecoder { state: &mut state, tables, runs: HashMap::new(), places: Vec::new() };
        decoder.read(&batch).ok_or_else(|| damaged("a row lacks a value"))?;
    }
    state.settle();
    Ok(state)
}

struct StateDecoder<'a> {
    state: &'a mut State,
    tables: Option<&'a [&'a str]>,
    /// The numbers of the runs by their ids.
    runs: HashMap<String, u32>,
    /// The accounts and regions, in their order.
    places: Vec<(u32, u32)>,
}

impl StateDecoder<'_> {
    /// Reads every row. The rows of runs and of places come first.
    fn read(mut self, batch: &Batch) -> Option<()> {
        let text = |place: StateColumn, at: usize| batch.columns[place as usize].text(at);
        for at in 0..batch.rows {
            match (text(StateColumn::Table, at), text(StateColumn::AccountId, at)) {
                (None, None) => self.add_run(run(batch, at)?),
                (None, Some(account_id)) => {
                    self.places.push(self.state.add_place(account_id, text(StateColumn::Region, at)?));
                }
                (Some(table), _) if self.tables.is_some_and(|tables| !tables.contains(&table)) => {}
                (Some(table), _) => match text(StateColumn::FileKey, at) {
                    Some(key) => self.add_file(batch, at, table, key)?,
                    None => self.add_cells(table, text(StateColumn::Matrix, at)?)?,
                },
            }
        }
        Some(())
    }

    fn add_run(&mut self, run: StateRun) {
        self.runs.insert(run.run_id.clone(), self.state.runs.len() as u32);
        self.state.runs.push(run.clone());
        self.state.merged.insert(run.run_id.clone(), run);
    }

    fn add_file(&mut self, batch: &Batch, at: usize, table: &str, key: &str) -> Option<()> {
        let count = |place: StateColumn| u64::try_from(batch.columns[place as usize].integer(at)?).ok();
        let run = *self.runs.get(batch.columns[StateColumn::RunId as usize].text(at)?)?;
        let file = RowFile { key: key.to_owned(), bytes: count(StateColumn::FileBytes)? };
        self.state.add_files(run, [RunFile { table: table.to_owned(), file, rows: count(StateColumn::FileRows)? }]);
        Some(())
    }

    fn add_cells(&mut self, table: &str, text: &str) -> Option<()> {
        let matrix: Matrix = serde_json::from_str(text).ok()?;
        let is_run = |run: u32| (run as usize) < self.runs.len();
        if !matrix.words.iter().all(|word| is_run(word.run) && word.answer.is_none_or(is_run)) {
            return None;
        }
        let words: Vec<NumberedWord> = matrix
            .words
            .iter()
            .map(|word| self.state.numbered(table, word.status, word.error_code.as_deref(), word.run, word.answer))
            .collect();
        for (place, position) in self.places.iter().zip(matrix.cells(self.places.len())?) {
            if let Some(position) = position {
                self.state.add_numbered(*place, words[position as usize]);
            }
        }
        Some(())
    }
}

/// The run of a row.
fn run(batch: &Batch, at: usize) -> Option<StateRun> {
    let column = |offset: usize| &batch.columns[StateColumn::RunId as usize + offset];
    let started_at = Timestamp::from_microsecond(column(1).integer(at)?).ok()?;
    Some(StateRun { run_id: column(0).text(at)?.to_owned(), started_at, dt: column(2).text(at)?.to_owned() })
}
