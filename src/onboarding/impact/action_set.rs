//! Sets of actions, by their places in the table.
//!
//! **Invariant:** knows no names.

use std::ops::Range;

/// A set of the table's actions: a bit for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ActionSet {
    words: Vec<u64>,
    length: usize,
}

impl ActionSet {
    /// The empty set, out of this number of actions.
    pub(super) fn none_of(length: usize) -> Self {
        Self { words: vec![0; length.div_ceil(64)], length }
    }

    pub(super) fn insert(&mut self, place: usize) {
        if let Some(word) = self.words.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    pub(super) fn take(&mut self, place: usize) {
        if let Some(word) = self.words.get_mut(place / 64) {
            *word &= !(1 << (place % 64));
        }
    }

    pub(super) fn insert_range(&mut self, range: Range<usize>) {
        let (first, last) = (range.start / 64, range.end / 64);
        if first == last {
            range.for_each(|place| self.insert(place));
            return;
        }
        (range.start..(first + 1) * 64).for_each(|place| self.insert(place));
        self.words.iter_mut().take(last).skip(first + 1).for_each(|word| *word = u64::MAX);
        (last * 64..range.end).for_each(|place| self.insert(place));
    }

    pub(super) fn contains(&self, place: usize) -> bool {
        self.words.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn keep(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    pub(super) fn remove(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// All actions that are not in the set.
    pub(super) fn complement(&self) -> Self {
        let mut all = Self::none_of(self.length);
        all.insert_range(0..self.length);
        all.remove(self);
        all
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(word, other)| word & other != 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_set_has_what_was_inserted(length in 1_usize..300, from in 0_usize..300, to in 0_usize..300) {
            let (from, to) = (from.min(length), to.min(length).max(from.min(length)));
            let mut set = ActionSet::none_of(length);
            set.insert_range(from..to);
            let places: Vec<usize> = (0..length + 70).filter(|place| set.contains(*place)).collect();
            prop_assert_eq!(places, (from..to).collect::<Vec<_>>());
            prop_assert_eq!(set.count() + set.complement().count(), length);
            prop_assert!(!set.meets(&set.complement()));
            prop_assert_eq!(set.complement().complement(), set);
        }
    }
}
