//! A column of times over many rows. Rows of one page were collected at one time, so that few numbers are held.
//!
//! **Invariant:** knows nothing of tables.

/// A column of times, in microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimeColumn {
    /// The number of the row after the last one that has a time, and the time.
    ends: Vec<(u32, Option<i64>)>,
}

impl TimeColumn {
    /// Appends a value.
    pub(crate) fn push(&mut self, value: Option<i64>) {
        match self.ends.last_mut() {
            Some((end, last)) if *last == value => *end += 1,
            last => {
                let row = last.map_or(0, |(end, _)| *end);
                self.ends.push((row + 1, value));
            }
        }
    }

    /// The value of a row.
    pub(crate) fn get(&self, row: usize) -> Option<i64> {
        let at = self.ends.partition_point(|(end, _)| *end as usize <= row);
        self.ends.get(at)?.1
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        self.ends.last().map_or(0, |(end, _)| *end as usize)
    }
}

impl Extend<Option<i64>> for TimeColumn {
    fn extend<I: IntoIterator<Item = Option<i64>>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_comes_back() {
        let times = [Some(1), Some(1), None, None, Some(2), Some(1), Some(1)];
        let mut column = TimeColumn::default();
        assert_eq!((column.len(), column.get(0)), (0, None));
        column.extend(times);
        assert_eq!(column.ends.len(), 4);
        assert_eq!((0..column.len()).map(|row| column.get(row)).collect::<Vec<_>>(), times);
        assert_eq!(column.get(times.len()), None);
    }
}
