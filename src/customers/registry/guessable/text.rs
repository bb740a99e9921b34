//! An external ID without its separators, as the patterns look at it.
//!
//! **Invariant:** knows characters and where words may begin and end, and no pattern.

/// The most characters that are looked at. More of them only make an external ID harder to guess.
const MAX_CHARACTERS: usize = 96;
/// The longest word that stands alone between separators.
const MAX_WORD: usize = 14;

/// The bits of a hexadecimal digit, in tenths.
const HEXADECIMAL_BITS: u32 = 40;

/// The letters and digits of a text in lower case, with what their case and the separators between them show.
pub(super) struct CompactText {
    pub characters: Vec<u8>,
    /// The bits of each character if it is random, in tenths.
    pub random_bits: Vec<u32>,
    /// Whether the characters are hexadecimal digits, letters among them.
    pub is_hexadecimal: bool,
    /// For each character, whether a new run of letters begins there: after a separator, or by its case.
    pub begins_run: Vec<bool>,
    /// Words that stand alone between separators: where each begins, and its length.
    pub words: Vec<(usize, usize)>,
    /// For each character, whether a separator or the end of the text follows it.
    ends_part: Vec<bool>,
}

impl CompactText {
    pub(super) fn new(text: &str) -> Self {
        let mut original: Vec<u8> = Vec::new();
        let (mut begins_run, mut ends_part): (Vec<bool>, Vec<bool>) = (Vec::new(), Vec::new());
        let mut after_separator = true;
        for c in text.chars() {
            if !c.is_ascii_alphanumeric() {
                after_separator = true;
                if let Some(last) = ends_part.last_mut() {
                    *last = true;
                }
                continue;
            }
            if original.len() == MAX_CHARACTERS {
                break;
            }
            let byte = c as u8;
            begins_run.push(after_separator || begins_word_by_case(&original, &begins_run, byte));
            original.push(byte);
            ends_part.push(false);
            after_separator = false;
        }
        if let Some(last) = ends_part.last_mut() {
            *last = true;
        }
        let random_bits = random_bits(&original);
        let words = standing_words(&original, &begins_run, &ends_part);
        let characters = original.iter().map(u8::to_ascii_lowercase).collect();
        let is_hexadecimal = random_bits.first() == Some(&HEXADECIMAL_BITS);
        Self { characters, random_bits, is_hexadecimal, begins_run, words, ends_part }
    }

    /// Returns how many different characters there are.
    pub(super) fn distinct(&self) -> usize {
        let mut seen = [false; 256];
        self.characters.iter().for_each(|&byte| seen[usize::from(byte)] = true);
        seen.iter().filter(|&&seen| seen).count()
    }

    /// Returns the length of the run of digits at this place, if it is a number of its own: not a part of a longer number,
    /// nor of a text of hexadecimal digits.
    pub(super) fn number_at(&self, at: usize) -> Option<usize> {
        let is_digit = |place: usize| self.characters.get(place).is_some_and(u8::is_ascii_digit);
        let length = (at..self.characters.len()).take_while(|&place| is_digit(place)).count();
        let is_apart = |place: usize| self.characters.get(place).is_none_or(|byte| matches!(byte, b'g'..=b'z'));
        let begins = at == 0 || self.ends_part[at - 1] || is_apart(at - 1);
        let ends = length > 0 && (self.ends_part[at + length - 1] || is_apart(at + length));
        (begins && ends).then_some(length)
    }
}

/// Returns whether a word begins by its case, as in `CamelCase`.
fn begins_word_by_case(before: &[u8], begins_run: &[bool], byte: u8) -> bool {
    let Some(&last) = before.last() else { return true };
    if !byte.is_ascii_alphabetic() || !last.is_ascii_alphabetic() {
        return byte.is_ascii_alphabetic();
    }
    let is_capital_at_start = last.is_ascii_uppercase() && begins_run.last() == Some(&true);
    last.is_ascii_lowercase() && byte.is_ascii_uppercase()
        || last.is_ascii_uppercase() && byte.is_ascii_lowercase() && !is_capital_at_start
}

/// Returns the bits of each character if all are random, by the smallest alphabet that has them all.
fn random_bits(original: &[u8]) -> Vec<u32> {
    let has = |is: fn(&u8) -> bool| original.iter().any(is);
    let is_hexadecimal =
        original.iter().all(u8::is_ascii_hexdigit) && !(has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase));
    let (digit, letter) = match (is_hexadecimal, has(u8::is_ascii_digit)) {
        (true, true) if has(u8::is_ascii_alphabetic) => (HEXADECIMAL_BITS, HEXADECIMAL_BITS),
        (true, false) => (33, 26),
        _ if has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) => (33, 54),
        _ => (33, 47),
    };
    original.iter().map(|byte| if byte.is_ascii_digit() { digit } else { letter }).collect()
}

/// Returns the words of parts that are letters alone, or letters with a number before or behind them.
fn standing_words(original: &[u8], begins_run: &[bool], ends_part: &[bool]) -> Vec<(usize, usize)> {
    let (mut words, mut start) = (Vec::new(), 0);
    for (end, _) in ends_part.iter().enumerate().filter(|(_, ends)| **ends) {
        let part = &original[start..=end];
        let before = part.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let letters = part[before..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let behind = part.len() - before - letters;
        let number_behind = part[before + letters..].iter().all(u8::is_ascii_digit);
        if letters > 0 && number_behind && (before == 0 || behind == 0) {
            let (from, to) = (start + before, start + before + letters);
            let starts: Vec<usize> = (from..to).filter(|&place| place == from || begins_run[place]).collect();
            let ends = starts.iter().skip(1).copied().chain([to]);
            words.extend(starts.iter().zip(ends).map(|(&from, to)| (from, to - from)));
        }
        start = end + 1;
    }
    words.retain(|(_, length)| (3..=MAX_WORD).contains(length));
    words
}

/// Returns the parts of names that an external ID may be made from: whole names and their words, in lower case.
pub(super) fn name_parts(names: &[&str]) -> Vec<Vec<u8>> {
    let plain = |text: &str| -> Vec<u8> {
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect()
    };
    let words = names.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
    let mut parts: Vec<Vec<u8>> = names.iter().copied().chain(words).map(plain).collect();
    parts.retain(|part| part.len() >= 3);
    parts.sort();
    parts.dedup();
    parts
}
