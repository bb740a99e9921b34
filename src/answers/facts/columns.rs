//! The values of one column over many rows.
//!
//! **Invariant:** knows nothing of tables.

use super::TextColumn;

/// The values of a column. Timestamps are microseconds since 1970. JSON is text, and a map is a JSON object.
#[derive(Clone, Debug)]
pub(crate) enum ColumnData {
    Text(TextColumn),
    Flag(Vec<Option<bool>>),
    Integer(Vec<Option<i64>>),
    Double(Vec<Option<f64>>),
    Time(Vec<Option<i64>>),
}

impl ColumnData {
    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Flag(values) => values.len(),
            Self::Integer(values) | Self::Time(values) => values.len(),
            Self::Double(values) => values.len(),
        }
    }

    /// Appends an absent value.
    pub(crate) fn push_absent(&mut self) {
        match self {
            Self::Text(values) => values.push(None),
            Self::Flag(values) => values.push(None),
            Self::Integer(values) | Self::Time(values) => values.push(None),
            Self::Double(values) => values.push(None),
        }
    }
}
