//! Columns that several of these questions have.
//!
//! **Invariant:** knows no question.

use crate::answers::questions::{ColumnKind, QuestionColumn};

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
