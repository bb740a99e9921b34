//! Views for those who query the inventory: the committed rows of every table, and what holds now.
//!
//! One text a query engine, made from the catalogue alone. Knows the layout of the output and the columns of
//! the tables; nothing of what a run found, of AWS's API, or of how the engines are reached.

mod athena;
mod duckdb;

use crate::catalogue::Catalogue;
use crate::inventory::Column;
use crate::inventory::LEDGER;
use crate::output::sink::ledger_columns;

pub(crate) use athena::athena;
pub(crate) use duckdb::duckdb;

const WIDTH: usize = 120;

/// A table as readers see it: its name and all of its columns, the opening ones and `aws_extra` included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableColumns {
    /// Its name: `ec2_vpcs`; the ledger is one of the tables.
    pub name: String,
    /// Its columns in their order; `dt` is not one of them.
    pub columns: Vec<Column>,
}

impl TableColumns {
    /// Whether it holds resources, and so has a `current_` view made from what the ledger says of it.
    fn is_resources(&self) -> bool {
        self.name != LEDGER
    }
}

/// Every table of an inventory: the catalogue's, and the ledger.
pub(crate) fn tables(catalogue: &Catalogue) -> Vec<TableColumns> {
    let resources = catalogue.tables().iter();
    let resources =
        resources.map(|table| TableColumns { name: table.entry.table.into(), columns: table.all_columns() });
    resources.chain([TableColumns { name: LEDGER.into(), columns: ledger_columns() }]).collect()
}

/// A list of pieces over lines of a bearable width.
fn wrapped(pieces: impl Iterator<Item = String>, indent: &str) -> String {
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
