//! The tags and texts of a document, one after the other, borrowed from it.
//!
//! Reads the XML that AWS answers with: elements, attributes (passed over), texts with references, CDATA, comments and
//! instructions. It holds end tags to their start tags, and knows neither namespaces nor document types, nor what the
//! tags mean. It exists for its speed: a general reader takes as long for its events alone as there is for the whole
//! way to a row. A test holds it to what such a reader reads.

use std::borrow::Cow;

use super::DecodeError;
use memchr::{memchr, memchr2, memmem};

/// No answer of AWS nests deeper; a document that does is not worth our stack.
const DEEPEST: usize = 64;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag<'a> {
    /// An element begins.
    Start(&'a str),
    /// The one that began last ends.
    End,
    /// There is nothing more.
    Eof,
}

/// Goes through one document.
pub(super) struct Scanner<'a> {
    document: &'a str,
    at: usize,
    before: usize,
    open: Vec<&'a str>,
    /// The element that began last has no content (`<a/>`): its end is still to be told.
    empty: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(document: &'a str) -> Self {
        Self { document, at: 0, before: 0, open: Vec::with_capacity(16), empty: false }
    }

    /// The position after what was read last.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The position before the tag that was read last.
    pub(super) fn position_before(&self) -> usize {
        self.before
    }

    /// The next tag, past any text.
    pub(super) fn tag(&mut self) -> Result<Tag<'a>, DecodeError> {
        loop {
            if self.end_of_empty() {
                return Ok(Tag::End);
            }
            let Some(offset) = memchr(b'<', self.rest()) else {
                self.at = self.document.len();
                return if self.open.is_empty() { Ok(Tag::Eof) } else { Err(cut()) };
            };
            self.at += offset;
            if let Some(tag) = self.markup(&mut |_| {})? {
                return Ok(tag);
            }
        }
    }

    /// The text up to the end tag, which is read too. Elements in it are passed over.
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        if self.end_of_empty() {
            return Ok(Cow::Borrowed(""));
        }
        let first = self.text_here()?;
        if self.rest().get(1) == Some(&b'/') {
            self.end_tag()?;
            return Ok(first);
        }
        let mut text = first.into_owned();
        loop {
            match self.markup(&mut |part| text.push_str(&normal(part)))? {
                Some(Tag::End) => return Ok(Cow::Owned(text)),
                Some(_) => self.skip()?,
                None => {}
            }
            text.push_str(&self.text_here()?);
        }
    }

    /// Passes over everything up to the end tag of the element that began last.
    pub(super) fn skip(&mut self) -> Result<(), DecodeError> {
        let outside = self.open.len().saturating_sub(1);
        while self.open.len() > outside {
            self.tag()?;
        }
        Ok(())
    }

    fn rest(&self) -> &'a [u8] {
        self.document.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// What stands between two positions.
    pub(super) fn slice(&self, from: usize, to: usize) -> &'a str {
        self.document.get(from..to).unwrap_or_default()
    }

    /// The text up to the next `<`.
    fn text_here(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        let from = self.at;
        self.at += memchr(b'<', self.rest()).ok_or_else(cut)?;
        decoded(self.slice(from, self.at))
    }

    fn end_of_empty(&mut self) -> bool {
        let empty = std::mem::take(&mut self.empty);
        if empty {
            self.before = self.at;
            self.open.pop();
        }
        empty
    }

    /// What begins with the `<` here: a tag, or nothing that is one. The content of CDATA goes to `text`.
    fn markup(&mut self, text: &mut dyn FnMut(&str)) -> Result<Option<Tag<'a>>, DecodeError> {
        match self.rest().get(1) {
            Some(b'/') => self.end_tag().map(Some),
            Some(b'?') => self.past("<?", "?>").map(|_| None),
            Some(b'!') if self.rest().starts_with(b"<!--") => self.past("<!--", "-->").map(|_| None),
            Some(b'!') if self.rest().starts_with(b"<![CDATA[") => {
                text(self.past("<![CDATA[", "]]>")?);
                Ok(None)
            }
            Some(b'!') => Err(DecodeError("it declares what answers do not".into())),
            Some(_) => self.start_tag().map(Some),
            None => Err(cut()),
        }
    }

    /// Steps over what stands between two marks, and gives it.
    fn past(&mut self, opening: &str, closing: &str) -> Result<&'a str, DecodeError> {
        let from = self.at + opening.len();
        let inside = self.document.as_bytes().get(from..).unwrap_or_default();
        let length = memmem::find(inside, closing.as_bytes()).ok_or_else(cut)?;
        self.at = from + length + closing.len();
        Ok(self.slice(from, from + length))
    }

    fn end_tag(&mut self) -> Result<Tag<'a>, DecodeError> {
        self.before = self.at;
        let inside = &self.rest()[2..];
        let name = self.open.pop().ok_or_else(|| DecodeError("it ends what it did not begin".into()))?;
        let mismatch = || DecodeError(format!("<{name}> is ended by another"));
        if inside.len() <= name.len() {
            return Err(cut());
        }
        if !inside.starts_with(name.as_bytes()) {
            return Err(mismatch());
        }
        let after = inside[name.len()..].iter().position(|byte| !byte.is_ascii_whitespace()).ok_or_else(cut)?;
        if inside[name.len() + after] != b'>' {
            return Err(mismatch());
        }
        self.at += 2 + name.len() + after + 1;
        Ok(Tag::End)
    }

    fn start_tag(&mut self) -> Result<Tag<'a>, DecodeError> {
        self.before = self.at;
        let from = self.at + 1;
        let inside = &self.rest()[1..];
        let ends = |byte: &u8| matches!(byte, b'>' | b'/' | b'<') || byte.is_ascii_whitespace();
        let length = inside.iter().position(ends).ok_or_else(cut)?;
        if length == 0 {
            return Err(DecodeError("an element has no name".into()));
        }
        // Attributes are passed over; what is in their quotes ends nothing.
        let (mut at, mut quote) = (length, None);
        loop {
            match (inside.get(at).ok_or_else(cut)?, quote) {
                (b'>', None) => break,
                (b'<', None) => return Err(DecodeError("a tag is not ended".into())),
                (byte @ (b'"' | b'\''), None) => quote = Some(*byte),
                (byte, Some(open)) if *byte == open => quote = None,
                _ => {}
            }
            at += 1;
        }
        self.empty = inside[at - 1] == b'/';
        self.at = from + at + 1;
        let name = self.slice(from, from + length);
        self.open.push(name);
        if self.open.len() > DEEPEST {
            return Err(DecodeError(format!("it nests deeper than {DEEPEST} levels")));
        }
        Ok(Tag::Start(name))
    }
}

