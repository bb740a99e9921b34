//! Some rows of a row group.
//!
//! **Invariant:** the rows are in order, and each is named once. All rows are named in no memory, since a damaged file can
//! claim any number.

use std::ops::Range;

/// The numbers of some rows of a row group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowSet {
    /// As many rows as the group has.
    All(usize),
    /// Rows in order.
    Some(Vec<u32>),
}

impl Default for RowSet {
    fn default() -> Self {
        Self::Some(Vec::new())
    }
}

impl RowSet {
    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::All(rows) => *rows,
            Self::Some(rows) => rows.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.runs().flatten()
    }

    /// The rows as ranges of rows that follow one another.
    pub(super) fn runs(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let (all, some) = match self {
            Self::All(rows) => (Some(0..*rows), &[][..]),
            Self::Some(rows) => (None, rows.as_slice()),
        };
        let runs = some.chunk_by(|one, other| one + 1 == *other);
        let runs = runs.map(|run| run[0] as usize..run[0] as usize + run.len());
        all.filter(|all| !all.is_empty()).into_iter().chain(runs)
    }

    /// Adds the rows of another set of the same group.
    pub(crate) fn add(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::All(_), _) => {}
            (_, all @ Self::All(_)) => *self = all,
            (Self::Some(rows), Self::Some(others)) => {
                rows.extend(others);
                rows.sort_unstable();
                rows.dedup();
            }
        }
    }

    /// Keeps the rows whose places in the set pass. Call it for rows that were read, so that they exist.
    pub(crate) fn keep(&mut self, mut passes: impl FnMut(usize) -> bool) {
        let kept = self.iter().enumerate().filter(|(at, _)| passes(*at)).map(|(_, row)| row as u32).collect::<Vec<_>>();
        if kept.len() < self.len() {
            *self = Self::Some(kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(rows: &[u32]) -> RowSet {
        RowSet::Some(rows.to_vec())
    }

    #[test]
    fn sets_are_joined_thinned_and_split_into_runs() {
        let mut rows = set(&[1, 2, 5]);
        assert_eq!(rows.runs().collect::<Vec<_>>(), [1..3, 5..6]);
        rows.add(set(&[0, 2, 6]));
        assert_eq!(rows, set(&[0, 1, 2, 5, 6]));
        rows.keep(|at| at % 2 == 0);
        assert_eq!(rows, set(&[0, 2, 6]));
        rows.add(RowSet::All(8));
        rows.add(set(&[1]));
        assert!(rows.runs().eq(std::iter::once(0..8)) && rows.len() == 8);
        rows.keep(|_| true);
        assert_eq!(rows, RowSet::All(8));
        rows.keep(|at| at > 5);
        assert_eq!(rows, set(&[6, 7]));
        assert!(RowSet::All(0).runs().count() == 0 && RowSet::default().is_empty());
    }
}
