//! Finds the members of a path in JSON as AWS writes it.
//!
//! **Invariant:** knows no table.

use serde_json::Value;

/// The members that hold the state of a range's association.
const STATES: [&str; 2] = ["CidrBlockState", "Ipv6CidrBlockState"];

/// The members at a path such as `Association.PublicIp`. Items of lists count one by one. Ranges that AWS still lists
/// although they are not associated any more are left out.
pub(super) fn at_path<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut found = Vec::new();
    collect(value, path, &mut found);
    found
}

fn collect<'v>(value: &'v Value, path: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, found)),
        Value::Object(members) if !path.is_empty() => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(member) = members.get(first).filter(|_| !is_dissociated(value)) {
                collect(member, rest, found);
            }
        }
        Value::Null => {}
        _ if path.is_empty() => found.push(value),
        _ => {}
    }
}

fn is_dissociated(value: &Value) -> bool {
    let state = |name: &str| value[name]["State"].as_str();
    STATES.iter().filter_map(|name| state(name)).any(|state| matches!(state, "disassociated" | "failed"))
}

/// The texts at a path of a column, which may be plain text or JSON.
pub(crate) fn texts(text: &str, path: &str) -> Vec<String> {
    if path.is_empty() && !text.starts_with(['[', '{']) {
        return vec![text.to_owned()];
    }
    let json: Value = serde_json::from_str(text).unwrap_or_default();
    at_path(&json, path).into_iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}
