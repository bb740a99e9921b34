//! Makes characters visible that a terminal would obey, hide or reorder.
//!
//! Names, tags, policies and messages come from customers and AWS. A control character in them could clear the screen,
//! forge a line or turn the order of letters around.
//!
//! **Invariant:** knows nothing of where a text is written.

use std::borrow::Cow;
use std::fmt::Write;

/// Characters without a shape of their own, beside the control characters: formats, fillers, tags and separators.
const HIDDEN: [(char, char); 24] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Returns whether a terminal would obey or hide this character, or change the order of others because of it.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || character > '\u{7f}' && HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

/// Escapes all hidden characters but line feeds, for text of several lines.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |character| character != '\n' && is_hidden(character), escape)
}

/// Escapes all hidden characters, line feeds included, for a value inside a line.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden, escape)
}

/// Writes a value as one word of a command for a shell, to be typed again.
pub(crate) fn shell_word(text: &str) -> Cow<'_, str> {
    let text = one_line(text);
    if !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_./:@+=,%".contains(c)) {
        return text;
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

/// Escapes all hidden characters of a JSON document as JSON does, so that the document keeps its meaning.
pub(crate) fn printable_json(document: &str) -> Cow<'_, str> {
    escaped(
        document,
        |character| character != '\n' && is_hidden(character),
        |character, text| {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        },
    )
}

/// Escapes all hidden characters but line feeds and the sequences that set colours and weights, for the help alone.
pub(super) fn printable_with_styles(text: &str) -> String {
    let mut printed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        let (before, sequence) = rest.split_at(at);
        printed.push_str(&printable(before));
        let length = sequence[2..].find(|character: char| !character.is_ascii_digit() && character != ';');
        let end = length.filter(|length| sequence[2 + length..].starts_with('m')).map_or(0, |length| length + 3);
        printed.push_str(&sequence[..end]);
        // What is no such sequence is escaped, from its first character on.
        let (escape, after) = sequence[end..].split_at(usize::from(end == 0));
        printed.push_str(&printable(escape));
        rest = after;
    }
    printed.push_str(&printable(rest));
    printed
}

fn escape(character: char, text: &mut String) {
    match character {
        '\n' | '\r' | '\t' => text.extend(character.escape_default()),
        _ => text.extend(character.escape_unicode()),
    }
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut printed = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_escaped(character) { escape(character, &mut printed) } else { printed.push(character) }
    }
    Cow::Owned(printed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_general_category::{GeneralCategory, get_general_category};

    #[test]
    fn every_control_format_and_separator_character_is_hidden() {
        for character in '\0'..=char::MAX {
            let category = get_general_category(character);
            let obeyed = matches!(
                category,
                GeneralCategory::Control
                    | GeneralCategory::Format
                    | GeneralCategory::LineSeparator
                    | GeneralCategory::ParagraphSeparator
            );
            assert!(!obeyed || is_hidden(character), "{} {category:?}", character.escape_unicode());
        }
        for shown in ['a', ' ', 'é', '\u{301}', '中', '🦀', '…', '│', '\u{a0}'] {
            assert!(!is_hidden(shown), "{}", shown.escape_unicode());
        }
    }

    #[test]
    fn hidden_characters_are_shown_as_escapes() {
        let hostile = "a\u{1b}[2J\r\tb\u{202e}c\u{9b}31m\u{200b}\u{2028}\u{e0041}\nd";
        assert_eq!(printable(hostile), "a\\u{1b}[2J\\r\\tb\\u{202e}c\\u{9b}31m\\u{200b}\\u{2028}\\u{e0041}\nd");
        assert_eq!(one_line("a\nb"), "a\\nb");
        assert!(matches!(printable("two\nlines, é"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_value_is_one_word_of_a_command() {
        assert!(matches!(shell_word("s3://results/a_b"), Cow::Borrowed("s3://results/a_b")));
        for (value, word) in [("my out", "'my out'"), ("", "''"), ("it's", r"'it'\''s'"), ("a;b", "'a;b'")] {
            assert_eq!(shell_word(value), word);
        }
    }

    #[test]
    fn only_styles_remain_in_the_help() {
        let text = "\u{1b}[1m\u{1b}[4mUsage:\u{1b}[0m x\u{1b}[2Jy\u{1b}[m\u{1b}]0;title\u{7}\u{1b}[";
        let expected = "\u{1b}[1m\u{1b}[4mUsage:\u{1b}[0m x\\u{1b}[2Jy\u{1b}[m\\u{1b}]0;title\\u{7}\\u{1b}[";
        assert_eq!(printable_with_styles(text), expected);
    }

    proptest! {
        #[test]
        fn no_hidden_character_remains_and_json_keeps_its_meaning(text in any::<String>()) {
            prop_assert!(!one_line(&text).contains(is_hidden));
            prop_assert!(!printable(&text).contains(|character| character != '\n' && is_hidden(character)));
            let value = serde_json::json!({ text.clone(): [text] });
            let document = serde_json::to_string_pretty(&value).unwrap();
            let printed = printable_json(&document);
            prop_assert!(!printed.contains(|character| character != '\n' && is_hidden(character)));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), value);
        }
    }
}
