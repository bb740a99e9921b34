//! Judges whether an external ID can be guessed: by its form, by what it is made of, and by how much randomness is left.
//!
//! An external ID protects a customer only if no one else can name it. A customer who guesses it can have the customer's account
//! read in another customer's name. The estimate is conservative: what looks like words, names, dates, sequences or
//! repetitions counts for a few bits, and only the other characters count as random.
//!
//! **Invariant:** knows neither the registry nor IAM, and no message repeats an external ID or a part of one.

mod vocabulary;
mod text;
mod patterns;
mod estimate;
mod form;

use std::fmt;

use estimate::{MINIMUM_BITS, estimate};
use patterns::Clues;
use text::CompactText;

/// The fewest characters of an external ID that can be safe.
const MINIMUM_CHARACTERS: usize = 12;
/// The fewest digits of a number that can be safe. Shorter ones are often the numbers of something else.
const MINIMUM_DIGITS: usize = 20;
/// The fewest different characters that a random external ID has: of sixteen random hexadecimal digits, one in 30,000 has
/// fewer.
const MINIMUM_DISTINCT: usize = 6;

/// Why an external ID can be guessed. If several reasons fit, it is the one that most of the characters have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GuessReason {
    /// The number of the target's own account.
    OwnAccount,
    /// The name of the target or of its customer.
    Name,
    /// A value that documentation or a library uses as its example.
    Sample,
    /// Common words, names of products, or words of a language.
    Words,
    /// A number of the form of an account's.
    SomeAccount,
    /// A date or a time.
    Time,
    /// Characters that follow each other in the alphabet, in numbers or on a keyboard.
    Sequence,
    /// The same characters again and again.
    Repetition,
    /// Fewer characters than a random external ID needs.
    TooShort,
    /// A number that has a meaning elsewhere, or could have one.
    Number,
    /// An ARN or an e-mail address.
    Address,
    /// A UUID made from the time and a network address.
    TimeBasedUuid,
    /// A UUID that is computed from a name.
    NameBasedUuid,
    /// Another spelling of something that can be guessed: base64, hexadecimal, or a SHA-256 hash.
    Encoding,
    /// Nothing of the above, and still too few random characters.
    LittleRandomness,
}

impl fmt::Display for GuessReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OwnAccount => "it is made from the account's number",
            Self::Name => "it is made from the name of the customer or of the target",
            Self::Sample => "it is made from an example in documentation",
            Self::Words => "it is made of words, not of random characters",
            Self::SomeAccount => "it is made from a number that looks like an account's",
            Self::Time => "it is made from a date or a time",
            Self::Sequence => "its characters follow each other in the alphabet or on a keyboard",
            Self::Repetition => "it repeats the same characters",
            Self::TooShort => "it has fewer than 12 characters",
            Self::Number => "it is a number of fewer than 20 digits",
            Self::Address => "it is an ARN or an e-mail address",
            Self::TimeBasedUuid => {
                "it is a UUID that is made from the time (version 1, 2 or 6), not a random one (version 4)"
            }
            Self::NameBasedUuid => {
                "it is a UUID that is computed from a name (version 3 or 5), not a random one (version 4)"
            }
            Self::Encoding => "it encodes or hashes something that can be guessed",
            Self::LittleRandomness => "it has too few random characters",
        })
    }
}

/// Returns why the external ID of a target can be guessed, or `None` if it cannot. `names` are those of the target and of
/// its customer.
pub(crate) fn guessable(external_id: &str, account_id: &str, names: &[&str]) -> Option<GuessReason> {
    if external_id.chars().count() < MINIMUM_CHARACTERS {
        return Some(GuessReason::TooShort);
    }
    if let Some(reason) = form::by_form(external_id) {
        return Some(reason);
    }
    if let Some(reason) = by_content(external_id, account_id, names) {
        return Some(reason);
    }
    // What has the form of a random UUID encodes nothing.
    if form::is_random_uuid(external_id) {
        return None;
    }
    let decoded = form::decoded_texts(external_id);
    let is_guess = |text: &String| {
        text.chars().count() < MINIMUM_CHARACTERS
            || form::by_form(text).is_some()
            || by_content(text, account_id, names).is_some()
    };
    let is_encoding = decoded.iter().any(is_guess) || form::is_hash_of(external_id, account_id, names);
    is_encoding.then_some(GuessReason::Encoding)
}

/// Returns whether an external ID can be guessed with knowledge of the account's number.
pub(crate) fn is_guessable(external_id: &str, account_id: &str) -> bool {
    guessable(external_id, account_id, &[]).is_some()
}

fn by_content(text: &str, account_id: &str, names: &[&str]) -> Option<GuessReason> {
    let compact = CompactText::new(text);
    let randomness = estimate(&compact, &Clues { account_id, names: text::name_parts(names) });
    if randomness.bits < MINIMUM_BITS {
        return Some(randomness.reason);
    }
    if compact.distinct() < MINIMUM_DISTINCT {
        return Some(GuessReason::Repetition);
    }
    let is_number = compact.characters.iter().all(u8::is_ascii_digit) && compact.characters.len() < MINIMUM_DIGITS;
    is_number.then_some(GuessReason::Number)
}

#[cfg(test)]
mod tests;
