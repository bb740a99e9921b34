//! The bare reading of XML: children, text, and values as JSON by their shapes. It knows no paths
//! and no rows.

use jiff::Timestamp;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use super::Unreadable;
use crate::json::{member as member_json, separate, string};
use crate::shapes::{Kind, Structure};

/// No answer of AWS nests deeper; a document that does is not worth our stack.
const DEEPEST: usize = 64;

/// Reads one document.
pub struct Reader<'a> {
    document: &'a str,
    xml: quick_xml::Reader<&'a [u8]>,
    before: usize,
    depth: usize,
    /// Unknown members that were dropped because they stood beside secrets.
    pub dropped: u64,
}

/// A scalar that is not a string.
pub enum Scalar {
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Timestamp(Timestamp),
}

impl Scalar {
    /// `None` where the text is not of that type.
    pub fn parse(kind: &Kind, text: &str) -> Option<Self> {
        match kind {
            Kind::Boolean => text.parse().ok().map(Self::Boolean),
            Kind::Integer => text.parse().ok().map(Self::Integer),
            Kind::Double => text.parse().ok().filter(|value: &f64| value.is_finite()).map(Self::Double),
            Kind::Timestamp => text.parse().ok().map(Self::Timestamp),
            _ => None,
        }
    }
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut xml = quick_xml::Reader::from_str(text);
        xml.config_mut().expand_empty_elements = true;
        Self { document: text, xml, before: 0, depth: 0, dropped: 0 }
    }

    /// Steps into the answer, past the element that wraps it in the query protocol.
    pub fn root(&mut self, wrapper: &str) -> Result<(), Unreadable> {
        let Some(root) = self.next_child()? else {
            return Err(Unreadable("it is empty".into()));
        };
        // An error document or a proxy's page with a success status must not pass for an empty list.
        if !root.ends_with("Response") || root == "Response" || root == "ErrorResponse" {
            return Err(Unreadable(format!("it opens with <{}>", root.chars().take(40).collect::<String>())));
        }
        if !wrapper.is_empty() {
            loop {
                match self.next_child()? {
                    Some(tag) if tag == wrapper => break,
                    Some(_) => self.skip()?,
                    None => return Err(Unreadable(format!("it has no <{wrapper}>"))),
                }
            }
        }
        Ok(())
    }

    /// Reads to the end, so that a body that was cut anywhere is told.
    pub fn rest_of_document(&mut self) -> Result<(), Unreadable> {
        while self.depth > 0 {
            if self.next_child()?.is_some() {
                self.skip()?;
            }
        }
        Ok(())
    }

    /// The position after what was read last.
    pub fn position(&self) -> usize {
        usize::try_from(self.xml.buffer_position()).unwrap_or(usize::MAX)
    }

    /// The position before the tag that was read last.
    pub fn position_before(&self) -> usize {
        self.before
    }

    /// Steps into the next child and names it, or steps out at the end tag.
    pub fn next_child(&mut self) -> Result<Option<&'a str>, Unreadable> {
        loop {
            match self.event()? {
                Event::Start(start) => {
                    self.depth += 1;
                    if self.depth > DEEPEST {
                        return Err(Unreadable(format!("it nests deeper than {DEEPEST} levels")));
                    }
                    return Ok(Some(self.name_at(start.name().as_ref().len())));
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(None);
                }
                Event::Eof if self.depth == 0 => return Ok(None),
                Event::Eof => return Err(Unreadable("it was cut before its end".into())),
                _ => {}
            }
        }
    }

    /// The text up to the end tag.
    pub fn text(&mut self) -> Result<String, Unreadable> {
        let mut text = String::new();
        loop {
            match self.event()? {
                Event::Text(part) => text.push_str(&part.xml10_content()),
                Event::CData(part) => text.push_str(&part.xml10_content()),
                Event::GeneralRef(reference) => {
                    match reference.resolve_char_ref().map_err(|error| Unreadable(error.to_string()))? {
                        Some(character) => text.push(character),
                        None => {
                            let name = reference.xml10_content();
                            let known = resolve_predefined_entity(&name);
                            text.push_str(known.ok_or_else(|| Unreadable(format!("unknown entity &{name};")))?);
                        }
                    }
                }
                Event::Start(_) => {
                    self.depth += 1;
                    self.skip()?;
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(text);
                }
                Event::Eof => return Err(Unreadable("it was cut before its end".into())),
                _ => {}
            }
        }
    }

    /// Passes over everything up to the end tag.
    pub fn skip(&mut self) -> Result<(), Unreadable> {
        let outside = self.depth - 1;
        while self.depth > outside {
            self.next_child()?;
        }
        Ok(())
    }

    /// A list of `Key` and `Value`, in AWS's order.
    pub fn tags(&mut self) -> Result<Vec<(String, String)>, Unreadable> {
        let mut tags = Vec::new();
        while self.next_child()?.is_some() {
            let (mut key, mut value) = (String::new(), String::new());
            while let Some(tag) = self.next_child()? {
                match tag {
                    "key" | "Key" => key = self.text()?,
                    "value" | "Value" => value = self.text()?,
                    _ => self.skip()?,
                }
            }
            tags.push((key, value));
        }
        Ok(tags)
    }

    /// Appends a value as JSON, up to its end tag. `secret` says that secrets stand beside or above it.
    pub fn json(&mut self, kind: &'static Kind, secret: bool, out: &mut String) -> Result<(), Unreadable> {
        match kind {
            Kind::Structure(structure) => self.json_structure(structure, secret || structure.secret, out)?,
            Kind::List(list) => {
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
            Kind::Sensitive => {
                self.skip()?;
                out.push_str("null");
            }
            Kind::Text => {
                let text = self.text()?;
                string(out, &text);
            }
            _ => {
                let text = self.text()?;
                match Scalar::parse(kind, &text) {
                    Some(Scalar::Boolean(value)) => out.push_str(if value { "true" } else { "false" }),
                    Some(Scalar::Integer(value)) => out.push_str(&value.to_string()),
                    Some(Scalar::Double(value)) => out.push_str(&serde_json::Value::from(value).to_string()),
                    Some(Scalar::Timestamp(value)) => string(out, &value.to_string()),
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
    ) -> Result<(), Unreadable> {
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
                Kind::Sensitive => self.skip()?,
                Kind::List(list) if list.flattened => {
                    let at = lists.iter().position(|(of, _)| *of == index).unwrap_or_else(|| {
                        lists.push((index, "[".into()));
                        lists.len() - 1
                    });
                    separate(&mut lists[at].1, '[');
                    self.json(&list.of, secret, &mut lists[at].1)?;
                }
                kind => {
                    separate(out, '{');
                    string(out, member.name);
                    out.push(':');
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
    pub fn unknown_member(&mut self, tag: &'a str, secret: bool, out: &mut String) -> Result<(), Unreadable> {
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
    fn unknown(&mut self, out: &mut String) -> Result<(), Unreadable> {
        let from = self.position();
        let mut children: Vec<(&'a str, String)> = Vec::new();
        loop {
            match self.event()? {
                Event::Start(start) => {
                    self.depth += 1;
                    if self.depth > DEEPEST {
                        return Err(Unreadable(format!("it nests deeper than {DEEPEST} levels")));
                    }
                    let tag = self.name_at(start.name().as_ref().len());
                    let mut json = String::new();
                    self.unknown(&mut json)?;
                    children.push((tag, json));
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    break;
                }
                Event::Eof => return Err(Unreadable("it was cut before its end".into())),
                _ => {}
            }
        }
        if children.is_empty() {
            // The text is read again by the one function that knows references; unknown members are rare.
            let inside = self.inside(from, self.before);
            let wrapped = format!("<t>{inside}</t>");
            let mut again = Reader::new(&wrapped);
            again.next_child()?;
            let text = again.text()?;
            string(out, &text);
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

    fn event(&mut self) -> Result<Event<'a>, Unreadable> {
        self.before = self.position();
        self.xml.read_event().map_err(|error| Unreadable(error.to_string()))
    }

    /// The name of the start tag that was just read, borrowed from the document itself.
    fn name_at(&self, length: usize) -> &'a str {
        self.inside(self.before + 1, self.before + 1 + length)
    }

    fn inside(&self, from: usize, to: usize) -> &'a str {
        self.document.get(from..to).unwrap_or_default()
    }
}

/// Finds a member by its tag; answers keep an order, so the one after the last is tried first.
pub fn find(structure: &Structure, tag: &str, guess: &mut usize) -> Option<usize> {
    let members = structure.members;
    let index = match members.get(*guess) {
        Some(member) if member.wire == tag => *guess,
        _ => members.iter().position(|member| member.wire == tag)?,
    };
    *guess = index + 1;
    Some(index)
}
