//! Reads one listed item: a value for each member of its structure, its tags, and what the model does not know.
//!
//! **Invariant:** knows neither the path to the item nor tables.

use super::reader::{ItemReader, SeenMembers, find_member, scalar, twice, unknown_key};
use super::tags::{self, TagPair, make_unique};
use super::unknown::UnknownMembers;
use super::{DecodeError, is_tags};
use crate::decode::json::{append_list, write_member, write_string};
use crate::decode::shapes::{List, Member, MemberKind, Structure};
use crate::decode::value::Value;

/// One listed item: a value for each member of its structure.
#[derive(Debug, Default, PartialEq)]
pub struct Item {
    /// In the order of the structure's members.
    pub values: Vec<Value>,
    /// The pairs of `Tags` or `TagSet`, each key once. `Tags` themselves are not repeated in `values`.
    pub tags: Option<Vec<TagPair>>,
    /// Members that the model does not know, scalars that are not of their type, and tags that are no pair.
    pub extra: UnknownMembers,
    /// The selector's context members.
    pub context: Vec<Value>,
    /// The hash of its content on the wire, without measures. Sums of several items are hashes too.
    pub digest: u64,
}

/// How the item around a member is read.
#[derive(Clone, Copy)]
pub(super) struct ItemRules<'r> {
    /// Whether an unknown member of this name may stand in the item.
    pub may_stand: &'r dyn Fn(&str) -> Result<Stranger, DecodeError>,
    /// Receives the text of each scalar.
    pub scalar: &'r dyn Fn(&Member, &str),
    /// Whether a member is about the response and not about the resource.
    pub is_beside: &'r dyn Fn(&str) -> bool,
}

/// What becomes of an unknown member.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Stranger {
    Kept,
    Skipped,
}

impl Item {
    /// The whole item as the JSON that the AWS CLI prints.
    pub fn json(&self, structure: &'static Structure) -> String {
        let mut out = "{".to_owned();
        for (member, value) in structure.members.iter().zip(&self.values) {
            if *value != Value::Missing {
                write_member(&mut out, member.name, |out| value.write_json(out));
            }
        }
        if let Some(tags) = &self.tags
            && structure.members.iter().any(is_tags)
        {
            write_member(&mut out, "Tags", |out| out.push_str(&tags::to_json(tags)));
        }
        let is_written = |name: &str| {
            let written = |(member, value): (&Member, &Value)| {
                (*value != Value::Missing || is_tags(member)) && member.name.eq_ignore_ascii_case(name)
            };
            structure.members.iter().zip(&self.values).any(written)
        };
        self.extra.write(&mut out, |name| unknown_key(structure, name).filter(|_| is_written(name)));
        out.push('}');
        out
    }

    /// The bytes of memory that the item takes.
    pub(super) fn held(&self) -> usize {
        let values = self.values.iter().chain(&self.context).map(value_held).sum::<usize>();
        let tags = self.tags.iter().flatten();
        let tags: usize = tags.map(|(key, value)| key.capacity() + value.capacity() + size_of::<TagPair>()).sum();
        size_of::<Self>() + values + tags + self.extra.held()
    }
}

/// The bytes of memory that a value takes.
pub(super) fn value_held(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Text(text) | Value::Json(text) => text.capacity(),
            _ => 0,
        }
}

