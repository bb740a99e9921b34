//! The names of targets, customers and accounts.

use crate::input::{ParseError, quoted};

/// The limit for the names of targets and customers.
pub(super) const MAX_NAME_CHARACTERS: usize = 256;

/// Reads the name of a target or of a customer.
pub(super) fn label(text: &str) -> Result<String, ParseError> {
    let plain = !text.trim().is_empty() && !text.chars().any(char::is_control);
    if plain && text.trim() == text && text.chars().count() <= MAX_NAME_CHARACTERS {
        return Ok(text.to_owned());
    }
    let what = format!(
        "{} is not a name: write 1 to {MAX_NAME_CHARACTERS} characters without blanks around them",
        quoted(text)
    );
    Err(ParseError(what))
}
