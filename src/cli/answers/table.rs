//! Answers as text for people.
//!
//! The table is as wide as the terminal at most: long values go on in the next line, and if the columns do not fit at
//! all, each row becomes a block of lines. Nothing is cut off. Without a terminal the width has no limit.
//! What is absent is `-`, so that it differs from an empty text, which is `""`.
//!
//! **Invariant:** no value leaves its cell, and none colours, moves or reorders anything.

use std::io::{Result, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::Value;

use super::arrangement::{Arrangement, ColumnExtent, GAP, arrange};
use super::sheet::{AnswerSet, AnswerSheet, CoveredAnswer, SheetColumn};
use super::{coverage_text, sheet};
use crate::answers::facts::Coverage;
use crate::answers::questions::ColumnKind;
use crate::terminal::one_line;

/// The rows that are laid out at once. All parts have the same widths.
const PART: usize = 1_000;

/// How a text table is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableLimits {
    /// The width of the terminal.
    pub width: Option<usize>,
    /// Whether all unknown cells are listed.
    pub lists_coverage: bool,
}

/// Writes the answers.
pub(super) fn write(set: &AnswerSet, limits: TableLimits, out: &mut dyn Write) -> Result<()> {
    for (index, answer) in set.answers().iter().enumerate() {
        if let (AnswerSet::All(_), Some(question)) = (set, answer.question) {
            let blank = if index == 0 { "" } else { "\n" };
            write!(out, "{blank}")?;
            write_wrapped(&format!("{}: {}", question.name, question.title), limits.width, out)?;
            writeln!(out)?;
        }
        write_answer(answer, limits, out)?;
    }
    Ok(())
}

fn write_answer(answer: &CoveredAnswer, limits: TableLimits, out: &mut dyn Write) -> Result<()> {
    match coverage_text::nothing_found(answer) {
        Some(nothing) => write_wrapped(nothing, limits.width, out)?,
        None => write_sheet(&answer.sheet, limits.width, out)?,
    }
    let Some(coverage) = &answer.coverage else { return Ok(()) };
    let is_listed = limits.lists_coverage && !coverage.unknown.is_empty();
    writeln!(out)?;
    write_wrapped(&coverage_text::sentence(coverage, is_listed), limits.width, out)?;
    if is_listed { write_sheet(&unknown_cells(coverage), limits.width, out) } else { Ok(()) }
}

/// The unknown cells as rows.
pub(super) fn unknown_cells(coverage: &Coverage) -> AnswerSheet {
    let kind = |name| if name == "last_answered" { ColumnKind::Time } else { ColumnKind::Text };
    AnswerSheet {
        columns: coverage_text::COLUMNS.iter().map(|name| SheetColumn { name, kind: kind(*name) }).collect(),
        rows: coverage.unknown.iter().map(|cell| coverage_text::values(cell).map(Value::from).into()).collect(),
    }
}

/// Writes a sentence in lines that fit.
fn write_wrapped(text: &str, width: Option<usize>, out: &mut dyn Write) -> Result<()> {
    let Some(width) = width else { return writeln!(out, "{}", one_line(text)) };
    let mut table = bare();
    table.add_row([one_line(text)]);
    set_widths(&mut table, &[u16::try_from(width).unwrap_or(u16::MAX).max(1)]);
    writeln!(out, "{}", table.trim_fmt())
}

fn write_sheet(sheet: &AnswerSheet, width: Option<usize>, out: &mut dyn Write) -> Result<()> {
    match arrange(&extents(sheet), width) {
        Arrangement::Columns(widths) => write_columns(sheet, &widths, out),
        Arrangement::Blocks { name, value } => write_blocks(sheet, [name, value], out),
    }
}

/// Measures all values.
fn extents(sheet: &AnswerSheet) -> Vec<ColumnExtent> {
    let mut names = Table::new();
    names.set_header(sheet.columns.iter().map(|column| column.name));
    let names = names.column_max_content_widths();
    let extent = |(column, name): (&SheetColumn, u16)| ColumnExtent { kind: column.kind, widest: 1, name };
    let mut extents: Vec<ColumnExtent> = sheet.columns.iter().zip(names).map(extent).collect();
    let mut rows = sheet.rows.iter().peekable();
    while rows.peek().is_some() {
        let mut table = Table::new();
        for row in rows.by_ref().take(PART) {
            table.add_row(sheet.cells(&row).map(|(_, value)| cell(value)));
        }
        for (extent, width) in extents.iter_mut().zip(table.column_max_content_widths()) {
            extent.widest = extent.widest.max(width);
        }
    }
    extents
}

fn write_columns(sheet: &AnswerSheet, widths: &[u16], out: &mut dyn Write) -> Result<()> {
    let mut rows = sheet.rows.iter().peekable();
    let mut is_first = true;
    while rows.peek().is_some() {
        let mut table = bare();
        if std::mem::take(&mut is_first) {
            table.set_header(sheet.columns.iter().map(|column| column.name));
        }
        for row in rows.by_ref().take(PART) {
            table.add_row(sheet.cells(&row).map(|(_, value)| cell(value)));
        }
        set_widths(&mut table, widths);
        for (column, shown) in sheet.columns.iter().zip(table.column_iter_mut()) {
            if matches!(column.kind, ColumnKind::Integer | ColumnKind::Number) {
                shown.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(out, "{}", table.trim_fmt())?;
    }
    Ok(())
}

fn write_blocks(sheet: &AnswerSheet, widths: [u16; 2], out: &mut dyn Write) -> Result<()> {
    for (index, row) in sheet.rows.iter().enumerate() {
        let mut table = bare();
        for (column, value) in sheet.cells(&row) {
            table.add_row([column.name.to_owned(), cell(value)]);
        }
        set_widths(&mut table, &widths);
        let blank = if index == 0 { "" } else { "\n" };
        writeln!(out, "{blank}{}", table.trim_fmt())?;
    }
    Ok(())
}

/// A table without lines.
fn bare() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// Sets the widths of the columns, which the first row or the header has made.
fn set_widths(table: &mut Table, widths: &[u16]) {
    for (column, width) in table.column_iter_mut().zip(widths) {
        column.set_padding((0, GAP));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width.saturating_add(GAP))));
    }
}

/// A value in a cell.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return "-".to_owned(),
        Value::String(text) if text.is_empty() => return "\"\"".to_owned(),
        Value::Array(items) => list(items).unwrap_or_else(|| sheet::text(value)),
        other => sheet::text(other),
    };
    one_line(&text).into_owned()
}

/// A list of names, with commas between them. Returns `None` for any other list.
fn list(items: &[Value]) -> Option<String> {
    let is_name = |text: &&str| !text.is_empty() && !text.contains([',', ' ']);
    let names: Option<Vec<&str>> = items.iter().map(|item| item.as_str().filter(is_name)).collect();
    names.filter(|names| !names.is_empty()).map(|names| names.join(", "))
}
