//! Writes a state.
//!
//! **Invariant:** a state is the same whatever order its cells and files came in, but for the numbers of its words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::matrix::{Matrix, MatrixWord};
use super::{DESCRIPTION, DIGEST_DIGITS, Description, NAMES, StateColumn, VERSION, columns, digest};
use crate::decode::UtcTime;
use crate::output::sink::parquet::{ColumnValue, EncodeError, Encoder};
use crate::output::state::cells::StateEntry;
use crate::output::state::{State, StateCell, StateFile, StateRun};

/// A row group ends with its table when it has this many rows.
const GROUP_ROWS: usize = 1 << 13;
/// The length of the footer's length and of the mark after it.
const TAIL_BYTES: usize = 8;

type Row<'a> = [ColumnValue<'a>; NAMES.len()];

/// The file of a state.
pub(in crate::output::state) struct EncodedState {
    pub(in crate::output::state) bytes: Vec<u8>,
    /// The digest of the footer, which vouches for the first row group.
    pub(in crate::output::state) digest: String,
}

/// Writes a state.
pub(in crate::output::state) fn encode(state: &State) -> Result<EncodedState, EncodeError> {
    let mut encoder = Encoder::new(columns());
    let tables: BTreeSet<&str> =
        state.files.keys().map(String::as_str).chain(state.cells().map(|cell| cell.table)).collect();
    push_head(&mut encoder, state, &tables)?;
    let mut bytes = encoder.flush_row_group()?;
    let description = Description {
        version: VERSION,
        moment: state.moment,
        total: state.total,
        head_bytes: bytes.len() as u64,
        head_sha256: digest(&bytes),
    };
    // Serialising numbers, a time and a text cannot fail.
    encoder.describe(DESCRIPTION, serde_json::to_string(&description).unwrap_or_default())?;
    let mut rows = 0;
    for table in tables {
        for cell in state.cells_of(table) {
            encoder.push(of_cell(cell))?;
            rows += 1;
            bytes.append(&mut encoder.take_full_group()?);
        }
        if rows >= GROUP_ROWS {
            bytes.append(&mut encoder.flush_row_group()?);
            rows = 0;
        }
    }
    bytes.append(&mut encoder.finish()?);
    let digest = digest(footer(&bytes)).split_off(2 * 32 - DIGEST_DIGITS);
    Ok(EncodedState { bytes, digest })
}

/// The footer of a file, with its length and the mark.
fn footer(bytes: &[u8]) -> &[u8] {
    let end = bytes.len().saturating_sub(TAIL_BYTES);
    let length = bytes.get(end..end + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
    &bytes[end.saturating_sub(length as usize)..]
}

/// Pushes everything but the cells.
fn push_head(encoder: &mut Encoder, state: &State, tables: &BTreeSet<&str>) -> Result<(), EncodeError> {
    let runs = named_runs(state);
    for run in runs.values() {
        encoder.push(of_run(run))?;
    }
    let mut places: Vec<(u32, u32)> = state.places.iter().copied().collect();
    places.sort_unstable_by_key(|place| names_of(state, place));
    for place in &places {
        let mut row = [ColumnValue::Missing; NAMES.len()];
        let (account_id, region) = names_of(state, place);
        row[StateColumn::AccountId as usize] = ColumnValue::Text(account_id);
        row[StateColumn::Region as usize] = ColumnValue::Text(region);
        encoder.push(row)?;
    }
    let matrices = Matrices::new(state, &runs, places);
    for table in tables {
        for (file, run) in state.files_of(table) {
            encoder.push(of_file(table, file, run))?;
        }
        let matrix = matrices.of_table(table);
        // Serialising numbers and texts cannot fail.
        let matrix = serde_json::to_string(&matrix).unwrap_or_default();
        let mut row = [ColumnValue::Missing; NAMES.len()];
        row[StateColumn::Table as usize] = ColumnValue::Text(table);
        row[StateColumn::Matrix as usize] = ColumnValue::Text(&matrix);
        encoder.push(row)?;
    }
    Ok(())
}

fn names_of<'a>(state: &'a State, (account, region): &(u32, u32)) -> (&'a str, &'a str) {
    (state.names.get(*account), state.names.get(*region))
}

