//! Describes the shapes of AWS's responses: the names of members on the wire and in AWS's documentation, their types,
//! and which of them are sensitive. For services that have no SDK here, describes their requests too.
//!
//! `make generate` writes the tables from the service model.
//!
//! **Invariant:** knows neither how a response is decoded nor which part of it becomes a row.

use std::sync::atomic::{AtomicU8, Ordering};

mod request;
#[rustfmt::skip]
mod generated;

pub(crate) use request::{Parameter, ParameterKind, ParameterPlace, Protocol, RequestShape, ServiceModel};

/// A structure of the service model.
#[derive(Debug)]
pub struct Structure {
    /// The name in the model (`Vpc`).
    pub name: &'static str,
    /// The model marks a member sensitive. Members of this structure that the model does not know are then dropped.
    pub secret: bool,
    /// The members of the model that the structure was first generated from, in its order, then those that later
    /// models added. Columns so keep their positions.
    pub members: &'static [Member],
    /// The number of members that the structure was first generated with.
    pub original_members: usize,
    /// A cache for the lookup of members.
    pub order_hint: MemberOrderHint,
}

/// Caches which member followed which in the last item.
///
/// A hint for the lookup only: responses order members differently from the model, but consistently from item to item.
#[derive(Debug)]
pub struct MemberOrderHint([AtomicU8; MAX_MEMBERS + 1]);

/// The largest number of members that a structure has.
const MAX_MEMBERS: usize = 127;

impl MemberOrderHint {
    pub const fn empty() -> Self {
        Self([const { AtomicU8::new(0) }; MAX_MEMBERS + 1])
    }

    /// The member that followed the one at this position, counted from 1. Position 0 is the start of the item.
    pub fn following(&self, position: usize) -> usize {
        self.0.get(position).map_or(0, |next| usize::from(next.load(Ordering::Relaxed)))
    }

    /// Records which member follows the one at this position.
    pub fn record(&self, position: usize, next: usize) {
        if let (Some(hint), Ok(next)) = (self.0.get(position), u8::try_from(next)) {
            hint.store(next, Ordering::Relaxed);
        }
    }
}

/// A member of a structure, with its names and its type.
#[derive(Debug)]
pub struct Member {
    /// The element's name on the wire (`vpcSet`).
    pub wire: &'static str,
    /// AWS's own name, which the AWS CLI prints (`Vpcs`).
    pub name: &'static str,
    /// AWS's own name in snake case (`vpcs`).
    pub column: &'static str,
    /// The type in the service model.
    pub kind: MemberKind,
}

/// The type of a member, as far as it decides how the member is read.
#[derive(Debug)]
pub enum MemberKind {
    /// A string, a value of an enumeration, or base64.
    Text,
    /// A text of `true` or `false`.
    Boolean,
    /// A 32- or 64-bit integer.
    Integer,
    /// A number with a fraction.
    Double,
    /// A time in any form that AWS writes.
    Timestamp,
    /// Members with names of their own.
    Structure(&'static Structure),
    /// Elements of one type.
    List(&'static List),
    /// An object whose members are the tags of a resource. In JSON only.
    TagMap,
    /// A secret, which never leaves the decoder.
    Sensitive,
}

/// A list, and how its elements are written.
#[derive(Debug)]
pub struct List {
    /// The tag of an element on the wire.
    pub item: &'static str,
    /// The elements are children of the structure itself, without a tag around them.
    pub flattened: bool,
    /// The type of an element.
    pub of: MemberKind,
}

/// The response of an operation.
#[derive(Debug)]
pub struct Operation {
    /// The name of the operation, as in IAM (`ec2:DescribeVpcs`).
    pub name: &'static str,
    /// The root element of the response, if it is not named after the operation; else empty.
    pub root: &'static str,
    /// The element that wraps the response in the query protocol; empty in other protocols.
    pub wrapper: &'static str,
    /// The members of the response.
    pub output: &'static Structure,
    /// How the operation is requested. `None` if its SDK builds the requests.
    pub request: Option<&'static RequestShape>,
}

impl Operation {
    /// Whether the response is JSON. All others are XML.
    pub fn is_json(&self) -> bool {
        self.request.is_some_and(|request| request.service.protocol.is_json())
    }
}

impl Structure {
    /// Finds a member and its position by AWS's own name.
    pub fn member(&self, name: &str) -> Option<(usize, &'static Member)> {
        self.members.iter().enumerate().find(|(_, member)| member.name == name)
    }
}

/// All operations.
#[cfg(test)]
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    generated::OPERATIONS.iter()
}

/// Finds an operation by its name (`ec2:DescribeVpcs`).
pub fn operation(name: &str) -> Option<&'static Operation> {
    generated::OPERATIONS.iter().find(|operation| operation.name == name)
}
