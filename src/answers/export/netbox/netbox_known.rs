//! What NetBox has: which of it is an object of the estate, and what belongs to what.
//!
//! **Invariant:** compares no fields but those that tell objects apart.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::netbox_kind::{NETBOX_KINDS, NetboxKind};
use super::netbox_names::{TAG, resource_place};
use super::netbox_object::{NetboxObject, NetboxValue, key_text};

/// The field with the interface of an address.
pub(super) const ASSIGNED: &str = "assigned_object_id";

/// Which objects belong to which, and the field that says so. NetBox deletes interfaces and addresses with the machine or interface
/// that they belong to, and refuses to delete a VRF that something is in.
const OWNERS: [(NetboxKind, &str, NetboxKind); 4] = [
    (NetboxKind::Interface, "virtual_machine", NetboxKind::Machine),
    (NetboxKind::Address, ASSIGNED, NetboxKind::Interface),
    (NetboxKind::Prefix, "vrf", NetboxKind::Vrf),
    (NetboxKind::Address, "vrf", NetboxKind::Vrf),
];

/// What belongs to each object, by kinds and numbers.
pub(super) fn belongings(existing: &[ExistingObject]) -> HashMap<(NetboxKind, u64), Vec<(NetboxKind, u64)>> {
    let mut belongings: HashMap<_, Vec<_>> = HashMap::new();
    for object in existing {
        for (_, field, owner) in OWNERS.iter().filter(|(kind, ..)| *kind == object.kind) {
            let is_of_kind =
                *field != ASSIGNED || object.fields["assigned_object_type"] == "virtualization.vminterface";
            if let Some(id) = plain_value(&object.fields[*field]).as_u64().filter(|_| is_of_kind) {
                belongings.entry((*owner, id)).or_default().push((object.kind, object.id));
            }
        }
    }
    belongings
}

/// An object that NetBox has, as its API returns it.
#[derive(Clone, Debug)]
pub(crate) struct ExistingObject {
    pub kind: NetboxKind,
    pub id: u64,
    pub fields: Value,
}

/// What NetBox has, by numbers and by keys.
#[derive(Default)]
pub(super) struct KnownObjects<'e> {
    pub keys: HashMap<(NetboxKind, u64), String>,
    pub objects: HashMap<(NetboxKind, String), &'e ExistingObject>,
}

/// The keys of the estate's objects, and what else they are known by.
struct WantedKeys<'w> {
    keys: HashSet<(NetboxKind, &'w str)>,
    /// The machines by their instances. One whose instance got another name is the same machine.
    machines: HashMap<String, &'w str>,
    /// The kinds of which NetBox has each name once, by names without case.
    names: HashMap<(NetboxKind, String), &'w str>,
}

impl<'w> WantedKeys<'w> {
    fn new(wanted: &'w [NetboxObject]) -> Self {
        let mut of = Self { keys: HashSet::new(), machines: HashMap::new(), names: HashMap::new() };
        for object in wanted {
            of.keys.insert((object.kind, &object.key));
            match object.kind {
                NetboxKind::Machine => of.machines.extend(described(object).map(|id| (id, object.key.as_str()))),
                NetboxKind::Tenant | NetboxKind::Role | NetboxKind::ClusterType => {
                    of.names.extend(
                        text(object, "name").map(|name| ((object.kind, name.to_lowercase()), object.key.as_str())),
                    );
                }
                _ => {}
            }
        }
        of
    }

    /// The key of the estate's object that an object of NetBox is, if it has another one itself.
    fn other_key(&self, object: &ExistingObject, own: &str) -> Option<&'w str> {
        if object.kind == NetboxKind::Machine {
            let place = object.fields["description"].as_str().and_then(resource_place);
            return self.machines.get(&place.filter(|_| is_own(&object.fields))?.id).copied();
        }
        // Its slug says that it is another one.
        if self.keys.contains(&(object.kind, own)) {
            return None;
        }
        self.names.get(&(object.kind, object.fields["name"].as_str()?.to_lowercase())).copied()
    }
}

impl<'e> KnownObjects<'e> {
    pub(super) fn new(wanted: &[NetboxObject], existing: &'e [ExistingObject]) -> Self {
        let wanted = WantedKeys::new(wanted);
        let mut known = Self::default();
        for kind in NETBOX_KINDS {
            let of_kind = existing.iter().filter(|object| object.kind == kind);
            let mut of_kind: Vec<(bool, String, &ExistingObject)> = of_kind
                .map(|object| {
                    let own = known.key_of(object);
                    let other = wanted.other_key(object, &own).filter(|other| *other != own);
                    (other.is_some(), other.map_or(own, str::to_owned), object)
                })
                .collect();
            // Of several with one key, those that have it themselves come first, then rolecall's, then the oldest.
            of_kind.sort_by_key(|(is_other, _, object)| (*is_other, !is_own(&object.fields), object.id));
            for (_, key, object) in of_kind {
                known.keys.insert((kind, object.id), key.clone());
                known.objects.entry((kind, key)).or_insert(object);
            }
        }
        known
    }

    fn key_of(&self, object: &ExistingObject) -> String {
        let part = |name: &&str| {
            let value = plain_value(&object.fields[*name]);
            let referred = match *name {
                "vrf" => Some(NetboxKind::Vrf),
                "cluster" => Some(NetboxKind::Cluster),
                "virtual_machine" => Some(NetboxKind::Machine),
                _ => None,
            };
            let key = referred.zip(value.as_u64()).map(|(kind, id)| self.keys.get(&(kind, id)).cloned());
            key.map_or_else(|| key_text(name, &value), |key| key.unwrap_or_default())
        };
        let key = object.kind.key_fields().iter().map(part).collect::<Vec<_>>().join(" ");
        // A VRF without a route distinguisher is none of ours.
        if key.is_empty() { format!("#{}", object.id) } else { key }
    }
}

/// The resource that the description of an object names.
fn described(object: &NetboxObject) -> Option<String> {
    text(object, "description").and_then(resource_place).map(|place| place.id)
}

fn text<'o>(object: &'o NetboxObject, field: &str) -> Option<&'o str> {
    match object.fields.get(field) {
        Some(NetboxValue::Plain(Value::String(text))) => Some(text),
        _ => None,
    }
}

/// A value as it is written: of a choice its value, of an object its number.
pub(super) fn plain_value(value: &Value) -> Value {
    match value {
        Value::Object(members) => members.get("value").or_else(|| members.get("id")).cloned().unwrap_or(Value::Null),
        other => other.clone(),
    }
}

/// Whether an object has rolecall's tag.
pub(super) fn is_own(fields: &Value) -> bool {
    let tags = fields["tags"].as_array();
    tags.is_some_and(|tags| tags.iter().any(|tag| tag["slug"] == TAG || *tag == TAG))
}
