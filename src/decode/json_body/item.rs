//! Reads one listed item from the members of its object.
//!
//! **Invariant:** knows neither the path to the item nor tables.

use serde_json::value::RawValue;

use super::content::part_hash;
use super::node::Node;
use super::unknown::unknown_json;
use super::values::{ValueReader, find_member, holds_secret, scalar};
use crate::decode::error::DecodeError;
use crate::decode::item::{Item, is_tags, pair_members};
use crate::decode::json::write_comma;
use crate::decode::json_hash::{member_hash, name_hash};
use crate::decode::measure::MeasureHash;
use crate::decode::shapes::{List, Member, MemberKind, Structure};
use crate::decode::tags::TagPair;
use crate::decode::unknown::UnknownMembers;
use crate::decode::value::Value;

/// How an item is read.
#[derive(Clone, Copy)]
pub(super) struct ReadingRules<'r> {
    /// Whether an unknown member of this name may stand in the item, or is skipped.
    pub keeps: &'r dyn Fn(&str) -> Result<bool, DecodeError>,
    /// Whether a member is about the response and not about the resource.
    pub is_beside: &'r dyn Fn(&str) -> bool,
    pub measures: &'r [MeasureHash],
}

impl ReadingRules<'_> {
    /// Whether a member does not count, and the hash of the name within it that does not count.
    fn measure_of(&self, name: &str) -> (bool, Option<u64>) {
        let hash = name_hash(name);
        let measure = self.measures.iter().find(|measure| measure.member == hash);
        (measure.is_some_and(|measure| measure.within.is_none()), measure.and_then(|measure| measure.within))
    }
}

impl ValueReader {
    /// Reads one item. Returns whether it has a member that the model knows, too.
    pub(super) fn read_item(
        &mut self,
        structure: &'static Structure,
        members: Vec<(String, &RawValue)>,
        rules: ReadingRules<'_>,
    ) -> Result<(Item, bool), DecodeError> {
        let mut item = Item { values: vec![Value::Missing; structure.members.len()], ..Item::default() };
        let mut is_known = false;
        for (name, raw) in members {
            let (is_measure, within) = rules.measure_of(&name);
            self.without = within;
            let hash = match find_member(structure, &name) {
                Some((index, member)) => {
                    is_known = true;
                    self.read_member((index, member), raw, structure.secret, &mut item)?
                }
                None if !(rules.keeps)(&name)? => 0,
                None if self.read_unknown_member(&name, raw, structure.secret, &mut item.extra)? => {
                    part_hash(&name, raw, within)?
                }
                None => 0,
            };
            if !is_measure && !(rules.is_beside)(&name) {
                item.digest = item.digest.wrapping_add(hash);
            }
        }
        self.without = None;
        item.finish_tags(structure)?;
        Ok((item, is_known))
    }

    /// Reads a member of an item. Returns what it contributes to the item's digest: of a list, the sum of its elements, so
    /// that a list in several pages has the sum of theirs.
    fn read_member(
        &mut self,
        (index, member): (usize, &'static Member),
        raw: &RawValue,
        secret: bool,
        item: &mut Item,
    ) -> Result<u64, DecodeError> {
        let node = Node::of(raw)?;
        match (&member.kind, &node) {
            (MemberKind::Sensitive, _) | (_, Node::Null) => Ok(0),
            (MemberKind::List(list), Node::List(elements)) => {
                let mut json = "[".to_owned();
                let mut sum = 0_u64;
                for element in elements {
                    write_comma(&mut json, '[');
                    let hash = self.write(&list.of, element, secret, &mut json)?;
                    sum = sum.wrapping_add(member_hash(member.wire, hash));
                }
                json.push(']');
                if is_tags(member) {
                    let mut tags = Vec::new();
                    let others = read_tags(list, elements, &mut tags)?;
                    item.tags.get_or_insert_default().extend(tags);
                    if !others.is_empty() {
                        item.extra.push(member.wire, format!("[{others}]"));
                    }
                } else {
                    item.values[index] = Value::Json(json);
                }
                Ok(sum)
            }
            (MemberKind::TagMap, Node::Object(members)) => {
                let others = read_tag_map(members, item.tags.get_or_insert_default())?;
                if !others.is_empty() {
                    item.extra.push(member.wire, others.to_object());
                }
                part_hash(member.wire, raw, self.without)
            }
            (MemberKind::Structure(_), Node::Object(_)) => {
                let mut json = String::new();
                let hash = self.write(&member.kind, raw, secret, &mut json)?;
                item.values[index] = Value::Json(json);
                Ok(member_hash(member.wire, hash))
            }
            (kind, node) => {
                if let Some(value) = scalar(kind, node) {
                    item.values[index] = value;
                } else if secret || holds_secret(kind) {
                    self.dropped += 1;
                    return Ok(0);
                } else {
                    item.extra.push(member.wire, unknown_json(raw)?);
                }
                part_hash(member.wire, raw, self.without)
            }
        }
    }
}

/// Reads a list of `Key` and `Value`, in AWS's order. Returns the JSON of what is no pair of two texts and nothing else.
fn read_tags(list: &'static List, elements: &[&RawValue], tags: &mut Vec<TagPair>) -> Result<String, DecodeError> {
    let mut others = String::new();
    let [key_name, value_name] = pair_members(list).ok_or_else(|| DecodeError("its tags are no structures".into()))?;
    for element in elements {
        let (mut key, mut value, mut is_plain) = (None, String::new(), true);
        if let Node::Object(members) = Node::of(element)? {
            for (name, raw) in members {
                match Node::of(raw)? {
                    Node::Text(text) if name == key_name => key = Some(text),
                    Node::Text(text) if name == value_name => value = text,
                    Node::Null if name == value_name => {}
                    _ => is_plain = false,
                }
            }
        }
        if key.is_none() || !is_plain {
            write_comma(&mut others, '[');
            others.push_str(&unknown_json(element)?);
        }
        tags.extend(key.map(|key| (key, value)));
    }
    Ok(others)
}

/// Reads a map of tags. Returns the members whose values are no texts.
fn read_tag_map(members: &[(String, &RawValue)], tags: &mut Vec<TagPair>) -> Result<UnknownMembers, DecodeError> {
    let mut others = UnknownMembers::default();
    for (key, value) in members {
        match Node::of(value)? {
            Node::Text(text) => tags.push((key.clone(), text)),
            _ => others.push(key, unknown_json(value)?),
        }
    }
    Ok(others)
}
