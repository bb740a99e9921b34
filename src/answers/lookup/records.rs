//! What a record has to do with the terms: its name, and the addresses and names that are its values.
//!
//! **Invariant:** follows nothing: chains are followed before.

use serde_json::Value;

use super::found::OwnMatches;
use super::hit::Relation;
use super::index::Index;
use super::members::{at_path, texts};
use super::names::{normal, normalise};
use super::ranges::parse_address;
use crate::answers::facts::Resource;

/// The name of a record, as the user reads it.
pub(super) fn name_of(record: Resource<'_>) -> &str {
    record.text("name_decoded").unwrap_or_default()
}

/// The DNS name of an alias's target, and the zone that has it.
pub(super) fn alias_of(record: Resource<'_>) -> Option<(String, String)> {
    let target: Value = serde_json::from_str(record.text("alias_target")?).ok()?;
    let member = |name: &str| target[name].as_str().map(str::to_owned);
    Some((member("DNSName")?, member("HostedZoneId").unwrap_or_default()))
}

/// The values of a record that is no alias.
pub(super) fn values_of(record: Resource<'_>) -> Vec<String> {
    record.text("resource_records").map(|text| texts(text, "Value")).unwrap_or_default()
}

/// Adds what a record is to the terms.
pub(super) fn of_record(index: &Index, record: Resource<'_>, buffer: &mut Vec<u8>, own: &mut OwnMatches) {
    if !index.names.is_empty() {
        let name = name_of(record);
        if normalise(name, buffer) {
            let numbers = index.of_own_name(buffer);
            own.extend(numbers.map(|number| (*number, Relation::Is, Some(name.to_owned()))));
        }
        if let Some((target, _)) = alias_of(record) {
            add_name(index, &target, own);
        }
    }
    let kind = record.text("type").unwrap_or_default();
    let is_name = matches!(kind, "CNAME" | "NS" | "PTR") && !index.names.is_empty();
    // Their values are several words, which only a parser tells apart.
    let is_compound = matches!(kind, "MX" | "SRV" | "NAPTR" | "HTTPS" | "SVCB");
    let is_address = matches!(kind, "A" | "AAAA") && !index.addresses.is_empty();
    let Some(text) = record.text("resource_records").filter(|_| is_name || is_compound || is_address) else { return };
    if !is_compound && !index.can_match_words(text) {
        return;
    }
    let json: Value = serde_json::from_str(text).unwrap_or_default();
    for value in at_path(&json, "Value").into_iter().filter_map(Value::as_str) {
        add_value(index, kind, value, own);
    }
}

/// Adds the terms that a value of a record names.
fn add_value(index: &Index, kind: &str, value: &str, own: &mut OwnMatches) {
    match kind {
        "A" | "AAAA" => add_address(index, value.trim(), own),
        "HTTPS" | "SVCB" => {
            let mut words = value.split_whitespace();
            if let Some(target) = words.nth(1) {
                add_name(index, target, own);
            }
            let hints = words.filter_map(|word| word.strip_prefix("ipv4hint=").or(word.strip_prefix("ipv6hint=")));
            hints.flat_map(|hint| hint.trim_matches('"').split(',')).for_each(|hint| add_address(index, hint, own));
        }
        _ => {
            if let Some(name) = value.split_whitespace().last() {
                add_name(index, name, own);
            }
        }
    }
}

fn add_address(index: &Index, text: &str, own: &mut OwnMatches) {
    let Some(address) = parse_address(text) else { return };
    let numbers = index.addresses.get(&address).into_iter().flatten();
    own.extend(numbers.map(|number| (*number, Relation::Names, Some(address.to_string()))));
}

fn add_name(index: &Index, text: &str, own: &mut OwnMatches) {
    let Some(name) = normal(text) else { return };
    let numbers = index.of_own_name(&name);
    own.extend(numbers.map(|number| (*number, Relation::Names, Some(text.to_owned()))));
}
