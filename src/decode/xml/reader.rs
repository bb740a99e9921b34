//! Reads values by their shapes from tags and texts: children, tags of resources, JSON.
//!
//! **Invariant:** knows neither paths to items nor rows.

use std::borrow::Cow;

use super::scan::{ContentHash, Scanner, Tag};
use super::unknown::read_unknown;
use crate::decode::error::{DecodeError, shown, twice};
use crate::decode::json::{write_comma, write_member, write_string};
use crate::decode::shapes::{List, MemberKind, Operation, Structure};
use crate::decode::strangers::{is_paging_member, misplaced};
use crate::decode::tags::TagPair;
use crate::decode::unknown::{UnknownMembers, unknown_key};
use crate::decode::value::Value;

pub(super) struct ItemReader<'a> {
    scanner: Scanner<'a>,
    /// The number of unknown members that were dropped because their structure has sensitive ones.
    pub dropped: u64,
    /// The response around the items. Its paging members may stand nowhere else.
    output: &'static Structure,
    /// The structure of an item. An item may not stand within another one.
    item: &'static Structure,
    /// For each list of the open structures, its member and the position of its end in the JSON.
    list_ends: Vec<(usize, usize)>,
}

/// The members of a structure that have been read.
#[derive(Clone, Copy, Default)]
pub(super) struct SeenMembers(u128);

impl SeenMembers {
    /// Adds a member by its position. Returns false if it has been read before.
    pub(super) fn insert(&mut self, position: usize) -> bool {
        let bit = 1_u128.checked_shl(u32::try_from(position).unwrap_or(u32::MAX)).unwrap_or(0);
        let is_new = self.0 & bit == 0;
        self.0 |= bit;
        is_new
    }

    pub(super) fn any(self) -> bool {
        self.0 != 0
    }
}

impl<'a> ItemReader<'a> {
    pub(super) fn new(text: &'a str, output: &'static Structure, item: &'static Structure) -> Self {
        Self { scanner: Scanner::new(text), dropped: 0, output, item, list_ends: Vec::new() }
    }

