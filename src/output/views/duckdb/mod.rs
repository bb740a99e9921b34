//! Generates the views as a SQL script for DuckDB, over Parquet or ndjson, in a folder or on S3.
//!
//! **Invariant:** knows DuckDB's dialect (1.5 and 2.0) and which files its optimiser can skip, and nothing of credentials
//! for S3.

mod cells;
mod readers;
mod source;
mod state;
mod changes;

use super::{HeldFiles, TableColumns};
use crate::domain::Format;
use crate::terminal::one_line;
use source::RowSource;

/// Generates a script that creates or replaces the views over the runs below `output`, a folder or
/// `s3://bucket/prefix`.
///
/// The views are `committed_runs`, `committed_files`, `answered_cells`, and for each table `<table>`, `current_<table>`
/// and `raw_<table>`; those that these are made of: `state_rows`, `newer_files`, `held_files` and `newest_words`; and
/// `changes` over `recorded_changes`.
///
/// DuckDB refuses a view over a pattern that no file matches, so a table without files is empty until the script is
/// generated again. If no run is committed, everything is empty. If there is no state, or none yet, the current rows follow
/// from the ledgers of all runs.
pub(crate) fn duckdb(tables: &[TableColumns], output: &str, format: Format, held: &HeldFiles) -> String {
    let source = RowSource::new(output, format);
    let mut script = head(&source);
    script.push_str(&if held.has_runs() { source.runs() } else { source::no_runs() });
    for table in tables {
        let has_files = held.has_runs() && held.tables.contains(&table.name);
        script.push_str(&if has_files { source.raw(table) } else { source::no_rows(table) });
        script.push_str(&committed(&table.name, format));
    }
    if tables.iter().any(|table| !table.has_resources()) {
        let with_state = held.has_runs() && held.state;
        script.push_str(&if with_state { state::with_state(&source) } else { state::without_state() });
        script.push_str(&cells::cells(format));
        let resources = tables.iter().filter(|table| table.has_resources());
        resources.for_each(|table| script.push_str(&cells::current(&table.name, format)));
    }
    let has_changes = held.has_runs() && held.changes;
    script.push_str(&if has_changes { changes::recorded(&source) } else { changes::none() });
    script
}

fn head(source: &RowSource) -> String {
    let RowSource { output, format } = source;
    let address = one_line(output);
    let on_s3 = if output.starts_with("s3://") { ON_S3 } else { "" };
    let format = format.as_str();
    format!(
        "-- Views over rolecall's {format} below {address}, for DuckDB 1.5 and 2.0. Generated: do not edit.\n{on_s3}{HEAD}"
    )
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
    let by_date = join_by_date(format, "f");
    format!(
        "\ncreate or replace view {name} as\nselect r.* exclude (filename, dt), f.dt\n\
         from committed_files f join raw_{name} r on r.filename = f.path and r.run_id = f.run_id{by_date}\n\
         where f.\"table\" = '{name}';\n"
    )
}

/// A condition of a join with a list of files. DuckDB skips ndjson files by the date that `raw_<table>` computes from
/// their names. It skips Parquet files by the list of files, but no longer does if a computed column is part of the join.
fn join_by_date(format: Format, files: &str) -> String {
    if format == Format::Ndjson { format!(" and r.dt = {files}.dt") } else { String::new() }
}