impl ItemReader<'_> {
    /// Reads one item up to its end tag. Returns whether it has a member that the model knows, too.
    pub(super) fn read_item(
        &mut self,
        structure: &'static Structure,
        rules: ItemRules<'_>,
    ) -> Result<(Item, bool), DecodeError> {
        let mut item = Item { values: vec![Value::Missing; structure.members.len()], ..Item::default() };
        let (mut previous, mut seen) = (0, SeenMembers::default());
        self.hash().start_item();
        loop {
            item.digest = self.hash().sum();
            let Some(tag) = self.next_child()? else { break };
            if (rules.is_beside)(tag) {
                self.hash().leave_out();
            }
            let Some(index) = find_member(structure, tag, &mut previous) else {
                match (rules.may_stand)(tag)? {
                    Stranger::Skipped => self.skip()?,
                    Stranger::Kept => self.read_unknown_member(tag, structure.secret, &mut item.extra)?,
                }
                continue;
            };
            let member = &structure.members[index];
            let is_new = seen.insert(index);
            match &member.kind {
                MemberKind::Sensitive => self.skip()?,
                MemberKind::List(list) if is_tags(member) => {
                    let tags = item.tags.get_or_insert_default();
                    let others = self.read_tags(list, tags)?;
                    if !others.is_empty() {
                        item.extra.push(member.wire, format!("[{others}]"));
                    }
                }
                MemberKind::List(list) if list.flattened => {
                    self.append_element(&mut item.values[index], list, structure.secret)?;
                }
                MemberKind::List(_) => {
                    let mut json = String::new();
                    self.read_json(&member.kind, structure.secret, &mut json)?;
                    match &mut item.values[index] {
                        Value::Json(list) => append_list(list, &json),
                        value => *value = Value::Json(json),
                    }
                }
                _ if !is_new => return Err(twice(tag)),
                MemberKind::Structure(_) => {
                    let mut json = String::new();
                    self.read_json(&member.kind, structure.secret, &mut json)?;
                    item.values[index] = Value::Json(json);
                }
                _ => match self.read_scalar(member, rules.scalar)? {
                    Ok(value) => item.values[index] = value,
                    Err(raw) => item.extra.push(member.wire, string_json(&raw)),
                },
            }
        }
        finish_tags(structure, &mut item)?;
        let is_known = seen.any();
        Ok((item, is_known))
    }

    /// Reads a scalar up to its end tag. The inner error is a text that is not of the member's type.
    pub(super) fn read_scalar(
        &mut self,
        member: &Member,
        receive: &dyn Fn(&Member, &str),
    ) -> Result<Result<Value, String>, DecodeError> {
        let text = self.read_text()?;
        receive(member, &text);
        Ok(match member.kind {
            MemberKind::Text => Ok(Value::Text(text.into_owned())),
            _ => scalar(&member.kind, &text).ok_or_else(|| text.into_owned()),
        })
    }

    /// Appends an element to a flattened list, whose elements have no tag around them.
    fn append_element(&mut self, value: &mut Value, list: &'static List, secret: bool) -> Result<(), DecodeError> {
        let mut json = "[".to_owned();
        self.read_json(&list.of, secret, &mut json)?;
        json.push(']');
        match value {
            Value::Json(elements) => append_list(elements, &json),
            value => *value = Value::Json(json),
        }
        Ok(())
    }
}

/// Fills the tags from `TagSet`, and makes their keys unique. Replaced pairs are kept as unknown members are.
fn finish_tags(structure: &Structure, item: &mut Item) -> Result<(), DecodeError> {
    let is_tag_set = |(member, value): &(&Member, &Value)| **value != Value::Missing && member.name == "TagSet";
    if let Some((_, Value::Json(json))) = structure.members.iter().zip(&item.values).find(is_tag_set) {
        // The column keeps the whole list, so what is no pair is not lost.
        let mut tags = tags::of_json(json).map_err(|_| DecodeError("its tags are no pairs of texts".into()))?;
        make_unique(&mut tags);
        item.tags = Some(tags);
        return Ok(());
    }
    let Some(tags) = &mut item.tags else { return Ok(()) };
    let replaced = make_unique(tags);
    if !replaced.is_empty() {
        let wire = structure.members.iter().find(|member| is_tags(member)).map_or("Tags", |member| member.wire);
        item.extra.push(wire, tags::to_json(&replaced));
    }
    Ok(())
}

fn string_json(text: &str) -> String {
    let mut json = String::new();
    write_string(&mut json, text);
    json
}
