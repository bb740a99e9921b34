//! The objects as CSV files, as NetBox's import takes them.
//!
//! **Invariant:** one file for each kind. Other objects are named by what tells them apart (`vrf.rd`), since numbers are NetBox's.

use std::collections::BTreeMap;

use serde_json::Value;

use CsvContent::{Always, Field, MachineOfAddress};

use super::netbox_kind::{NETBOX_KINDS, NetboxKind};
use super::netbox_object::{NetboxObject, NetboxValue};
use crate::answers::export::ExportFile;

/// What a column has.
#[derive(Clone, Copy)]
enum CsvContent {
    Field(&'static str),
    /// The API's default in every row, of a field that the import wants and the API does not.
    Always(&'static str),
    /// The machine of the interface to which an address is assigned.
    MachineOfAddress,
}

/// The columns of a file: the heading, and the content.
type Columns = &'static [(&'static str, CsvContent)];

fn columns(kind: NetboxKind) -> Columns {
    match kind {
        NetboxKind::Tag => {
            &[("name", Field("name")), ("slug", Field("slug")), ("color", Always("9e9e9e")), ("weight", Always("1000"))]
        }
        NetboxKind::Role => &[("name", Field("name")), ("slug", Field("slug")), ("weight", Always("1000"))],
        NetboxKind::ClusterType => &[("name", Field("name")), ("slug", Field("slug"))],
        NetboxKind::Tenant => &[("name", Field("name")), ("slug", Field("slug")), ("tags", Field("tags"))],
        NetboxKind::Vrf => &[
            ("name", Field("name")),
            ("rd", Field("rd")),
            ("tenant.slug", Field("tenant")),
            ("enforce_unique", Always("true")),
            ("description", Field("description")),
            ("tags", Field("tags")),
        ],
        NetboxKind::Prefix => &[
            ("prefix", Field("prefix")),
            ("vrf.rd", Field("vrf")),
            ("tenant.slug", Field("tenant")),
            ("status", Field("status")),
            ("role.slug", Field("role")),
            ("description", Field("description")),
            ("tags", Field("tags")),
        ],
        NetboxKind::Cluster => &[
            ("name", Field("name")),
            ("type.slug", Field("type")),
            ("status", Always("active")),
            ("tenant.slug", Field("tenant")),
            ("tags", Field("tags")),
        ],
        NetboxKind::Machine => &[
            ("name", Field("name")),
            ("status", Field("status")),
            ("cluster.name", Field("cluster")),
            ("tenant.slug", Field("tenant")),
            ("description", Field("description")),
            ("tags", Field("tags")),
        ],
        NetboxKind::Interface => &[
            ("virtual_machine.name", Field("virtual_machine")),
            ("name", Field("name")),
            ("description", Field("description")),
            ("tags", Field("tags")),
        ],
        NetboxKind::Address => &[
            ("address", Field("address")),
            ("vrf.rd", Field("vrf")),
            ("tenant.slug", Field("tenant")),
            ("status", Field("status")),
            ("virtual_machine.name", MachineOfAddress),
            ("interface.name", Field("assigned_object_id")),
            ("dns_name", Field("dns_name")),
            ("description", Field("description")),
            ("tags", Field("tags")),
        ],
    }
}

/// The objects by kind and key.
type ByKey<'o> = BTreeMap<(NetboxKind, &'o str), &'o NetboxObject>;

/// The files, numbered in the order in which NetBox has to import them.
pub(crate) fn netbox_csv(objects: &[NetboxObject]) -> Vec<ExportFile> {
    let by_key: ByKey<'_> = objects.iter().map(|object| ((object.kind, object.key.as_str()), object)).collect();
    let file = |(number, kind): (usize, NetboxKind)| {
        let mut text = columns(kind).iter().map(|(head, _)| *head).collect::<Vec<_>>().join(",");
        text.push_str("\r\n");
        for object in objects.iter().filter(|object| object.kind == kind) {
            let fields = columns(kind).iter().map(|(_, content)| field_text(&cell(object, *content, &by_key)));
            text.push_str(&fields.collect::<Vec<_>>().join(","));
            text.push_str("\r\n");
        }
        let name = kind.path().rsplit('/').nth(1).unwrap_or_default();
        ExportFile { path: format!("{number:02}-{name}.csv"), bytes: text.into_bytes() }
    };
    (1..).zip(NETBOX_KINDS).map(file).collect()
}

fn cell(object: &NetboxObject, content: CsvContent, by_key: &ByKey<'_>) -> String {
    match content {
        Always(text) => text.to_owned(),
        Field(name) => field(object, name, by_key),
        MachineOfAddress => match object.fields.get("assigned_object_id") {
            Some(NetboxValue::Reference(kind, key)) => by_key
                .get(&(*kind, key.as_str()))
                .map(|interface| field(interface, "virtual_machine", by_key))
                .unwrap_or_default(),
            _ => String::new(),
        },
    }
}

/// A field as a text. Of another object, it is what tells that one apart within the column: the last of its key's fields.
fn field(object: &NetboxObject, name: &str, by_key: &ByKey<'_>) -> String {
    match object.fields.get(name) {
        Some(NetboxValue::Reference(kind, key)) => {
            let last = kind.key_fields().last().copied().unwrap_or_default();
            by_key.get(&(*kind, key.as_str())).map(|other| field(other, last, by_key)).unwrap_or_default()
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
