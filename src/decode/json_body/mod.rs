//! Decodes the JSON of a response into rows, by the same shapes and with the same result as the XML reader.
//!
//! The document is read one level at a time, where the shapes ask for it, so numbers keep their digits. Null is a missing
//! member, as in AWS's own clients. Whatever stands where items, page tokens or truncation flags belong is read, or the
//! response is an error.
//!
//! Not written for speed as the XML reader is: each level is scanned again for the next one. The services with JSON have
//! pages of at most 100 small items.
//!
//! **Invariant:** knows nothing of HTTP, of tables or of runs.

mod node;
mod content;
mod unknown;
mod values;
mod item;
mod level;

use super::body::DecodedBody;
use super::error::DecodeError;
use super::selector::ItemSelector;
use level::BodyReader;

/// Decodes a response whose items may take `limit` bytes of memory.
pub(super) fn decode(body: &[u8], selector: &ItemSelector, limit: usize) -> Result<DecodedBody, DecodeError> {
    let text = std::str::from_utf8(body).map_err(|_| DecodeError("it is not UTF-8".into()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Err(DecodeError("it is empty".into()));
    }
    BodyReader::new(selector, limit).read(text)
}

#[cfg(test)]
mod tests;
