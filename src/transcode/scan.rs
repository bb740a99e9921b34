//! The tags and texts of a document, one after the other, borrowed from it.
//!
//! Reads the XML that AWS answers with: elements, attributes (passed over), texts with references, CDATA, comments,
//! instructions. It holds end tags to their start tags and knows neither namespaces nor document types, and nothing
//! of what the tags mean. It exists for its speed: a general reader takes as long for the events alone as there is
//! for the whole way to a row; a test holds it to what such a reader reads.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};

use super::Unreadable;

/// No answer of AWS nests deeper; a document that does is not worth our stack.
const DEEPEST: usize = 64;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag<'a> {
    /// An element begins.
    Start(&'a str),
    /// The one that began last ends.
    End,
    /// There is nothing more.
    Eof,
}

/// Goes through one document.
pub struct Scanner<'a> {
    document: &'a str,
    at: usize,
    before: usize,
    open: Vec<&'a str>,
    /// The element that began last has no content (`<a/>`): its end is still to be told.
    empty: bool,
}

impl<'a> Scanner<'a> {
    pub fn new(document: &'a str) -> Self {
        Self { document, at: 0, before: 0, open: Vec::with_capacity(16), empty: false }
    }

    /// How many elements are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The position after what was read last.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The position before the tag that was read last.
    pub fn position_before(&self) -> usize {
        self.before
    }

    /// What lies between two positions.
    pub fn between(&self, from: usize, to: usize) -> &'a str {
        self.document.get(from..to).unwrap_or_default()
    }

    /// The next tag, past any text.
    pub fn tag(&mut self) -> Result<Tag<'a>, Unreadable> {
        loop {
            if let Some(end) = self.end_of_empty() {
                return Ok(end);
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
    pub fn text(&mut self) -> Result<Cow<'a, str>, Unreadable> {
        if self.end_of_empty().is_some() {
            return Ok(Cow::Borrowed(""));
        }
        let from = self.at;
        self.at += memchr(b'<', self.rest()).ok_or_else(cut)?;
        let text = decoded(&self.document[from..self.at])?;
        if self.rest().get(1) == Some(&b'/') {
            self.end_tag()?;
            return Ok(text);
        }
        let mut text = text.into_owned();
        loop {
            let mut more = |part: &str| text.push_str(part);
            match self.markup(&mut more)? {
                Some(Tag::End) => return Ok(Cow::Owned(text)),
                Some(Tag::Start(_)) => self.skip()?,
                _ => {}
            }
            let from = self.at;
            self.at += memchr(b'<', self.rest()).ok_or_else(cut)?;
            text.push_str(&decoded(&self.document[from..self.at])?);
        }
    }

    /// Passes over everything up to the end tag of the element that began last.
    pub fn skip(&mut self) -> Result<(), Unreadable> {
        let outside = self.open.len().saturating_sub(1);
        while self.open.len() > outside {
            self.tag()?;
        }
        Ok(())
    }

    fn rest(&self) -> &'a [u8] {
        &self.document.as_bytes()[self.at..]
    }

    fn end_of_empty(&mut self) -> Option<Tag<'a>> {
        std::mem::take(&mut self.empty).then(|| {
            self.before = self.at;
            self.open.pop();
            Tag::End
        })
    }

    /// What begins with the `<` here: a tag, or nothing that is one. CDATA goes to `text`.
    fn markup(&mut self, text: &mut dyn FnMut(&str)) -> Result<Option<Tag<'a>>, Unreadable> {
        match self.rest().get(1) {
            Some(b'/') => self.end_tag().map(Some),
            Some(b'?') => self.past("?>").map(|_| None),
            Some(b'!') => {
                if let Some(rest) = self.document[self.at..].strip_prefix("<![CDATA[") {
                    let content = rest.len() + self.at;
                    self.past("]]>")?;
                    let from = self.document.len() - (content - self.at_of(content));
                    text(&normal(&self.document[from..self.at - 3]));
                } else if self.document[self.at..].starts_with("<!--") {
                    self.at += 4;
                    self.past("-->")?;
                } else {
                    return Err(Unreadable("it declares what answers do not".into()));
                }
                Ok(None)
            }
            Some(_) => self.start_tag().map(Some),
            None => Err(cut()),
        }
    }
}
