//! Decodes the XML of a response into rows, in one pass over its bytes.
//!
//! The shapes of the service model guide it, so nested values have the form that the AWS CLI prints. Members that
//! the model does not know keep their names on the wire. Sensitive members are dropped here. The scalars
//! around the listed items, such as the page token, are returned beside them.
//!
//! Whatever stands where items, page tokens or truncation flags belong is read, or the response is an error. Elements
//! are read as botocore reads them, with one exception: where botocore drops content in silence, there is an error.
//!
//! **Invariant:** knows nothing of HTTP, of tables or of runs.

mod scan;
mod document;
mod unknown;
mod reader;
mod item;
mod level;

use super::body::DecodedBody;
use super::error::DecodeError;
use super::selector::ItemSelector;
use level::Decoder;

/// Decodes a response whose items may take `limit` bytes of memory.
pub(super) fn decode(body: &[u8], selector: &ItemSelector, limit: usize) -> Result<DecodedBody, DecodeError> {
    Decoder::new(document::text_of(body)?, selector, limit)?.decode()
}

/// Resolves the XML references of a text. `None` if one is unknown.
pub(crate) fn unescape(text: &str) -> Option<String> {
    scan::resolve_references(text).ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests;
