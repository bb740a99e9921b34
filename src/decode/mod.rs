//! Decodes AWS's XML responses into rows, by the shapes of the service model.
//!
//! **Invariant:** knows no AWS crate, no account and no table.

pub(crate) mod json;
mod utc_time;
mod value;
pub(crate) mod shapes;
mod xml;

pub(crate) use utc_time::UtcTime;
pub(crate) use value::Value;
pub use xml::decode;
pub(crate) use xml::{DecodeError, DecodedBody, Item, ItemSelector, is_tags, unescape};
