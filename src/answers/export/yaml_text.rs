//! YAML as octoDNS reads it: texts in double quotes, and keys in the order that its provider demands.
//!
//! **Invariant:** every text comes back as it was, whatever is in it.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// A text in double quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            ' '..='~' => quoted.push(letter),
            _ => quoted.push_str(&match u32::from(letter) {
                code @ ..=0xff => format!("\\x{code:02x}"),
                code @ ..=0xffff => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            }),
        }
    }
    quoted.push('"');
    quoted
}

/// Compares keys as octoDNS orders them: numbers in them by their values (`natsort`).
pub(super) fn natural(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one, other);
    loop {
        let (text, rest) = split(one, |byte| !byte.is_ascii_digit());
        let (other_text, other_rest) = split(other, |byte| !byte.is_ascii_digit());
        let ends = (rest.is_empty(), other_rest.is_empty());
        let texts = text.cmp(other_text);
        if texts != Ordering::Equal || ends != (false, false) {
            return texts.then(ends.1.cmp(&ends.0));
        }
        let (number, rest) = split(rest, |byte| byte.is_ascii_digit());
        let (other_number, other_rest) = split(other_rest, |byte| byte.is_ascii_digit());
        let value = |digits: &str| {
            let digits = digits.trim_start_matches('0');
            (digits.len(), digits.to_owned())
        };
        let numbers = value(number).cmp(&value(other_number));
        let ends = (rest.is_empty(), other_rest.is_empty());
        if numbers != Ordering::Equal || ends != (false, false) {
            return numbers.then(ends.1.cmp(&ends.0));
        }
        (one, other) = (rest, other_rest);
    }
}

fn split(text: &str, is_part: fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !is_part(byte)).unwrap_or(text.len());
    text.split_at(end)
}

/// A JSON value as YAML, at a depth.
pub(super) fn block(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => members_of(members, depth, text),
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                text.push_str(&format!("{}-", indent(depth)));
                nested(item, depth, true, text);
            }
        }
        _ => text.push_str(&format!("{}{}\n", indent(depth), scalar(value))),
    }
}

fn members_of(members: &Map<String, Value>, depth: usize, text: &mut String) {
    let mut keys: Vec<&String> = members.keys().collect();
    keys.sort_by(|one, other| natural(one, other));
    for key in keys {
        text.push_str(&format!("{}{}:", indent(depth), quoted(key)));
        nested(&members[key], depth, false, text);
    }
}

/// What follows a key, or the dash of an item.
fn nested(value: &Value, depth: usize, is_item: bool, text: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() && is_item => {
            let mut inner = String::new();
            members_of(members, depth + 1, &mut inner);
            text.push(' ');
            text.push_str(inner.trim_start());
        }
        Value::Object(members) if !members.is_empty() => {
            text.push('\n');
            members_of(members, depth + 1, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            block(value, depth + 1, text);
        }
        _ => text.push_str(&format!(" {}\n", scalar(value))),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        // An empty list or object is the same in JSON and in YAML.
        other => other.to_string(),
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_in_natural_order() {
        let mut keys =
            ["a10", "a9", "", "*", "a", "10", "9", "a09b", "a9b", "b", "_x", "a1b10", "a1b9", "ipv6hint", "ipv4hint"];
        keys.sort_by(|one, other| natural(one, other));
        assert_eq!(
            keys,
            ["", "9", "10", "*", "_x", "a", "a1b9", "a1b10", "a9", "a09b", "a9b", "a10", "b", "ipv4hint", "ipv6hint"]
        );
    }

    #[test]
    fn documents_are_yaml() {
        let document = json!({
            "": [{ "type": "TXT", "values": ["a\\;b \"c\"\u{7}ä\u{2028}😀", "no", "1"], "ttl": 300 }],
            "a": { "empty": [], "none": null, "flag": true, "deep": { "x": [{ "k": 1 }, [2]] } },
        });
        let mut text = String::new();
        block(&document, 0, &mut text);
        insta::assert_snapshot!(text, @r#"
        "":
          - "ttl": 300
            "type": "TXT"
            "values":
              - "a\\;b \"c\"\x07\xe4\u2028\U0001f600"
              - "no"
              - "1"
        "a":
          "deep":
            "x":
              - "k": 1
              -
                - 2
          "empty": []
          "flag": true
          "none": null
        "#);
    }
}
