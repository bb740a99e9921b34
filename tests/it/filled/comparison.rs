//! Compares records with items: the column of each member, and the members that AWS's client leaves out.

use rolecall::testing::Table;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

use crate::fidelity::{column, normalized, tags};

/// A member that no service model has.
const UNKNOWN: &str = "brandNewMember";

/// Returns the items at a path of a response.
pub(super) fn items(answer: &Value, path: &str) -> Vec<Value> {
    path.split('.').filter(|name| !name.is_empty()).fold(vec![answer.clone()], |found, names| {
        let listed = |level: &Value| -> Vec<Value> {
            names.split('|').flat_map(|name| level[name].as_array().cloned().unwrap_or_default()).collect()
        };
        found.iter().flat_map(listed).collect()
    })
}

/// Removes the members that no service model has, and counts them.
pub(super) fn without_unknown(value: &Value, found: &mut usize) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| without_unknown(item, found)).collect(),
        Value::Object(fields) => {
            *found += usize::from(fields.contains_key(UNKNOWN));
            let known = fields.iter().filter(|(name, _)| name.as_str() != UNKNOWN);
            known.map(|(name, value)| (name.clone(), without_unknown(value, found))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// Returns the columns of a record that come from members of the item, as sorted JSON text that can be compared.
///
/// The owner is among them if AWS names it as such.
pub(super) fn actual(table: &Table, record: &Value, unknown: &mut usize) -> String {
    // `aws_extra` has the unknown member and no other. A detail's is under the name of its operation.
    if let Some(extra) = record.get("aws_extra") {
        let rest = without_unknown(extra, unknown);
        let rest = rest.as_object().expect("an object");
        // A column of a nested member leaves the structure's other members there.
        let detail = |(name, inside): (&String, &Value)| name.contains(':') && has_no_member(inside);
        assert!(rest.iter().all(detail), "{}: {extra}", table.entry.table);
    }
    let opening =
        ["run_id", "account_id", "account_alias", "partition", "region", "id", "arn", "collected_at", "digest"];
    let added: BTreeSet<&str> = table.entry.extra_columns.iter().map(|added| added.column).collect();
    let kept = record.as_object().expect("an object").iter().filter(|(name, _)| {
        !opening.contains(&name.as_str()) && !added.contains(name.as_str()) && *name != "aws_extra"
    });
    let mut kept: Map<String, Value> =
        kept.map(|(name, value)| (name.clone(), normalized(&without_unknown(value, unknown)))).collect();
    if table.selector.item().member("OwnerId").is_none() {
        kept.remove("owner_id");
    }
    // Another test compares the tags that AWS returns in a separate call.
    if kept.get("tags") == Some(&Value::Null) || tags_call(table).is_some() {
        kept.remove("tags");
    }
    sorted(kept)
}

/// Returns the operation that reads a table's tags, if AWS returns them in a separate call, and whether it takes ARNs.
pub(super) fn tags_call(table: &Table) -> Option<(&'static str, bool)> {
    let detail = table.entry.details.iter().find(|detail| detail.operation.contains("Tag"))?;
    Some((detail.operation, detail.by_arn))
}

/// Returns the tags in the response of a call for the tags of one resource.
pub(super) fn tags_in(answer: &Value) -> Value {
    let described = answer["TagDescriptions"].get(0).unwrap_or(answer);
    let described = described.get("ResourceTagSet").unwrap_or(described);
    let listed = ["Tags", "TagSet", "ResourceTags"].into_iter().find_map(|name| described.get(name));
    listed.map_or(Value::Null, |list| tags(list.get("Items").unwrap_or(list)))
}

/// Whether there is nothing but empty objects, in a list if the detail had several answers.
fn has_no_member(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().all(has_no_member),
        Value::Array(answers) => answers.iter().all(has_no_member),
        _ => false,
    }
}

pub(super) fn expected(item: &Value) -> String {
    let mut columns = Map::new();
    for (member, value) in item.as_object().expect("an object") {
        // Some services write the names of a pair in lower case, and some write a map.
        let part = |pair: &Value, name: &str| pair.get(name).or_else(|| pair.get(name.to_lowercase())).cloned();
        let pairs = || value.as_array().is_some_and(|pairs| pairs.iter().all(|pair| part(pair, "Key").is_some()));
        let is_map = || value.as_object().is_some_and(|map| map.values().all(Value::is_string));
        match member.as_str() {
            "OwnerId" => drop(columns.insert("owner_id".into(), value.clone())),
            "Arn" => {}
            "Tags" | "tags" if is_map() => drop(columns.insert("tags".into(), value.clone())),
            "Tags" | "tags" | "TagSet" if pairs() => {
                let pairs = value.as_array().expect("pairs").iter();
                let pair = |pair: &Value| {
                    let key = part(pair, "Key").expect("a key");
                    (text(&key).to_owned(), part(pair, "Value").unwrap_or_default())
                };
                columns.insert("tags".into(), pairs.map(pair).collect::<Map<_, _>>().into());
                // A member of another name is copied to `tags` and keeps its own column.
                if member == "TagSet" {
                    columns.insert(column(member), normalized(value));
                }
            }
            _ => {
                let name = column(member);
                let is_reserved = ["id", "arn", "region", "partition", "tags"].contains(&name.as_str());
                columns.insert(if is_reserved { format!("aws_{name}") } else { name }, normalized(value));
            }
        }
    }
    sorted(columns)
}

pub(super) fn sorted(columns: Map<String, Value>) -> String {
    let ordered: std::collections::BTreeMap<String, Value> = columns.into_iter().collect();
    serde_json::to_string_pretty(&ordered).expect("JSON")
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn assert_same_text(ours: &str, theirs: &str, what: &str) {
    if ours != theirs {
        let differs = ours.lines().zip(theirs.lines()).find(|(ours, theirs)| ours != theirs);
        panic!("{what}: {differs:?}\nours {ours}\ntheirs {theirs}");
    }
}
