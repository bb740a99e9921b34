//! Writes the document that the SDK's own deserialiser gets instead of the response: the scalars around the items.
//!
//! It is written from what was read, never copied, so that both read page tokens alike: the deserialiser drops the rest
//! of a text that is split by a comment, and all of one in CDATA.
//!
//! **Invariant:** knows neither items nor members that the model does not know.

use crate::decode::shapes::{Member, MemberKind};

/// The skeleton of one response.
pub(super) struct Skeleton {
    out: String,
    ends: Vec<String>,
}

impl Skeleton {
    /// Starts a document with its root, and with the element that wraps the response, unless that is empty.
    pub(super) fn new(root: &str, wrapper: &str) -> Self {
        let names = [root, wrapper].into_iter().filter(|name| !name.is_empty());
        let out = names.clone().map(|name| format!("<{name}>")).collect();
        Self { out, ends: names.rev().map(|name| format!("</{name}>")).collect() }
    }

    /// Adds a scalar. Listings page by no other member.
    pub(super) fn add(&mut self, member: &Member, text: &str) {
        let text = match member.kind {
            MemberKind::Text => text,
            MemberKind::Boolean | MemberKind::Integer | MemberKind::Double => text.trim(),
            _ => return,
        };
        self.out.extend(["<", member.wire, ">"]);
        for character in text.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '\r' => self.out.push_str("&#13;"),
                other => self.out.push(other),
            }
        }
        self.out.extend(["</", member.wire, ">"]);
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.out.extend(self.ends);
        self.out.into_bytes()
    }
}
