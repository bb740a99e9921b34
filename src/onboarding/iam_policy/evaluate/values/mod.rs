//! The values of conditions: numbers, dates, addresses, binary values and booleans.
//!
//! **Invariant:** knows no policy. A text that has not the documented form is none, so that it is not taken for unequal.

mod binary;
mod dates;
mod ip;
mod numbers;

pub(super) use binary::decode_base64;
pub(super) use dates::Instant;
pub(super) use ip::{AddressRange, address};
pub(super) use numbers::Decimal;

/// Reads a boolean, in any case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}
