//! Generates the views over the newest state: its rows, and the files of runs that it does not know.
//!
//! **Invariant:** knows where states and lists of committed files are, and not which cell a run answered.

use super::readers::{duckdb_type, empty, parquet};
use super::source::RowSource;
use crate::output::views::state_columns;

/// The largest line of a list of committed files that can be read, in bytes.
const MAX_LINE_BYTES: u32 = 1 << 20;
/// A state names the runs of its last days. An older run that it does not name is part of it.
const MERGED_DAYS: u32 = 35;

/// The views if the output has states.
///
/// A run that was committed after the newest state was written, or whose state was lost, is read from its list of files
/// and its ledger, so the answer is right and only slower.
pub(super) fn with_state(source: &RowSource) -> String {
    let format = source.format.as_str();
    let states = source.pattern(&format!("state/{format}/*.parquet"));
    let lists = source.pattern("committed/dt=*/*.ndjson");
    let reader = parquet(&states, &state_columns());
    format!(
        "
-- The newest state: what all runs up to then have left. Its name comes first.
create or replace view state_rows as
select s.* exclude (filename), regexp_replace(s.filename, 'state/[^/]*/[^/]*$', '') as place
from {reader} s
join (select min(file) as newest from glob({states})) n on s.filename = n.newest;

-- The files of runs that the state does not have yet.
create or replace view newer_files as
with listed as materialized (
    select file, regexp_extract(file, 'dt=([^/]+)/[^/]+$', 1)::DATE as dt,
      regexp_extract(file, '([^/]+)[.]ndjson$', 1) as run_id
    from glob({lists})),
  newer as materialized (
    select * from listed
    where dt > (select max(dt) - {MERGED_DAYS} from listed)
      and run_id not in (select run_id from state_rows where \"table\" is null and run_id is not null))
select f.run_id, f.started_at, n.dt, f.\"table\",
  regexp_replace(n.file, 'committed/[^/]*/[^/]*$', '') || f.key as path
from read_json({lists}, format = 'newline_delimited', filename = true,
    hive_partitioning = false, maximum_object_size = {MAX_LINE_BYTES}, columns = {{
    run_id: 'VARCHAR', started_at: 'TIMESTAMPTZ', \"table\": 'VARCHAR', key: 'VARCHAR'}}) f
  join newer n on f.filename = n.file
where starts_with(f.key, '{format}/');
"
    )
}

/// The views if the output has no state, such as one that only earlier versions have written.
pub(super) fn without_state() -> String {
    let columns = state_columns();
    let columns: Vec<_> = columns
        .iter()
        .map(|column| (if column.name == "table" { "\"table\"" } else { &column.name }, duckdb_type(column.kind)))
        .collect();
    let rows = empty("state_rows", columns.into_iter().chain([("place", "VARCHAR")]));
    format!(
        "
-- No run has left its state yet, so the ledgers of all runs are read. Create this script again after the next run.{rows}
create or replace view newer_files as
select run_id, started_at, dt, \"table\", path from committed_files;
"
    )
}
