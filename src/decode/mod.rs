//! Decodes AWS's responses into rows, by the shapes of the service model.
//!
//! **Invariant:** knows no AWS crate, no account and no table.

pub(crate) mod json;
mod json_hash;
mod utc_time;
pub(crate) mod shapes;
mod value;
mod error;
mod measure;
mod tags;
mod unknown;
mod scalars;
mod item;
mod selector;
mod strangers;
mod body;
mod item_list;
mod xml;
mod json_body;

pub(crate) use body::DecodedBody;
pub(crate) use error::DecodeError;
pub(crate) use item::{Item, is_tags};
pub(crate) use json_hash::json_hash;
pub use scalars::Scalars;
pub(crate) use selector::ItemSelector;
pub(crate) use tags::{make_unique, to_json as tags_json};
pub(crate) use unknown::UnknownMembers;
pub(crate) use utc_time::UtcTime;
pub use value::Value;
pub(crate) use xml::unescape;

/// Decodes a whole response. A malformed one yields an error and no items, so no page counts by half.
pub fn decode(body: &[u8], selector: &ItemSelector) -> Result<DecodedBody, DecodeError> {
    decode_within(body, selector, usize::MAX)
}

/// Decodes a response whose items may take `limit` bytes of memory. A tiny element can become a row of many columns.
pub(crate) fn decode_within(body: &[u8], selector: &ItemSelector, limit: usize) -> Result<DecodedBody, DecodeError> {
    if selector.operation().is_json() {
        json_body::decode(body, selector, limit)
    } else {
        xml::decode(body, selector, limit)
    }
}
