//! One listed item: the values of its members, its tags, and what the model does not know.
//!
//! **Invariant:** knows neither a format of responses nor tables.

use super::error::DecodeError;
use super::json::write_member;
use super::shapes::{List, Member, MemberKind, Structure};
use super::tags::{self, TagPair, make_unique};
use super::unknown::{UnknownMembers, unknown_key};
use super::value::Value;

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
        let values = self.values.iter().chain(&self.context).map(Value::held).sum::<usize>();
        let tags = self.tags.iter().flatten();
        let tags: usize = tags.map(|(key, value)| key.capacity() + value.capacity() + size_of::<TagPair>()).sum();
        size_of::<Self>() + values + tags + self.extra.held()
    }

    /// Fills the tags from `TagSet`, and makes their keys unique. Replaced pairs are kept as unknown members are.
    pub(super) fn finish_tags(&mut self, structure: &Structure) -> Result<(), DecodeError> {
        let is_tag_set = |(member, value): &(&Member, &Value)| **value != Value::Missing && member.name == "TagSet";
        if let Some((_, Value::Json(json))) = structure.members.iter().zip(&self.values).find(is_tag_set) {
            // The column keeps the whole list, so what is no pair is not lost.
            let mut tags = tags::of_json(json).map_err(|_| DecodeError("its tags are no pairs of texts".into()))?;
            make_unique(&mut tags);
            self.tags = Some(tags);
            return Ok(());
        }
        let Some(tags) = &mut self.tags else { return Ok(()) };
        let replaced = make_unique(tags);
        if !replaced.is_empty() {
            let wire = structure.members.iter().find(|member| is_tags(member)).map_or("Tags", |member| member.wire);
            self.extra.push(wire, tags::to_json(&replaced));
        }
        Ok(())
    }
}

/// Whether the member's pairs go into the `tags` column only.
pub(crate) fn is_tags(member: &Member) -> bool {
    member.name.eq_ignore_ascii_case("tags")
        && match &member.kind {
            MemberKind::List(list) => pair_members(list).is_some(),
            MemberKind::TagMap => true,
            _ => false,
        }
}

/// The names on the wire of a tag's key and of its value, if the list's elements are tags.
pub(super) fn pair_members(list: &List) -> Option<[&'static str; 2]> {
    let MemberKind::Structure(pair) = &list.of else { return None };
    let wire = |name: &str| {
        let found = pair.members.iter().find(|member| member.name.eq_ignore_ascii_case(name));
        found.map(|member| member.wire)
    };
    Some([wire("Key")?, wire("Value")?])
}
