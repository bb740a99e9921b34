//! The form of a question, and of a row of its answer.
//!
//! **Invariant:** knows no single question.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::answers::facts::{Facts, Read, Resource};

/// A question that has a name.
#[derive(Debug)]
pub(crate) struct Question {
    /// The name on the command line, `public-addresses`.
    pub name: &'static str,
    /// The title in documents, without a full stop.
    pub title: &'static str,
    /// What the rows are, in one or two sentences.
    pub description: &'static str,
    /// Why somebody asks, in one or two sentences.
    pub why: &'static str,
    /// The columns after `account_id` and `region`.
    pub columns: &'static [QuestionColumn],
    /// The options that it takes.
    pub options: &'static [QuestionOption],
    /// The tables and columns that it reads.
    pub reads: &'static [Read],
    /// What it needs of an earlier moment, for a question that compares. Its option `since` names the moment.
    pub compares: Option<Compares>,
    /// The same question in SQL, or why there is none.
    pub sql: QuestionSql,
    /// Answers it. The caller sorts the rows.
    pub answer: fn(&Facts, &Options) -> Vec<AnswerRow>,
}

/// What a question needs of an earlier moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compares {
    /// What changed in its tables since then.
    Changes,
    /// The rows of its tables that were valid then.
    Rows,
}

/// A question in SQL over the views, with the options' defaults.
#[derive(Clone, Copy, Debug)]
pub(crate) enum QuestionSql {
    /// Statements that return the same columns and rows as the answer.
    Forms { duckdb: &'static str, athena: &'static str },
    /// The reason why SQL cannot express the question, in one sentence.
    Inexpressible(&'static str),
}

/// A column of a question's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QuestionColumn {
    pub name: &'static str,
    pub kind: ColumnKind,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Text,
    Integer,
    Number,
    Flag,
    Time,
    /// A list or an object.
    Json,
}

/// An option of a question, which `rolecall ask` takes as `--<name> VALUE`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuestionOption {
    /// The name, without dashes.
    pub name: &'static str,
    /// The value if the option is not given. The empty text means none.
    pub default: &'static str,
    /// What it does, for the list of questions.
    pub help: &'static str,
    /// Returns the reason why a value is refused.
    pub check: fn(&str) -> Result<(), String>,
}

/// The values of a question's options, defaults included. All were checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options(pub(crate) BTreeMap<&'static str, String>);

impl Options {
    /// The options of a question with their defaults.
    pub(crate) fn defaults(question: &Question) -> Self {
        Self(question.options.iter().map(|option| (option.name, option.default.to_owned())).collect())
    }

    /// The same options with this value of one of them.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0.insert(name, value.to_owned());
        self
    }

    /// The value of an option.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The value of an option that is a whole number.
    pub(crate) fn integer(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or_default()
    }

    /// The value of an option that is a number.
    pub(crate) fn number(&self, name: &str) -> f64 {
        self.text(name).parse().unwrap_or_default()
    }

    /// The number of days of an option such as `90d`.
    pub(crate) fn days(&self, name: &str) -> i64 {
        days(self.text(name)).unwrap_or_default()
    }

    /// The names of an option such as `owner,env`.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.text(name).split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
    }
}

/// The number of days in a text such as `90d`, `12w`, `1y` or `90`.
fn days(text: &str) -> Option<i64> {
    let (digits, factor) = match text.strip_suffix(['d', 'w', 'y']) {
        Some(digits) if text.ends_with('w') => (digits, 7),
        Some(digits) if text.ends_with('y') => (digits, 365),
        Some(digits) => (digits, 1),
        None => (text, 1),
    };
    let days: i64 = digits.parse().ok()?;
    (0..=36_500).contains(&days).then_some(days * factor)
}

/// Checks an option that is a number of days.
pub(crate) fn check_days(text: &str) -> Result<(), String> {
    days(text).map(|_| ()).ok_or_else(|| "write a number of days, such as 90d, 12w or 1y".to_owned())
}

/// Checks an option that is a number that is not negative.
pub(crate) fn check_number(text: &str) -> Result<(), String> {
    let number: Option<f64> = text.parse().ok();
    number.filter(|number| number.is_finite() && *number >= 0.0).map(|_| ()).ok_or_else(|| "write a number".to_owned())
}

/// A row of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AnswerRow {
    /// The account of the row. Null for rows about several accounts.
    pub account_id: Option<String>,
    /// The region of the row. Null for rows about several regions.
    pub region: Option<String>,
    /// One value for each column of the question.
    pub values: Vec<Value>,
    /// When the facts behind the row were collected: the oldest and the newest.
    pub collected_at: Option<(Timestamp, Timestamp)>,
}

impl AnswerRow {
    /// A row about a resource: of its owner's account and its region.
    pub(crate) fn of(resource: Resource<'_>, values: Vec<Value>) -> Self {
        Self {
            account_id: Some(resource.account_id().to_owned()),
            region: Some(resource.region().to_owned()),
            values,
            collected_at: resource.collected_at().map(|at| (at, at)),
        }
    }

    /// A row about an account, a region, or several.
    pub(crate) fn new(account_id: Option<&str>, region: Option<&str>, values: Vec<Value>) -> Self {
        Self {
            account_id: account_id.map(str::to_owned),
            region: region.map(str::to_owned),
            values,
            collected_at: None,
        }
    }

    /// Adds a resource on which the row is based too.
    pub(crate) fn based_on(mut self, resource: Resource<'_>) -> Self {
        if let Some(at) = resource.collected_at() {
            let (oldest, newest) = self.collected_at.unwrap_or((at, at));
            self.collected_at = Some((oldest.min(at), newest.max(at)));
        }
        self
    }
}
