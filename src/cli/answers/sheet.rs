//! What is printed: the rows of one answer or of several, with their coverage.
//!
//! **Invariant:** a value that is absent is null. A column is never missing from a row.

use clap::ValueEnum;
use serde_json::Value;

use super::json_text::json;
use super::sheet_rows::SheetRows;
use crate::answers::facts::Coverage;
use crate::answers::questions::ColumnKind;

/// The form in which an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// A table that fits the terminal
    #[default]
    Table,
    /// One JSON object with `rows` and `coverage`
    Json,
    /// One JSON object a line, the last with `coverage`
    Ndjson,
    /// Comma-separated values (RFC 4180); the coverage goes to standard error
    Csv,
    /// A table for GitHub and other places that show Markdown
    Md,
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SheetColumn {
    pub name: &'static str,
    pub kind: ColumnKind,
}

/// The rows of one answer. A time is its text in RFC 3339.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct AnswerSheet {
    pub columns: Vec<SheetColumn>,
    pub rows: SheetRows,
}

impl AnswerSheet {
    /// The values of a row, one for each column. What the row does not have is null.
    pub(super) fn cells<'a>(&'a self, row: &'a [Value]) -> impl Iterator<Item = (&'a SheetColumn, &'a Value)> {
        self.columns.iter().enumerate().map(|(index, column)| (column, row.get(index).unwrap_or(&Value::Null)))
    }
}

/// The name and the title of the question that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AskedQuestion {
    pub name: &'static str,
    pub title: &'static str,
}

/// An answer with what it is based on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CoveredAnswer {
    /// The question, for `rolecall ask` alone.
    pub question: Option<AskedQuestion>,
    pub sheet: AnswerSheet,
    /// What the answer is based on. Only what reads no inventory has none, such as the list of the questions.
    pub coverage: Option<Coverage>,
}

/// What a command answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AnswerSet {
    /// One answer.
    One(CoveredAnswer),
    /// The answers to all questions, each with its question.
    All(Vec<CoveredAnswer>),
}

impl AnswerSet {
    /// The answers, in their order.
    pub(crate) fn answers(&self) -> &[CoveredAnswer] {
        match self {
            Self::One(answer) => std::slice::from_ref(answer),
            Self::All(answers) => answers,
        }
    }
}

impl CoveredAnswer {
    /// The name of the question, or the empty text.
    pub(super) fn name(&self) -> &'static str {
        self.question.map_or("", |question| question.name)
    }
}

/// A value as text, for formats that have no nested values: what is nested is JSON text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => json(other).unwrap_or_else(|_| other.to_string()),
    }
}
