//! Gives every name a number, for names that come millions of times in much the same order.
//!
//! **Invariant:** numbers are given in the order in which names come first.

use std::collections::HashMap;
use std::hash::Hash;

/// Values with their numbers.
#[derive(Debug)]
pub(super) struct Interner<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
    /// The number that came last after each: most cells follow one as the cells of the table before did.
    after: Vec<u32>,
    last: u32,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { values: Vec::new(), numbers: HashMap::new(), after: Vec::new(), last: 0 }
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    /// The number of a value. A value that is new gets one.
    pub(super) fn number<Q>(&mut self, value: &Q) -> u32
    where
        Q: ?Sized + Eq + Hash + ToOwned<Owned = T>,
        T: std::borrow::Borrow<Q>,
    {
        let last = self.last as usize;
        let Some(known) = self.values.get(last) else { return self.looked_up(value) };
        if known.borrow() == value {
            return self.last;
        }
        let next = self.after[last];
        if self.values.get(next as usize).is_some_and(|known| known.borrow() == value) {
            self.last = next;
            return next;
        }
        let number = self.looked_up(value);
        self.after[last] = number;
        number
    }

    fn looked_up<Q>(&mut self, value: &Q) -> u32
    where
        Q: ?Sized + Eq + Hash + ToOwned<Owned = T>,
        T: std::borrow::Borrow<Q>,
    {
        self.last = self.find(value).unwrap_or_else(|| {
            let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
            self.values.push(value.to_owned());
            self.numbers.insert(value.to_owned(), number);
            self.after.push(number);
            number
        });
        self.last
    }

    /// The number of a value, if it has one.
    pub(super) fn find<Q>(&self, value: &Q) -> Option<u32>
    where
        Q: ?Sized + Eq + Hash,
        T: std::borrow::Borrow<Q>,
    {
        self.numbers.get(value).copied()
    }

    /// The value of a number.
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.values.get(number as usize)
    }

    /// Every value, in the order of the numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.values.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_one_number_in_whatever_order_it_comes() {
        let mut numbers = Interner::<String>::default();
        let words = ["a", "b", "c", "a", "b", "c", "c", "b", "a", "c", "d", "a", "b", "d"];
        let given: Vec<u32> = words.iter().map(|word| numbers.number(*word)).collect();
        assert_eq!(given, [0, 1, 2, 0, 1, 2, 2, 1, 0, 2, 3, 0, 1, 3]);
        assert_eq!((numbers.find("d"), numbers.find("e"), numbers.len()), (Some(3), None, 4));
        assert_eq!(numbers.iter().map(String::as_str).collect::<String>(), "abcd");
        assert_eq!(numbers.get(1).map(String::as_str), Some("b"));
    }
}
