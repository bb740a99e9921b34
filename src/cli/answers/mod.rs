//! Writes answers for people and for programs: tables, JSON, CSV, Markdown and workbooks.
//!
//! ```text
//! rows and coverage -> one format -> standard output, or a workbook in a file
//! ```
//!
//! Every format carries the coverage. CSV has no place for it, so there it is a line for standard error.
//! Rows are written one by one: nothing but the table looks at all of them first.
//!
//! **Invariant:** knows no question, no run and no file but the workbook. What a customer named never becomes a command:
//! not of a terminal, not of a spreadsheet, not of a page.

mod json_text;
mod sheet_rows;
mod sheet;
mod coverage_text;
mod json;
mod formula;
mod csv;
mod markdown;
mod arrangement;
mod table;
mod sarif;
mod sheet_name;
mod saved_file;
mod workbook;
mod out;

#[cfg(test)]
mod tests;

pub(crate) use coverage_text::{coverage_line, unknown_lines};
pub(crate) use out::{AnswerLayout, print};
pub(crate) use sarif::{FindingLevel, FindingRule, SarifResult, write_sarif};
pub(crate) use saved_file::{save_file, save_rows};
pub(crate) use sheet::{AnswerFormat, AnswerSet, AnswerSheet, AskedQuestion, CoveredAnswer, SheetColumn};
pub(crate) use sheet_rows::SheetRows;
pub(crate) use workbook::save_workbook;
