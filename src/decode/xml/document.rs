//! The text of a response's body: its encoding, and the marks before its first tag.
//!
//! **Invariant:** knows no element.

use memchr::memmem;

use crate::decode::error::{DecodeError, shown};

/// Returns the document as text. AWS writes UTF-8; what could be read in two ways is refused.
pub(super) fn text_of(body: &[u8]) -> Result<&str, DecodeError> {
    let text = std::str::from_utf8(body).map_err(|_| DecodeError("it is not UTF-8".into()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match declared_encoding(text) {
        Some(encoding) if !is_utf8(encoding) && !text.is_ascii() => {
            Err(DecodeError(format!("it declares the encoding {} and is not plain ASCII", shown(encoding))))
        }
        _ => Ok(text),
    }
}

fn is_utf8(encoding: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|name| encoding.eq_ignore_ascii_case(name))
}

/// The encoding that the XML declaration names.
fn declared_encoding(text: &str) -> Option<&str> {
    let declaration = text.trim_ascii_start().strip_prefix("<?xml")?;
    let declaration = &declaration[..memmem::find(declaration.as_bytes(), b"?>")?];
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_ascii_start().strip_prefix('=')?.trim_ascii_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split_once(quote).map(|(encoding, _)| encoding)
}
