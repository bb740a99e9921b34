//! The rows of an answer, in little memory: the answers to all questions about a large fleet have millions.
//!
//! **Invariant:** rows come back as they were added, in their order.

use serde_json::Value;

/// Rows of values, each a line of JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SheetRows {
    lines: Vec<u8>,
    /// The end of each line.
    ends: Vec<usize>,
}

impl SheetRows {
    /// Adds a row.
    pub(super) fn push(&mut self, row: &[Value]) {
        // Writing values to memory cannot fail.
        let written = serde_json::to_writer(&mut self.lines, row);
        debug_assert!(written.is_ok());
        self.ends.push(self.lines.len());
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The rows, one after another.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = Vec<Value>> + '_ {
        (0..self.len()).map(|row| {
            let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
            serde_json::from_slice(&self.lines[start..self.ends[row]]).unwrap_or_default()
        })
    }
}

impl FromIterator<Vec<Value>> for SheetRows {
    fn from_iter<I: IntoIterator<Item = Vec<Value>>>(rows: I) -> Self {
        let mut all = Self::default();
        rows.into_iter().for_each(|row| all.push(&row));
        all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_come_back_as_they_were_added() {
        let rows = [
            vec![json!("a\n\u{0}\u{202e}"), json!(null), json!([{"b": 1.5}, "c"])],
            vec![],
            vec![json!(u64::MAX), json!(i64::MIN), json!(0.1), json!(true), json!({"z": 1, "a": {}})],
        ];
        let all: SheetRows = rows.iter().cloned().collect();
        assert_eq!((all.len(), all.is_empty()), (3, false));
        assert_eq!(all.iter().collect::<Vec<_>>(), rows);
        assert!(SheetRows::default().is_empty());
    }
}
