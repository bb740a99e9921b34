//! Reads values by their shapes from tags and texts: children, tags of resources, JSON.
//!
//! **Invariant:** knows neither paths to items nor rows.

use std::borrow::Cow;

use super::DecodeError;
use super::scan::{Scanner, Tag};
use crate::decode::json::{write_comma, write_member, write_string};
use crate::decode::shapes::{MemberKind, Structure};
use crate::decode::value::Value;

pub(super) struct ItemReader<'a> {
    scanner: Scanner<'a>,
    /// The number of unknown members that were dropped because their structure has sensitive ones.
    pub dropped: u64,
}

/// Parses a scalar that is not a string. `None` if the text is not of that type.
pub(super) fn scalar(kind: &MemberKind, text: &str) -> Option<Value> {
    match kind {
        MemberKind::Boolean => text.parse().ok().map(Value::Boolean),
        MemberKind::Integer => text.parse().ok().map(Value::Integer),
        MemberKind::Double => text.parse().ok().filter(|value: &f64| value.is_finite()).map(Value::Double),
        MemberKind::Timestamp => text.parse().ok().map(Value::Timestamp),
        _ => None,
    }
}

impl<'a> ItemReader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { scanner: Scanner::new(text), dropped: 0 }
    }

    /// Enters the response, past the element that wraps it in the query protocol.
    pub(super) fn enter_response(&mut self, wrapper: &str) -> Result<(), DecodeError> {
        let Some(root) = self.next_child()? else {
            return Err(DecodeError("it is empty".into()));
        };
        // An error document or a proxy's page with a success status must not count as an empty list.
        if !root.ends_with("Response") || root == "Response" || root == "ErrorResponse" {
            return Err(DecodeError(format!("its root element is <{}>", root.chars().take(40).collect::<String>())));
        }
        if !wrapper.is_empty() {
            loop {
                match self.next_child()? {
                    Some(tag) if tag == wrapper => break,
                    Some(_) => self.skip()?,
                    None => return Err(DecodeError(format!("it has no <{wrapper}>"))),
                }
            }
        }
        Ok(())
    }

    /// Reads the rest of the document, so that a body truncated anywhere is an error.
    pub(super) fn read_to_end(&mut self) -> Result<(), DecodeError> {
        while self.scanner.tag()? != Tag::Eof {}
        Ok(())
    }

    /// The position after the last tag or text.
    pub(super) fn position(&self) -> usize {
        self.scanner.position()
    }

    /// The position before the last tag.
    pub(super) fn position_before(&self) -> usize {
        self.scanner.position_before()
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
        self.scanner.skip()
    }

    /// Reads a list of `Key` and `Value`, in AWS's order.
    pub(super) fn read_tags(&mut self) -> Result<Vec<(String, String)>, DecodeError> {
        let mut tags = Vec::new();
        while self.next_child()?.is_some() {
            let (mut key, mut value) = (String::new(), String::new());
            while let Some(tag) = self.next_child()? {
                match tag {
                    "key" | "Key" => key = self.read_text()?.into_owned(),
                    "value" | "Value" => value = self.read_text()?.into_owned(),
                    _ => self.skip()?,
                }
            }
            tags.push((key, value));
        }
        Ok(tags)
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
                while let Some(tag) = self.next_child()? {
                    if tag == list.item {
                        write_comma(out, '[');
                        self.read_json(&list.of, secret, out)?;
                    } else {
                        self.skip()?;
                    }
                }
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
                match scalar(kind, &text) {
                    Some(value) => value.write_json(out),
                    None => write_string(out, &text),
                }
            }
        }
        Ok(())
    }

    fn read_structure(
        &mut self,
        structure: &'static Structure,
        secret: bool,
        out: &mut String,
    ) -> Result<(), DecodeError> {
        let mut previous = 0;
        let mut lists: Vec<(usize, String)> = Vec::new();
        out.push('{');
        while let Some(tag) = self.next_child()? {
            let Some(index) = find_member(structure, tag, &mut previous) else {
                let mut unknown = String::new();
                self.read_unknown_member(tag, secret, &mut unknown)?;
                if !unknown.is_empty() {
                    write_comma(out, '{');
                    out.push_str(&unknown);
                }
                continue;
            };
            let member = &structure.members[index];
            match &member.kind {
                MemberKind::Sensitive => self.skip()?,
                MemberKind::List(list) if list.flattened => {
                    let at = lists.iter().position(|(of, _)| *of == index).unwrap_or_else(|| {
                        lists.push((index, "[".into()));
                        lists.len() - 1
                    });
                    write_comma(&mut lists[at].1, '[');
                    self.read_json(&list.of, secret, &mut lists[at].1)?;
                }
                kind => {
                    write_comma(out, '{');
                    // AWS's names hold no character that JSON escapes.
                    out.push('"');
                    out.push_str(member.name);
                    out.push_str("\":");
                    self.read_json(kind, secret, out)?;
                }
            }
        }
        for (index, list) in lists {
            write_member(out, structure.members[index].name, |out| {
                out.push_str(&list);
                out.push(']');
            });
        }
        out.push('}');
        Ok(())
    }

    /// Appends `"<wire name>":<value>` for a member that the model does not know. Drops it if `secret`.
    pub(super) fn read_unknown_member(
        &mut self,
        tag: &'a str,
        secret: bool,
        out: &mut String,
    ) -> Result<(), DecodeError> {
        if secret {
            self.dropped += 1;
            return self.skip();
        }
        let mut json = String::new();
        self.read_unknown(&mut json)?;
        write_member(out, tag, |out| out.push_str(&json));
        Ok(())
    }

    /// Appends a value of unknown shape: text if it has no children, a list if they are items, else an object.
    fn read_unknown(&mut self, out: &mut String) -> Result<(), DecodeError> {
        let from = self.position();
        let mut children: Vec<(&'a str, String)> = Vec::new();
        while let Some(tag) = self.next_child()? {
            let mut json = String::new();
            self.read_unknown(&mut json)?;
            children.push((tag, json));
        }
        if children.is_empty() {
            // An element without children is text. It is read a second time, since unknown members are rare.
            let wrapped = format!("<t>{}</t>", self.scanner.slice(from, self.position_before()));
            let mut reader = ItemReader::new(&wrapped);
            reader.next_child()?;
            write_string(out, &reader.read_text()?);
            return Ok(());
        }
        let first = children[0].0;
        if children.iter().all(|(tag, _)| *tag == first) && (matches!(first, "item" | "member") || children.len() > 1) {
            let items: Vec<String> = children.into_iter().map(|(_, json)| json).collect();
            out.push_str(&format!("[{}]", items.join(",")));
            return Ok(());
        }
        out.push('{');
        for (tag, json) in children {
            write_comma(out, '{');
            write_string(out, tag);
            out.push(':');
            out.push_str(&json);
        }
        out.push('}');
        Ok(())
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
