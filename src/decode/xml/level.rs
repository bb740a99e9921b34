//! Reads the structures on the path from the response to its items, and collects the items.
//!
//! **Invariant:** knows paths, and neither tables nor HTTP.

use std::cell::RefCell;

use super::item::{ItemRules, Stranger};
use super::reader::{ItemReader, SeenMembers, find_member};
use crate::decode::body::DecodedBody;
use crate::decode::error::{DecodeError, twice};
use crate::decode::item_list::ItemList;
use crate::decode::json::append_list;
use crate::decode::scalars::Scalars;
use crate::decode::selector::ItemSelector;
use crate::decode::shapes::{Member, MemberKind};
use crate::decode::strangers::{
    has_pages, has_paging_name, instead_of, is_metadata, is_paging, is_step, is_suspect, misplaced,
};
use crate::decode::value::Value;

/// Decodes one response by the selector of its operation.
pub(super) struct Decoder<'a> {
    reader: ItemReader<'a>,
    selector: &'a ItemSelector,
    items: ItemList,
    /// The hashes of the context members, in their order.
    context_hashes: Vec<u64>,
    scalars: RefCell<Scalars>,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(text: &'a str, selector: &'a ItemSelector, limit: usize) -> Result<Self, DecodeError> {
        let mut reader = ItemReader::new(text, selector.operation().output, selector.item());
        reader.hash().leave_out_measures(&selector.measures);
        reader.enter_root(selector.operation())?;
        let context_hashes = vec![0; selector.context.len()];
        Ok(Self { reader, selector, items: ItemList::within(limit), context_hashes, scalars: RefCell::default() })
    }

    pub(super) fn decode(mut self) -> Result<DecodedBody, DecodeError> {
        let wrapper = self.selector.operation().wrapper;
        if wrapper.is_empty() {
            self.read_content()?;
        } else {
            self.read_wrapped(wrapper)?;
        }
        self.reader.read_to_end()?;
        Ok(self.items.into_body(self.scalars.into_inner(), self.reader.dropped))
    }

    /// Reads the response within the element that wraps it in the query protocol.
    fn read_wrapped(&mut self, wrapper: &str) -> Result<(), DecodeError> {
        let (mut found, mut unknown) = (false, None);
        while let Some(tag) = self.reader.next_child()? {
            if tag != wrapper {
                if self.skip_stranger(0, tag)? && !is_metadata(tag) {
                    unknown.get_or_insert(tag);
                }
            } else if std::mem::replace(&mut found, true) {
                return Err(twice(tag));
            } else {
                self.read_content()?;
            }
        }
        match unknown {
            Some(tag) => Err(instead_of(wrapper, tag)),
            None if found => Ok(()),
            None => Err(DecodeError(format!("it has no <{wrapper}>"))),
        }
    }

    fn read_content(&mut self) -> Result<(), DecodeError> {
        if self.selector.path.is_empty() {
            return self.read_whole();
        }
        let mut context = vec![Value::Missing; self.selector.context.len()];
        self.read_level(0, &mut context)
    }

    /// Reads a response that is the item itself.
    fn read_whole(&mut self) -> Result<(), DecodeError> {
        let output = self.selector.operation().output;
        let may_stand = |tag: &str| match () {
            () if is_metadata(tag) => Ok(Stranger::Skipped),
            () if has_pages(output) && is_paging(output, tag) => Err(misplaced(tag)),
            () => Ok(Stranger::Kept),
        };
        let scalars = &self.scalars;
        let scalar = |member: &Member, text: &str| scalars.borrow_mut().add(member, text);
        let is_beside = |tag: &str| is_metadata(tag) || has_paging_name(tag);
        let rules = ItemRules { may_stand: &may_stand, scalar: &scalar, is_beside: &is_beside };
        let (item, _) = self.reader.read_item(output, rules)?;
        self.items.keep(item)
    }

    /// Reads a structure on the path to the items, up to its end tag.
    fn read_level(&mut self, depth: usize, context: &mut Vec<Value>) -> Result<(), DecodeError> {
        let structure = self.selector.structure_at(depth);
        let step = self.selector.path[depth];
        let first_item = self.items.len();
        let (mut previous, mut seen, mut unknown) = (0, SeenMembers::default(), None);
        let mut found = false;
        while let Some(tag) = self.reader.next_child()? {
            let Some(index) = find_member(structure, tag, &mut previous) else {
                if self.skip_stranger(depth, tag)? && !is_metadata(tag) {
                    unknown.get_or_insert(tag);
                }
                continue;
            };
            let is_new = seen.insert(index);
            if !step.is_at(index) {
                self.read_beside(depth, &structure.members[index], is_new, context)?;
                continue;
            }
            found = true;
            if step.element.is_none() {
                if !is_new {
                    return Err(twice(tag));
                }
                self.descend(depth, context)?;
                continue;
            }
            // Every child is an element, whatever its tag, as in AWS's own clients.
            while self.reader.next_child()?.is_some() {
                self.descend(depth, context)?;
            }
        }
        match unknown {
            Some(tag) if !found => return Err(instead_of(structure.members[step.member].wire, tag)),
            _ => {}
        }
        self.settle_context(depth, first_item, context)
    }

    /// Reads a known member beside the path: a paging member, a context member, or neither.
    fn read_beside(
        &mut self,
        depth: usize,
        member: &'static Member,
        is_new: bool,
        context: &mut [Value],
    ) -> Result<(), DecodeError> {
        let secret = self.selector.structure_at(depth).secret;
        let position = self.selector.context_position(depth, member);
        let is_list = matches!(member.kind, MemberKind::List(_));
        if !is_new && !is_list {
            return Err(twice(member.wire));
        }
        let value = match (&member.kind, position) {
            (MemberKind::Sensitive, _) | (MemberKind::Structure(_) | MemberKind::List(_), None) => {
                return self.reader.skip();
            }
            (MemberKind::Structure(_) | MemberKind::List(_), Some(_)) => {
                let mut json = String::new();
                self.reader.read_json(&member.kind, secret, &mut json)?;
                Value::Json(json)
            }
            _ => {
                let scalars = &self.scalars;
                let at_root = |member: &Member, text: &str| {
                    if depth == 0 {
                        scalars.borrow_mut().add(member, text);
                    }
                };
                match self.reader.read_scalar(member, &at_root)? {
                    Ok(value) => value,
                    Err(_) if position.is_none() && depth > 0 => return Ok(()),
                    Err(_) => return Err(DecodeError(format!("<{}> is not of its type", member.wire))),
                }
            }
        };
        if let Some(position) = position {
            let hash = &mut self.context_hashes[position];
            *hash = hash.wrapping_add(self.reader.hash().last());
            match (&mut context[position], value) {
                (Value::Json(list), Value::Json(more)) if is_list => append_list(list, &more),
                (slot, value) => *slot = value,
            }
        }
        Ok(())
    }

    /// Skips an unknown member beside the path, unless items or a page token could be in it. Returns false if it only
    /// says that there is no other page.
    fn skip_stranger(&mut self, depth: usize, tag: &str) -> Result<bool, DecodeError> {
        let selector = self.selector;
        if depth == 0 && is_paging(selector.operation().output, tag) {
            // `<IsTruncated>false</IsTruncated>` says that there is no other page, whatever the listing pages by.
            return if self.reader.says_no(tag)? { Ok(false) } else { Err(misplaced(tag)) };
        }
        let mut suspect = is_suspect(selector, depth, tag);
        self.reader.skip_names(|name| suspect = suspect || is_suspect(selector, depth, name))?;
        if suspect { Err(misplaced(tag)) } else { Ok(true) }
    }

    fn descend(&mut self, depth: usize, context: &mut Vec<Value>) -> Result<(), DecodeError> {
        if depth + 1 < self.selector.path.len() {
            return self.read_level(depth + 1, context);
        }
        let selector = self.selector;
        // An item within an item would count as one.
        let may_stand = |tag: &str| if is_step(selector, 0, tag) { Err(misplaced(tag)) } else { Ok(Stranger::Kept) };
        let rules = ItemRules { may_stand: &may_stand, scalar: &|_, _| {}, is_beside: &|_| false };
        let dropped = self.reader.dropped;
        let (mut item, is_known) = self.reader.read_item(selector.item(), rules)?;
        // Where there are secrets, unknown members are dropped.
        if !is_known && (!item.extra.is_empty() || self.reader.dropped > dropped) {
            return Err(DecodeError("an item has no member that the service model knows".into()));
        }
        item.context.clone_from(context);
        self.items.keep(item)
    }

    /// Gives the context members of a structure to its items. A context member may follow the list that it belongs to.
    /// It must not leak into the next structure.
    fn settle_context(&mut self, depth: usize, first_item: usize, context: &mut [Value]) -> Result<(), DecodeError> {
        for (position, member) in self.selector.context.iter().enumerate() {
            if member.depth == depth {
                let value = std::mem::take(&mut context[position]);
                let hash = std::mem::take(&mut self.context_hashes[position]);
                self.items.give(first_item, position, &value, hash)?;
            }
        }
        Ok(())
    }
}
