//! Generates DuckDB's readers over the files of one output.
//!
//! **Invariant:** knows the paths of files and the names of types, and not which files are committed.

use crate::domain::Format;
use crate::inventory::ColumnType;
use crate::output::views::{TableColumns, wrap_list};
use crate::terminal::is_hidden;

/// The largest manifest that can be read, in bytes: about 20,000 accounts. Each thread takes twice as much memory.
const MAX_MANIFEST_BYTES: u32 = 64 << 20;
/// The largest row of ndjson that can be read, in bytes.
const MAX_ROW_BYTES: u32 = 32 << 20;

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
        let listed = |entry: fn(&str, &str) -> String| {
            wrap_list(table.columns.iter().map(|column| entry(&column.name, duckdb_type(column.kind))), "    ")
        };
        let reader = match self.format {
            Format::Parquet => {
                let pattern = self.pattern(&format!("{format}/{name}/dt=*/*.parquet"));
                let schema =
                    listed(|name, kind| format!("'{name}': {{name: '{name}', type: '{kind}', default_value: null}}"));
                format!("read_parquet({pattern}, filename = true, schema = map {{{schema}}})")
            }
            Format::Ndjson => {
                let pattern = self.pattern(&format!("{format}/{name}/dt=*/*.ndjson.gz"));
                let columns = listed(|name, kind| format!("'{name}': '{kind}'"));
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

    /// A pattern below the output. Wildcards in the address of the output itself are escaped.
    fn pattern(&self, rest: &str) -> String {
        let mut pattern = String::new();
        for character in self.output.chars() {
            match character {
                '*' | '?' | '[' => pattern.extend(['[', character, ']']),
                _ => pattern.push(character),
            }
        }
        text(&format!("{pattern}/{rest}"))
    }
}

/// The empty views that replace `RowSource::runs` before the first run.
pub(super) fn no_runs() -> String {
    empty("committed_runs", RUN.iter().copied()) + &empty("committed_files", FILE.iter().copied())
}

/// The empty view that replaces `RowSource::raw` until a run has written the table.
pub(super) fn no_rows(table: &TableColumns) -> String {
    let columns = table.columns.iter().map(|column| (column.name.as_str(), duckdb_type(column.kind)));
    empty(&format!("raw_{}", table.name), columns.chain([("filename", "VARCHAR"), ("dt", "DATE")]))
}

fn empty<'a>(name: &str, columns: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let nulls = wrap_list(columns.map(|(name, kind)| format!("null::{kind} as {name}")), "  ");
    format!("\n-- No run has written this yet.\ncreate or replace view {name} as\nselect{nulls}\nwhere false;\n")
}

fn duckdb_type(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::String => "VARCHAR",
        ColumnType::Boolean => "BOOLEAN",
        ColumnType::Integer => "BIGINT",
        ColumnType::Double => "DOUBLE",
        ColumnType::Timestamp => "TIMESTAMPTZ",
        ColumnType::Map => "MAP(VARCHAR, VARCHAR)",
        ColumnType::Json => "JSON",
    }
}

/// A text of SQL. A character that the terminal would escape is written by its number, since the script is printed.
fn text(text: &str) -> String {
    let mut literal = String::from("'");
    for character in text.chars() {
        match character {
            '\'' => literal.push_str("''"),
            _ if is_hidden(character) => literal.push_str(&format!("' || chr({}) || '", u32::from(character))),
            _ => literal.push(character),
        }
    }
    literal.push('\'');
    literal
}
