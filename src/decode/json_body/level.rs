//! Reads the objects on the path from the response to its items, and collects the items.
//!
//! **Invariant:** knows paths, and neither tables nor HTTP.

use serde_json::value::RawValue;

use super::item::ReadingRules;
use super::node::Node;
use super::unknown::names_within;
use super::values::{ValueReader, find_member, scalar};
use crate::decode::body::DecodedBody;
use crate::decode::error::DecodeError;
use crate::decode::item_list::ItemList;
use crate::decode::scalars::Scalars;
use crate::decode::selector::ItemSelector;
use crate::decode::shapes::{Member, MemberKind, Structure};
use crate::decode::strangers::{
    has_pages, has_paging_name, instead_of, is_metadata, is_paging, is_step, is_suspect, misplaced,
};
use crate::decode::value::Value;

/// Decodes one response by the selector of its operation.
pub(super) struct BodyReader<'s> {
    values: ValueReader,
    selector: &'s ItemSelector,
    items: ItemList,
    scalars: Scalars,
}

type Members<'a> = Vec<(String, &'a RawValue)>;

impl<'s> BodyReader<'s> {
    pub(super) fn new(selector: &'s ItemSelector, limit: usize) -> Self {
        let values = ValueReader::new(selector.operation().output);
        Self { values, selector, items: ItemList::within(limit), scalars: Scalars::default() }
    }

    pub(super) fn read(mut self, text: &str) -> Result<DecodedBody, DecodeError> {
        let Node::Object(members) = Node::of_document(text)? else {
            return Err(DecodeError("it is no JSON object".into()));
        };
        if self.selector.path.is_empty() {
            self.read_whole(members)?;
        } else {
            self.read_level(0, members)?;
        }
        Ok(self.items.into_body(self.scalars, self.values.dropped))
    }

    /// Reads a response that is the item itself.
    fn read_whole(&mut self, members: Members<'_>) -> Result<(), DecodeError> {
        let output = self.selector.operation().output;
        for (name, raw) in &members {
            if let Some((_, member)) = find_member(output, name) {
                self.add_scalar(member, &Node::of(raw)?);
            }
        }
        let keeps = |name: &str| match () {
            () if is_metadata(name) => Ok(false),
            () if has_pages(output) && is_paging(output, name) => Err(misplaced(name)),
            () => Ok(true),
        };
        let is_beside = |name: &str| is_metadata(name) || has_paging_name(name);
        let rules = ReadingRules { keeps: &keeps, is_beside: &is_beside, measures: &self.selector.measures };
        let dropped = self.values.dropped;
        let (item, is_known) = self.values.read_item(output, members, rules)?;
        if !is_known && (!item.extra.is_empty() || self.values.dropped > dropped) {
            return Err(DecodeError("it has no member that the service model knows".into()));
        }
        self.items.keep(item)
    }

    /// Reads a structure on the path to the items.
    fn read_level(&mut self, depth: usize, members: Members<'_>) -> Result<(), DecodeError> {
        let structure = self.selector.structure_at(depth);
        let step = self.selector.path[depth];
        let first_item = self.items.len();
        let (mut found, mut unknown) = (false, None);
        let mut context = Vec::new();
        for (name, raw) in members {
            let Some((index, member)) = find_member(structure, &name) else {
                if self.skip_stranger(depth, &name, raw)? && !is_metadata(&name) {
                    unknown.get_or_insert(name);
                }
                continue;
            };
            if step.is_at(index) {
                found |= raw.get() != "null";
                self.descend(depth, member, raw)?;
            } else if let Some(found) = self.read_beside(depth, structure, member, raw)? {
                context.push(found);
            }
        }
        match unknown {
            Some(name) if !found => return Err(instead_of(structure.members[step.member].wire, &name)),
            _ => {}
        }
        self.add_context(first_item, context)
    }

