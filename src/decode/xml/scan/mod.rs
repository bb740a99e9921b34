//! Scans the tags and texts of an XML document, borrowed from it.
//!
//! Supports what AWS's responses use: elements, attributes (skipped), texts with references, CDATA, comments and
//! processing instructions. End tags must match their start tags.
//!
//! Hand-written for its speed. With quick-xml, 2.5 times as much time went into the rows of a page of 100 instances:
//! its events alone took as long as the whole way to a row takes now. `cargo bench --bench page` prints today's
//! figures. A property test holds the scanner equal to quick-xml.
//!
//! Names are compared without their namespace prefixes. No element, text or document is passed over without an error,
//! unless the caller skips it.
//!
//! **Invariant:** knows neither the declarations of namespaces nor document types, nor what a tag means.

use std::borrow::Cow;

mod content;

use crate::decode::error::{DecodeError, shown};
pub(super) use content::ContentHash;
use memchr::{memchr, memchr2, memmem};

/// The deepest nesting that is read. No response of AWS comes near it, and the reader recurses.
const MAX_DEPTH: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag<'a> {
    /// The start tag of an element with this name.
    Start(&'a str),
    /// The end of the innermost open element.
    End,
    /// The end of the document.
    Eof,
}

/// How a byte of a tag's name is read.
#[derive(Clone, Copy, PartialEq)]
enum NameByte {
    Part,
    /// The end of a namespace prefix.
    Colon,
    End,
}

const NAME_BYTES: [NameByte; 256] = {
    let mut bytes = [NameByte::Part; 256];
    let ends = b">/< \t\n\r\x0c";
    let mut at = 0;
    while at < ends.len() {
        bytes[ends[at] as usize] = NameByte::End;
        at += 1;
    }
    bytes[b':' as usize] = NameByte::Colon;
    bytes
};

