//! Generates the views as a SQL script for DuckDB, over Parquet or ndjson, in a folder or on S3.
//!
//! **Invariant:** knows DuckDB's dialect (1.5) and which files its optimiser can skip, and nothing of credentials for S3.

mod source;

use super::{LEDGER, TableColumns};
use crate::domain::Format;
use crate::terminal::one_line;
use source::RowSource;

/// Generates a script that creates or replaces the views over the runs below `output`, a folder or
/// `s3://bucket/prefix`.
///
/// The views are `committed_runs`, `committed_files` and `answered_cells`, and for each table `<table>`,
/// `current_<table>` and `raw_<table>`. The first two select the committed rows of the third.
///
/// `present` returns whether a manifest names a file of a table in this format. DuckDB refuses a view over a pattern
/// that no file matches, so an absent table is empty until the script is generated again. If even the ledger is absent,
/// no run counts as committed.
pub(crate) fn duckdb(tables: &[TableColumns], output: &str, format: Format, present: impl Fn(&str) -> bool) -> String {
    let source = RowSource::new(output, format);
    let has_runs = present(LEDGER);
    let mut script = head(&source);
    script.push_str(&if has_runs { source.runs() } else { source::no_runs() });
    for table in tables {
        script.push_str(&if has_runs && present(&table.name) { source.raw(table) } else { source::no_rows(table) });
        script.push_str(&committed(&table.name, format));
    }
    if tables.iter().any(|table| !table.has_resources()) {
        script.push_str(CELLS);
        let resources = tables.iter().filter(|table| table.has_resources());
        resources.for_each(|table| script.push_str(&current(&table.name)));
    }
    script
}

fn head(source: &RowSource) -> String {
    let RowSource { output, format } = source;
    let address = one_line(output);
    let on_s3 = if output.starts_with("s3://") { ON_S3 } else { "" };
    let format = format.as_str();
    format!("-- Views over rolecall's {format} below {address}, for DuckDB 1.5. Generated: do not edit.\n{on_s3}{HEAD}")
}

const ON_S3: &str = "\
-- First create credentials in the session: `create secret (type s3, provider credential_chain);`. Objects of the
-- output never change, so `set enable_http_metadata_cache = true;` makes further queries of a session faster.
";

const HEAD: &str = "
-- Only files that a manifest names are part of the inventory. `committed_files` reads the manifests in every query, so
-- a new run is visible at once, and files of failed attempts never are. A list of files in a variable would be as old
-- as this script. The join by `filename` is nearly as fast: DuckDB opens only the Parquet files in the list (if it has
-- more than 50, those between the first and the last). The script gives all types, so no file is opened for its schema,
-- and a column that an older file lacks is null.
set timezone = 'UTC';
";

fn committed(name: &str, format: Format) -> String {
    // DuckDB skips ndjson files by the date that `raw_<table>` computes from their names. It skips Parquet files by the
    // list of files, but no longer does if a computed column is part of the join.
    let date_condition = if format == Format::Ndjson { " and r.dt = f.dt" } else { "" };
    format!(
        "\ncreate or replace view {name} as\nselect r.* exclude (filename, dt), f.dt\n\
         from committed_files f join raw_{name} r on r.filename = f.path and r.run_id = f.run_id{date_condition}\n\
         where f.\"table\" = '{name}';\n"
    )
}

const CELLS: &str = "
-- The newest run that answered each cell in full. Attempts at roles (table trust) are no cells.
create or replace view answered_cells as
select l.account_id, l.region, l.\"table\", l.run_id, c.started_at, l.dt
from ledger l join committed_runs c on c.run_id = l.run_id
where l.status in ('ok', 'empty', 'unsupported') and l.\"table\" <> 'trust'
qualify row_number() over (
  partition by l.account_id, l.region, l.\"table\" order by c.started_at desc, l.run_id desc) = 1;

-- The newest row of each cell. A row with the region * stands for all regions that are not known: the account could not
-- be entered, or AWS did not list its regions. It is outdated as soon as a newer run has another row of that account and
-- table; rows of the same run do not outdate it.
create or replace view current_ledger as
select l.*
from ledger l join committed_runs c on c.run_id = l.run_id
qualify row_number() over (
    partition by l.account_id, l.region, l.\"table\" order by c.started_at desc, l.run_id desc) = 1
  and (l.region <> '*'
    or rank() over (partition by l.account_id, l.\"table\" order by c.started_at desc, l.run_id desc) = 1);
";

/// Selects the cells first and then the files of their runs, so that DuckDB opens no other file.
fn current(name: &str) -> String {
    format!(
        "\ncreate or replace view current_{name} as\n\
         with cells as materialized (select * from answered_cells where \"table\" = '{name}'),\n  \
         held as materialized (select path, run_id, dt from committed_files\n    \
         where \"table\" = '{name}' and run_id in (select run_id from cells))\n\
         select r.* exclude (filename, dt), h.dt\n\
         from raw_{name} r join held h on r.filename = h.path and r.run_id = h.run_id\n  \
         semi join cells c on c.account_id = r.account_id and c.region = r.region and c.run_id = r.run_id;\n"
    )
}
