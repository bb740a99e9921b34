//! The cells of a table in one text: for each account and region the number of a word, in the order of the places.
//!
//! Few words differ, so the text compresses to little, and reading it costs no more than its length.
//!
//! **Invariant:** knows numbers, and neither names nor rows.

use serde::{Deserialize, Serialize};

use crate::inventory::Status;

/// The digits of a word's number.
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/// A word on cells, with the numbers of its runs.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct MatrixWord {
    pub(super) status: Status,
    pub(super) error_code: Option<String>,
    /// The number of the run of the word.
    pub(super) run: u32,
    /// The number of the newest run that answered in full.
    pub(super) answer: Option<u32>,
}

/// The cells of a table.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Matrix {
    /// The different words.
    pub(super) words: Vec<MatrixWord>,
    /// The digits of a number.
    width: usize,
    /// For each place the number of its word, from 1 on. 0 stands for a place without a word.
    cells: String,
}

impl Matrix {
    /// Writes the cells of a table: for each place the position of its word.
    pub(super) fn new(words: Vec<MatrixWord>, cells: impl Iterator<Item = Option<u32>>) -> Self {
        let width = (1..6).find(|width| words.len() < 1 << (6 * width)).unwrap_or(6);
        let mut text = String::new();
        for cell in cells {
            let number = cell.map_or(0, |position| position + 1);
            for digit in (0..width).rev() {
                text.push(DIGITS[(number >> (6 * digit)) as usize % DIGITS.len()] as char);
            }
        }
        Self { words, width, cells: text }
    }

    /// For each place the position of its word. None if the text is no matrix of this many places.
    pub(super) fn cells(&self, places: usize) -> Option<Vec<Option<u32>>> {
        if !(1..=6).contains(&self.width) || self.cells.len() != places.checked_mul(self.width)? {
            return None;
        }
        self.cells.as_bytes().chunks_exact(self.width).map(|digits| self.cell(digits)).collect()
    }

    fn cell(&self, digits: &[u8]) -> Option<Option<u32>> {
        let mut number = 0_u64;
        for digit in digits {
            number = (number << 6) + u64::from(value(*digit)?);
        }
        let Some(position) = number.checked_sub(1) else { return Some(None) };
        ((position as usize) < self.words.len()).then_some(Some(position as u32))
    }
}

/// The value of a digit.
fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'Z' => Some(digit - b'A' + 10),
        b'a'..=b'z' => Some(digit - b'a' + 36),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(count: u32) -> Vec<MatrixWord> {
        let word = |run| MatrixWord { status: Status::Ok, error_code: None, run, answer: Some(run) };
        (0..count).map(word).collect()
    }

    #[test]
    fn cells_are_read_as_they_were_written() {
        for count in [0, 1, 2, 62, 63, 64, 65, 4095, 4096, 300_000] {
            let cells: Vec<Option<u32>> = [None].into_iter().chain((0..count).map(Some)).chain([None]).collect();
            let matrix = Matrix::new(words(count), cells.iter().copied());
            assert_eq!(matrix.cells(cells.len()), Some(cells), "{count} words");
        }
    }

    #[test]
    fn a_text_of_another_length_or_with_other_numbers_is_no_matrix() {
        let matrix = |width: usize, cells: &str| Matrix { words: words(2), width, cells: cells.to_owned() };
        assert_eq!(matrix(1, "012").cells(3), Some(vec![None, Some(0), Some(1)]));
        for (width, cells) in [(1, "01"), (1, "0120"), (1, "013"), (1, "01!"), (1, "01é"), (2, "012"), (0, ""), (7, "")]
        {
            assert_eq!(matrix(width, cells).cells(3), None, "{width} {cells}");
        }
        assert_eq!(matrix(6, "______").cells(1), None);
    }
}
