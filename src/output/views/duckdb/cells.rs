//! Generates the views of the cells and of the current rows.
//!
//! **Invariant:** knows which word on a cell counts, and not where a state or a ledger is.

use super::join_by_date;
use crate::domain::Format;

/// The views of the cells: the newest word on each, the run that answered it in full, and its row of the ledger.
pub(super) fn cells(format: Format) -> String {
    let by_date = join_by_date(format, "n");
    let ledger = format!("raw_ledger r join newer_files n on r.filename = n.path and r.run_id = n.run_id{by_date}");
    let current_ledger = rows("ledger", format, "words w", &CELL_OF_WORD);
    format!(
        "
-- The files that may have current rows.
create or replace view held_files as
select \"table\", run_id, run_dt::DATE as dt, place || file_key as path from state_rows where file_key is not null
union
select \"table\", run_id, dt, path from newer_files;

-- The newest run that answered each cell in full. Attempts at roles (table trust) are no cells.
create or replace view answered_cells as
select account_id, region, \"table\", run_id, started_at, dt
from (
  select account_id, region, \"table\", answered_run_id as run_id, answered_started_at as started_at, answered_dt::DATE as dt
  from state_rows where answered_run_id is not null and file_key is null
  union all
  select r.account_id, r.region, r.\"table\", r.run_id, n.started_at, n.dt
  from {ledger}
  where n.\"table\" = 'ledger' and r.status in ('ok', 'empty', 'unsupported') and r.\"table\" <> 'trust')
qualify row_number() over (partition by account_id, region, \"table\" order by started_at desc, run_id desc) = 1;

-- The newest word on each cell. A word on the region * stands for all regions that are not known: the account could not be
-- entered, or AWS did not list its regions. It is outdated as soon as a newer run has another word on that account and
-- table; words of the same run do not outdate it.
create or replace view newest_words as
select account_id, region, \"table\", run_id, started_at, dt
from (
  select account_id, region, \"table\", run_id, run_started_at as started_at, run_dt::DATE as dt
  from state_rows where \"table\" is not null and region is not null
  union all
  select r.account_id, r.region, r.\"table\", r.run_id, n.started_at, n.dt
  from {ledger}
  where n.\"table\" = 'ledger')
qualify row_number() over (partition by account_id, region, \"table\" order by started_at desc, run_id desc) = 1
  and (region <> '*' or rank() over (partition by account_id, \"table\" order by started_at desc, run_id desc) = 1);

-- The newest row of each cell.
create or replace view current_ledger as
with words as materialized (select * from newest_words),
  held as materialized (select path, run_id, dt from held_files
    where \"table\" = 'ledger' and run_id in (select run_id from words))
{current_ledger}"
    )
}

const CELL_OF_WORD: [&str; 2] = ["w", " and w.\"table\" = r.\"table\""];
const CELL_OF_ROW: [&str; 2] = ["c", ""];

/// Selects the cells first and then the files of their runs, so that DuckDB opens no other file.
pub(super) fn current(name: &str, format: Format) -> String {
    let rows = rows(name, format, "cells c", &CELL_OF_ROW);
    format!(
        "\ncreate or replace view current_{name} as\n\
         with cells as materialized (select * from answered_cells where \"table\" = '{name}'),\n  \
         held as materialized (select path, run_id, dt from held_files\n    \
         where \"table\" = '{name}' and run_id in (select run_id from cells))\n{rows}"
    )
}

fn rows(name: &str, format: Format, cells: &str, [cell, same_table]: &[&str; 2]) -> String {
    let by_date = join_by_date(format, "h");
    format!(
        "select r.* exclude (filename, dt), h.dt\n\
         from raw_{name} r join held h on r.filename = h.path and r.run_id = h.run_id{by_date}\n  \
         semi join {cells} on {cell}.account_id = r.account_id and {cell}.region = r.region \
         and {cell}.run_id = r.run_id{same_table};\n"
    )
}
