//! What was found, before it is a row of the answer.
//!
//! **Invariant:** knows nothing of how a resource was found.

use super::hit::Relation;
use super::index::TermNumber;
use crate::answers::facts::Resource;

/// The subject of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum FoundSubject<'a> {
    Resource(Resource<'a>),
    /// An account without a row in the table of accounts.
    Account(&'a str),
}

/// A subject that a term has found.
#[derive(Clone, Debug)]
pub(super) struct Found<'a> {
    pub term: TermNumber,
    pub relation: Relation,
    pub subject: FoundSubject<'a>,
    /// The address, range, name or tag that matched.
    pub value: Option<String>,
}

/// What one resource has to do with the terms.
pub(super) type OwnMatches = Vec<(TermNumber, Relation, Option<String>)>;
