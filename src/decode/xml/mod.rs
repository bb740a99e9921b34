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
mod tags;
mod scalars;
mod selector;
mod strangers;
mod reader;
mod item;
mod level;

pub(crate) use item::Item;
pub use scalars::Scalars;
pub(crate) use selector::ItemSelector;
pub(crate) use tags::{make_unique, to_json as tags_json};
pub(crate) use unknown::UnknownMembers;

use crate::decode::shapes::{Member, MemberKind};
use level::Decoder;

/// The response is not the XML that its operation returns.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("the response cannot be decoded: {0}")]
pub struct DecodeError(pub String);

/// The content of a decoded response.
#[derive(Debug, PartialEq)]
pub struct DecodedBody {
    pub items: Vec<Item>,
    /// The scalars around the items.
    pub scalars: Scalars,
    /// The number of unknown members that were dropped because their structure has sensitive ones.
    pub dropped: u64,
    /// The bytes of memory that the items take.
    pub held: usize,
}

/// Decodes a whole response. A malformed one yields an error and no items, so no page counts by half.
pub fn decode(body: &[u8], selector: &ItemSelector) -> Result<DecodedBody, DecodeError> {
    decode_within(body, selector, usize::MAX)
}

/// Decodes a response whose items may take `limit` bytes of memory. A tiny element can become a row of many columns.
pub(crate) fn decode_within(body: &[u8], selector: &ItemSelector, limit: usize) -> Result<DecodedBody, DecodeError> {
    Decoder::new(document::text_of(body)?, selector, limit)?.decode()
}

/// Resolves the XML references of a text. `None` if one is unknown.
pub(crate) fn unescape(text: &str) -> Option<String> {
    scan::resolve_references(text).ok().map(|text| text.into_owned())
}

/// Whether the member's pairs go into the `tags` column only.
pub(crate) fn is_tags(member: &Member) -> bool {
    let is_pair = |of: &MemberKind| matches!(of, MemberKind::Structure(of) if of.member("Key").is_some() && of.member("Value").is_some());
    member.name == "Tags" && matches!(&member.kind, MemberKind::List(list) if is_pair(&list.of))
}

#[cfg(test)]
mod tests;
