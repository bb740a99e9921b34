//! The values of one column over many rows, in few allocations.
//!
//! **Invariant:** knows nothing of tables.

/// The bytes of texts in one part of a column, at most, unless one text is longer.
const PART_BYTES: usize = 1 << 30;
/// The mark of an absent value. No part has as many bytes.
const ABSENT: u32 = 1 << 31;

/// A column of texts, in few allocations.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextColumn {
    parts: Vec<TextPart>,
    len: usize,
}

/// The texts of rows that follow one another.
#[derive(Clone, Debug, Default)]
struct TextPart {
    first_row: usize,
    texts: String,
    /// The end of each text. An absent one ends where it begins, and has the mark [`ABSENT`].
    ends: Vec<u32>,
}

impl TextColumn {
    /// Appends a value.
    pub(crate) fn push(&mut self, value: Option<&str>) {
        let text = value.unwrap_or_default();
        let room = |part: &TextPart| part.texts.is_empty() || part.texts.len() + text.len() <= PART_BYTES;
        if !self.parts.last().is_some_and(room) {
            self.parts.push(TextPart { first_row: self.len, ..TextPart::default() });
        }
        if let Some(part) = self.parts.last_mut() {
            part.texts.push_str(text);
            let end = part.texts.len() as u32;
            part.ends.push(if value.is_some() { end } else { end | ABSENT });
        }
        self.len += 1;
    }

    /// The value of a row.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        let after = self.parts.partition_point(|part| part.first_row <= row);
        let part = self.parts.get(after.checked_sub(1)?)?;
        let at = row - part.first_row;
        let end = *part.ends.get(at)?;
        if end & ABSENT != 0 {
            return None;
        }
        let start = at.checked_sub(1).map_or(0, |before| part.ends[before] & !ABSENT);
        part.texts.get(start as usize..end as usize)
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        self.len
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_from_whichever_part_has_them() {
        let mut column = TextColumn::default();
        let values = [Some("a"), None, Some(""), Some("bc"), None];
        values.iter().for_each(|value| column.push(*value));
        // As if a part were full.
        column.parts.push(TextPart { first_row: column.len, ..TextPart::default() });
        values.iter().for_each(|value| column.push(*value));
        let all: Vec<Option<&str>> = (0..column.len()).map(|row| column.get(row)).collect();
        assert_eq!(all, [values, values].concat());
        assert_eq!((column.get(10), TextColumn::default().get(0)), (None, None));
    }
}
