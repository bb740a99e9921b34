//! Names of a workbook's sheets, as spreadsheets allow them.
//!
//! **Invariant:** every name has 1 to 31 UTF-16 units, and no two differ in case alone.

use std::collections::BTreeSet;

/// The most UTF-16 units of a name.
const MAX_UNITS: usize = 31;

/// The names that a workbook has so far.
#[derive(Debug, Default)]
pub(super) struct SheetNames(BTreeSet<String>);

impl SheetNames {
    /// Returns a new name like the wanted one.
    pub(super) fn unique(&mut self, wanted: &str) -> String {
        let clean: String =
            wanted.chars().map(|character| if is_allowed(character) { character } else { '_' }).collect();
        let clean = clean.trim_matches(['\'', ' ']);
        // Excel keeps this name for itself.
        let clean = if clean.is_empty() || clean.eq_ignore_ascii_case("history") { "answer" } else { clean };
        let mut number = 1_u64;
        loop {
            let ending = if number == 1 { String::new() } else { format!(" ({number})") };
            let name = format!("{}{ending}", cut(clean, MAX_UNITS - ending.len()));
            if self.0.insert(name.to_lowercase()) {
                return name;
            }
            number += 1;
        }
    }
}

fn is_allowed(character: char) -> bool {
    !character.is_control() && !matches!(character, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\u{fffe}' | '\u{ffff}')
}

/// The first characters of a text, of at most so many UTF-16 units.
pub(super) fn cut(text: &str, units: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, character)| {
        used += character.len_utf16();
        used > units
    });
    end.map_or(text, |(end, _)| &text[..end])
}
