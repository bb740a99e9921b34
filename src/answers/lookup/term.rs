//! What the user looks for: everything that one text can mean.
//!
//! **Invariant:** knows no estate. A text of no known form is refused: its answer would be empty for that reason alone.

use std::net::IpAddr;

use ipnet::IpNet;

use super::ids::{is_arn, recognise, without_path};
use super::names::normal;
use super::ranges::{parse_address, parse_range};
use crate::answers::searched::IdForm;

/// The longest text of a tag: a key of 128 letters and a value of 256, with room for those that AWS counts as one.
const LONGEST_TAG: usize = 4096;

/// One text to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// The text as the user wrote it.
    pub(super) query: String,
    /// What it can mean. At least one.
    pub(super) readings: Vec<Reading>,
}

/// One meaning of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Address(IpAddr),
    Range(IpNet),
    Id(String, IdForm),
    Arn(String),
    /// A key and a value. A text with several `=` has several such readings.
    Tag(String, String),
    Account(String),
    /// A DNS name in its normal form.
    Name(Vec<u8>),
    /// The alias of an account, or its name in the registry.
    Word(String),
}

impl Query {
    /// The text as the user wrote it.
    pub(crate) fn text(&self) -> &str {
        &self.query
    }

    /// Reads a text. The error says what was tried.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let readings = readings(text);
        if readings.is_empty() {
            return Err(refusal(text));
        }
        Ok(Self { query: text.to_owned(), readings })
    }
}

fn readings(text: &str) -> Vec<Reading> {
    let tags = tags(text);
    let text = text.trim();
    if let Some(address) = parse_address(text) {
        return vec![Reading::Address(address)];
    }
    if let Some(range) = parse_range(text) {
        return vec![Reading::Range(range)];
    }
    if is_arn(text) {
        return vec![Reading::Arn(text.to_owned())];
    }
    if let Some(account) = account(text) {
        return vec![Reading::Account(account)];
    }
    let id = without_path(text);
    let known = recognise(id);
    let mut readings: Vec<Reading> = known.map(|known| Reading::Id(id.to_owned(), known.form)).into_iter().collect();
    if known.is_some_and(|known| known.is_certain) {
        // A record's id ends with a set identifier, which may contain anything.
        readings.extend(tags.into_iter().filter(|_| !matches!(known, Some(known) if known.form == IdForm::Under("Z"))));
        return readings;
    }
    readings.extend(tags);
    if !readings.iter().any(|reading| matches!(reading, Reading::Tag(..))) {
        readings.extend(name(text).map(Reading::Name));
        readings.extend(is_word(text).then(|| Reading::Word(text.to_owned())));
    }
    readings
}

/// The account id that a text is. AWS's console writes it as `1111-2222-3333`.
fn account(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('-').collect();
    let is_grouped = parts.len() == 3 && parts.iter().all(|part| part.len() == 4);
    let digits = if is_grouped { parts.concat() } else { text.to_owned() };
    (digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// The pairs of key and value that a text can mean. Spaces count.
fn tags(text: &str) -> Vec<Reading> {
    if text.len() > LONGEST_TAG {
        return Vec::new();
    }
    let equals = text.match_indices('=').map(|(at, _)| at).filter(|at| *at > 0);
    let pairs = equals.map(|at| Reading::Tag(text[..at].to_owned(), text[at + 1..].to_owned()));
    pairs.collect()
}

/// The DNS name that a text is, in its normal form.
fn name(text: &str) -> Option<Vec<u8>> {
    let is_allowed = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '*' | '.' | '\\');
    let is_name = text.chars().all(is_allowed) && text.chars().any(char::is_alphanumeric) && !is_dotted_number(text);
    is_name.then(|| normal(text)).flatten()
}

/// Whether a text can be the name of an account.
fn is_word(text: &str) -> bool {
    let is_allowed = |letter: char| letter.is_alphanumeric() || " -_.,()&'+@#/:!".contains(letter);
    // A colon without a space after it is in URLs, MAC addresses and what is nearly an IPv6 address.
    let has_colon = text.replace(": ", " ").contains(':');
    let is_odd_range = text.split_once('/').is_some_and(|(start, _)| parse_address(start).is_some());
    text.len() <= 256
        && text.chars().all(is_allowed)
        && text.chars().any(char::is_alphanumeric)
        && !has_colon
        && !is_odd_range
        && !is_dotted_number(text)
}

/// Whether a text consists of numbers and dots, as an address does that is out of range.
fn is_dotted_number(text: &str) -> bool {
    text.contains('.') && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'/'))
}

fn refusal(text: &str) -> String {
    let mut shown: String = text.chars().take(60).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    let shown: String = shown.chars().flat_map(show).collect();
    format!(
        "`{shown}` is nothing that can be looked for. Tried: IPv4 or IPv6 address, range (CIDR), id, ARN, \
         tag (key=value), account id, account name or alias, DNS name."
    )
}

/// A letter as it is shown to the user: what could act on a terminal is escaped.
fn show(letter: char) -> Vec<char> {
    let is_invisible =
        matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    if letter.is_control() || is_invisible { letter.escape_unicode().collect() } else { vec![letter] }
}
