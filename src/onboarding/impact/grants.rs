//! What is judged: a role with all its policies, and the reads that it is for.
//!
//! **Invariant:** evaluates nothing.

use jiff::Timestamp;

use crate::domain::RoleArn;
use crate::onboarding::iam_policy::evaluate::IdentityPolicies;

/// A role, its policies, and what it should grant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoleGrants<'a> {
    pub role: &'a RoleArn,
    /// The role's unique id, if it is known.
    pub unique_id: Option<&'a str>,
    /// The role's policies and boundary, and the policies that rolecall makes its sessions with.
    pub policies: &'a IdentityPolicies,
    /// The planned reads: those that are not granted are missing.
    pub needed: &'a [&'a str],
    /// Reads that the role may have, and does not need: those by which it reads itself.
    pub optional: &'a [&'a str],
    pub now: Timestamp,
}
