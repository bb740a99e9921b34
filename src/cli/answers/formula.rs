//! Keeps a spreadsheet from executing a text.
//!
//! A spreadsheet takes a cell for a formula if its text begins with `=`, `+`, `-` or `@`, also of full width, also after
//! blanks or quotes; a tab or a line's end at the beginning can start a cell of its own. Such a text gets an apostrophe
//! before it, which spreadsheets take for "this is text". Nothing else gets one, so a reader can take it away again: it
//! was added if, and only if, what follows it would be executed.
//!
//! **Invariant:** knows texts alone. Numbers of columns of numbers are no texts.

use std::borrow::Cow;

use crate::terminal::is_hidden;

/// What is added before a text.
pub(super) const MARK: char = '\'';

/// Returns a text that no spreadsheet executes.
pub(super) fn neutral(text: &str) -> Cow<'_, str> {
    if is_executable(text) { Cow::Owned(format!("{MARK}{text}")) } else { Cow::Borrowed(text) }
}

/// Returns whether a spreadsheet may execute a text, or let it begin another cell.
pub(super) fn is_executable(text: &str) -> bool {
    for character in text.chars() {
        match character {
            _ if character.is_control() => return true,
            _ if is_skipped(character) => {}
            _ => return is_operator(character),
        }
    }
    false
}

fn is_skipped(character: char) -> bool {
    let is_quote =
        matches!(character, '\'' | '"' | '`' | '´' | '‘' | '’' | '‚' | '‛' | '“' | '”' | '„' | '‟' | '＇' | '＂');
    is_quote || character.is_whitespace() || is_hidden(character)
}

/// The operators, with their forms of full width, small forms and the signs that look like a minus.
fn is_operator(character: char) -> bool {
    matches!(
        character,
        '=' | '+'
            | '-'
            | '@'
            | '|'
            | '＝'
            | '＋'
            | '－'
            | '＠'
            | '｜'
            | '﹦'
            | '﹢'
            | '﹣'
            | '﹫'
            | '−'
            | '‐'
            | '‑'
            | '–'
            | '—'
    )
}
