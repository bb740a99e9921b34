//! Generates views for query engines: the committed rows of every table, and its current rows.
//!
//! Each engine has one text, which depends on the catalogue only.
//!
//! **Invariant:** knows the layout of the output and the columns of the tables, and nothing of what a run found, of AWS's
//! API, or of how an engine is reached.

mod athena;
mod duckdb;

use std::collections::HashSet;

use crate::catalogue::Catalogue;
use crate::inventory::{Column, ColumnType, LEDGER};
use crate::output::sink::ledger_columns;

pub(crate) use athena::{athena, athena_names};
pub(crate) use duckdb::duckdb;

/// The width at which generated lists are wrapped.
const WIDTH: usize = 120;

/// The names of the columns of a state.
const STATE_COLUMNS: &[&str] = &[
    "table",
    "account_id",
    "region",
    "status",
    "error_code",
    "run_id",
    "run_started_at",
    "run_dt",
    "answered_run_id",
    "answered_started_at",
    "answered_dt",
    "file_key",
    "file_rows",
    "file_bytes",
];

/// A table of the inventory, with all of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableColumns {
    /// The name (`ec2_vpcs`). The ledger is a table too.
    pub name: String,
    /// The columns in their order, with the opening ones and `aws_extra`, and without `dt`.
    pub columns: Vec<Column>,
}

impl TableColumns {
    /// Whether the table holds resources. Its `current_` view then follows from the ledger.
    fn has_resources(&self) -> bool {
        self.name != LEDGER
    }
}

/// What an output holds in one format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeldFiles {
    /// The tables of which a file was written, committed or not. Without any committed run it is empty.
    pub tables: HashSet<String>,
    /// Whether a state was written.
    pub state: bool,
    /// Whether a run has recorded its changes.
    pub changes: bool,
}

impl HeldFiles {
    /// Whether a run is committed: every run has a ledger.
    fn has_runs(&self) -> bool {
        self.tables.contains(LEDGER)
    }
}

/// The columns of a state. `OUTPUT.md` describes them.
fn state_columns() -> Vec<Column> {
    let kind = |name: &str| match name {
        "run_started_at" | "answered_started_at" => ColumnType::Timestamp,
        "file_rows" | "file_bytes" => ColumnType::Integer,
        _ => ColumnType::String,
    };
    STATE_COLUMNS.iter().map(|name| Column { name: (*name).into(), kind: kind(name) }).collect()
}

/// Every table of an inventory: those of the catalogue, and the ledger.
pub(crate) fn tables(catalogue: &Catalogue) -> Vec<TableColumns> {
    let resources = catalogue.tables().iter();
    let resources =
        resources.map(|table| TableColumns { name: table.entry.table.into(), columns: table.all_columns() });
    resources.chain([TableColumns { name: LEDGER.into(), columns: ledger_columns() }]).collect()
}

/// Joins pieces by commas, over lines of at most [`WIDTH`] characters.
fn wrap_list(pieces: impl Iterator<Item = String>, indent: &str) -> String {
    let (mut text, mut width) = (String::new(), WIDTH);
    for piece in pieces {
        if !text.is_empty() {
            text.push(',');
        }
        if width + piece.len() + 2 > WIDTH {
            text.push('\n');
            text.push_str(indent);
            width = indent.len();
        } else {
            text.push(' ');
        }
        width += piece.len() + 2;
        text.push_str(&piece);
    }
    text
}

#[cfg(test)]
mod tests;
