//! Decodes AWS's XML responses into rows, by the shapes of the service model.
//!
//! **Invariant:** knows no AWS crate, no account and no table.

pub(crate) mod json;
mod json_hash;
mod utc_time;
mod value;
pub(crate) mod shapes;
mod xml;

pub(crate) use json_hash::json_hash;
pub(crate) use utc_time::UtcTime;
pub use value::Value;
pub(crate) use xml::{
    DecodeError, DecodedBody, Item, ItemSelector, UnknownMembers, decode_within, is_tags, make_unique, tags_json,
    unescape,
};
pub use xml::{Scalars, decode};
