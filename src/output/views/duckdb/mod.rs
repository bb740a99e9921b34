//! The views as a SQL script for DuckDB, over Parquet or ndjson, in a folder or on S3.
//!
//! Knows DuckDB's dialect (1.5) and what its optimiser can leave out; nothing of credentials for S3.

mod source;

use super::{LEDGER, TableColumns};
use crate::domain::Format;
use source::RowSource;

/// A script that makes, or makes again, the views over the runs below `output`, a folder or `s3://bucket/prefix`:
/// `committed_runs`, `committed_files` and `answered_cells`, and for each table one of its name, `current_<table>`
/// and `raw_<table>`, from which the other two take what is committed.
///
/// `present` says of a table whether a manifest names a file of it in this format: DuckDB refuses a view over a
/// pattern that no file matches, so that such tables are empty until the script is made again. Where not even the
/// ledger is present, no run is taken to be committed.
pub(crate) fn duckdb(tables: &[TableColumns], output: &str, format: Format, present: impl Fn(&str) -> bool) -> String {
    let source = RowSource::new(output, format);
    let any = present(LEDGER);
    let mut script = head(&source);
    script.push_str(&if any { source.runs() } else { source::no_runs() });
    for table in tables {
        script.push_str(&if any && present(&table.name) { source.raw(table) } else { source::no_rows(table) });
        script.push_str(&committed(&table.name, format));
    }
    if tables.iter().any(|table| !table.is_resources()) {
        script.push_str(CELLS);
        let resources = tables.iter().filter(|table| table.is_resources());
        resources.for_each(|table| script.push_str(&current(&table.name)));
    }
    script
}

fn head(source: &RowSource) -> String {
    let RowSource { output, format } = source;
    let place = output.replace(['\r', '\n'], " ");
    let on_s3 = if output.starts_with("s3://") { ON_S3 } else { "" };
    let format = format.as_str();
    format!("-- Views over rolecall's {format} below {place}, for DuckDB 1.5. Generated: do not edit.\n{on_s3}{HEAD}")
}

const ON_S3: &str = "\
-- A session needs credentials first: `create secret (type s3, provider credential_chain);`. No object below here ever
-- changes, so that one which asks more than once goes faster after `set enable_http_metadata_cache = true;`.
";

const HEAD: &str = "
-- Only what a manifest names exists: `committed_files` is read from the manifests whenever a view is queried, so that
-- a new run is seen at once and what dead attempts left behind never is. A list of the files in a variable would be
-- as old as the script. Joined by `filename`, the list does nearly as well: of Parquet, only the files that it names
-- are opened (past 50 of them, those between the first and the last). All types are given, so that no file is opened
-- for its schema, and a column that an older one lacks is null.
set timezone = 'UTC';
";

fn committed(name: &str, format: Format) -> String {
    // Files of ndjson are left out by the date that `raw_` works out from their name. For Parquet the list does it,
    // for dates and for runs, and no longer would where a column that is worked out took part.
    let day = if format == Format::Ndjson { " and r.dt = f.dt" } else { "" };
    format!(
        "\ncreate or replace view {name} as\nselect r.* exclude (filename, dt), f.dt\n\
         from committed_files f join raw_{name} r on r.filename = f.path and r.run_id = f.run_id{day}\n\
         where f.\"table\" = '{name}';\n"
    )
}

const CELLS: &str = "
-- For each cell the newest run that answered it in full.
create or replace view answered_cells as
select l.account_id, l.region, l.\"table\", l.run_id, c.started_at, l.dt
from ledger l join committed_runs c on c.run_id = l.run_id
where l.status in ('ok', 'empty')
qualify row_number() over (
  partition by l.account_id, l.region, l.\"table\" order by c.started_at desc, l.run_id desc) = 1;

-- The newest row of each cell. The region * tells that an account could not be entered: that holds no longer once a
-- newer run has other rows of that account and table.
create or replace view current_ledger as
select l.*
from ledger l join committed_runs c on c.run_id = l.run_id
qualify row_number() over (
    partition by l.account_id, l.region, l.\"table\" order by c.started_at desc, l.run_id desc) = 1
  and (l.region <> '*'
    or rank() over (partition by l.account_id, l.\"table\" order by c.started_at desc, l.run_id desc) = 1);
";

/// The cells come first, then the files of their runs, so that no other file is opened.
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
