//! Finds what is not random in a text: known words, names, numbers of accounts, dates, sequences, repetitions, and what
//! reads like words of a language.
//!
//! **Invariant:** looks at one place of a text at a time. Costs are in tenths of a bit, and rather too low than too high.

use std::sync::LazyLock;

use super::GuessReason;
use super::text::CompactText;
use super::vocabulary::{FOLLOWERS, KEYBOARD, WORDS};

/// The shortest run of letters that counts as words of a language without separators around it.
const MIN_LANGUAGE: usize = 4;

/// The longest group of characters that is counted up.
const MAX_GROUP: usize = 6;

/// A pattern that begins at some character.
pub(super) struct Pattern {
    pub length: usize,
    /// What it takes to describe it, in tenths of a bit.
    pub bits: u32,
    pub reason: GuessReason,
}

/// What a guess at one target's external ID begins with.
pub(super) struct Clues<'a> {
    /// The number of the target's account.
    pub account_id: &'a str,
    /// The names of the target and its customer, and the words of these names.
    pub names: Vec<Vec<u8>>,
}

/// Finds the patterns that begin at a place, each with a length of at least one.
pub(super) fn find_patterns(text: &CompactText, at: usize, clues: &Clues<'_>, found: &mut impl FnMut(Pattern)) {
    let account_id = clues.account_id;
    let rest = &text.characters[at..];
    let mut add = |length: usize, bits: u32, reason: GuessReason| found(Pattern { length, bits, reason });
    if !account_id.is_empty() && rest.starts_with(account_id.as_bytes()) {
        add(account_id.len(), 5, GuessReason::OwnAccount);
    }
    for name in clues.names.iter().filter(|name| reads_as(rest, name)) {
        add(name.len(), 10, GuessReason::Name);
    }
    for word in words_from(rest[0]).filter(|word| reads_as(rest, word.as_bytes())) {
        let reason = if word == "example" || word == "sample" { GuessReason::Sample } else { GuessReason::Words };
        add(word.len(), 40, reason);
    }
    numbers(text, at, &mut add);
    for length in 3..=sequence(rest) {
        add(length, if length == 3 { 80 } else { 50 }, GuessReason::Sequence);
    }
    for length in 6..=counted(&text.characters, at) {
        add(length, 80, GuessReason::Sequence);
    }
    for length in 4..=keys(rest) {
        add(length, 40, GuessReason::Sequence);
    }
    for length in 3..=repeated(&text.characters, at) {
        add(length, if length == 3 { 80 } else { 60 }, GuessReason::Repetition);
    }
    language(text, at, &mut |length| add(length, 30 + 15 * length as u32, GuessReason::Words));
    for &(_, length) in text.words.iter().filter(|(begin, length)| *begin == at && is_word(&rest[..*length])) {
        add(length, 120, GuessReason::Words);
    }
}

/// Returns the letters that a character may stand for, as in `pa55w0rd`.
fn letters_of(byte: u8) -> &'static [u8] {
    match byte {
        b'0' => b"o",
        b'1' => b"il",
        b'3' => b"e",
        b'4' => b"a",
        b'5' => b"s",
        b'7' => b"t",
        b'8' => b"b",
        b'9' => b"g",
        _ => b"",
    }
}

/// Returns whether the text begins with these characters, or with digits that stand for them.
fn reads_as(text: &[u8], word: &[u8]) -> bool {
    let is_same = |(byte, wanted): (&u8, &u8)| byte == wanted || letters_of(*byte).contains(wanted);
    text.len() >= word.len() && text.iter().zip(word).all(is_same)
}

/// The known words by their first letter, each of them apart.
static WORD_LISTS: LazyLock<Vec<Vec<&str>>> =
    LazyLock::new(|| WORDS.iter().map(|words| words.split_ascii_whitespace().collect()).collect());

/// Returns the known words that may begin with this character.
fn words_from(first: u8) -> impl Iterator<Item = &'static str> {
    let lists: &'static [Vec<&'static str>] = &WORD_LISTS;
    let of = move |letter: u8| letter.checked_sub(b'a').and_then(|index| lists.get(usize::from(index)));
    of(first).into_iter().chain(letters_of(first).iter().filter_map(move |&letter| of(letter))).flatten().copied()
}

