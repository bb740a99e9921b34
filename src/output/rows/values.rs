//! The values of the columns of some rows.
//!
//! **Invariant:** knows no format.

use ::parquet::data_type::ByteArray;

use super::row_set::RowSet;

/// Rows that were read together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    /// The number of rows.
    pub rows: usize,
    /// The values of each column that was asked for.
    pub columns: Vec<ColumnValues>,
}

/// The values of one column.
#[derive(Clone, Debug)]
pub(crate) enum ColumnValues {
    /// The file lacks the column.
    Absent,
    /// Texts, JSON, and maps as JSON objects. They are valid UTF-8.
    Texts(Vec<Option<ByteArray>>),
    Flags(Vec<Option<bool>>),
    /// Integers, and times as microseconds since 1970.
    Integers(Vec<Option<i64>>),
    Doubles(Vec<Option<f64>>),
}

impl ColumnValues {
    /// The values of some rows.
    pub(super) fn of(&self, rows: &RowSet) -> Self {
        fn picked<T: Clone>(values: &[Option<T>], rows: &RowSet) -> Vec<Option<T>> {
            rows.iter().map(|row| values.get(row).cloned().flatten()).collect()
        }
        match self {
            Self::Absent => Self::Absent,
            Self::Texts(values) => Self::Texts(picked(values, rows)),
            Self::Flags(values) => Self::Flags(picked(values, rows)),
            Self::Integers(values) => Self::Integers(picked(values, rows)),
            Self::Doubles(values) => Self::Doubles(picked(values, rows)),
        }
    }

    /// The text of a row.
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Texts(texts) => texts.get(row)?.as_ref().and_then(|text| text.as_utf8().ok()),
            _ => None,
        }
    }

    /// The integer, or the time, of a row. An integer that an earlier version wrote as text counts.
    pub(crate) fn integer(&self, row: usize) -> Option<i64> {
        match self {
            Self::Integers(values) => values.get(row).copied().flatten(),
            Self::Texts(_) => self.text(row)?.parse().ok(),
            _ => None,
        }
    }

    /// The boolean of a row. A boolean that an earlier version wrote as text counts.
    pub(crate) fn flag(&self, row: usize) -> Option<bool> {
        match self {
            Self::Flags(values) => values.get(row).copied().flatten(),
            Self::Texts(_) => self.text(row)?.parse().ok(),
            _ => None,
        }
    }

    /// The double of a row.
    pub(crate) fn double(&self, row: usize) -> Option<f64> {
        match self {
            Self::Doubles(values) => values.get(row).copied().flatten(),
            Self::Integers(values) => values.get(row).copied().flatten().map(|value| value as f64),
            Self::Texts(_) => self.text(row)?.parse().ok(),
            _ => None,
        }
    }

    /// The value of a row as text, whatever its type in the file.
    pub(crate) fn any_text(&self, row: usize) -> Option<String> {
        match self {
            Self::Absent => None,
            Self::Texts(_) => self.text(row).map(str::to_owned),
            Self::Flags(values) => values.get(row).copied().flatten().map(|value| value.to_string()),
            Self::Integers(values) => values.get(row).copied().flatten().map(|value| value.to_string()),
            Self::Doubles(values) => values.get(row).copied().flatten().map(|value| value.to_string()),
        }
    }
}
