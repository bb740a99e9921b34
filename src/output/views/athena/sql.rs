//! The statements of Athena's views.
//!
//! They name tables and views of their own database alone, and neither bucket nor prefix. Nothing but `dt` lets Athena
//! leave out files, so that every join holds on to it.

use crate::output::views::TableColumns;

/// The runs, from the list of their files.
pub(super) const COMMITTED_RUNS: &str = "\
    select distinct run_id, cast(from_iso8601_timestamp(started_at) as timestamp(3)) as started_at, status, dt \
    from committed_files";

/// The newest run that answered a cell in full.
pub(super) const ANSWERED_CELLS: &str = "\
    select account_id, region, \"table\", run_id, started_at, dt from (\
    select l.account_id, l.region, l.\"table\", l.run_id, c.started_at, l.dt, row_number() over (\
    partition by l.account_id, l.region, l.\"table\" order by c.started_at desc, l.run_id desc) as place \
    from ledger l join committed_runs c on c.run_id = l.run_id and c.dt = l.dt \
    where l.status in ('ok', 'empty')) where place = 1";

/// A table's committed rows.
pub(super) fn committed(name: &str) -> String {
    format!(
        "select t.* from raw_{name} t join committed_files f \
         on f.dt = t.dt and f.\"table\" = '{name}' \
         and regexp_extract(f.key, '[^/]+$') = regexp_extract(t.\"$path\", '[^/]+$')"
    )
}

/// A table's rows of the newest run that answered their cell in full.
pub(super) fn current(name: &str) -> String {
    format!(
        "select t.* from {name} t join answered_cells c \
         on c.account_id = t.account_id and c.region = t.region and c.run_id = t.run_id and c.dt = t.dt \
         where c.\"table\" = '{name}'"
    )
}

/// The newest row of each cell. The region `*` tells that an account could not be entered: it holds no longer once a
/// newer run has another row of that account and table.
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
