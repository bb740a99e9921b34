//! Generates the SQL statements of Athena's views.
//!
//! Athena skips files by `dt` only, so every join includes it.
//!
//! **Invariant:** names tables and views of its own database only, and neither bucket nor prefix.

use crate::output::views::TableColumns;

/// Selects the committed runs from the list of their files.
pub(super) const COMMITTED_RUNS: &str = "\
    select distinct run_id, cast(from_iso8601_timestamp(started_at) as timestamp(3)) as started_at, status, dt \
    from committed_files";

/// Selects the newest run that answered each cell in full. Attempts at roles (table `trust`) are no cells.
pub(super) const ANSWERED_CELLS: &str = "\
    select account_id, region, \"table\", run_id, started_at, dt from (\
    select l.account_id, l.region, l.\"table\", l.run_id, c.started_at, l.dt, row_number() over (\
    partition by l.account_id, l.region, l.\"table\" order by c.started_at desc, l.run_id desc) as place \
    from ledger l join committed_runs c on c.run_id = l.run_id and c.dt = l.dt \
    where l.status in ('ok', 'empty', 'unsupported') and l.\"table\" <> 'trust') where place = 1";

/// Selects the committed rows of a table.
pub(super) fn committed(name: &str) -> String {
    format!(
        "select t.* from raw_{name} t join committed_files f \
         on f.dt = t.dt and f.\"table\" = '{name}' \
         and regexp_extract(f.key, '[^/]+$') = regexp_extract(t.\"$path\", '[^/]+$')"
    )
}

/// Selects the rows of a table from the newest run that answered their cell in full.
pub(super) fn current(name: &str) -> String {
    format!(
        "select t.* from {name} t join answered_cells c \
         on c.account_id = t.account_id and c.region = t.region and c.run_id = t.run_id and c.dt = t.dt \
         where c.\"table\" = '{name}'"
    )
}

/// Selects the newest row of each cell.
///
/// A row with the region `*` stands for all regions that are not known. It is outdated as soon as a newer run has another row
/// of that account and table; rows of the same run do not outdate it.
pub(super) fn current_ledger(ledger: &TableColumns) -> String {
    let columns: Vec<String> = ledger.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let columns = columns.join(", ");
    format!(
        "select {columns}, dt from (select l.*, \
         row_number() over (partition by l.account_id, l.region, l.\"table\" \
         order by c.started_at desc, l.run_id desc) as place, \
         rank() over (partition by l.account_id, l.\"table\" order by c.started_at desc, l.run_id desc) as age \
         from ledger l join committed_runs c on c.run_id = l.run_id and c.dt = l.dt) \
         where place = 1 and (region <> '*' or age = 1)"
    )
}
