//! Writes XML in the form of AWS: without indentation, with self-closing empty elements.

use std::fmt::{Display, Write};

/// A writer of one XML document.
pub(super) struct Xml {
    out: String,
}

impl Xml {
    /// Starts a document with its root element.
    pub(super) fn new(root: &str, namespace: &str) -> Self {
        let mut xml = Self { out: String::with_capacity(4096) };
        xml.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = match namespace {
            "" => write!(xml.out, "<{root}>"),
            _ => write!(xml.out, "<{root} xmlns=\"{namespace}\">"),
        };
        xml
    }

    /// Writes a start tag.
    pub(super) fn open(&mut self, name: &str) -> &mut Self {
        let _ = write!(self.out, "<{name}>");
        self
    }

    /// Writes an end tag.
    pub(super) fn close(&mut self, name: &str) -> &mut Self {
        let _ = write!(self.out, "</{name}>");
        self
    }

    /// Writes an element with escaped text.
    pub(super) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        if value.is_empty() {
            return self.empty(name);
        }
        self.open(name);
        escape(&mut self.out, value);
        self.close(name)
    }

    /// Writes an element with a value that needs no escaping.
    pub(super) fn plain(&mut self, name: &str, value: impl Display) -> &mut Self {
        let _ = write!(self.out, "<{name}>{value}</{name}>");
        self
    }

    /// Writes an empty element.
    pub(super) fn empty(&mut self, name: &str) -> &mut Self {
        let _ = write!(self.out, "<{name}/>");
        self
    }

    /// Writes text that is XML already.
    pub(super) fn raw(&mut self, xml: &str) -> &mut Self {
        self.out.push_str(xml);
        self
    }

    /// Closes the root element and returns the document.
    pub(super) fn finish(mut self, root: &str) -> String {
        self.close(root);
        self.out
    }
}

/// Appends text and escapes the special characters of XML.
pub(super) fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
}

/// Returns the unescaped texts of all elements of this name. It suffices for the small documents that clients send.
pub(super) fn texts(document: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = document.split(open.as_str()).skip(1);
    parts.filter_map(|part| part.split_once(close.as_str())).map(|(text, _)| unescape(text)).collect()
}

fn unescape(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", "\"");
    text.replace("&quot;", "\"").replace("&apos;", "'").replace("&#39;", "'").replace("&amp;", "&")
}
