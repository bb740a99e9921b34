//! Generates the views of what runs changed.
//!
//! **Invariant:** knows the lists of the files of the table `changes`, and not what was compared.

use super::join_by_date;
use super::readers::{duckdb_type, empty};
use super::source::RowSource;
use crate::inventory::CHANGES;
use crate::output::sink::changes_columns;
use crate::output::views::TableColumns;

/// The largest line of a list that can be read, in bytes.
const MAX_LINE_BYTES: u32 = 1 << 20;

fn table() -> TableColumns {
    TableColumns { name: CHANGES.into(), columns: changes_columns() }
}

/// The views if a run has recorded its changes.
pub(super) fn recorded(source: &RowSource<'_>) -> String {
    let (format, by_date) = (source.format.as_str(), join_by_date(source.format, "f"));
    let lists = source.pattern("changes/dt=*/*.ndjson");
    let raw = source.raw(&table());
    format!(
        "
-- The files with what runs changed. Only those count that the list of their run names.
create or replace view recorded_changes as
select run_id, started_at, regexp_extract(filename, 'dt=([^/]+)/[^/]+$', 1)::DATE as dt, key,
  regexp_replace(filename, 'changes/[^/]*/[^/]*$', '') || key as path, \"rows\", bytes
from read_json({lists}, format = 'newline_delimited', filename = true,
    hive_partitioning = false, maximum_object_size = {MAX_LINE_BYTES}, columns = {{
    run_id: 'VARCHAR', started_at: 'TIMESTAMPTZ', key: 'VARCHAR', \"rows\": 'BIGINT', bytes: 'BIGINT'}})
where starts_with(key, '{format}/');
{raw}
create or replace view {CHANGES} as
select r.* exclude (filename, dt), f.dt
from recorded_changes f join raw_{CHANGES} r on r.filename = f.path and r.run_id = f.run_id{by_date};
"
    )
}

/// The views if none has.
pub(super) fn none() -> String {
    let files = [("run_id", "VARCHAR"), ("started_at", "TIMESTAMPTZ"), ("dt", "DATE"), ("key", "VARCHAR")];
    let files = files.into_iter().chain([("path", "VARCHAR"), ("\"rows\"", "BIGINT"), ("bytes", "BIGINT")]);
    let columns = changes_columns();
    let rows = columns.iter().map(|column| {
        let name = if column.name == "table" { "\"table\"" } else { &column.name };
        (name, duckdb_type(column.kind))
    });
    format!(
        "\n-- No run has recorded its changes. Create this script again after one has.{}{}",
        empty("recorded_changes", files),
        empty(CHANGES, rows.chain([("dt", "DATE")]))
    )
}