    /// Reads a known member beside the path. Returns its position among the context members, its value and its hash.
    fn read_beside(
        &mut self,
        depth: usize,
        structure: &'static Structure,
        member: &'static Member,
        raw: &RawValue,
    ) -> Result<Option<(usize, Value, u64)>, DecodeError> {
        let node = Node::of(raw)?;
        let position = self.selector.context_position(depth, member);
        let is_nested = matches!(member.kind, MemberKind::Structure(_) | MemberKind::List(_) | MemberKind::TagMap);
        match (&member.kind, &node) {
            (MemberKind::Sensitive, _) | (_, Node::Null) => return Ok(None),
            _ if is_nested && position.is_none() => return Ok(None),
            _ => {}
        }
        let mut json = String::new();
        let hash = self.values.write(&member.kind, raw, structure.secret, &mut json)?;
        let value = if is_nested { Some(Value::Json(json)) } else { scalar(&member.kind, &node) };
        match value {
            Some(value) => {
                if depth == 0 {
                    self.add_scalar(member, &node);
                }
                Ok(position.map(|position| (position, value, hash)))
            }
            None if position.is_none() && depth > 0 => Ok(None),
            None => Err(DecodeError(format!("<{}> is not of its type", member.wire))),
        }
    }

    fn add_scalar(&mut self, member: &Member, node: &Node<'_>) {
        match node {
            Node::Text(text) => self.scalars.add(member, text),
            Node::Number(number) => self.scalars.add(member, number),
            Node::Boolean(value) => self.scalars.add(member, if *value { "true" } else { "false" }),
            Node::Null | Node::List(_) | Node::Object(_) => {}
        }
    }

    /// Skips an unknown member beside the path, unless items or a page token could be in it. Returns false if it only
    /// says that there is no other page.
    fn skip_stranger(&self, depth: usize, name: &str, raw: &RawValue) -> Result<bool, DecodeError> {
        let (selector, output) = (self.selector, self.selector.operation().output);
        if depth == 0 && is_paging(output, name) {
            return if matches!(raw.get(), "null" | "false" | "\"\"") { Ok(false) } else { Err(misplaced(name)) };
        }
        let mut suspect = is_suspect(selector, depth, name);
        names_within(raw, &mut |name| suspect = suspect || is_suspect(selector, depth, name))?;
        if suspect { Err(misplaced(name)) } else { Ok(true) }
    }

    /// Reads the member that leads to the items: a structure, or a list of them.
    fn descend(&mut self, depth: usize, member: &'static Member, raw: &RawValue) -> Result<(), DecodeError> {
        match (&member.kind, Node::of(raw)?) {
            (_, Node::Null) => Ok(()),
            (MemberKind::List(_), Node::List(elements)) => {
                elements.into_iter().try_for_each(|element| self.enter(depth, member, element))
            }
            (MemberKind::Structure(_), Node::Object(_)) => self.enter(depth, member, raw),
            _ => Err(DecodeError(format!("<{}> is not of its type", member.wire))),
        }
    }

    fn enter(&mut self, depth: usize, member: &'static Member, raw: &RawValue) -> Result<(), DecodeError> {
        let Node::Object(members) = Node::of(raw)? else {
            return Err(DecodeError(format!("<{}> is not of its type", member.wire)));
        };
        if depth + 1 < self.selector.path.len() {
            return self.read_level(depth + 1, members);
        }
        let selector = self.selector;
        // An item within an item would count as one.
        let keeps = |name: &str| if is_step(selector, 0, name) { Err(misplaced(name)) } else { Ok(true) };
        let rules = ReadingRules { keeps: &keeps, is_beside: &|_| false, measures: &selector.measures };
        let dropped = self.values.dropped;
        let (mut item, is_known) = self.values.read_item(selector.item(), members, rules)?;
        // Where there are secrets, unknown members are dropped.
        if !is_known && (!item.extra.is_empty() || self.values.dropped > dropped) {
            return Err(DecodeError("an item has no member that the service model knows".into()));
        }
        item.context = vec![Value::Missing; selector.context.len()];
        self.items.keep(item)
    }

    /// Gives the context members of a structure to its items.
    fn add_context(&mut self, first_item: usize, context: Vec<(usize, Value, u64)>) -> Result<(), DecodeError> {
        context.iter().try_for_each(|(position, value, hash)| self.items.give(first_item, *position, value, *hash))
    }
}
