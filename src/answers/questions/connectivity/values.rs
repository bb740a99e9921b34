//! Members of JSON values, and columns, in few words.
//!
//! **Invariant:** knows no question.

use serde_json::Value;

use super::super::{ColumnKind, QuestionColumn};

/// A column of a question.
pub(in super::super) const fn column(name: &'static str, kind: ColumnKind) -> QuestionColumn {
    QuestionColumn { name, kind }
}

/// The text at a path of members.
pub(in super::super) fn text<'v>(value: &'v Value, path: &[&str]) -> Option<&'v str> {
    path.iter().try_fold(value, |value, member| value.get(member)).and_then(Value::as_str)
}

/// The items of a list that is a member.
pub(in super::super) fn list<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}
