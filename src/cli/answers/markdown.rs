//! Answers as Markdown tables, as GitHub reads them.
//!
//! A value of harmless characters is written as it is. Any other is code, in which nothing is markup: no HTML, no link,
//! no mention, no image.
//!
//! **Invariant:** a value keeps to its line and its cell.

use std::borrow::Cow;
use std::io::{Result, Write};

use super::coverage_text;
use super::sheet::{AnswerSet, CoveredAnswer, text};
use crate::answers::facts::Coverage;
use crate::answers::questions::ColumnKind;
use crate::terminal::one_line;

/// Writes the answers. `lists_coverage` says whether all unknown cells are listed.
pub(super) fn write(set: &AnswerSet, lists_coverage: bool, out: &mut dyn Write) -> Result<()> {
    for (index, answer) in set.answers().iter().enumerate() {
        if matches!(set, AnswerSet::All(_)) {
            let blank = if index == 0 { "" } else { "\n" };
            let title = answer.question.map_or("", |question| question.title);
            writeln!(out, "{blank}## {}\n", value(title))?;
        }
        write_answer(answer, lists_coverage, out)?;
    }
    Ok(())
}

fn write_answer(answer: &CoveredAnswer, lists_coverage: bool, out: &mut dyn Write) -> Result<()> {
    let sheet = &answer.sheet;
    let header = sheet.columns.iter().map(|column| (column.name, is_number(column.kind)));
    if let Some(nothing) = coverage_text::nothing_found(answer) {
        writeln!(out, "{nothing}")?;
    } else {
        write_header(header, out)?;
        for row in sheet.rows.iter() {
            write_row(sheet.cells(&row).map(|(_, value)| text(value)), out)?;
        }
    }
    match &answer.coverage {
        Some(coverage) => write_coverage(coverage, lists_coverage, out),
        None => Ok(()),
    }
}

fn is_number(kind: ColumnKind) -> bool {
    matches!(kind, ColumnKind::Integer | ColumnKind::Number)
}

fn write_coverage(coverage: &Coverage, lists_coverage: bool, out: &mut dyn Write) -> Result<()> {
    let is_listed = lists_coverage && !coverage.unknown.is_empty();
    writeln!(out, "\n{}", coverage_text::sentence(coverage, is_listed))?;
    if is_listed {
        writeln!(out)?;
        write_header(coverage_text::COLUMNS.iter().map(|name| (*name, false)), out)?;
        for cell in &coverage.unknown {
            write_row(coverage_text::values(cell).into_iter().map(Option::unwrap_or_default), out)?;
        }
    }
    Ok(())
}

fn write_header<'a>(columns: impl Iterator<Item = (&'a str, bool)> + Clone, out: &mut dyn Write) -> Result<()> {
    write_row(columns.clone().map(|(name, _)| name.to_owned()), out)?;
    for (_, is_number) in columns {
        out.write_all(if is_number { b"| ---: " } else { b"| --- " })?;
    }
    out.write_all(b"|\n")
}

fn write_row(values: impl Iterator<Item = String>, out: &mut dyn Write) -> Result<()> {
    for text in values {
        let text = value(&text);
        let blank = if text.is_empty() { "" } else { " " };
        write!(out, "|{blank}{text} ")?;
    }
    out.write_all(b"|\n")
}

/// A value inside a cell.
pub(super) fn value(text: &str) -> Cow<'_, str> {
    let line = one_line(text);
    if is_harmless(&line) { line } else { Cow::Owned(code(&line)) }
}

/// Whether Markdown has no meaning for a text.
fn is_harmless(text: &str) -> bool {
    let is_plain = |character: char| {
        character.is_alphanumeric()
            || matches!(character, ' ' | '.' | ',' | '-' | '_' | '/' | ':' | '=' | '+' | '(' | ')')
    };
    // An underscore between letters or digits emphasises nothing.
    let at_edge = |text: &str| text.starts_with(['_', ' ']) || text.ends_with(['_', ' ']);
    let words = || text.split(|character: char| !character.is_alphanumeric() && character != '_');
    let lower = text.to_ascii_lowercase();
    text.chars().all(is_plain)
        && !at_edge(text)
        && !words().any(at_edge)
        && !lower.contains("//")
        && !lower.contains("www.")
}

/// A text as code. GitHub splits a row at each pipe, also inside code, unless a backslash is before it; a backslash of
/// the text in front of a pipe would undo that, so such a text is HTML in which every character has its number.
fn code(line: &str) -> String {
    if line.contains("\\|") {
        let numbered = |character: char| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' => character.to_string(),
            _ => format!("&#{};", u32::from(character)),
        };
        return format!("<code>{}</code>", line.chars().map(numbered).collect::<String>());
    }
    let longest = line.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // One blank at each side is not part of the code. It is needed where a text has blanks or backticks of its own.
    let is_padded = line.starts_with(['`', ' ']) || line.ends_with(['`', ' ']);
    let pad = if is_padded && !line.chars().all(|character| character == ' ') { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", line.replace('|', "\\|"))
}
