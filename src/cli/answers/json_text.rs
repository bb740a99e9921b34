//! Compact JSON of values. Hidden characters are escaped as JSON does, so that a terminal cannot obey them and no program
//! reads another value.
//!
//! **Invariant:** knows no answer. The members of an object keep their order.

use std::io::{Result, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::terminal::is_hidden;

/// Returns a value as JSON.
pub(super) fn json(value: &impl Serialize) -> Result<String> {
    let mut bytes = Vec::new();
    push(&mut bytes, value)?;
    String::from_utf8(bytes).map_err(std::io::Error::other)
}

/// Adds a member to an object that was begun with `{`.
pub(super) fn push_member(object: &mut Vec<u8>, name: &str, value: &(impl Serialize + ?Sized)) -> Result<()> {
    if !object.ends_with(b"{") {
        object.push(b',');
    }
    push(object, &name)?;
    object.push(b':');
    push(object, value)
}

/// Adds a value to a text.
pub(super) fn push(bytes: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) -> Result<()> {
    Ok(value.serialize(&mut Serializer::with_formatter(bytes, Printable))?)
}

struct Printable;

impl Formatter for Printable {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> Result<()> {
        let mut shown = 0;
        for (at, hidden) in fragment.match_indices(is_hidden) {
            writer.write_all(&fragment.as_bytes()[shown..at])?;
            shown = at + hidden.len();
            for unit in hidden.encode_utf16() {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        writer.write_all(&fragment.as_bytes()[shown..])
    }
}
