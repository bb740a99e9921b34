//! Hashes JSON by its content: the members of an object and the elements of a list count in any order, and what is absent,
//! null or empty counts like none.
//!
//! **Invariant:** two texts of the same JSON have the same hash.

use serde_json::Value;
use twox_hash::XxHash3_64;

/// The hash of a value. 0 if it has no content.
pub(crate) fn json_hash(value: &Value) -> u64 {
    match value {
        Value::Null => 0,
        Value::Bool(flag) => text_hash(if *flag { "true" } else { "false" }),
        Value::Number(number) => text_hash(&number.to_string()),
        Value::String(text) => text_hash(text),
        Value::Array(elements) => content_hash(sum(elements.iter().map(json_hash))),
        Value::Object(members) => {
            content_hash(sum(members.iter().map(|(name, value)| member_hash(name, json_hash(value)))))
        }
    }
}

/// The hash of a list or of an object whose parts add up to `sum`.
pub(super) fn content_hash(sum: u64) -> u64 {
    if sum == 0 { 0 } else { mix(2, sum) }
}

/// The hash of a member of an object.
pub(super) fn member_hash(name: &str, content: u64) -> u64 {
    if content == 0 { 0 } else { mix(name_hash(name), content) }
}

/// The hash of a member's name.
pub(super) fn name_hash(name: &str) -> u64 {
    XxHash3_64::oneshot(name.as_bytes())
}

pub(super) fn text_hash(text: &str) -> u64 {
    if text.is_empty() { 0 } else { XxHash3_64::oneshot_with_seed(1, text.as_bytes()) }
}

fn sum(hashes: impl Iterator<Item = u64>) -> u64 {
    hashes.fold(0, u64::wrapping_add)
}

/// Mixes two hashes, of which the order counts.
pub(super) fn mix(one: u64, other: u64) -> u64 {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&one.to_le_bytes());
    bytes[8..].copy_from_slice(&other.to_le_bytes());
    XxHash3_64::oneshot(&bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn order_and_emptiness_do_not_count_and_everything_else_does() {
        let hash = |value: Value| json_hash(&value);
        let one = hash(json!({"a": [1, {"b": "x"}], "c": true}));
        assert_eq!(one, hash(json!({"c": true, "a": [{"b": "x", "d": null, "e": [], "f": ""}, 1]})));
        for other in [
            json!({"a": [1, {"b": "y"}], "c": true}),
            json!({"a": [1, 1, {"b": "x"}], "c": true}),
            json!({"a": [1, {"b": "x"}], "c": false}),
            json!({"a": [1, {"c": "x"}], "c": true}),
            json!({"a": {"b": "x"}, "c": true}),
            json!([{"a": [1, {"b": "x"}], "c": true}, {"c": true}]),
        ] {
            assert_ne!(one, hash(other.clone()), "{other}");
        }
        // Pairs are not taken apart.
        assert_ne!(
            hash(json!([{"a": 1, "b": 2}, {"a": 3, "b": 4}])),
            hash(json!([{"a": 1, "b": 4}, {"a": 3, "b": 2}]))
        );
    }
}
