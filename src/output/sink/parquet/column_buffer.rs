//! Buffers the values of one column until their row group ends.
//!
//! **Invariant:** knows one column, and nothing of rows or files.

use std::collections::HashSet;

use ::parquet::data_type::{BoolType, DoubleType, Int64Type};
use ::parquet::file::writer::SerializedRowGroupWriter;

use super::text_buffer::TextBuffer;
use super::write_column;
use super::{ColumnValue, EncodeError};
use crate::inventory::{Column, ColumnType};

/// The definition level of a null.
const NULL: i16 = 0;
/// The definition level of an empty map. The level of a value is the highest of its column.
const EMPTY: i16 = 1;

/// Up to this many pairs, comparing each with each is faster than hashing. A resource has at most 50 tags.
const FEW_PAIRS: usize = 50;

/// A column and its values since the last row group.
pub(super) struct ColumnBuffer {
    column: Column,
    /// One definition level for each value, and in a map one for each pair.
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    Texts(TextBuffer),
    Booleans(Vec<bool>),
    Integers(Vec<i64>),
    Doubles(Vec<f64>),
    /// Keys, values, and the repetition levels: 1 if the pair belongs to the row of the pair before.
    Pairs(TextBuffer, TextBuffer, Vec<i16>),
}

impl Values {
    fn of(kind: ColumnType) -> Self {
        match kind {
            ColumnType::String | ColumnType::Json => Self::Texts(TextBuffer::default()),
            ColumnType::Boolean => Self::Booleans(Vec::new()),
            ColumnType::Integer | ColumnType::Timestamp => Self::Integers(Vec::new()),
            ColumnType::Double => Self::Doubles(Vec::new()),
            ColumnType::Map => Self::Pairs(TextBuffer::default(), TextBuffer::default(), Vec::new()),
        }
    }

    fn held(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.held(),
            Self::Booleans(values) => values.capacity(),
            Self::Integers(values) => values.capacity() * size_of::<i64>(),
            Self::Doubles(values) => values.capacity() * size_of::<f64>(),
            Self::Pairs(keys, values, repeated) => keys.held() + values.held() + repeated.capacity() * size_of::<i16>(),
        }
    }
}

impl ColumnBuffer {
    pub(super) fn new(column: Column) -> Self {
        let values = Values::of(column.kind);
        Self { column, levels: Vec::new(), values }
    }

    pub(super) fn column(&self) -> &Column {
        &self.column
    }

    /// The memory of the buffer, with what it has reserved.
    pub(super) fn held(&self) -> usize {
        self.levels.capacity() * size_of::<i16>() + self.values.held()
    }

    /// Adds a value, and returns the bytes of its content.
    pub(super) fn push(&mut self, value: ColumnValue<'_>) -> Result<usize, EncodeError> {
        let level = size_of::<i16>();
        let size = match (&mut self.values, value, self.column.kind) {
            (Values::Pairs(_, _, repeated), ColumnValue::Missing, _) => {
                repeated.push(0);
                self.levels.push(NULL);
                return Ok(2 * level);
            }
            (_, ColumnValue::Missing, _) => {
                self.levels.push(NULL);
                return Ok(level);
            }
            (Values::Pairs(keys, values, repeated), ColumnValue::Map(pairs), _) => {
                if pairs.is_empty() {
                    repeated.push(0);
                    self.levels.push(EMPTY);
                    return Ok(2 * level);
                }
                // The last pair with a key counts, as in JSON: readers refuse a map with duplicate keys.
                let sizes = last_of_each_key(pairs).into_iter().enumerate().map(|(number, at)| {
                    repeated.push(i16::from(number > 0));
                    self.levels.push(EMPTY + 1);
                    keys.push(&pairs[at].0) + values.push(&pairs[at].1) + 2 * level
                });
                return Ok(sizes.sum());
            }
            (Values::Texts(texts), ColumnValue::Text(text), _) => texts.push(text),
            (Values::Booleans(values), ColumnValue::Boolean(value), _) => put(values, value),
            (Values::Integers(values), ColumnValue::Integer(value), ColumnType::Integer) => put(values, value),
            (Values::Integers(values), ColumnValue::Timestamp(value), ColumnType::Timestamp) => {
                put(values, value.as_microsecond())
            }
            (Values::Doubles(values), ColumnValue::Double(value), _) => put(values, value),
            (_, value, kind) => {
                return Err(EncodeError::Value { column: self.column.name.clone(), kind, value: value.name() });
            }
        };
        self.levels.push(1);
        Ok(size + level)
    }

    /// Writes the values as the next column of a row group, and clears the buffer.
    pub(super) fn write(&mut self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<(), EncodeError> {
        let levels = std::mem::take(&mut self.levels);
        match std::mem::replace(&mut self.values, Values::of(self.column.kind)) {
            Values::Texts(texts) => texts.write(group, &levels, None, 1)?,
            Values::Booleans(values) => {
                write_column(group, |column| column.typed::<BoolType>().write_batch(&values, Some(&levels), None))?;
            }
            Values::Integers(values) => {
                write_column(group, |column| column.typed::<Int64Type>().write_batch(&values, Some(&levels), None))?;
            }
            Values::Doubles(values) => {
                write_column(group, |column| column.typed::<DoubleType>().write_batch(&values, Some(&levels), None))?;
            }
            Values::Pairs(keys, values, repeated) => {
                keys.write(group, &levels, Some(&repeated), EMPTY + 1)?;
                values.write(group, &levels, Some(&repeated), EMPTY + 1)?;
            }
        }
        Ok(())
    }
}

/// The positions of the pairs that no later pair with the same key replaces.
fn last_of_each_key(pairs: &[(String, String)]) -> Vec<usize> {
    if pairs.len() <= FEW_PAIRS {
        let replaced = |at: usize| pairs[at + 1..].iter().any(|(key, _)| *key == pairs[at].0);
        return (0..pairs.len()).filter(|at| !replaced(*at)).collect();
    }
    let mut seen = HashSet::new();
    let mut last: Vec<usize> = (0..pairs.len()).rev().filter(|at| seen.insert(&pairs[*at].0)).collect();
    last.reverse();
    last
}

fn put<T>(values: &mut Vec<T>, value: T) -> usize {
    values.push(value);
    size_of::<T>()
}
