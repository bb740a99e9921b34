//! Reads values by their shapes: JSON with AWS's own member names, and the hash of what AWS sent.
//!
//! **Invariant:** knows neither paths to items nor rows.

use serde_json::value::RawValue;

use super::content::{scalar_hash, value_hash};
use super::node::Node;
use super::unknown::{unknown_json, write_number};
use crate::decode::error::DecodeError;
use crate::decode::json::{write_comma, write_member, write_string};
use crate::decode::json_hash::{content_hash, member_hash, name_hash};
use crate::decode::shapes::{Member, MemberKind, Structure};
use crate::decode::strangers::{is_paging_member, misplaced};
use crate::decode::unknown::{UnknownMembers, unknown_key};
use crate::decode::value::Value;

pub(super) struct ValueReader {
    /// The number of unknown members that were dropped because their structure has sensitive ones.
    pub dropped: u64,
    /// The response around the items. Its paging members may stand nowhere else.
    output: &'static Structure,
    /// The hash of the name of a member that does not count while one member of an item is read.
    pub without: Option<u64>,
}

impl ValueReader {
    pub(super) fn new(output: &'static Structure) -> Self {
        Self { dropped: 0, output, without: None }
    }

    /// Appends a value as JSON, and returns its hash. `secret` is true if a structure around it has sensitive members. What
    /// is not of its type is kept as it is, unless a secret could be in it.
    pub(super) fn write(
        &mut self,
        kind: &'static MemberKind,
        raw: &RawValue,
        secret: bool,
        out: &mut String,
    ) -> Result<u64, DecodeError> {
        match (kind, Node::of(raw)?) {
            (MemberKind::Sensitive, _) | (_, Node::Null) => {
                out.push_str("null");
                Ok(0)
            }
            (MemberKind::Structure(structure), Node::Object(members)) => {
                self.write_structure(structure, members, secret || structure.secret, out)
            }
            (MemberKind::List(list), Node::List(elements)) => {
                let mut sum = 0_u64;
                out.push('[');
                for element in elements {
                    write_comma(out, '[');
                    sum = sum.wrapping_add(self.write(&list.of, element, secret, out)?);
                }
                out.push(']');
                Ok(content_hash(sum))
            }
            (MemberKind::Structure(_) | MemberKind::List(_) | MemberKind::TagMap, _)
            | (_, Node::List(_) | Node::Object(_)) => self.write_other_type(kind, raw, secret, out),
            (kind, node) => {
                match (scalar(kind, &node), &node) {
                    (Some(value), _) => value.write_json(out),
                    (None, Node::Number(number)) => write_number(number, out),
                    (None, Node::Text(text)) => write_string(out, text),
                    (None, other) => out.push_str(if matches!(other, Node::Boolean(true)) { "true" } else { "false" }),
                }
                Ok(scalar_hash(&node))
            }
        }
    }

    /// Appends a value that is not of its type.
    fn write_other_type(
        &mut self,
        kind: &'static MemberKind,
        raw: &RawValue,
        secret: bool,
        out: &mut String,
    ) -> Result<u64, DecodeError> {
        if secret || holds_secret(kind) {
            self.dropped += 1;
            out.push_str("null");
            return Ok(0);
        }
        out.push_str(&unknown_json(raw)?);
        value_hash(raw, self.without)
    }

    fn write_structure(
        &mut self,
        structure: &'static Structure,
        members: Vec<(String, &RawValue)>,
        secret: bool,
        out: &mut String,
    ) -> Result<u64, DecodeError> {
        let mut unknown = UnknownMembers::default();
        let mut sum = 0_u64;
        out.push('{');
        for (name, raw) in members {
            let Some(member) = find_member(structure, &name) else {
                if self.read_unknown_member(&name, raw, secret, &mut unknown)? && self.without != Some(name_hash(&name))
                {
                    sum = sum.wrapping_add(member_hash(&name, value_hash(raw, self.without)?));
                }
                continue;
            };
            // Null is a missing member, as in AWS's own clients.
            if matches!(member.1.kind, MemberKind::Sensitive) || raw.get() == "null" {
                continue;
            }
            let mut hash = 0;
            let mut result = Ok(());
            write_member(out, member.1.name, |out| match self.write(&member.1.kind, raw, secret, out) {
                Ok(content) => hash = content,
                Err(error) => result = Err(error),
            });
            result?;
            if self.without != Some(name_hash(&name)) {
                sum = sum.wrapping_add(member_hash(&name, hash));
            }
        }
        unknown.write(out, |name| unknown_key(structure, name));
        out.push('}');
        Ok(content_hash(sum))
    }

    /// Adds a member that the model does not know. Drops it if `secret`, and returns false.
    pub(super) fn read_unknown_member(
        &mut self,
        name: &str,
        raw: &RawValue,
        secret: bool,
        out: &mut UnknownMembers,
    ) -> Result<bool, DecodeError> {
        if is_paging_member(self.output, name) {
            return Err(misplaced(name));
        }
        if secret {
            self.dropped += 1;
            return Ok(false);
        }
        out.push(name, unknown_json(raw)?);
        Ok(true)
    }
}

/// A scalar as a value of its type. `None` if it is not of that type.
pub(super) fn scalar(kind: &MemberKind, node: &Node<'_>) -> Option<Value> {
    match (kind, node) {
        (MemberKind::Text, Node::Text(text)) => Some(Value::Text(text.clone())),
        (MemberKind::Boolean, Node::Boolean(value)) => Some(Value::Boolean(*value)),
        (MemberKind::Integer | MemberKind::Double | MemberKind::Timestamp, Node::Number(number)) => {
            Value::of_text(kind, number)
        }
        (MemberKind::Timestamp, Node::Text(text)) => Value::of_text(kind, text),
        _ => None,
    }
}

/// Whether a value of this type may have a sensitive member.
pub(super) fn holds_secret(kind: &MemberKind) -> bool {
    match kind {
        MemberKind::Sensitive => true,
        MemberKind::Structure(structure) => structure.secret,
        MemberKind::List(list) => holds_secret(&list.of),
        _ => false,
    }
}

/// Finds a member, with its position, by its name on the wire.
pub(super) fn find_member(structure: &'static Structure, name: &str) -> Option<(usize, &'static Member)> {
    structure.members.iter().enumerate().find(|(_, member)| member.wire == name)
}
