//! Lists the columns of Athena's own tables and views, and maps types to those of Glue and Presto.
//!
//! **Invariant:** knows neither SQL statements nor templates.

use crate::inventory::{Column, ColumnType};

/// The columns of `committed_files`.
pub(super) fn files() -> Vec<Column> {
    let strings = ["run_id", "started_at", "status", "table", "key"].map(|name| column(name, ColumnType::String));
    let counts = ["rows", "bytes"].map(|name| column(name, ColumnType::Integer));
    [&strings[..], &counts[..], &[column("sha256", ColumnType::String)]].concat()
}

/// The columns of `committed_runs`.
pub(super) fn runs() -> Vec<Column> {
    let started_at = column("started_at", ColumnType::Timestamp);
    with_partition(&[column("run_id", ColumnType::String), started_at, column("status", ColumnType::String)])
}

/// The columns of `answered_cells`.
pub(super) fn cells() -> Vec<Column> {
    let strings = ["account_id", "region", "table", "run_id"].map(|name| column(name, ColumnType::String));
    with_partition(&[&strings[..], &[column("started_at", ColumnType::Timestamp)]].concat())
}

/// Appends the column of the partition, which comes last.
pub(super) fn with_partition(columns: &[Column]) -> Vec<Column> {
    [columns, &[column("dt", ColumnType::String)]].concat()
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
