//! One level of a JSON document: the members of an object, the elements of a list, or a scalar.
//!
//! What is below stays as the response has it until somebody asks for it, so a number keeps all of its digits.
//!
//! **Invariant:** knows no shape.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::decode::error::{DecodeError, twice};

/// The deepest nesting that is read. No response of AWS comes near it, and the readers recurse.
const MAX_DEPTH: usize = 64;

/// A value, of which only one level has been read.
#[derive(Debug)]
pub(super) enum Node<'a> {
    Null,
    Boolean(bool),
    /// A number as the response writes it.
    Number(&'a str),
    Text(String),
    List(Vec<&'a RawValue>),
    Object(Vec<(String, &'a RawValue)>),
}

impl<'a> Node<'a> {
    /// Reads a whole document.
    pub(super) fn of_document(text: &'a str) -> Result<Self, DecodeError> {
        if depth(text) > MAX_DEPTH {
            return Err(DecodeError("its values are nested too deeply".into()));
        }
        Self::of(serde_json::from_str(text).map_err(malformed)?)
    }

    pub(super) fn of(raw: &'a RawValue) -> Result<Self, DecodeError> {
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Boolean(true),
            Some(b'f') => Self::Boolean(false),
            Some(b'"') => Self::Text(serde_json::from_str(text).map_err(malformed)?),
            Some(b'[') => Self::List(serde_json::from_str(text).map_err(malformed)?),
            Some(b'{') => Self::Object(members(text)?),
            _ => Self::Number(text),
        })
    }
}

/// The depth to which a document is nested.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest, mut is_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'{' | b'[' => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn malformed(error: serde_json::Error) -> DecodeError {
    DecodeError(format!("it is no valid JSON: {error}"))
}

/// The members of an object in their order. One that occurs twice is an error: a reader would drop one of them.
fn members(text: &str) -> Result<Vec<(String, &RawValue)>, DecodeError> {
    let members = serde_json::Deserializer::from_str(text).deserialize_map(MembersVisitor).map_err(malformed)?;
    let mut seen = HashSet::new();
    match members.iter().find(|(name, _)| !seen.insert(name.as_str())) {
        Some((name, _)) => Err(twice(name)),
        None => Ok(members),
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
