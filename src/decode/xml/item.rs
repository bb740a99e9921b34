//! Reads one listed item from its elements.
//!
//! **Invariant:** knows neither the path to the item nor tables.

use super::reader::{ItemReader, SeenMembers, find_member};
use crate::decode::error::{DecodeError, twice};
use crate::decode::item::{Item, is_tags};
use crate::decode::json::{append_list, write_string};
use crate::decode::shapes::{List, Member, MemberKind, Structure};
use crate::decode::value::Value;

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
        item.finish_tags(structure)?;
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
            _ => Value::of_text(&member.kind, &text).ok_or_else(|| text.into_owned()),
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

fn string_json(text: &str) -> String {
    let mut json = String::new();
    write_string(&mut json, text);
    json
}
