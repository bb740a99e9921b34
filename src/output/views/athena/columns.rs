//! Lists the columns of Athena's own tables and views, and maps types to those of Glue and Presto.
//!
//! **Invariant:** knows neither SQL statements nor templates.

use crate::inventory::{Column, ColumnType};
use crate::output::views::{TableColumns, state_columns};

/// The columns of the lists of committed files, as they are stored.
pub(super) fn listed_files() -> Vec<Column> {
    let strings = strings(&["run_id", "started_at", "status", "table", "key"]);
    let counts = ["rows", "bytes", "uncompressed_bytes"].map(|name| column(name, ColumnType::Integer));
    [&strings[..], &counts[..], &[column("sha256", ColumnType::String)]].concat()
}

/// The columns of the lists of the files with changes, as they are stored.
pub(super) fn listed_changes() -> Vec<Column> {
    let strings = strings(&["run_id", "started_at", "table", "key"]);
    let counts = ["rows", "bytes", "uncompressed_bytes"].map(|name| column(name, ColumnType::Integer));
    [&strings[..], &counts[..], &[column("sha256", ColumnType::String)]].concat()
}

/// The columns of `committed_files`.
pub(super) fn files() -> Vec<Column> {
    let counts = ["rows", "bytes", "uncompressed_bytes"].map(|name| column(name, ColumnType::Integer));
    [
        &opening_columns_of_runs()[..],
        &strings(&["table", "key", "path"])[..],
        &counts[..],
        &[column("sha256", ColumnType::String)],
    ]
    .concat()
}

/// The columns of `committed_runs`.
pub(super) fn runs() -> Vec<Column> {
    [opening_columns_of_runs(), strings(&["format", "manifest"])].concat()
}

fn opening_columns_of_runs() -> Vec<Column> {
    let started_at = column("started_at", ColumnType::Timestamp);
    [&strings(&["run_id"])[..], &[started_at], &strings(&["status", "dt"])[..]].concat()
}

/// The columns of `answered_cells`.
pub(super) fn cells() -> Vec<Column> {
    let strings = strings(&["account_id", "region", "table", "run_id"]);
    with_partition(&[&strings[..], &[column("started_at", ColumnType::Timestamp)]].concat())
}

/// The columns of a table together with those of the state that its views need. Only the ledger's views need more than
/// to which run a row belongs.
pub(super) fn with_state(table: &TableColumns) -> Vec<Column> {
    let needed = |name: &str| !table.has_resources() || ["table", "run_started_at", "answered_run_id"].contains(&name);
    let missing = |name: &str| table.columns.iter().all(|column| column.name != name);
    let of_state = state_columns().into_iter().filter(|column| needed(&column.name) && missing(&column.name));
    table.columns.iter().cloned().chain(of_state).collect()
}

/// Appends the column of the partition, which comes last.
pub(super) fn with_partition(columns: &[Column]) -> Vec<Column> {
    [columns, &[column("dt", ColumnType::String)]].concat()
}

fn strings(names: &[&str]) -> Vec<Column> {
    names.iter().map(|name| column(name, ColumnType::String)).collect()
}

fn column(name: &str, kind: ColumnType) -> Column {
    Column { name: name.into(), kind }
}

/// The name of a type in Glue.
pub(super) fn glue_type(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::String | ColumnType::Json => "string",
        ColumnType::Boolean => "boolean",
        ColumnType::Integer => "bigint",
        ColumnType::Double => "double",
        ColumnType::Timestamp => "timestamp",
        ColumnType::Map => "\"map<string,string>\"",
    }
}

/// The name of a type in a view. Athena checks that the statement of the view returns exactly this type.
pub(super) fn presto_type(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::String | ColumnType::Json => "varchar",
        ColumnType::Boolean => "boolean",
        ColumnType::Integer => "bigint",
        ColumnType::Double => "double",
        ColumnType::Timestamp => "timestamp(3)",
        ColumnType::Map => "map(varchar,varchar)",
    }
}
