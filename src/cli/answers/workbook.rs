//! Answers as a workbook (`.xlsx`): a sheet for each answer, and the sheets `coverage` and `unknown cells`.
//!
//! - Numbers, booleans and times are typed; times are UTC. Texts are texts, never formulas: what looks like one is marked
//!   as text, so that editing its cell does not execute it either. What is nested is JSON text. What is absent is empty.
//! - An integer that a spreadsheet would round is a text.
//! - More rows than a sheet takes go on in the next sheet, `name (2)`.
//! - The part of a text that a cell does not take is in the sheet `long values`, which the cell names.
//!
//! **Invariant:** nothing is left out in silence.

use std::io::{BufWriter, Write};
use std::path::Path;

use jiff::Timestamp;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use serde_json::{Value, json};

use super::coverage_text;
use super::formula::is_executable;
use super::saved_file::save_file;
use super::sheet::{AnswerSet, AnswerSheet, CoveredAnswer, SheetColumn, text};
use super::sheet_name::{SheetNames, cut};
use super::sheet_rows::SheetRows;
use super::table::unknown_cells;
use crate::answers::facts::Coverage;
use crate::answers::questions::ColumnKind;
use crate::error::Error;

/// What a sheet and a cell take.
#[derive(Clone, Copy, Debug)]
pub(super) struct SheetLimits {
    /// Rows, without the header.
    pub rows: usize,
    /// UTF-16 units of a text.
    pub units: usize,
}

pub(super) const EXCEL: SheetLimits = SheetLimits { rows: 1_048_575, units: 32_767 };
/// The units that are kept for the words that say where the rest of a text is.
const POINTER_UNITS: usize = 100;
/// Every integer up to this one is exact in a cell.
const MAX_EXACT: u64 = 1 << 53;
/// The widths of columns, in characters.
const WIDTHS: std::ops::RangeInclusive<usize> = 8..=60;

/// Saves answers as a workbook. An older file of this name is replaced.
pub(crate) fn save_workbook(set: &AnswerSet, path: &Path) -> Result<(), Error> {
    save_file(path, |file| write(set, EXCEL, file))
}

pub(super) fn write(set: &AnswerSet, limits: SheetLimits, out: impl Write + Send) -> Result<(), XlsxError> {
    let mut book = AnswerBook::new(limits);
    // These names are taken first, so that no question gets them.
    let [coverage, unknown, long] = ["coverage", "unknown cells", "long values"].map(|name| book.names.unique(name));
    for answer in set.answers() {
        let name = if answer.name().is_empty() { "answer" } else { answer.name() };
        book.add(name, &answer.sheet)?;
    }
    let covered: Vec<(&str, &CoveredAnswer, &Coverage)> =
        set.answers().iter().filter_map(|answer| Some((answer.name(), answer, answer.coverage.as_ref()?))).collect();
    book.add_named(&coverage, &summary(&covered))?;
    book.add_named(&unknown, &unknown_sheet(&covered))?;
    if !book.long.is_empty() {
        let rows = std::mem::take(&mut book.long);
        book.add_named(&long, &AnswerSheet { columns: columns(&LONG_COLUMNS), rows })?;
    }
    let mut out = BufWriter::new(out);
    book.workbook.save_to_writer(&mut out)?;
    out.flush()?;
    Ok(())
}

const LONG_COLUMNS: [(&str, ColumnKind); 5] = [
    ("sheet", ColumnKind::Text),
    ("row", ColumnKind::Integer),
    ("column", ColumnKind::Text),
    ("part", ColumnKind::Integer),
    ("value", ColumnKind::Text),
];

const SUMMARY_COLUMNS: [(&str, ColumnKind); 7] = [
    ("question", ColumnKind::Text),
    ("rows", ColumnKind::Integer),
    ("cells", ColumnKind::Integer),
    ("unknown", ColumnKind::Integer),
    ("oldest", ColumnKind::Time),
    ("newest", ColumnKind::Time),
    ("summary", ColumnKind::Text),
];

