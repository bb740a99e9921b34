//! An object that NetBox should have.
//!
//! **Invariant:** refers to others by their kind and key, since only NetBox knows their numbers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::netbox_kind::NetboxKind;
use super::netbox_names::TAG;

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NetboxValue {
    Plain(Value),
    /// Another object, by its key.
    Reference(NetboxKind, String),
}

/// An object that NetBox should have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NetboxObject {
    pub kind: NetboxKind,
    pub key: String,
    pub fields: BTreeMap<&'static str, NetboxValue>,
}

impl NetboxObject {
    /// An object with fields. Its key is made of those that tell it apart.
    pub(super) fn new(kind: NetboxKind, fields: Vec<(&'static str, NetboxValue)>) -> Self {
        let fields: BTreeMap<&'static str, NetboxValue> = fields.into_iter().collect();
        let part = |name: &&str| match fields.get(name) {
            Some(NetboxValue::Reference(_, key)) => key.clone(),
            Some(NetboxValue::Plain(value)) => key_text(name, value),
            None => String::new(),
        };
        let key = kind.key_fields().iter().map(part).collect::<Vec<_>>().join(" ");
        Self { kind, key, fields }
    }
}

/// A text, or another plain value.
pub(super) fn plain(value: impl Into<Value>) -> NetboxValue {
    NetboxValue::Plain(value.into())
}

/// The value of a field in a key. NetBox tells addresses apart without their lengths, and compares them as addresses.
pub(super) fn key_text(field: &str, value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match field {
        "address" => {
            let host = text.split('/').next().unwrap_or_default();
            host.parse::<IpAddr>().map_or(text.clone(), |address| address.to_string())
        }
        // NetBox compares these without regard to case.
        "slug" | "rd" => text.to_lowercase(),
        _ => text,
    }
}

/// The tags of what rolecall makes.
pub(super) fn own_tags() -> NetboxValue {
    plain(json!([{ "name": TAG, "slug": TAG }]))
}
