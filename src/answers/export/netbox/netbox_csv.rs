//! The objects as CSV files, as NetBox's import takes them.
//!
//! **Invariant:** one file for each kind. Other objects are named by what tells them apart (`vrf.rd`), since numbers are NetBox's.

use std::collections::BTreeMap;

use serde_json::Value;

use super::netbox_kind::{NETBOX_KINDS, NetboxKind};
use super::netbox_object::{NetboxObject, NetboxValue};
use crate::answers::export::ExportFile;

/// The columns of a file: the heading, and the field. The import wants some that the API does not; one that begins with `=` has
/// this value in every row, which is the API's default.
type Columns = &'static [(&'static str, &'static str)];

fn columns(kind: NetboxKind) -> Columns {
    match kind {
        NetboxKind::Tag => &[("name", "name"), ("slug", "slug"), ("color", "=9e9e9e"), ("weight", "=1000")],
        NetboxKind::Role => &[("name", "name"), ("slug", "slug"), ("weight", "=1000")],
        NetboxKind::ClusterType => &[("name", "name"), ("slug", "slug")],
        NetboxKind::Tenant => &[("name", "name"), ("slug", "slug"), ("tags", "tags")],
        NetboxKind::Vrf => &[
            ("name", "name"),
            ("rd", "rd"),
            ("tenant.slug", "tenant"),
            ("enforce_unique", "=true"),
            ("description", "description"),
            ("tags", "tags"),
        ],
        NetboxKind::Prefix => &[
            ("prefix", "prefix"),
            ("vrf.rd", "vrf"),
            ("tenant.slug", "tenant"),
            ("status", "status"),
            ("role.slug", "role"),
            ("description", "description"),
            ("tags", "tags"),
        ],
        NetboxKind::Cluster => &[
            ("name", "name"),
            ("type.slug", "type"),
            ("status", "=active"),
            ("tenant.slug", "tenant"),
            ("tags", "tags"),
        ],
        NetboxKind::Machine => &[
            ("name", "name"),
            ("status", "status"),
            ("cluster.name", "cluster"),
            ("tenant.slug", "tenant"),
            ("description", "description"),
            ("tags", "tags"),
        ],
        NetboxKind::Interface => &[
            ("virtual_machine.name", "virtual_machine"),
            ("name", "name"),
            ("description", "description"),
            ("tags", "tags"),
        ],
        NetboxKind::Address => &[
            ("address", "address"),
            ("vrf.rd", "vrf"),
            ("tenant.slug", "tenant"),
            ("status", "status"),
            ("virtual_machine.name", "machine"),
            ("interface.name", "assigned_object_id"),
            ("dns_name", "dns_name"),
            ("description", "description"),
            ("tags", "tags"),
        ],
    }
}

/// The files, numbered in the order in which NetBox has to import them.
pub(crate) fn netbox_csv(objects: &[NetboxObject]) -> Vec<ExportFile> {
    let by_key: BTreeMap<(NetboxKind, &str), &NetboxObject> =
        objects.iter().map(|object| ((object.kind, object.key.as_str()), object)).collect();
    let file = |(number, kind): (usize, NetboxKind)| {
        let mut text = columns(kind).iter().map(|(head, _)| *head).collect::<Vec<_>>().join(",");
        text.push_str("\r\n");
        for object in objects.iter().filter(|object| object.kind == kind) {
            let fields = columns(kind).iter().map(|(_, field)| field_text(&cell(object, field, &by_key)));
            text.push_str(&fields.collect::<Vec<_>>().join(","));
            text.push_str("\r\n");
        }
        let name = kind.path().rsplit('/').nth(1).unwrap_or_default();
        ExportFile { path: format!("{number:02}-{name}.csv"), bytes: text.into_bytes() }
    };
    (1..).zip(NETBOX_KINDS).map(file).collect()
}

/// What tells an object apart within a column that refers to it: the last of its key's fields.
fn cell(object: &NetboxObject, field: &str, by_key: &BTreeMap<(NetboxKind, &str), &NetboxObject>) -> String {
    if let Some(fixed) = field.strip_prefix('=') {
        return fixed.to_owned();
    }
    if field == "machine" {
        let Some(NetboxValue::Reference(kind, key)) = object.fields.get("assigned_object_id") else {
            return String::new();
        };
        let interface = by_key.get(&(*kind, key.as_str()));
        return interface.map(|interface| cell(interface, "virtual_machine", by_key)).unwrap_or_default();
    }
    match object.fields.get(field) {
        Some(NetboxValue::Reference(kind, key)) => {
            let last = kind.key_fields().last().copied().unwrap_or_default();
            by_key.get(&(*kind, key.as_str())).map(|other| cell(other, last, by_key)).unwrap_or_default()
        }
        Some(NetboxValue::Plain(Value::String(text))) => text.clone(),
        Some(NetboxValue::Plain(Value::Array(tags))) => {
            tags.iter().filter_map(|tag| tag["slug"].as_str()).collect::<Vec<_>>().join(",")
        }
        Some(NetboxValue::Plain(Value::Null)) | None => String::new(),
        Some(NetboxValue::Plain(other)) => other.to_string(),
    }
}

/// A field (RFC 4180). NetBox takes texts as they are, so that nothing is put before one.
fn field_text(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
