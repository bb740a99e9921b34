//! A column of texts over many rows, in few allocations.
//!
//! **Invariant:** knows nothing of tables, nor of what the texts are.

use twox_hash::XxHash3_64;

/// The rows of one part of a column, at most. Parts are small, so that none is copied as it grows.
const PART_ROWS: usize = 4096;
/// The bytes of texts in one part of a column, at most, unless one text is longer.
const PART_BYTES: usize = 1 << 30;
/// The number of an absent value. No part has as many texts.
const ABSENT: u16 = u16::MAX;
/// The number of parts that are not searched for texts that repeat, after one whose texts were nearly all different.
const UNSEARCHED_PARTS: u32 = 15;

/// A column of texts, in few allocations. Within a part, a text that repeats is held once: of accounts, regions, owners and
/// default rules there are few.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextColumn {
    parts: Vec<TextPart>,
    len: usize,
    known: KnownTexts,
}

/// The texts of rows that follow one another.
#[derive(Clone, Debug, Default)]
struct TextPart {
    first_row: usize,
    /// For each row the number of its text.
    numbers: Vec<u16>,
    texts: String,
    /// The end of each text.
    ends: Vec<u32>,
}

/// The texts of the part that is written, by their hashes.
#[derive(Clone, Debug, Default)]
struct KnownTexts {
    /// Numbers of texts, each at the first free place after that of its hash. Empty if the part is not searched.
    slots: Vec<u16>,
    /// The number of parts that are not to be searched.
    unsearched: u32,
}

impl TextColumn {
    /// Appends a value.
    pub(crate) fn push(&mut self, value: Option<&str>) {
        let bytes = value.map_or(0, str::len);
        if !self.parts.last().is_some_and(|part| part.has_room(bytes)) {
            self.close();
            self.parts.push(TextPart { first_row: self.len, ..TextPart::default() });
        }
        if let Some(part) = self.parts.last_mut() {
            let number = value.map_or(ABSENT, |text| self.known.number(part, text));
            part.numbers.push(number);
        }
        self.len += 1;
    }

    /// Gives back the memory that the last part has not used.
    pub(crate) fn close(&mut self) {
        if let Some(part) = self.parts.last_mut() {
            part.numbers.shrink_to_fit();
            part.texts.shrink_to_fit();
            part.ends.shrink_to_fit();
            self.known.close(part);
        }
    }

    /// The value of a row.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        // Every part has as many rows, unless its texts are very long.
        let guess = self.parts.get(row / PART_ROWS).filter(|part| part.has(row));
        let part = guess.or_else(|| {
            let after = self.parts.partition_point(|part| part.first_row <= row);
            self.parts.get(after.checked_sub(1)?)
        });
        let part = part?;
        part.text(*part.numbers.get(row - part.first_row)?)
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl TextPart {
    fn has_room(&self, bytes: usize) -> bool {
        self.numbers.len() < PART_ROWS && (self.texts.is_empty() || self.texts.len() + bytes <= PART_BYTES)
    }

    fn has(&self, row: usize) -> bool {
        row.checked_sub(self.first_row).is_some_and(|at| at < self.numbers.len())
    }

    fn text(&self, number: u16) -> Option<&str> {
        let end = *self.ends.get(usize::from(number))?;
        let start = usize::from(number).checked_sub(1).map_or(0, |before| self.ends[before]);
        self.texts.get(start as usize..end as usize)
    }

    fn push(&mut self, text: &str) -> u16 {
        let number = self.ends.len() as u16;
        self.texts.push_str(text);
        self.ends.push(self.texts.len() as u32);
        number
    }
}

impl KnownTexts {
    /// The number of a text. One that the part does not have is added.
    fn number(&mut self, part: &mut TextPart, text: &str) -> u16 {
        if let Some(last) = part.numbers.last().filter(|last| part.text(**last) == Some(text)) {
            return *last;
        }
        if self.unsearched > 0 {
            return part.push(text);
        }
        // Half of the places stay free, so that a search ends soon.
        let places = 2 * PART_ROWS;
        self.slots.resize(places, ABSENT);
        let mut at = XxHash3_64::oneshot(text.as_bytes()) as usize % places;
        while self.slots[at] != ABSENT {
            if part.text(self.slots[at]) == Some(text) {
                return self.slots[at];
            }
            at = (at + 1) % places;
        }
        let number = part.push(text);
        self.slots[at] = number;
        number
    }

    /// Forgets the texts of a part.
    fn close(&mut self, part: &TextPart) {
        self.slots = Vec::new();
        let has_repeated = part.ends.len() * 4 < part.numbers.len() * 3;
        self.unsearched = match self.unsearched {
            0 if has_repeated => 0,
            0 => UNSEARCHED_PARTS,
            more => more - 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_come_back_from_whichever_part_has_them() {
        let values = [Some("a"), None, Some(""), Some("bc"), Some("bc"), None, Some("a")];
        let mut column = TextColumn::default();
        values.iter().for_each(|value| column.push(*value));
        // As if the texts had filled the part.
        column.parts.push(TextPart { first_row: column.len, ..TextPart::default() });
        column.known = KnownTexts::default();
        values.iter().for_each(|value| column.push(*value));
        let all: Vec<Option<&str>> = (0..column.len()).map(|row| column.get(row)).collect();
        assert_eq!(all, [values, values].concat());
        assert_eq!((column.get(14), TextColumn::default().get(0)), (None, None));
    }

    #[test]
    fn texts_that_repeat_are_held_once_in_a_part() {
        let mut column = TextColumn::default();
        (0..3 * PART_ROWS).for_each(|row| column.push(Some(["one", "two", "three"][row % 3])));
        column.close();
        assert_eq!(column.parts.len(), 3);
        assert!(column.parts.iter().all(|part| part.texts.len() == 11 && part.texts.capacity() == 11));
        assert_eq!((column.get(0), column.get(PART_ROWS)), (Some("one"), Some("two")));
    }

    proptest! {
        #[test]
        fn every_value_comes_back(kinds in prop::collection::vec((1..6_000_usize, 1..6_000_usize), 1..8)) {
            let mut column = TextColumn::default();
            let mut values = Vec::new();
            // Stretches of rows with few different texts, and with many.
            for (rows, different) in kinds {
                values.extend((0..rows).map(|row| (row % 7 != 3).then(|| format!("t{}", (row * 31) % different))));
            }
            values.iter().for_each(|value| column.push(value.as_deref()));
            prop_assert_eq!(column.len(), values.len());
            for (row, value) in values.iter().enumerate() {
                prop_assert_eq!(column.get(row), value.as_deref());
            }
        }
    }
}
