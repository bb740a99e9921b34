//! Prints answers, row by row.
//!
//! **Invariant:** a closed pipe (`| head`) ends the writing, and is no error.

use std::io::{Result as IoResult, Write};

use super::sheet::{AnswerFormat, AnswerSet};
use super::table::TableLimits;
use super::{coverage_text, csv, json, markdown, table};
use crate::error::Error;
use crate::terminal;

/// Where an answer is shown, and how much of its coverage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AnswerLayout {
    /// The width of the terminal that shows the answer. `None`: a file or a pipe takes it.
    pub width: Option<usize>,
    /// Whether all unknown cells are listed, instead of one.
    pub lists_coverage: bool,
}

impl AnswerLayout {
    /// The layout of what is printed.
    pub(crate) fn of_terminal(lists_coverage: bool) -> Self {
        Self { width: terminal::width(), lists_coverage }
    }
}

/// Prints answers. The coverage of CSV is a note, since CSV has no place for it.
pub(crate) fn print(set: &AnswerSet, format: AnswerFormat, layout: AnswerLayout) -> Result<(), Error> {
    let mut notes = Vec::new();
    terminal::stream(|out| {
        notes = render(set, format, layout, out)?;
        Ok(())
    })?;
    notes.iter().for_each(|text| terminal::note(text));
    Ok(())
}

/// Writes answers in a format. Returns what the format has no place for.
pub(super) fn render(
    set: &AnswerSet,
    format: AnswerFormat,
    layout: AnswerLayout,
    out: &mut dyn Write,
) -> IoResult<Vec<String>> {
    let AnswerLayout { width, lists_coverage } = layout;
    match format {
        AnswerFormat::Table => table::write(set, TableLimits { width, lists_coverage }, out)?,
        AnswerFormat::Json => json::write_object(set, out)?,
        AnswerFormat::Ndjson => json::write_lines(set, out)?,
        AnswerFormat::Csv => {
            csv::write(set, width.is_some(), out)?;
            return Ok(notes(set, lists_coverage));
        }
        AnswerFormat::Md => markdown::write(set, lists_coverage, out)?,
    }
    Ok(Vec::new())
}

/// The coverage of each answer as text.
fn notes(set: &AnswerSet, lists_coverage: bool) -> Vec<String> {
    let is_all = matches!(set, AnswerSet::All(_));
    let covered = set.answers().iter().filter_map(|answer| Some((answer, answer.coverage.as_ref()?)));
    let text = covered.map(|(answer, coverage)| {
        let is_listed = lists_coverage && !coverage.unknown.is_empty();
        let mut text = if is_all { format!("{}: ", answer.name()) } else { String::new() };
        text.push_str(&coverage_text::sentence(coverage, is_listed));
        for cell in coverage.unknown.iter().filter(|_| is_listed) {
            let values = coverage_text::values(cell).map(|value| value.unwrap_or_else(|| "-".to_owned()));
            text.push_str(&format!("\n  {}", values.join("  ")));
        }
        text
    });
    text.collect()
}