/// Finds numbers of accounts, dates and times at this place.
fn numbers(text: &CompactText, at: usize, add: &mut impl FnMut(usize, u32, GuessReason)) {
    if !text.characters[at].is_ascii_digit() {
        return;
    }
    let alone = text.number_at(at);
    match alone {
        Some(12) => add(12, 10, GuessReason::SomeAccount),
        // Seconds and milliseconds since 1970.
        Some(10) if text.characters[at] == b'1' => add(10, 200, GuessReason::Time),
        Some(13) if text.characters[at] == b'1' => add(13, 280, GuessReason::Time),
        _ => {}
    }
    let digits = |from: usize, count: usize| -> Option<u32> {
        let digits = text.characters.get(at + from..at + from + count)?;
        digits.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
    };
    let is_year = |from| digits(from, 4).is_some_and(|year| (1950..=2050).contains(&year));
    let is_month = |from| digits(from, 2).is_some_and(|month| (1..=12).contains(&month));
    let is_day = |from| digits(from, 2).is_some_and(|day| (1..=31).contains(&day));
    let is_hour = |from| digits(from, 2).is_some_and(|hour| hour < 24);
    let is_sixtieth = |from| digits(from, 2).is_some_and(|sixtieth| sixtieth < 60);
    // Among random hexadecimal digits, years are frequent.
    let stands = |length| !text.is_hexadecimal || alone == Some(length);
    for (is_there, length, bits) in [
        (is_year(0) && stands(4), 4, 70),
        (is_year(0) && is_month(4) && stands(6), 6, 90),
        (is_year(0) && is_month(4) && is_day(6), 8, 100),
        (is_year(4) && (is_day(0) && is_month(2) || is_month(0) && is_day(2)), 8, 110),
        (is_hour(0) && is_sixtieth(2) && is_sixtieth(4), 6, 140),
    ] {
        if is_there {
            add(length, bits, GuessReason::Time);
        }
    }
}

/// Returns how many characters follow each other, up or down: `abcd`, `4321`, `7890`.
fn sequence(rest: &[u8]) -> usize {
    let length = |step: fn(u8) -> u8| 1 + rest.windows(2).take_while(|pair| step(pair[0]) == pair[1]).count();
    length(next).max(length(previous))
}

/// Returns how many characters from a place on are those of a few characters before, or follow them: `a1b2c3`,
/// `x01x02x03`, `aabbcc`.
fn counted(characters: &[u8], at: usize) -> usize {
    let follows = |(before, byte): (&u8, &u8)| byte == before || *byte == next(*before) || *byte == previous(*before);
    let along = |distance: usize| {
        let before = &characters[at - distance..];
        before.iter().zip(&characters[at..]).take_while(|&pair| follows(pair)).count()
    };
    (2..=MAX_GROUP.min(at)).map(along).max().unwrap_or_default()
}

fn next(byte: u8) -> u8 {
    match byte {
        b'9' => b'0',
        b'z' => 0,
        other => other + 1,
    }
}

fn previous(byte: u8) -> u8 {
    match byte {
        b'0' => b'9',
        b'a' => 0,
        other => other - 1,
    }
}

/// Returns how many characters are neighbours on a keyboard.
fn keys(rest: &[u8]) -> usize {
    let along = |row: &&str| {
        let row = row.as_bytes();
        let begin = row.iter().position(|key| *key == rest[0])?;
        Some(rest.iter().zip(&row[begin..]).take_while(|(byte, key)| byte == key).count())
    };
    KEYBOARD.iter().filter_map(along).max().unwrap_or_default()
}

/// Returns how many characters from a place on were there before.
fn repeated(characters: &[u8], at: usize) -> usize {
    let same = |from: usize| characters[at..].iter().zip(&characters[from..]).take_while(|(a, b)| a == b).count();
    (0..at).map(same).max().unwrap_or_default()
}

fn follows(pair: &[u8]) -> bool {
    let letter = pair[0].checked_sub(b'a').and_then(|index| FOLLOWERS.get(usize::from(index)));
    letter.is_some_and(|followers| followers.as_bytes().contains(&pair[1]))
}

fn is_vowel(byte: u8) -> bool {
    b"aeiouy".contains(&byte)
}

/// Finds the lengths of the runs of letters from a place on that read like words of a language: nearly all neighbours are
/// common in English, and at least a quarter are vowels.
fn language(text: &CompactText, at: usize, found: &mut impl FnMut(usize)) {
    if !text.characters[at].is_ascii_lowercase() {
        return;
    }
    let (mut rare, mut vowels) = (0, usize::from(is_vowel(text.characters[at])));
    for end in at + 1..text.characters.len() {
        if !text.characters[end].is_ascii_lowercase() || text.begins_run[end] {
            break;
        }
        let length = end - at + 1;
        rare += usize::from(!follows(&text.characters[end - 1..=end]));
        vowels += usize::from(is_vowel(text.characters[end]));
        if length >= MIN_LANGUAGE && rare <= length / 6 && vowels * 4 >= length {
            found(length);
        }
    }
}

/// Returns whether letters that stand alone may be a word or a name: half of the neighbours are common ones.
fn is_word(letters: &[u8]) -> bool {
    let common = letters.windows(2).filter(|pair| follows(pair)).count();
    letters.iter().copied().any(is_vowel) && common * 2 >= letters.len() - 1
}