fn cut() -> DecodeError {
    DecodeError("it was cut before its end".into())
}

/// A text with its references resolved and its line ends as XML wants them.
pub(super) fn decoded(raw: &str) -> Result<Cow<'_, str>, DecodeError> {
    if memchr2(b'&', b'\r', raw.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, reference)) = rest.split_once('&') {
        text.push_str(&normal(before));
        let (name, after) = reference.split_once(';').ok_or_else(|| DecodeError("a reference is not ended".into()))?;
        text.push(character(name).ok_or_else(|| DecodeError("an unknown reference stands in it".into()))?);
        rest = after;
    }
    text.push_str(&normal(rest));
    Ok(Cow::Owned(text))
}

fn character(name: &str) -> Option<char> {
    let code = match (name, name.strip_prefix('#')) {
        ("lt", _) => return Some('<'),
        ("gt", _) => return Some('>'),
        ("amp", _) => return Some('&'),
        ("apos", _) => return Some('\''),
        ("quot", _) => return Some('"'),
        (_, Some(number)) => match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        },
        _ => return None,
    };
    code.ok().and_then(char::from_u32).filter(|character| *character != '\0')
}

/// Line ends as XML 1.0 wants them.
fn normal(raw: &str) -> Cow<'_, str> {
    match memchr(b'\r', raw.as_bytes()) {
        None => Cow::Borrowed(raw),
        Some(_) => Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n")),
    }
}

#[cfg(test)]
mod tests;
