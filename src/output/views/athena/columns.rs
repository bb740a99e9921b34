//! The columns of Athena's tables and views, and how it calls their types.
//!
//! Knows nothing of statements, nor of templates.

use crate::inventory::{Column, ColumnType};

/// Those of `committed_files`.
pub(super) fn files() -> Vec<Column> {
    let strings = ["run_id", "started_at", "status", "table", "key"].map(|name| column(name, ColumnType::String));
    let counts = ["rows", "bytes"].map(|name| column(name, ColumnType::Integer));
    [&strings[..], &counts[..], &[column("sha256", ColumnType::String)]].concat()
}

/// Those of `committed_runs`.
pub(super) fn runs() -> Vec<Column> {
    let started_at = column("started_at", ColumnType::Timestamp);
    dated(&[column("run_id", ColumnType::String), started_at, column("status", ColumnType::String)])
}

/// Those of `answered_cells`.
pub(super) fn cells() -> Vec<Column> {
    let strings = ["account_id", "region", "table", "run_id"].map(|name| column(name, ColumnType::String));
    dated(&[&strings[..], &[column("started_at", ColumnType::Timestamp)]].concat())
}

/// With the partition's column, which comes last.
pub(super) fn dated(columns: &[Column]) -> Vec<Column> {
    [columns, &[column("dt", ColumnType::String)]].concat()
}

fn column(name: &str, kind: ColumnType) -> Column {
    Column { name: name.into(), kind }
}

/// How Glue calls a type.
pub(super) fn hive(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::String | ColumnType::Json => "string",
        ColumnType::Boolean => "boolean",
        ColumnType::Integer => "bigint",
        ColumnType::Double => "double",
        ColumnType::Timestamp => "timestamp",
        ColumnType::Map => "\"map<string,string>\"",
    }
}

/// How the statement of a view calls it: Athena holds a view to what its statement gives.
pub(super) fn presto(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::String | ColumnType::Json => "varchar",
        ColumnType::Boolean => "boolean",
        ColumnType::Integer => "bigint",
        ColumnType::Double => "double",
        ColumnType::Timestamp => "timestamp(3)",
        ColumnType::Map => "map(varchar,varchar)",
    }
}
