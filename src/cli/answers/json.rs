//! Answers as JSON and as lines of JSON.
//!
//! - `json`: one object, with a row a line. `rows` and `coverage` are always there, `question` is the name, for `ask`
//!   alone. For all questions: `{"answers": [{"question", "rows", "coverage"}, …]}`.
//! - `ndjson`: the rows, then a line `{"coverage": …}`. For all questions each line begins with `question`, and the rows
//!   of each question end with the line of its coverage.
//!
//! **Invariant:** the keys of a row are the columns, in their order, and none is missing.

use std::io::{Result, Write};

use serde::Serialize;
use serde_json::value::RawValue;

use super::json_text::{json, push_member};
use super::sheet::{AnswerSet, AnswerSheet, CoveredAnswer};
use super::sheet_rows::values;
use crate::answers::facts::Coverage;

/// Writes one JSON object.
pub(super) fn write_object(set: &AnswerSet, out: &mut dyn Write) -> Result<()> {
    match set {
        AnswerSet::One(answer) => write_answer(answer, "", out)?,
        AnswerSet::All(answers) => {
            out.write_all(b"{\n  \"answers\": [")?;
            for (index, answer) in answers.iter().enumerate() {
                out.write_all(if index == 0 { b"\n    " } else { b",\n    " })?;
                write_answer(answer, "    ", out)?;
            }
            out.write_all(if answers.is_empty() { b"]\n}" } else { b"\n  ]\n}" })?;
        }
    }
    out.write_all(b"\n")
}

fn write_answer(answer: &CoveredAnswer, indent: &str, out: &mut dyn Write) -> Result<()> {
    out.write_all(b"{\n")?;
    if let Some(question) = answer.question {
        writeln!(out, "{indent}  \"question\": {},", json(&question.name)?)?;
    }
    write!(out, "{indent}  \"rows\": [")?;
    let mut line = Vec::new();
    for (index, row) in answer.sheet.rows.lines().enumerate() {
        write_row(&answer.sheet, &row, None, &mut line)?;
        let comma = if index == 0 { "" } else { "," };
        write!(out, "{comma}\n{indent}    ")?;
        out.write_all(&line)?;
    }
    if !answer.sheet.rows.is_empty() {
        write!(out, "\n{indent}  ")?;
    }
    writeln!(out, "],")?;
    write_coverage(answer, indent, out)?;
    write!(out, "\n{indent}}}")
}

/// Writes the coverage with an unknown cell a line.
fn write_coverage(answer: &CoveredAnswer, indent: &str, out: &mut dyn Write) -> Result<()> {
    let coverage = answer.coverage.as_ref();
    let as_of = coverage.map(|coverage| coverage.as_of).unwrap_or_default();
    let unknown = coverage.map_or(&[][..], |coverage| &coverage.unknown);
    writeln!(out, "{indent}  \"coverage\": {{\n{indent}    \"as_of\": {},", json(&as_of)?)?;
    write_cells("unknown", unknown, indent, out)?;
    let baseline = coverage.map_or(&[][..], |coverage| &coverage.baseline);
    if !baseline.is_empty() {
        writeln!(out, ",")?;
        write_cells("baseline", baseline, indent, out)?;
    }
    write!(out, "\n{indent}  }}")
}

/// Writes a list of cells, one a line.
fn write_cells(name: &str, cells: &[impl Serialize], indent: &str, out: &mut dyn Write) -> Result<()> {
    write!(out, "{indent}    \"{name}\": [")?;
    for (index, cell) in cells.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(out, "{comma}\n{indent}      {}", json(cell)?)?;
    }
    if !cells.is_empty() {
        write!(out, "\n{indent}    ")?;
    }
    write!(out, "]")
}

/// Writes a row a line, and the coverage after the rows.
pub(super) fn write_lines(set: &AnswerSet, out: &mut dyn Write) -> Result<()> {
    let is_all = matches!(set, AnswerSet::All(_));
    let mut line = Vec::new();
    for answer in set.answers() {
        let question = is_all.then(|| answer.name());
        for row in answer.sheet.rows.lines() {
            write_row(&answer.sheet, &row, question, &mut line)?;
            line.push(b'\n');
            out.write_all(&line)?;
        }
        line.clear();
        line.push(b'{');
        if let Some(question) = question {
            push_member(&mut line, "question", &question)?;
        }
        push_member(&mut line, "coverage", &answer.coverage.as_ref().unwrap_or(&Coverage::default()))?;
        line.extend(b"}\n");
        out.write_all(&line)?;
    }
    Ok(())
}

/// Writes a row as an object, with the question as its first member if there are several.
fn write_row(sheet: &AnswerSheet, row: &[u8], question: Option<&str>, line: &mut Vec<u8>) -> Result<()> {
    line.clear();
    line.push(b'{');
    if let Some(question) = question {
        push_member(line, "question", &question)?;
    }
    let values = values(row);
    for (index, column) in sheet.columns.iter().enumerate() {
        push_member(line, column.name, values.get(index).copied().unwrap_or(RawValue::NULL))?;
    }
    line.push(b'}');
    Ok(())
}
