//! Writes parts of DuckDB's readers: patterns of files, schemas, types and texts.
//!
//! **Invariant:** knows DuckDB's functions and types, and no file of an output.

use crate::inventory::{Column, ColumnType};
use crate::output::views::wrap_list;
use crate::terminal::is_hidden;

/// A pattern below an output. Wildcards in the address of the output itself are escaped.
pub(super) fn pattern(output: &str, rest: &str) -> String {
    let mut pattern = String::new();
    for character in output.chars() {
        match character {
            '*' | '?' | '[' => pattern.extend(['[', character, ']']),
            _ => pattern.push(character),
        }
    }
    text(&format!("{pattern}/{rest}"))
}

/// A reader of Parquet files that gives all types, so that no file is opened for its schema. A column that a file lacks is
/// null.
pub(super) fn parquet(pattern: &str, columns: &[Column]) -> String {
    let entry = |Column { name, kind }: &Column| {
        format!("'{name}': {{name: '{name}', type: '{}', default_value: null}}", duckdb_type(*kind))
    };
    let schema = wrap_list(columns.iter().map(entry), "    ");
    format!("read_parquet({pattern}, filename = true, schema = map {{{schema}}})")
}

/// The columns of a reader of JSON.
pub(super) fn json_columns(columns: &[Column]) -> String {
    wrap_list(columns.iter().map(|Column { name, kind }| format!("'{name}': '{}'", duckdb_type(*kind))), "    ")
}

/// A view without rows.
pub(super) fn empty<'a>(name: &str, columns: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let nulls = wrap_list(columns.map(|(name, kind)| format!("null::{kind} as {name}")), "  ");
    format!("\ncreate or replace view {name} as\nselect{nulls}\nwhere false;\n")
}

pub(super) fn duckdb_type(kind: ColumnType) -> &'static str {
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
