//! The values of one column over many rows, in few allocations.
//!
//! **Invariant:** knows nothing of tables.

/// A column of texts, in one allocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextColumn {
    texts: String,
    /// The end of each text. An absent one ends where it begins, and is marked in `absent`.
    ends: Vec<usize>,
    absent: Vec<bool>,
}

impl TextColumn {
    /// Appends a value.
    pub(crate) fn push(&mut self, value: Option<&str>) {
        self.texts.push_str(value.unwrap_or_default());
        self.ends.push(self.texts.len());
        self.absent.push(value.is_none());
    }

    /// The value of a row.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        if *self.absent.get(row)? {
            return None;
        }
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        self.texts.get(start..self.ends[row])
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

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