    /// The hash of what the elements contain.
    pub(super) fn hash(&mut self) -> &mut ContentHash<'a> {
        self.scanner.hash()
    }

    /// Enters the root element, which has a name of its own or that of the operation. An error document or a proxy's page with
    /// a success status must not count as an empty list.
    pub(super) fn enter_root(&mut self, operation: &Operation) -> Result<(), DecodeError> {
        let Some(root) = self.next_child()? else {
            return Err(DecodeError("it is empty".into()));
        };
        let (_, name) = operation.name.split_once(':').unwrap_or(("", operation.name));
        let is_named = if operation.root.is_empty() {
            root.strip_suffix("Response") == Some(name)
        } else {
            root == operation.root
        };
        if is_named { Ok(()) } else { Err(DecodeError(format!("its root element is <{}>", shown(root)))) }
    }

    /// Reads the rest of the document, so that a body truncated anywhere is an error.
    pub(super) fn read_to_end(&mut self) -> Result<(), DecodeError> {
        match self.scanner.tag()? {
            Tag::Eof => Ok(()),
            Tag::Start(_) | Tag::End => Err(DecodeError("elements follow its content".into())),
        }
    }

    /// Enters the next child and returns its tag. Leaves the element at its end tag and returns `None`.
    pub(super) fn next_child(&mut self) -> Result<Option<&'a str>, DecodeError> {
        match self.scanner.tag()? {
            Tag::Start(name) => Ok(Some(name)),
            Tag::End | Tag::Eof => Ok(None),
        }
    }

    /// Reads the text up to the end tag.
    pub(super) fn read_text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        self.scanner.text()
    }

    /// Skips everything up to the end tag.
    pub(super) fn skip(&mut self) -> Result<(), DecodeError> {
        self.scanner.skip(|_| {})
    }

    /// Skips everything up to the end tag, and passes the names of the elements within.
    pub(super) fn skip_names(&mut self, seen: impl FnMut(&'a str)) -> Result<(), DecodeError> {
        self.scanner.skip(seen)
    }

    /// Reads an unknown element up to its end tag, and returns whether it is empty or `false`.
    pub(super) fn says_no(&mut self, tag: &str) -> Result<bool, DecodeError> {
        let json = read_unknown(&mut self.scanner, tag)?;
        Ok(matches!(json.trim_matches('"').trim(), "" | "false"))
    }

    /// Reads a list of `Key` and `Value`, in AWS's order. Returns the JSON of what is no pair of both.
    pub(super) fn read_tags(&mut self, list: &'static List, tags: &mut Vec<TagPair>) -> Result<String, DecodeError> {
        let mut others = String::new();
        let MemberKind::Structure(pair) = &list.of else {
            return Err(DecodeError("its tags are no structures".into()));
        };
        while self.next_child()?.is_some() {
            let (mut key, mut value) = (None::<String>, String::new());
            let mut seen = SeenMembers::default();
            let mut unknown = UnknownMembers::default();
            let mut previous = 0;
            while let Some(tag) = self.next_child()? {
                let Some(index) = find_member(pair, tag, &mut previous) else {
                    self.read_unknown_member(tag, pair.secret, &mut unknown)?;
                    continue;
                };
                if !seen.insert(index) {
                    return Err(twice(tag));
                }
                match pair.members[index].name {
                    "Key" => key = Some(self.read_text()?.into_owned()),
                    "Value" => value = self.read_text()?.into_owned(),
                    _ => {
                        let mut json = String::new();
                        self.read_json(&pair.members[index].kind, pair.secret, &mut json)?;
                        unknown.push(pair.members[index].name, json);
                    }
                }
            }
            if key.is_none() || !unknown.is_empty() {
                write_comma(&mut others, '[');
                let mut object = "{".to_owned();
                let texts = [("Key", key.as_deref()), ("Value", Some(value.as_str()))];
                for (name, text) in texts.into_iter().filter_map(|(name, text)| Some((name, text?))) {
                    write_member(&mut object, name, |out| write_string(out, text));
                }
                unknown.write(&mut object, |name| unknown_key(pair, name));
                others.push_str(&object);
                others.push('}');
            }
            tags.extend(key.map(|key| (key, value)));
        }
        Ok(others)
    }

    /// Appends a value as JSON, up to its end tag. `secret` is true if a structure around it has sensitive members.
    pub(super) fn read_json(
        &mut self,
        kind: &'static MemberKind,
        secret: bool,
        out: &mut String,
    ) -> Result<(), DecodeError> {
        match kind {
            MemberKind::Structure(structure) => self.read_structure(structure, secret || structure.secret, out)?,
            MemberKind::List(list) => {
                out.push('[');
                self.read_elements(list, secret, out)?;
                out.push(']');
            }
            MemberKind::Sensitive => {
                self.skip()?;
                out.push_str("null");
            }
            MemberKind::Text => {
                let text = self.read_text()?;
                write_string(out, &text);
            }
            _ => {
                let text = self.read_text()?;
                match Value::of_text(kind, &text) {
                    Some(value) => value.write_json(out),
                    None => write_string(out, &text),
                }
            }
        }
        Ok(())
    }

    /// Appends the elements of a list. Every child is one, whatever its tag, as in AWS's own clients.
    fn read_elements(&mut self, list: &'static List, secret: bool, out: &mut String) -> Result<(), DecodeError> {
        while self.next_child()?.is_some() {
            write_comma(out, '[');
            self.read_json(&list.of, secret, out)?;
        }
        Ok(())
    }

    fn read_structure(
        &mut self,
        structure: &'static Structure,
        secret: bool,
        out: &mut String,
    ) -> Result<(), DecodeError> {
        let (mut previous, mut seen) = (0, SeenMembers::default());
        // The elements of flattened lists, and of lists that occur again.
        let mut more: Vec<(usize, String)> = Vec::new();
        let mut unknown: Option<UnknownMembers> = None;
        let outer_lists = self.list_ends.len();
        out.push('{');
        while let Some(tag) = self.next_child()? {
            let Some(index) = find_member(structure, tag, &mut previous) else {
                self.read_unknown_member(tag, secret, unknown.get_or_insert_default())?;
                continue;
            };
            let member = &structure.members[index];
            let is_new = seen.insert(index);
            match &member.kind {
                MemberKind::Sensitive => self.skip()?,
                MemberKind::List(list) if list.flattened => {
                    let elements = elements_of(&mut more, index);
                    write_comma(elements, '[');
                    self.read_json(&list.of, secret, elements)?;
                }
                MemberKind::List(list) if !is_new => {
                    self.read_elements(list, secret, elements_of(&mut more, index))?;
                }
                _ if !is_new => return Err(twice(tag)),
                kind => {
                    write_comma(out, '{');
                    // AWS's names hold no character that JSON escapes.
                    out.push('"');
                    out.push_str(member.name);
                    out.push_str("\":");
                    self.read_json(kind, secret, out)?;
                    if matches!(kind, MemberKind::List(_)) {
                        self.list_ends.push((index, out.len() - 1));
                    }
                }
            }
        }
        if !more.is_empty() {
            write_more(structure, &self.list_ends[outer_lists..], more, out);
        }
        self.list_ends.truncate(outer_lists);
        if let Some(unknown) = unknown {
            // It has the members of an item, and none of its own.
            if !seen.any() && unknown.names().all(|name| self.item.members.iter().any(|member| member.wire == name)) {
                return Err(misplaced(structure.name));
            }
            unknown.write(out, |name| unknown_key(structure, name));
        }
        out.push('}');
        Ok(())
    }

    /// Adds a member that the model does not know, under its name on the wire. Drops it if `secret`.
    pub(super) fn read_unknown_member(
        &mut self,
        tag: &'a str,
        secret: bool,
        out: &mut UnknownMembers,
    ) -> Result<(), DecodeError> {
        if is_paging_member(self.output, tag) {
            return Err(misplaced(tag));
        }
        if secret {
            self.dropped += 1;
            return self.skip();
        }
        out.push(tag, read_unknown(&mut self.scanner, tag)?);
        Ok(())
    }
}

