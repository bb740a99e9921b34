//! Generates DuckDB's views over the manifests and the rows of one output.
//!
//! **Invariant:** knows the paths of files, and not which files are committed.

use super::readers::{duckdb_type, empty, json_columns, parquet, pattern};
use crate::domain::Format;
use crate::output::views::TableColumns;

/// The largest manifest that can be read, in bytes: about 20,000 accounts. Each thread takes twice as much memory.
const MAX_MANIFEST_BYTES: u32 = 64 << 20;
/// The largest row of ndjson that can be read, in bytes.
const MAX_ROW_BYTES: u32 = 32 << 20;

const NOTHING_YET: &str = "\n-- No run has written this yet.";

const RUN: &[(&str, &str)] = &[
    ("run_id", "VARCHAR"),
    ("started_at", "TIMESTAMPTZ"),
    ("status", "VARCHAR"),
    ("dt", "DATE"),
    ("format", "VARCHAR"),
    ("manifest", "VARCHAR"),
];
const FILE: &[(&str, &str)] = &[
    ("run_id", "VARCHAR"),
    ("started_at", "TIMESTAMPTZ"),
    ("status", "VARCHAR"),
    ("dt", "DATE"),
    ("\"table\"", "VARCHAR"),
    ("key", "VARCHAR"),
    ("path", "VARCHAR"),
    ("rows", "BIGINT"),
    ("bytes", "BIGINT"),
    ("uncompressed_bytes", "BIGINT"),
    ("sha256", "VARCHAR"),
];

/// The files of one output in one format.
pub(super) struct RowSource<'a> {
    pub(super) output: &'a str,
    pub(super) format: Format,
}

impl<'a> RowSource<'a> {
    pub(super) fn new(output: &'a str, format: Format) -> Self {
        Self { output: output.trim_end_matches('/'), format }
    }

    /// The views of the runs and of their files, read from the manifests. DuckDB names all files below one output in the
    /// same way, whatever the way (`./out`, `a//b`), so the path of a table's file begins as the path of its manifest.
    pub(super) fn runs(&self) -> String {
        let reader = format!(
            "read_json({}, format = 'unstructured', filename = true,\n  hive_partitioning = false, \
             maximum_object_size = {MAX_MANIFEST_BYTES}, columns = {{\n    run_id: 'VARCHAR', \
             started_at: 'TIMESTAMPTZ', status: 'VARCHAR', plan: 'STRUCT(dt DATE, format VARCHAR)'",
            self.pattern("runs/*/manifest.json")
        );
        format!(
            "\ncreate or replace view committed_runs as\n\
             select run_id, started_at, status, plan.dt as dt, plan.format as format, filename as manifest\n\
             from {reader}}});\n\
             \ncreate or replace view committed_files as\n\
             select run_id, started_at, status, plan.dt as dt, file.\"table\", file.key,\n  \
             regexp_replace(filename, 'runs/[^/]*/manifest[.]json$', '') || file.key as path,\n  \
             file.rows, file.bytes, file.uncompressed_bytes, file.sha256\n\
             from (select *, unnest(files) as file from {reader},\n    \
             files: 'STRUCT(\"table\" VARCHAR, \"key\" VARCHAR, \"rows\" BIGINT, bytes BIGINT, \
             uncompressed_bytes BIGINT,\n      sha256 VARCHAR)[]'}}));\n",
        )
    }

    /// The view of every row of a table, with the file and the date of the row.
    pub(super) fn raw(&self, table: &TableColumns) -> String {
        let (name, format) = (&table.name, self.format.as_str());
        let reader = match self.format {
            Format::Parquet => parquet(&self.pattern(&format!("{format}/{name}/dt=*/*.parquet")), &table.columns),
            Format::Ndjson => {
                let pattern = self.pattern(&format!("{format}/{name}/dt=*/*.ndjson.gz"));
                let columns = json_columns(&table.columns);
                format!(
                    "read_json({pattern}, format = 'newline_delimited',\n  compression = 'gzip', filename = true, \
                     hive_partitioning = false, maximum_object_size = {MAX_ROW_BYTES}, columns = {{{columns}}})"
                )
            }
        };
        // Hive partitioning is off: a `region=` in the address of the output would replace the column.
        let date = "regexp_extract(filename, 'dt=([^/]+)/[^/]+$', 1)::DATE as dt";
        format!("\ncreate or replace view raw_{name} as\nselect *, {date}\nfrom {reader};\n")
    }

    /// A pattern below the output.
    pub(super) fn pattern(&self, rest: &str) -> String {
        pattern(self.output, rest)
    }
}

/// The empty views that replace `RowSource::runs` before the first run.
pub(super) fn no_runs() -> String {
    let [runs, files] = [("committed_runs", RUN), ("committed_files", FILE)];
    [runs, files].map(|(name, columns)| format!("{NOTHING_YET}{}", empty(name, columns.iter().copied()))).concat()
}

/// The empty view that replaces `RowSource::raw` until a run has written the table.
pub(super) fn no_rows(table: &TableColumns) -> String {
    let columns = table.columns.iter().map(|column| (column.name.as_str(), duckdb_type(column.kind)));
    let view = empty(&format!("raw_{}", table.name), columns.chain([("filename", "VARCHAR"), ("dt", "DATE")]));
    format!("{NOTHING_YET}{view}")
}
