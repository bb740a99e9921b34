//! Values by their shapes, out of tags and texts: children, tags of resources, JSON. It knows no paths and no rows.

use std::borrow::Cow;

use super::DecodeError;
use super::scan::{Scanner, Tag};
use crate::decode::json::{member as member_json, separate, string};
use crate::decode::shapes::{MemberKind, Structure};
use crate::decode::value::Value;

/// Reads one document.
pub(super) struct ItemReader<'a> {
    scanner: Scanner<'a>,
    /// Unknown members that were dropped because they stood beside secrets.
    pub dropped: u64,
}

/// A scalar that is not a string; `None` where the text is not of that type.
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

    /// Steps into the answer, past the element that wraps it in the query protocol.
    pub(super) fn root(&mut self, wrapper: &str) -> Result<(), DecodeError> {
        let Some(root) = self.next_child()? else {
            return Err(DecodeError("it is empty".into()));
        };
        // An error document or a proxy's page with a success status must not pass for an empty list.
        if !root.ends_with("Response") || root == "Response" || root == "ErrorResponse" {
            return Err(DecodeError(format!("it opens with <{}>", root.chars().take(40).collect::<String>())));
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

    /// Reads to the end, so that a body that was cut anywhere is told.
    pub(super) fn rest_of_document(&mut self) -> Result<(), DecodeError> {
        while self.scanner.tag()? != Tag::Eof {}
        Ok(())
    }

    /// The position after what was read last.
    pub(super) fn position(&self) -> usize {
        self.scanner.position()
    }

    /// The position before the tag that was read last.
    pub(super) fn position_before(&self) -> usize {
        self.scanner.position_before()
    }

    /// Steps into the next child and names it, or steps out at the end tag.
    pub(super) fn next_child(&mut self) -> Result<Option<&'a str>, DecodeError> {
        match self.scanner.tag()? {
            Tag::Start(name) => Ok(Some(name)),
            Tag::End | Tag::Eof => Ok(None),
        }
    }

    /// The text up to the end tag.
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        self.scanner.text()
    }

    /// Passes over everything up to the end tag.
    pub(super) fn skip(&mut self) -> Result<(), DecodeError> {
        self.scanner.skip()
    }

    /// A list of `Key` and `Value`, in AWS's order.
    pub(super) fn tags(&mut self) -> Result<Vec<(String, String)>, DecodeError> {
        let mut tags = Vec::new();
        while self.next_child()?.is_some() {
            let (mut key, mut value) = (String::new(), String::new());
            while let Some(tag) = self.next_child()? {
                match tag {
                    "key" | "Key" => key = self.text()?.into_owned(),
                    "value" | "Value" => value = self.text()?.into_owned(),
                    _ => self.skip()?,
                }
            }
            tags.push((key, value));
        }
        Ok(tags)
    }

    /// Appends a value as JSON, up to its end tag. `secret` says that secrets stand beside or above it.
    pub(super) fn json(
        &mut self,
        kind: &'static MemberKind,
        secret: bool,
        out: &mut String,
    ) -> Result<(), DecodeError> {
        match kind {
            MemberKind::Structure(structure) => self.json_structure(structure, secret || structure.secret, out)?,
            MemberKind::List(list) => {
                out.push('[');
                while let Some(tag) = self.next_child()? {
                    if tag == list.item {
                        separate(out, '[');
                        self.json(&list.of, secret, out)?;
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
                let text = self.text()?;
                string(out, &text);
            }
            _ => {
                let text = self.text()?;
                match scalar(kind, &text) {
                    Some(value) => value.write_json(out),
                    None => string(out, &text),
                }
            }
        }
        Ok(())
    }

    fn json_structure(
        &mut self,
        structure: &'static Structure,
        secret: bool,
        out: &mut String,
    ) -> Result<(), DecodeError> {
        let mut guess = 0;
        let mut lists: Vec<(usize, String)> = Vec::new();
        out.push('{');
        while let Some(tag) = self.next_child()? {
            let Some(index) = find(structure, tag, &mut guess) else {
                let mut unknown = String::new();
                self.unknown_member(tag, secret, &mut unknown)?;
                if !unknown.is_empty() {
                    separate(out, '{');
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
                    separate(&mut lists[at].1, '[');
                    self.json(&list.of, secret, &mut lists[at].1)?;
                }
                kind => {
                    separate(out, '{');
                    // AWS's names have nothing that JSON escapes.
                    out.push('"');
                    out.push_str(member.name);
                    out.push_str("\":");
                    self.json(kind, secret, out)?;
                }
            }
        }
        for (index, list) in lists {
            member_json(out, structure.members[index].name, |out| {
                out.push_str(&list);
                out.push(']');
            });
        }
        out.push('}');
        Ok(())
    }

    /// Appends `"<wire name>":<value>` for a member that the model does not know; drops it beside secrets.
    pub(super) fn unknown_member(&mut self, tag: &'a str, secret: bool, out: &mut String) -> Result<(), DecodeError> {
        if secret {
            self.dropped += 1;
            return self.skip();
        }
        let mut json = String::new();
        self.unknown(&mut json)?;
        member_json(out, tag, |out| out.push_str(&json));
        Ok(())
    }

    /// A value of unknown shape: text where it has no children, a list where they are items, else an object.
    fn unknown(&mut self, out: &mut String) -> Result<(), DecodeError> {
        let from = self.position();
        let mut children: Vec<(&'a str, String)> = Vec::new();
        while let Some(tag) = self.next_child()? {
            let mut json = String::new();
            self.unknown(&mut json)?;
            children.push((tag, json));
        }
        if children.is_empty() {
            // What has no children is text, and is read again as that; unknown members are rare.
            let wrapped = format!("<t>{}</t>", self.scanner.slice(from, self.position_before()));
            let mut again = ItemReader::new(&wrapped);
            again.next_child()?;
            string(out, &again.text()?);
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
            separate(out, '{');
            string(out, tag);
            out.push(':');
            out.push_str(&json);
        }
        out.push('}');
        Ok(())
    }
}

/// Finds a member by its tag. Answers keep an order of their own, and one item is like the next: what followed
/// `after` last time is tried first.
pub(super) fn find(structure: &Structure, tag: &str, after: &mut usize) -> Option<usize> {
    let members = structure.members;
    let hint = structure.order.after(*after);
    let index = match members.get(hint) {
        Some(member) if member.wire == tag => hint,
        _ => {
            let index = members.iter().position(|member| member.wire == tag)?;
            structure.order.note(*after, index);
            index
        }
    };
    *after = index + 1;
    Some(index)
}
