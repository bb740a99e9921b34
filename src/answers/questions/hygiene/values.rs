//! Columns, options and values that several of these questions have.
//!
//! **Invariant:** knows no question.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answers::facts::{Facts, Resource};
use crate::answers::questions::entry::check_days;
use crate::answers::questions::{ColumnKind, QuestionColumn, QuestionOption};

const SECONDS_OF_A_DAY: i64 = 86_400;

/// The option `--older-than`.
pub(super) const OLDER_THAN: QuestionOption = QuestionOption {
    name: "older-than",
    default: "90d",
    help: "The least age: days (90d), weeks (12w) or years (1y)",
    check: check_days,
};

/// A column of texts.
pub(super) const fn text(name: &'static str) -> QuestionColumn {
    QuestionColumn { name, kind: ColumnKind::Text }
}

/// A column of whole numbers.
pub(super) const fn integer(name: &'static str) -> QuestionColumn {
    QuestionColumn { name, kind: ColumnKind::Integer }
}

/// A column of times.
pub(super) const fn time(name: &'static str) -> QuestionColumn {
    QuestionColumn { name, kind: ColumnKind::Time }
}

/// A column of `true` and `false`.
pub(super) const fn flag(name: &'static str) -> QuestionColumn {
    QuestionColumn { name, kind: ColumnKind::Flag }
}

/// A column of lists.
pub(super) const fn list(name: &'static str) -> QuestionColumn {
    QuestionColumn { name, kind: ColumnKind::Json }
}

/// The number of whole days from a time to the moment of the answer.
pub(super) fn age_days(facts: &Facts, since: Timestamp) -> i64 {
    facts.at.duration_since(since).as_secs().div_euclid(SECONDS_OF_A_DAY)
}

/// A time as a value.
pub(super) fn moment(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| json!(time.to_string()))
}

/// What is known of a use: `used` if somebody was found to use it, `unused` if everybody who could was asked.
pub(super) fn verdict(users: &BTreeSet<&str>, is_answered: bool) -> &'static str {
    match (users.is_empty(), is_answered) {
        (false, _) => "used",
        (true, true) => "unused",
        (true, false) => "unknown",
    }
}

/// The users behind a verdict. Null if they are not known.
pub(super) fn users(users: &BTreeSet<&str>, is_answered: bool) -> Value {
    if users.is_empty() && !is_answered { Value::Null } else { json!(users) }
}

/// The name of an instance's state.
pub(super) fn instance_state(instance: Resource<'_>) -> Option<String> {
    instance.json("state")["Name"].as_str().map(str::to_owned)
}

/// Whether an instance exists no more. AWS lists terminated ones for about an hour.
pub(super) fn is_terminated(instance: Resource<'_>) -> bool {
    instance_state(instance).as_deref() == Some("terminated")
}
