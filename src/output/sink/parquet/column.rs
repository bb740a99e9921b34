//! The cells of one column that wait for their row group to end.
//!
//! Knows one column, and nothing of rows or files.

use ::parquet::data_type::{BoolType, DoubleType, Int64Type};
use ::parquet::file::writer::SerializedRowGroupWriter;

use super::next;
use super::texts::Texts;
use super::{ColumnValue, EncodeError};
use crate::inventory::{Column, ColumnType};

/// A null, and a map that is there but empty; a value's level is the highest of its column.
const ABSENT: i16 = 0;
const EMPTY: i16 = 1;

/// A column and its cells since the last row group.
pub(super) struct Pending {
    column: Column,
    /// One level a cell, and in a map one a pair.
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    Texts(Texts),
    Booleans(Vec<bool>),
    Integers(Vec<i64>),
    Doubles(Vec<f64>),
    /// Keys, values, and for each level whether it goes on in the row of the one before.
    Pairs(Texts, Texts, Vec<i16>),
}

impl Values {
    fn of(kind: ColumnType) -> Self {
        match kind {
            ColumnType::String | ColumnType::Json => Self::Texts(Texts::default()),
            ColumnType::Boolean => Self::Booleans(Vec::new()),
            ColumnType::Integer | ColumnType::Timestamp => Self::Integers(Vec::new()),
            ColumnType::Double => Self::Doubles(Vec::new()),
            ColumnType::Map => Self::Pairs(Texts::default(), Texts::default(), Vec::new()),
        }
    }
}

impl Pending {
    /// A column without cells.
    pub(super) fn new(column: Column) -> Self {
        let values = Values::of(column.kind);
        Self { column, levels: Vec::new(), values }
    }

    /// Its name and type.
    pub(super) fn column(&self) -> &Column {
        &self.column
    }

    /// Adds a cell and says how many bytes it takes while it waits.
    pub(super) fn push(&mut self, cell: ColumnValue<'_>) -> Result<usize, EncodeError> {
        let level = size_of::<i16>();
        let size = match (&mut self.values, cell, self.column.kind) {
            (Values::Pairs(_, _, repeated), ColumnValue::Missing, _) => {
                repeated.push(0);
                self.levels.push(ABSENT);
                return Ok(2 * level);
            }
            (_, ColumnValue::Missing, _) => {
                self.levels.push(ABSENT);
                return Ok(level);
            }
            (Values::Pairs(keys, values, repeated), ColumnValue::Map(pairs), _) => {
                if pairs.is_empty() {
                    repeated.push(0);
                    self.levels.push(EMPTY);
                    return Ok(2 * level);
                }
                // Of a key that is there twice the last counts, as in JSON: readers refuse a map with both.
                let last = |at: usize| !pairs[at + 1..].iter().any(|(key, _)| *key == pairs[at].0);
                let kept = (0..pairs.len()).filter(|at| last(*at)).enumerate();
                let sizes = kept.map(|(number, at)| {
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
                // Down to the whole microsecond, also before 1970.
                put(values, value.as_microsecond() - i64::from(value.subsec_nanosecond() % 1000 < 0))
            }
            (Values::Doubles(values), ColumnValue::Double(value), _) => put(values, value),
            (_, cell, kind) => {
                return Err(EncodeError::Cell { column: self.column.name.clone(), kind, cell: cell.name() });
            }
        };
        self.levels.push(1);
        Ok(size + level)
    }

    /// Writes the cells as the next column of a row group, and forgets them.
    pub(super) fn write(&mut self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<(), EncodeError> {
        let levels = std::mem::take(&mut self.levels);
        match std::mem::replace(&mut self.values, Values::of(self.column.kind)) {
            Values::Texts(texts) => texts.write(group, &levels, None, 1)?,
            Values::Booleans(values) => {
                next(group, |column| column.typed::<BoolType>().write_batch(&values, Some(&levels), None))?;
            }
            Values::Integers(values) => {
                next(group, |column| column.typed::<Int64Type>().write_batch(&values, Some(&levels), None))?;
            }
            Values::Doubles(values) => {
                next(group, |column| column.typed::<DoubleType>().write_batch(&values, Some(&levels), None))?;
            }
            Values::Pairs(keys, values, repeated) => {
                keys.write(group, &levels, Some(&repeated), EMPTY + 1)?;
                values.write(group, &levels, Some(&repeated), EMPTY + 1)?;
            }
        }
        Ok(())
    }
}

fn put<T>(values: &mut Vec<T>, value: T) -> usize {
    values.push(value);
    size_of::<T>()
}
