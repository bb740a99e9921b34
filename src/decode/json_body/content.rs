//! Hashes the content of JSON values: names on the wire and texts, as AWS sent them.
//!
//! The members of an object and the elements of a list count in any order. What is null or empty counts like none.
//!
//! **Invariant:** knows no member of the service model, so no version of it changes a hash.

use serde_json::value::RawValue;

use super::node::Node;
use crate::decode::error::DecodeError;
use crate::decode::json_hash::{content_hash, member_hash, name_hash, text_hash};

/// The hash of a scalar.
pub(super) fn scalar_hash(node: &Node<'_>) -> u64 {
    match node {
        Node::Null | Node::List(_) | Node::Object(_) => 0,
        Node::Boolean(value) => text_hash(if *value { "true" } else { "false" }),
        Node::Number(number) => text_hash(number),
        Node::Text(text) => text_hash(text),
    }
}

/// The hash of a value whose shape is not known. Members whose name has the hash `without` do not count.
pub(super) fn value_hash(raw: &RawValue, without: Option<u64>) -> Result<u64, DecodeError> {
    match Node::of(raw)? {
        Node::List(elements) => {
            let mut sum = 0_u64;
            for element in elements {
                sum = sum.wrapping_add(value_hash(element, without)?);
            }
            Ok(content_hash(sum))
        }
        Node::Object(members) => {
            let mut sum = 0_u64;
            for (name, value) in members.iter().filter(|(name, _)| without != Some(name_hash(name))) {
                sum = sum.wrapping_add(member_hash(name, value_hash(value, without)?));
            }
            Ok(content_hash(sum))
        }
        scalar => Ok(scalar_hash(&scalar)),
    }
}

/// What a member contributes to its item: of a list, the sum of its elements, so that a list in several pages has the sum of
/// theirs.
pub(super) fn part_hash(name: &str, raw: &RawValue, without: Option<u64>) -> Result<u64, DecodeError> {
    let Node::List(elements) = Node::of(raw)? else {
        return Ok(member_hash(name, value_hash(raw, without)?));
    };
    let mut sum = 0_u64;
    for element in elements {
        sum = sum.wrapping_add(member_hash(name, value_hash(element, without)?));
    }
    Ok(sum)
}
