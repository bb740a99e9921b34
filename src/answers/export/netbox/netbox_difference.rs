//! What differs between the objects of an estate and those that NetBox has, as steps.
//!
//! **Invariant:** an object of others is never changed, and not deleted with one that it belongs to. One of rolecall's is deleted
//! only if its description says where it was, and that cell was answered and asked for.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};

use super::netbox_kind::{NETBOX_KINDS, NetboxKind};
use super::netbox_known::{ASSIGNED, ExistingObject, KnownObjects, belongings, is_own, plain_value};
use super::netbox_names::{TAG, resource_place, table_of};
use super::netbox_object::{NetboxObject, NetboxValue};
use crate::answers::facts::Facts;

/// A step that makes NetBox like the estate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NetboxStep {
    Create(NetboxObject),
    /// The fields to change, each with the value that it has.
    Update {
        kind: NetboxKind,
        id: u64,
        key: String,
        changes: BTreeMap<&'static str, (Value, NetboxValue)>,
    },
    Delete {
        kind: NetboxKind,
        id: u64,
        key: String,
    },
}

/// The steps, and what is left as it is.
#[derive(Debug, Default)]
pub(crate) struct NetboxDifference {
    /// In the order in which they are taken.
    pub steps: Vec<NetboxStep>,
    /// The numbers of the objects that NetBox has, by their keys.
    pub ids: HashMap<(NetboxKind, String), u64>,
    /// Objects that are not deleted, since the cell that could have them is not known or was not asked for, or since something that
    /// stays belongs to them.
    pub kept: u64,
    /// Objects of others that have the key of one of the estate's.
    pub of_others: u64,
}

impl NetboxDifference {
    /// Compares objects with those that NetBox has.
    pub(crate) fn new(facts: &Facts, wanted: &[NetboxObject], existing: &[ExistingObject]) -> Self {
        let known = KnownObjects::new(wanted, existing);
        let mut difference = Self::default();
        let mut used: HashSet<(NetboxKind, &str)> = HashSet::new();
        for kind in NETBOX_KINDS {
            for object in wanted.iter().filter(|object| object.kind == kind) {
                used.insert((kind, &object.key));
                match known.objects.get(&(kind, object.key.clone())) {
                    Some(existing) => difference.compare(object, existing, &known),
                    None => difference.steps.push(NetboxStep::Create(object.clone())),
                }
            }
        }
        let belongings = belongings(existing);
        let mut leaving = difference.moved();
        for kind in NETBOX_KINDS.into_iter().rev().filter(|kind| kind.is_deleted()) {
            let mut gone: Vec<&ExistingObject> =
                existing.iter().filter(|object| object.kind == kind && is_own(&object.fields)).collect();
            gone.sort_by_key(|object| object.id);
            for object in gone {
                let Some(key) = known.keys.get(&(kind, object.id)) else { continue };
                if used.contains(&(kind, key.as_str())) {
                    continue;
                }
                let stays = belongings.get(&(kind, object.id)).into_iter().flatten().any(|of| !leaving.contains(of));
                if may_be_deleted(facts, &object.fields) && !stays {
                    leaving.insert((kind, object.id));
                    difference.steps.push(NetboxStep::Delete { kind, id: object.id, key: key.clone() });
                } else {
                    difference.kept += 1;
                }
            }
        }
        difference.name_tag(existing);
        let ids = known.objects.into_iter().map(|(key, object)| (key, object.id));
        Self { ids: ids.collect(), ..difference }
    }

    fn compare(&mut self, wanted: &NetboxObject, existing: &ExistingObject, known: &KnownObjects<'_>) {
        if !is_own(&existing.fields) {
            self.of_others += u64::from(wanted.fields.contains_key("tags"));
            return;
        }
        let mut changes = BTreeMap::new();
        for (name, value) in wanted.fields.iter().filter(|(name, _)| **name != "tags") {
            let has = plain_value(&existing.fields[*name]);
            let is_same = match value {
                NetboxValue::Plain(value) => is_same(value, &has),
                NetboxValue::Reference(kind, key) => {
                    has.as_u64().and_then(|id| known.keys.get(&(*kind, id))).is_some_and(|has| has == key)
                }
            };
            if !is_same {
                changes.insert(*name, (has, value.clone()));
            }
        }
        // NetBox reads the two halves of a reference to any kind of object together.
        let (object_type, object_id) = ("assigned_object_type", ASSIGNED);
        for (name, other) in [(object_type, object_id), (object_id, object_type)] {
            if changes.contains_key(name)
                && !changes.contains_key(other)
                && let Some(value) = wanted.fields.get(other)
            {
                changes.insert(other, (plain_value(&existing.fields[other]), value.clone()));
            }
        }
        if !changes.is_empty() {
            let (kind, id, key) = (existing.kind, existing.id, wanted.key.clone());
            self.steps.push(NetboxStep::Update { kind, id, key, changes });
        }
    }

    /// The addresses that are assigned to other interfaces before anything is deleted.
    fn moved(&self) -> HashSet<(NetboxKind, u64)> {
        let moved = self.steps.iter().filter_map(|step| match step {
            NetboxStep::Update { kind, id, changes, .. } if changes.contains_key(ASSIGNED) => Some((*kind, *id)),
            _ => None,
        });
        moved.collect()
    }

    /// Names rolecall's tag in new objects as NetBox does, which finds a tag by its slug and its name.
    fn name_tag(&mut self, existing: &[ExistingObject]) {
        let is_tag = |object: &&ExistingObject| object.kind == NetboxKind::Tag && object.fields["slug"] == TAG;
        let Some(name) = existing.iter().find(is_tag).and_then(|tag| tag.fields["name"].as_str()) else { return };
        for step in self.steps.iter_mut().filter(|_| name != TAG) {
            if let NetboxStep::Create(object) = step
                && let Some(tags) = object.fields.get_mut("tags")
            {
                *tags = NetboxValue::Plain(json!([{ "name": name, "slug": TAG }]));
            }
        }
    }

    /// The numbers of objects that are created, changed and deleted.
    pub(crate) fn counts(&self) -> [usize; 3] {
        let count = |is: fn(&NetboxStep) -> bool| self.steps.iter().filter(|step| is(step)).count();
        [
            count(|step| matches!(step, NetboxStep::Create(_))),
            count(|step| matches!(step, NetboxStep::Update { .. })),
            count(|step| matches!(step, NetboxStep::Delete { .. })),
        ]
    }
}

/// Whether two values are the same to NetBox, which has no empty texts in some fields and no absent ones in others.
fn is_same(one: &Value, other: &Value) -> bool {
    let is_empty = |value: &Value| value.is_null() || *value == json!("");
    one == other || is_empty(one) && is_empty(other)
}

fn may_be_deleted(facts: &Facts, fields: &Value) -> bool {
    let Some(place) = fields["description"].as_str().and_then(resource_place) else { return false };
    let Some(table) = table_of(&place.id) else { return false };
    facts.is_answered(&place.account_id, &place.region, table)
        && facts.selection.has_account(&place.account_id)
        && facts.selection.has_region(&place.region)
        && facts.selection.tags.is_empty()
}
