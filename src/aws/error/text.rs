//! Texts of AWS for rolecall's outputs: on one line, cut to a length, and without a secret.
//!
//! **Invariant:** knows no code and no class of an error.

/// The longest message of AWS in rolecall's outputs, in characters.
const MAX_MESSAGE_CHARS: usize = 500;
/// The longest error code and request id. AWS's own have fewer than 80 characters.
const MAX_CODE_CHARS: usize = 100;

/// Removes the secret from a message. Done before the message is truncated, which could leave a part of the secret.
pub(in crate::aws) fn redacted(message: &str, secret: &str) -> String {
    if secret.is_empty() { message.to_owned() } else { message.replace(secret, "(external id)") }
}

/// A text for a message: on one line, without control characters, truncated.
pub(in crate::aws) fn cut(text: &str) -> String {
    truncated(text, MAX_MESSAGE_CHARS)
}

/// An error code or a request id, as short as those of AWS.
pub(in crate::aws) fn flat_code(text: &str) -> String {
    // AWS's own have no blanks.
    truncated(text.split_whitespace().next().unwrap_or_default(), MAX_CODE_CHARS)
}

fn truncated(text: &str, limit: usize) -> String {
    let flat: String = text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).take(limit + 1).collect();
    match flat.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &flat[..at]),
        None => flat,
    }
}

/// Whether a character would break a line or change how a terminal shows the rest: controls, and marks of direction.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_and_flat_and_without_the_secret() {
        let long = format!("a\nb{}", "x".repeat(2000));
        assert!(cut(&long).starts_with("a b") && cut(&long).chars().count() == MAX_MESSAGE_CHARS + 1);
        let code = flat_code(&format!("\n Access\u{202e}Denied\u{1b}[31m{}", "x".repeat(100_000)));
        assert!(code.starts_with("Access Denied [31mx") && code.chars().count() == MAX_CODE_CHARS + 1, "{code}");
        let refused = redacted("Value 's3cret' at 'externalId' failed", "s3cret");
        assert_eq!(refused, "Value '(external id)' at 'externalId' failed");
    }
}