fn columns(columns: &[(&'static str, ColumnKind)]) -> Vec<SheetColumn> {
    columns.iter().map(|(name, kind)| SheetColumn { name, kind: *kind }).collect()
}

/// A row for each answer: what it is based on.
fn summary(covered: &[(&str, &CoveredAnswer, &Coverage)]) -> AnswerSheet {
    let rows = covered.iter().map(|(name, answer, coverage)| {
        let mut words = coverage_text::sentence(coverage, true).trim_end_matches(':').to_owned();
        if let Some(nothing) = coverage_text::nothing_found(answer) {
            words = format!("{nothing} {words}");
        }
        let (rows, unknown) = (answer.sheet.rows.len(), coverage.unknown.len());
        let [oldest, newest] = [coverage.as_of.oldest, coverage.as_of.newest].map(|at| json!(at));
        vec![json!(name), json!(rows), json!(coverage.cells), json!(unknown), oldest, newest, json!(words)]
    });
    AnswerSheet { columns: columns(&SUMMARY_COLUMNS), rows: rows.collect() }
}

/// The unknown cells of all answers, each with its question.
fn unknown_sheet(covered: &[(&str, &CoveredAnswer, &Coverage)]) -> AnswerSheet {
    let mut sheet = unknown_cells(&Coverage::default());
    sheet.columns.insert(0, SheetColumn { name: "question", kind: ColumnKind::Text });
    for (name, _, coverage) in covered {
        for mut row in unknown_cells(coverage).rows.iter() {
            row.insert(0, json!(name));
            sheet.rows.push(&row);
        }
    }
    sheet
}

/// A workbook that takes sheets.
struct AnswerBook {
    workbook: Workbook,
    names: SheetNames,
    limits: SheetLimits,
    header: Format,
    time: Format,
    marked: Format,
    /// The rows of the sheet of long values.
    long: SheetRows,
}

impl AnswerBook {
    fn new(limits: SheetLimits) -> Self {
        Self {
            workbook: Workbook::new(),
            names: SheetNames::default(),
            limits,
            header: Format::new().set_bold(),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            marked: Format::new().set_quote_prefix(),
            long: SheetRows::default(),
        }
    }

    /// Adds an answer, in as many sheets as it needs.
    fn add(&mut self, name: &str, sheet: &AnswerSheet) -> Result<(), XlsxError> {
        let name = self.names.unique(name);
        self.add_named(&name, sheet)
    }

    fn add_named(&mut self, name: &str, sheet: &AnswerSheet) -> Result<(), XlsxError> {
        let mut rest = sheet.rows.iter().peekable();
        let mut part_name = name.to_owned();
        loop {
            self.add_part(&part_name, sheet, &mut rest)?;
            if rest.peek().is_none() {
                return Ok(());
            }
            part_name = self.names.unique(name);
        }
    }

    /// Adds as many rows as a sheet may have.
    fn add_part(
        &mut self,
        name: &str,
        sheet: &AnswerSheet,
        rows: &mut impl Iterator<Item = Vec<Value>>,
    ) -> Result<(), XlsxError> {
        let mut worksheet = Worksheet::new();
        worksheet.set_name(name)?.set_freeze_panes(1, 0)?;
        let mut widths: Vec<usize> = sheet.columns.iter().map(|column| column.name.len() + 3).collect();
        for (column, head) in (0_u16..).zip(&sheet.columns) {
            worksheet.write_string_with_format(0, column, head.name, &self.header)?;
        }
        let mut last_row = 0;
        for (number, row) in (1_u32..).zip(rows.take(self.limits.rows)) {
            last_row = number;
            for (column, (head, value)) in (0_u16..).zip(sheet.cells(&row)) {
                let width = self.write_cell(&mut worksheet, (number, column), head, value)?;
                if let Some(widest) = widths.get_mut(usize::from(column)) {
                    *widest = width.max(*widest);
                }
            }
        }
        for (column, width) in (0_u16..).zip(widths) {
            let width = u32::try_from(width.clamp(*WIDTHS.start(), *WIDTHS.end())).unwrap_or_default();
            worksheet.set_column_width(column, width)?;
        }
        if let Some(last) = u16::try_from(sheet.columns.len()).ok().and_then(|count| count.checked_sub(1)) {
            worksheet.autofilter(0, 0, last_row, last)?;
        }
        self.workbook.push_worksheet(worksheet);
        Ok(())
    }

    /// Writes a value, and returns its width in characters.
    fn write_cell(
        &mut self,
        worksheet: &mut Worksheet,
        (row, column): (u32, u16),
        head: &SheetColumn,
        value: &Value,
    ) -> Result<usize, XlsxError> {
        match value {
            Value::Null => return Ok(0),
            Value::Bool(flag) => drop(worksheet.write_boolean(row, column, *flag)?),
            Value::Number(number) if is_exact(number) => {
                worksheet.write_number(row, column, number.as_f64().unwrap_or_default())?;
            }
            _ => {
                if let Some(at) = time(head.kind, value) {
                    worksheet.write_datetime_with_format(row, column, &at, &self.time)?;
                    return Ok(20);
                }
                let whole = text(value);
                let shown = self.fitting(worksheet, row, head, whole);
                let width = shown.chars().count().min(*WIDTHS.end());
                if is_executable(&shown) {
                    worksheet.write_string_with_format(row, column, shown, &self.marked)?;
                } else {
                    worksheet.write_string(row, column, shown)?;
                }
                return Ok(width);
            }
        }
        Ok(value.to_string().len())
    }

    /// The part of a text that a cell takes, with the place of the whole.
    fn fitting(&mut self, worksheet: &Worksheet, row: u32, head: &SheetColumn, whole: String) -> String {
        if whole.len() <= self.limits.units || whole.encode_utf16().count() <= self.limits.units {
            return whole;
        }
        let sheet = worksheet.name();
        let units = self.limits.units - POINTER_UNITS;
        let first = self.long.len() + 2;
        let mut rest = whole.as_str();
        for part in 1.. {
            let piece = cut(rest, units);
            rest = &rest[piece.len()..];
            // The number of the row in its sheet, the header included.
            self.long.push(&[json!(sheet), json!(row + 1), json!(head.name), json!(part), json!(piece)]);
            if rest.is_empty() {
                break;
            }
        }
        format!("{} … (the whole value is in the sheet 'long values' from row {first} on)", cut(&whole, units))
    }
}

/// Whether a spreadsheet keeps a number as it is.
fn is_exact(number: &serde_json::Number) -> bool {
    match (number.as_i64(), number.as_u64()) {
        (Some(integer), _) => integer.unsigned_abs() <= MAX_EXACT,
        (None, Some(_)) => false,
        (None, None) => number.as_f64().is_some_and(f64::is_finite),
    }
}

/// A value of a column of times. Spreadsheets have no times before 1900.
fn time(kind: ColumnKind, value: &Value) -> Option<ExcelDateTime> {
    let at: Timestamp = (kind == ColumnKind::Time).then(|| value.as_str()?.parse().ok()).flatten()?;
    let days = at.as_microsecond() as f64 / 86_400_000_000.0 + 25_569.0;
    (days >= 61.0).then(|| ExcelDateTime::from_serial_datetime(days).ok()).flatten()
}
