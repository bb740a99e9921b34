//! A table of text without lines between its cells.

use comfy_table::{CellAlignment, Table, presets};

use crate::terminal::one_line;

/// A table. A value keeps to one line of its cell, whatever characters it has.
#[derive(Debug)]
pub(super) struct TextTable(Table);

impl TextTable {
    /// Creates a table. The columns from `first_number` on are numbers, aligned to the right.
    pub(super) fn new(header: &[&str], first_number: usize) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(header.to_vec());
        for (index, column) in table.column_iter_mut().enumerate() {
            if index >= first_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self(table)
    }

    /// Adds a row of values.
    pub(super) fn add_row(&mut self, values: impl IntoIterator<Item = String>) {
        self.0.add_row(values.into_iter().map(|value| one_line(&value).into_owned()));
    }

    /// Adds a row whose cells have several lines, of texts of rolecall's own.
    pub(super) fn add_row_of_lines(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.add_row(cells);
    }

    /// Returns the table as text, without blanks at the ends of its lines.
    pub(super) fn render(&self) -> String {
        self.0.trim_fmt()
    }
}