/// The runs that a state names: those that it merged lately, and those of its words and answers.
fn named_runs(state: &State) -> BTreeMap<&str, &StateRun> {
    let used = state.used_runs().into_iter().map(|run| &state.runs[run as usize]);
    let files = state.files.values().flatten().map(|file| &state.runs[file.run as usize]);
    state.merged.values().chain(used).chain(files).map(|run| (run.run_id.as_str(), run)).collect()
}

/// Makes the matrices of a state.
struct Matrices<'a> {
    state: &'a State,
    /// The number of each run in the file, by its number in the state.
    runs: Vec<u32>,
    places: HashMap<(u32, u32), usize>,
}

impl<'a> Matrices<'a> {
    fn new(state: &'a State, runs: &BTreeMap<&str, &StateRun>, places: Vec<(u32, u32)>) -> Self {
        let numbers: HashMap<&str, u32> = runs.keys().zip(0..).map(|(run_id, number)| (*run_id, number)).collect();
        let number = |run: &StateRun| numbers.get(run.run_id.as_str()).copied().unwrap_or(u32::MAX);
        let places = places.into_iter().enumerate().map(|(position, place)| (place, position));
        Self { state, runs: state.runs.iter().map(number).collect(), places: places.collect() }
    }

    fn of_table(&self, table: &str) -> Matrix {
        let mut words = Vec::new();
        let mut positions: HashMap<(u8, Option<u32>, u32, Option<u32>), u32> = HashMap::new();
        let mut cells: Vec<Option<u32>> = vec![None; self.places.len()];
        for entry in self.state.entries_of(table) {
            let Some(place) = self.places.get(&(entry.account, entry.region)) else { continue };
            let key = (entry.status as u8, entry.error_code(), entry.word, entry.answer());
            let position = positions.entry(key).or_insert_with(|| {
                words.push(self.word(entry));
                words.len() as u32 - 1
            });
            cells[*place] = Some(*position);
        }
        Matrix::new(words, cells.into_iter())
    }

    fn word(&self, entry: &StateEntry) -> MatrixWord {
        MatrixWord {
            status: entry.status,
            error_code: entry.error_code().map(|code| self.state.names.get(code).to_owned()),
            run: self.runs[entry.word as usize],
            answer: entry.answer().map(|run| self.runs[run as usize]),
        }
    }
}

fn of_run(run: &StateRun) -> Row<'_> {
    let mut row = [ColumnValue::Missing; NAMES.len()];
    set_run(&mut row, StateColumn::RunId, run);
    row
}

fn of_file<'a>(table: &'a str, file: &'a StateFile, run: &'a StateRun) -> Row<'a> {
    let mut row = of_run(run);
    row[StateColumn::Table as usize] = ColumnValue::Text(table);
    row[StateColumn::FileKey as usize] = ColumnValue::Text(&file.file.key);
    row[StateColumn::FileRows as usize] = integer(file.rows);
    row[StateColumn::FileBytes as usize] = integer(file.file.bytes);
    row
}

fn of_cell(cell: StateCell<'_>) -> Row<'_> {
    let mut row = of_run(cell.word);
    row[StateColumn::Table as usize] = ColumnValue::Text(cell.table);
    row[StateColumn::AccountId as usize] = ColumnValue::Text(cell.account_id);
    row[StateColumn::Region as usize] = ColumnValue::Text(cell.region);
    row[StateColumn::Status as usize] = ColumnValue::Text(cell.status.name());
    row[StateColumn::ErrorCode as usize] = cell.error_code.map_or(ColumnValue::Missing, ColumnValue::Text);
    if let Some(answer) = cell.answer {
        set_run(&mut row, StateColumn::AnsweredRunId, answer);
    }
    row
}

/// Sets the id of a run, and the two columns after it: its start and its date.
fn set_run<'a>(row: &mut Row<'a>, at: StateColumn, run: &'a StateRun) {
    let at = at as usize;
    row[at] = ColumnValue::Text(&run.run_id);
    row[at + 1] = ColumnValue::Timestamp(UtcTime::from(run.started_at));
    row[at + 2] = ColumnValue::Text(&run.dt);
}

fn integer(value: u64) -> ColumnValue<'static> {
    ColumnValue::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}