fn elements_of(more: &mut Vec<(usize, String)>, member: usize) -> &mut String {
    let at = more.iter().position(|(of, _)| *of == member).unwrap_or_else(|| {
        more.push((member, String::new()));
        more.len() - 1
    });
    &mut more[at].1
}

/// Writes the elements of lists that occurred again into the list that is written already, and the flattened lists.
fn write_more(structure: &Structure, written: &[(usize, usize)], more: Vec<(usize, String)>, out: &mut String) {
    let mut flattened = Vec::new();
    let mut inserts: Vec<(usize, String)> = Vec::new();
    for (member, elements) in more {
        match written.iter().find(|(of, _)| *of == member) {
            Some((_, end)) if !elements.is_empty() => inserts.push((*end, elements)),
            Some(_) => {}
            None => flattened.push((member, elements)),
        }
    }
    // From the last one on, so that the positions of the others stay.
    inserts.sort_by_key(|(end, _)| std::cmp::Reverse(*end));
    for (end, mut elements) in inserts {
        if !out[..end].ends_with('[') {
            elements.insert(0, ',');
        }
        out.insert_str(end, &elements);
    }
    for (member, elements) in flattened {
        write_member(out, structure.members[member].name, |out| {
            out.push('[');
            out.push_str(&elements);
            out.push(']');
        });
    }
}

/// Finds a member by its tag, and stores its position, counted from 1, in `previous`.
///
/// The member that followed `previous` in the last item is tried first: responses order members differently from the
/// model, but consistently from item to item.
pub(super) fn find_member(structure: &Structure, tag: &str, previous: &mut usize) -> Option<usize> {
    let members = structure.members;
    let hint = structure.order_hint.following(*previous);
    let index = match members.get(hint) {
        Some(member) if member.wire == tag => hint,
        _ => {
            let index = members.iter().position(|member| member.wire == tag)?;
            structure.order_hint.record(*previous, index);
            index
        }
    };
    *previous = index + 1;
    Some(index)
}
