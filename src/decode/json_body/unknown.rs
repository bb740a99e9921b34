//! Copies values that the service model does not know, with keys that are unique in any case.
//!
//! **Invariant:** knows no member of the service model.

use serde_json::value::RawValue;

use super::node::Node;
use crate::decode::error::DecodeError;
use crate::decode::json::{write_comma, write_string};
use crate::decode::unknown::UnknownMembers;

/// The JSON of a value, on one line. Numbers keep their digits.
pub(super) fn unknown_json(raw: &RawValue) -> Result<String, DecodeError> {
    let mut out = String::new();
    write(raw, &mut out)?;
    Ok(out)
}

fn write(raw: &RawValue, out: &mut String) -> Result<(), DecodeError> {
    match Node::of(raw)? {
        Node::Null => out.push_str("null"),
        Node::Boolean(value) => out.push_str(if value { "true" } else { "false" }),
        Node::Number(number) => write_number(number, out),
        Node::Text(text) => write_string(out, &text),
        Node::List(elements) => {
            out.push('[');
            for element in elements {
                write_comma(out, '[');
                write(element, out)?;
            }
            out.push(']');
        }
        Node::Object(members) => {
            let mut unique = UnknownMembers::default();
            for (name, value) in members {
                let mut json = String::new();
                write(value, &mut json)?;
                unique.push(&name, json);
            }
            out.push_str(&unique.to_object());
        }
    }
    Ok(())
}

/// Appends a number as it is. One that no double holds is text, since readers of JSON refuse it.
pub(super) fn write_number(number: &str, out: &mut String) {
    if number.parse::<f64>().is_ok_and(f64::is_finite) {
        out.push_str(number);
    } else {
        write_string(out, number);
    }
}

/// Passes the names of all members within a value.
pub(super) fn names_within(raw: &RawValue, seen: &mut dyn FnMut(&str)) -> Result<(), DecodeError> {
    match Node::of(raw)? {
        Node::List(elements) => elements.into_iter().try_for_each(|element| names_within(element, seen)),
        Node::Object(members) => members.into_iter().try_for_each(|(name, value)| {
            seen(&name);
            names_within(value, seen)
        }),
        _ => Ok(()),
    }
}
