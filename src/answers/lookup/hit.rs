//! One row of the answer.
//!
//! **Invariant:** its members are the columns of ANSWERS.md, in their order.

use jiff::Timestamp;
use serde::Serialize;

/// What a resource has to do with a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Relation {
    /// It has this id, ARN or name, or exactly this range.
    Is,
    /// It has the address, or what a name leads to.
    Bears,
    /// Its range contains the address or range.
    Contains,
    /// Its address or range is inside the range.
    Inside,
    /// It is a record whose value is the term.
    Names,
    /// It has the tag.
    Tagged,
}

/// A resource that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Hit {
    /// The term as the user wrote it.
    pub query: String,
    pub relation: Relation,
    /// The owner.
    pub account_id: String,
    pub account_alias: Option<String>,
    pub region: String,
    pub table: &'static str,
    pub id: String,
    pub arn: Option<String>,
    pub name: Option<String>,
    /// The address, range, name or tag that matched.
    pub value: Option<String>,
    /// Whether the internet reaches it. None if that is unknown, or it is neither an interface nor an instance.
    pub public: Option<bool>,
    /// The security groups that let the internet in.
    pub allowed_by: Vec<String>,
    /// The accounts that see it.
    pub observers: Vec<String>,
    pub collected_at: Option<Timestamp>,
}