/// Reads one document from its start to its end.
pub(super) struct Scanner<'a> {
    document: &'a str,
    at: usize,
    /// The names of the open elements, with their prefixes.
    open: Vec<&'a str>,
    /// The last start tag was `<a/>`: its end is returned next.
    empty: bool,
    /// The root element has begun.
    begun: bool,
    /// Hashes what the elements contain.
    content: ContentHash<'a>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(document: &'a str) -> Self {
        Self {
            document,
            at: 0,
            open: Vec::with_capacity(16),
            empty: false,
            begun: false,
            content: ContentHash::default(),
        }
    }

    /// The hash of what the elements contain.
    pub(super) fn hash(&mut self) -> &mut ContentHash<'a> {
        &mut self.content
    }

    /// Returns the next tag. Only white space may stand before it, since text would belong to no member.
    pub(super) fn tag(&mut self) -> Result<Tag<'a>, DecodeError> {
        loop {
            if self.end_of_empty() {
                return Ok(Tag::End);
            }
            let blank = self.rest().iter().position(|byte| !is_blank(*byte)).unwrap_or(self.rest().len());
            self.at += blank;
            match self.rest().first() {
                Some(b'<') => {}
                None if self.open.is_empty() => return Ok(Tag::Eof),
                None => return Err(truncated()),
                Some(_) => {
                    let end = self.at + memchr(b'<', self.rest()).unwrap_or(self.rest().len());
                    let text = resolve_references(self.slice(self.at, end))?;
                    self.check_blank(&text)?;
                    self.at = end;
                    continue;
                }
            }
            let mut stray = false;
            let tag = self.markup(&mut |text| stray |= !text.bytes().all(is_blank))?;
            if stray {
                return Err(self.stray_text());
            }
            if let Some(tag) = tag {
                return Ok(tag);
            }
        }
    }

    /// Reads the text up to and with the end tag. Elements within it are an error, since they would not be read.
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        if self.end_of_empty() {
            return Ok(Cow::Borrowed(""));
        }
        let first = self.text_run()?;
        if self.rest().get(1) == Some(&b'/') {
            self.content.text(&first);
            self.end_tag()?;
            return Ok(first);
        }
        let mut text = first.into_owned();
        match self.content(&mut text)? {
            Tag::Start(name) => Err(DecodeError(format!("<{}> stands where text belongs", shown(name)))),
            Tag::End | Tag::Eof => Ok(Cow::Owned(text)),
        }
    }

    /// Returns the next tag, and appends the text before it to `text`, which has the text of the whole element.
    pub(super) fn content(&mut self, text: &mut String) -> Result<Tag<'a>, DecodeError> {
        if self.end_of_empty() {
            return Ok(Tag::End);
        }
        loop {
            text.push_str(&self.text_run()?);
            if self.rest().get(1) == Some(&b'/') {
                self.content.text(text);
            }
            if let Some(tag) = self.markup(&mut |part| text.push_str(&normalize_line_ends(part)))? {
                return Ok(tag);
            }
        }
    }

    /// Skips everything up to the end tag of the innermost open element, and passes the name of each start tag.
    ///
    /// What is skipped counts towards no hash.
    pub(super) fn skip(&mut self, mut seen: impl FnMut(&'a str)) -> Result<(), DecodeError> {
        let outer_depth = self.open.len().saturating_sub(1);
        self.content.leave_out();
        while self.open.len() > outer_depth {
            if self.end_of_empty() {
                continue;
            }
            self.at += memchr(b'<', self.rest()).ok_or_else(truncated)?;
            if let Some(Tag::Start(name)) = self.markup(&mut |_| {})? {
                seen(name);
            }
        }
        Ok(())
    }

    fn rest(&self) -> &'a [u8] {
        self.document.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.document.get(from..to).unwrap_or_default()
    }

    fn check_blank(&self, text: &str) -> Result<(), DecodeError> {
        if text.bytes().all(is_blank) { Ok(()) } else { Err(self.stray_text()) }
    }

    fn stray_text(&self) -> DecodeError {
        match self.open.last() {
            Some(name) => DecodeError(format!("it has text in <{}>, where elements belong", shown(name))),
            None => DecodeError("it has text outside of its root element".into()),
        }
    }

    /// Reads the text up to the next `<`.
    fn text_run(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        let from = self.at;
        loop {
            self.at += memchr2(b'<', b']', self.rest()).ok_or_else(truncated)?;
            if self.rest().first() == Some(&b'<') {
                return resolve_references(self.slice(from, self.at));
            }
            if self.rest().starts_with(b"]]>") {
                return Err(DecodeError("a CDATA section ends that has not begun".into()));
            }
            self.at += 1;
        }
    }

    fn end_of_empty(&mut self) -> bool {
        let empty = std::mem::take(&mut self.empty);
        if empty {
            self.open.pop();
            self.content.end();
        }
        empty
    }

    /// Reads the markup at this `<`. Returns it if it is a tag; passes the content of CDATA to `text`.
    fn markup(&mut self, text: &mut dyn FnMut(&str)) -> Result<Option<Tag<'a>>, DecodeError> {
        match self.rest().get(1) {
            Some(b'/') => self.end_tag().map(Some),
            Some(b'?') => self.skip_delimited("<?", "?>").map(|_| None),
            Some(b'!') if self.rest().starts_with(b"<!--") => {
                let comment = self.skip_delimited("<!--", "-->")?;
                // Such a comment may have begun before another one that ends here, and hide what is between them.
                if memmem::find(comment.as_bytes(), b"--").is_some() {
                    return Err(DecodeError("a comment has two hyphens within".into()));
                }
                Ok(None)
            }
            Some(b'!') if self.rest().starts_with(b"<![CDATA[") => {
                text(self.skip_delimited("<![CDATA[", "]]>")?);
                Ok(None)
            }
            Some(b'!') => Err(DecodeError("it has a declaration, which no response of AWS has".into())),
            Some(_) => self.start_tag().map(Some),
            None => Err(truncated()),
        }
    }

    /// Skips a section with its delimiters, and returns what is between them.
    fn skip_delimited(&mut self, opening: &str, closing: &str) -> Result<&'a str, DecodeError> {
        let from = self.at + opening.len();
        let inside = self.document.as_bytes().get(from..).unwrap_or_default();
        let length = memmem::find(inside, closing.as_bytes()).ok_or_else(truncated)?;
        self.at = from + length + closing.len();
        Ok(self.slice(from, from + length))
    }

    fn end_tag(&mut self) -> Result<Tag<'a>, DecodeError> {
        let inside = &self.rest()[2..];
        let name = self.open.pop().ok_or_else(|| DecodeError("it has an end tag without a start tag".into()))?;
        let mismatch = || DecodeError(format!("<{}> is closed by another end tag", shown(name)));
        if inside.len() <= name.len() {
            return Err(truncated());
        }
        if !inside.starts_with(name.as_bytes()) {
            return Err(mismatch());
        }
        let after = inside[name.len()..].iter().position(|byte| !byte.is_ascii_whitespace()).ok_or_else(truncated)?;
        if inside[name.len() + after] != b'>' {
            return Err(mismatch());
        }
        self.at += 2 + name.len() + after + 1;
        self.content.end();
        Ok(Tag::End)
    }

    /// Reads a start tag. Its name is returned without the namespace prefix, as AWS's own clients read it.
    fn start_tag(&mut self) -> Result<Tag<'a>, DecodeError> {
        if self.open.is_empty() && std::mem::replace(&mut self.begun, true) {
            return Err(DecodeError("a second document follows its root element".into()));
        }
        let from = self.at + 1;
        let inside = &self.rest()[1..];
        let (mut length, mut local) = (None, 0);
        for (at, byte) in inside.iter().enumerate() {
            match NAME_BYTES[usize::from(*byte)] {
                NameByte::Part => {}
                NameByte::Colon => local = at + 1,
                NameByte::End => {
                    length = Some(at);
                    break;
                }
            }
        }
        let length = length.ok_or_else(truncated)?;
        if length == local {
            return Err(DecodeError("an element has no name".into()));
        }
        // Skips the attributes. A `>` within their quotes does not end the tag.
        let (mut at, mut quote) = (length, None);
        loop {
            match (inside.get(at).ok_or_else(truncated)?, quote) {
                (b'>', None) => break,
                // Within quotes it is forbidden too: a quote that is not closed would hide elements.
                (b'<', _) => return Err(DecodeError("a tag is not closed".into())),
                (byte @ (b'"' | b'\''), None) => quote = Some(*byte),
                (byte, Some(open)) if *byte == open => quote = None,
                _ => {}
            }
            at += 1;
        }
        self.empty = inside[at - 1] == b'/';
        self.at = from + at + 1;
        self.open.push(self.slice(from, from + length));
        if self.open.len() > MAX_DEPTH {
            return Err(DecodeError(format!("it nests deeper than {MAX_DEPTH} levels")));
        }
        let name = self.slice(from + local, from + length);
        self.content.start(name);
        Ok(Tag::Start(name))
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn truncated() -> DecodeError {
    DecodeError("it is truncated".into())
}

/// Resolves the references of a text and normalises its line ends.
pub(super) fn resolve_references(raw: &str) -> Result<Cow<'_, str>, DecodeError> {
    if memchr2(b'&', b'\r', raw.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, reference)) = rest.split_once('&') {
        text.push_str(&normalize_line_ends(before));
        let (name, after) = reference.split_once(';').ok_or_else(|| DecodeError("a reference is not closed".into()))?;
        text.push(referenced_character(name).ok_or_else(|| DecodeError("it has an unknown reference".into()))?);
        rest = after;
    }
    text.push_str(&normalize_line_ends(rest));
    Ok(Cow::Owned(text))
}

fn referenced_character(name: &str) -> Option<char> {
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

/// Turns every line end into `\n`, as XML 1.0 requires.
fn normalize_line_ends(raw: &str) -> Cow<'_, str> {
    match memchr(b'\r', raw.as_bytes()) {
        None => Cow::Borrowed(raw),
        Some(_) => Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n")),
    }
}

#[cfg(test)]
mod tests;
