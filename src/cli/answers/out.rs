//! Writes answers to standard output, row by row.
//!
//! **Invariant:** a closed pipe (`| head`) ends the writing, and is no error.

use std::io::{BufWriter, ErrorKind as IoErrorKind, IsTerminal, Result as IoResult, Write};

use super::sheet::{AnswerFormat, AnswerSet};
use super::table::TableLimits;
use super::{coverage_text, csv, json, markdown, table};
use crate::error::{Error, ErrorKind};
use crate::terminal::note;

/// The bytes that are collected before they are written.
const BUFFER_BYTES: usize = 1 << 16;

/// Where an answer is shown, and how much of its coverage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AnswerLayout {
    /// The width of the terminal that shows the answer. `None`: a file or a pipe takes it.
    pub width: Option<usize>,
    /// Whether all unknown cells are listed, instead of one.
    pub lists_coverage: bool,
}

impl AnswerLayout {
    /// The layout of standard output.
    pub(crate) fn of_stdout(lists_coverage: bool) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        Self { width: is_terminal.then(terminal_width), lists_coverage }
    }
}

/// Prints answers to standard output. The coverage of CSV is a line on standard error.
pub(crate) fn print(set: &AnswerSet, format: AnswerFormat, layout: AnswerLayout) -> Result<(), Error> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, std::io::stdout().lock());
    let written = render(set, format, layout, &mut out).and_then(|notes| out.flush().map(|()| notes));
    match written {
        Ok(notes) => {
            notes.iter().for_each(|text| note(text));
            Ok(())
        }
        Err(error) if error.kind() == IoErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            let message = format!("standard output cannot be written, and the answer is incomplete there: {error}");
            Err(Error::new(ErrorKind::OutputNotWritable, message))
        }
    }
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

/// The columns of the terminal at standard output. The variable `COLUMNS` overrides what the terminal says.
fn terminal_width() -> usize {
    const USUAL: usize = 80;
    let variable = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let width = variable.or_else(|| {
        #[cfg(unix)]
        {
            rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col))
        }
        #[cfg(not(unix))]
        {
            None
        }
    });
    width.filter(|width| *width > 0).unwrap_or(USUAL)
}
