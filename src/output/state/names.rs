//! Gives every name a number, so that a fleet's millions of cells hold each name once.
//!
//! **Invariant:** numbers are given in the order in which names come.

use std::collections::HashMap;
use std::sync::Arc;

/// Names with their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    /// The number that was asked for last: most cells follow one with the same names.
    last: u32,
}

impl Names {
    /// The number of a name. A name that is new gets one.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if self.names.get(self.last as usize).is_some_and(|last| **last == *name) {
            return self.last;
        }
        self.last = match self.numbers.get(name) {
            Some(number) => *number,
            None => {
                let (number, name) = (self.names.len() as u32, Arc::<str>::from(name));
                self.names.push(name.clone());
                self.numbers.insert(name, number);
                number
            }
        };
        self.last
    }

    /// The name of a number.
    pub(super) fn get(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", |name| name)
    }

    /// The place of each name in their alphabetical order, by number.
    pub(super) fn ranks(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..self.names.len() as u32).collect();
        numbers.sort_unstable_by(|one, other| self.get(*one).cmp(self.get(*other)));
        let mut ranks = vec![0; numbers.len()];
        for (rank, number) in numbers.into_iter().enumerate() {
            ranks[number as usize] = rank as u32;
        }
        ranks
    }
}
