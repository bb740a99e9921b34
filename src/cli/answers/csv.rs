//! Answers as comma-separated values, as RFC 4180 has them: lines end with CR LF, and the first one has the names.
//!
//! - What is absent is empty. What is nested is JSON text.
//! - A text that a spreadsheet would execute has an apostrophe before it (see `formula`). Numbers have none.
//! - On a terminal hidden characters are escaped. A file or a pipe gets them as they are.
//! - The questions have different columns. For all of them the columns are `question`, `account_id`, `region` and
//!   `values`, the last with the other columns as one JSON object.
//!
//! **Invariant:** every line has the same number of fields. The coverage is not among them.

use std::borrow::Cow;
use std::io::{Result, Write};

use ::csv::{Terminator, WriterBuilder};
use serde_json::Value;

use super::formula::neutral;
use super::json_text::push_member;
use super::sheet::{AnswerSet, AnswerSheet, CoveredAnswer, text};
use crate::terminal::one_line;

/// The columns that every question has.
const COMMON: [&str; 2] = ["account_id", "region"];

/// Writes the answers. `is_terminal` says whether a terminal shows them.
pub(super) fn write(set: &AnswerSet, is_terminal: bool, out: &mut dyn Write) -> Result<()> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    let field = |value: &Value| -> Vec<u8> {
        let text = match value {
            Value::String(text) => neutral(text).into_owned(),
            other => text(other),
        };
        let text = if is_terminal { one_line(&text) } else { Cow::Borrowed(text.as_str()) };
        text.into_owned().into_bytes()
    };
    match set {
        AnswerSet::One(CoveredAnswer { sheet, .. }) => {
            writer.write_record(sheet.columns.iter().map(|column| column.name)).map_err(cause)?;
            for row in sheet.rows.iter() {
                writer.write_record(sheet.cells(&row).map(|(_, value)| field(value))).map_err(cause)?;
            }
        }
        AnswerSet::All(answers) => {
            writer.write_record(["question", "account_id", "region", "values"]).map_err(cause)?;
            for answer in answers {
                for row in answer.sheet.rows.iter() {
                    let [account, region] = COMMON.map(|name| field(named(&answer.sheet, &row, name)));
                    let values = field(&Value::from(others(&answer.sheet, &row)?));
                    writer.write_record([answer.name().as_bytes(), &account, &region, &values]).map_err(cause)?;
                }
            }
        }
    }
    writer.flush()
}

/// The error of the writer below. The conversion of the crate would hide that a pipe was closed.
fn cause(error: ::csv::Error) -> std::io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

fn named<'a>(sheet: &'a AnswerSheet, row: &'a [Value], name: &str) -> &'a Value {
    sheet.cells(row).find(|(column, _)| column.name == name).map_or(&Value::Null, |(_, value)| value)
}

/// The other columns of a row as one JSON object.
fn others(sheet: &AnswerSheet, row: &[Value]) -> Result<String> {
    let mut object = vec![b'{'];
    for (column, value) in sheet.cells(row).filter(|(column, _)| !COMMON.contains(&column.name)) {
        push_member(&mut object, column.name, value)?;
    }
    object.push(b'}');
    String::from_utf8(object).map_err(std::io::Error::other)
}
