//! The shapes of AWS's answers: what each structure's members are called on the wire and in AWS's
//! documentation, what type they have, and which of them are secrets.
//!
//! The tables are generated from the service model (`make generate`); nothing here knows how an
//! answer is read or which of it becomes a row.

use std::sync::atomic::{AtomicU8, Ordering};

#[rustfmt::skip]
mod generated;

/// A structure of the service model.
#[derive(Debug)]
pub struct Structure {
    /// Its name in the model (`Vpc`).
    pub name: &'static str,
    /// The model marks one of its members sensitive. What it does not know of such a structure is
    /// dropped rather than passed on.
    pub secret: bool,
    /// Its members: first those of the model that the structure was taken from, in that model's order, then what
    /// later models have added, so that columns never change their places.
    pub members: &'static [Member],
    /// How many of them there were at first.
    pub first: usize,
    /// In which order they came last.
    pub order: MemberOrderHint,
}

/// Which member came after each one when an answer was read last. A hint alone: answers have an order of their own,
/// which is not the model's, and one item is like the next.
#[derive(Debug)]
pub struct MemberOrderHint([AtomicU8; MOST_MEMBERS + 1]);

/// No structure has more members.
const MOST_MEMBERS: usize = 127;

impl MemberOrderHint {
    /// Nothing has come yet.
    pub const fn unknown() -> Self {
        Self([const { AtomicU8::new(0) }; MOST_MEMBERS + 1])
    }

    /// What came after the member of that place, counted from 1; 0 is the beginning.
    pub fn after(&self, place: usize) -> usize {
        self.0.get(place).map_or(0, |next| usize::from(next.load(Ordering::Relaxed)))
    }

    /// Notes what came after it now.
    pub fn note(&self, place: usize, next: usize) {
        if let (Some(hint), Ok(next)) = (self.0.get(place), u8::try_from(next)) {
            hint.store(next, Ordering::Relaxed);
        }
    }
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// The element's name on the wire (`vpcSet`).
    pub wire: &'static str,
    /// AWS's own name, as the AWS CLI prints it (`Vpcs`).
    pub name: &'static str,
    /// The same in snake case (`vpcs`).
    pub column: &'static str,
    /// Its type.
    pub kind: MemberKind,
}

/// The type of a member.
#[derive(Debug)]
pub enum MemberKind {
    /// A string, an enumeration's value, or base64.
    Text,
    /// A boolean.
    Boolean,
    /// A 32- or 64-bit integer.
    Integer,
    /// A floating-point number.
    Double,
    /// An instant.
    Timestamp,
    /// A structure.
    Structure(&'static Structure),
    /// A list.
    List(&'static List),
    /// A secret: it never leaves the transcoder.
    Sensitive,
}

/// A list of the service model.
#[derive(Debug)]
pub struct List {
    /// The name of an element's tag on the wire.
    pub item: &'static str,
    /// Whether its elements stand in the structure itself, with no tag around them.
    pub flattened: bool,
    /// The type of an element.
    pub of: MemberKind,
}

/// An operation's answer.
#[derive(Debug)]
pub struct Operation {
    /// `ec2:DescribeVpcs`.
    pub name: &'static str,
    /// The element that wraps the answer in the query protocol; empty elsewhere.
    pub wrapper: &'static str,
    /// The structure of the answer.
    pub output: &'static Structure,
}

impl Structure {
    /// Finds a member by AWS's own name.
    pub fn member(&self, name: &str) -> Option<(usize, &'static Member)> {
        self.members.iter().enumerate().find(|(_, member)| member.name == name)
    }
}

/// Finds an operation's answer by the operation's name (`ec2:DescribeVpcs`).
pub(crate) fn operation(name: &str) -> Option<&'static Operation> {
    generated::OPERATIONS.iter().find(|operation| operation.name == name)
}
