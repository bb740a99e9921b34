//! Generates the SQL statements of Athena's views.
//!
//! The views of all runs skip files by `dt` only, so every join includes it. The current views read the files that the
//! newest state names, and no others.
//!
//! **Invariant:** names tables and views of its own database only, and neither bucket nor prefix.

use crate::inventory::{CHANGES, Column};
use crate::output::views::TableColumns;

/// Selects the files of the committed runs.
pub(super) const COMMITTED_FILES: &str = "\
    select run_id, cast(from_iso8601_timestamp(started_at) as timestamp(3)) as started_at, status, dt, \"table\", key, \
    regexp_replace(\"$path\", 'committed/[^/]*/[^/]*$', '') || key as path, \"rows\", bytes, uncompressed_bytes, sha256 \
    from raw_committed_files";

/// Selects the committed runs from the lists of their files.
pub(super) const COMMITTED_RUNS: &str = "\
    select distinct run_id, cast(from_iso8601_timestamp(started_at) as timestamp(3)) as started_at, status, dt, \
    regexp_extract(key, '^[^/]+') as format, \
    regexp_replace(\"$path\", 'committed/[^/]*/[^/]*$', '') || 'runs/' || run_id || '/manifest.json' as manifest \
    from raw_committed_files";

/// Selects the newest run that answered each cell in full. Attempts at roles (table `trust`) are no cells.
pub(super) const ANSWERED_CELLS: &str = "\
    select account_id, region, \"table\", answered_run_id as run_id, answered_started_at as started_at, \
    answered_dt as dt from state_ledger where run_started_at is not null and answered_run_id is not null";

/// The date in the path of a file.
const DATE: &str = "regexp_extract(\"$path\", 'dt=([^/]+)/[^/]+$', 1) as dt";

/// Selects the committed rows of a table. A file counts if its whole key is listed, so a copy in another folder does not.
pub(super) fn committed(name: &str) -> String {
    format!(
        "select t.* from raw_{name} t join raw_committed_files f \
         on f.dt = t.dt and f.\"table\" = '{name}' and f.key = regexp_extract(t.\"$path\", '([^/]+/){{3}}[^/]+$')"
    )
}

/// Selects the rows of the table `changes`. A file counts if the list of its run names its whole key.
pub(super) fn changes() -> String {
    format!(
        "select t.* from raw_{CHANGES} t join raw_recorded_{CHANGES} f \
         on f.dt = t.dt and f.key = regexp_extract(t.\"$path\", '([^/]+/){{3}}[^/]+$')"
    )
}

/// Selects the rows of a table from the newest run that answered their cell in full.
///
/// The state and the rows come in one read of one list of files, so they always belong together. Only rows of the state
/// have `run_started_at`.
pub(super) fn current(table: &TableColumns) -> String {
    let (name, columns) = (&table.name, list(&table.columns));
    format!(
        "select {columns}, dt from (select t.*, {DATE}, \
         count(answered_run_id) over (partition by account_id, region, coalesce(answered_run_id, run_id)) as answers \
         from state_{name} t where run_started_at is null or \"table\" = '{name}' and answered_run_id is not null) \
         where run_started_at is null and answers > 0"
    )
}

/// Selects the newest row of each cell.
///
/// A row with the region `*` stands for all regions that are not known. The state leaves out those that are outdated.
pub(super) fn current_ledger(ledger: &TableColumns) -> String {
    let columns = list(&ledger.columns);
    format!(
        "select {columns}, dt from (select t.*, {DATE}, \
         count(run_started_at) over (partition by account_id, region, \"table\", run_id) as words \
         from state_ledger t where region is not null) where run_started_at is null and words > 0"
    )
}

fn list(columns: &[Column]) -> String {
    let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    names.join(", ")
}
