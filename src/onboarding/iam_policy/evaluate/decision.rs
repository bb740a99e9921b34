//! The answer of an evaluation, and the statement that it rests on.
//!
//! **Invariant:** shows no value of a condition: it names condition keys, policies and statements.

use std::collections::BTreeSet;
use std::fmt;

use crate::input::quoted;

/// What a policy, or a set of policies, says to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PolicyDecision {
    Allowed,
    Denied(Denial),
    /// The answer depends on what is not known: names of condition keys, parts of the caller, policies that could not
    /// be read, and elements for which IAM documents no meaning.
    Undecidable(BTreeSet<String>),
}

/// Why a request is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Denial {
    /// A statement denies it.
    Explicit,
    /// No statement allows it. It may be denied explicitly, too, by a statement that is not decidable.
    Implicit,
}

/// A statement of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DecidingStatement {
    /// The name of the policy.
    pub policy: String,
    /// The statement's place in the policy, from zero.
    pub index: usize,
    pub sid: Option<String>,
}

impl fmt::Display for DecidingStatement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sid {
            Some(sid) if !sid.is_empty() => write!(formatter, "statement {} of {}", quoted(sid), self.policy),
            _ => write!(formatter, "statement {} of {}", self.index + 1, self.policy),
        }
    }
}

/// A decision, with the statement that decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evaluation {
    pub decision: PolicyDecision,
    /// The statement that allows, that denies explicitly, or the first that is not decidable. A request that is denied
    /// implicitly has none.
    pub statement: Option<DecidingStatement>,
}

impl Evaluation {
    /// Returns what the answer depends on, if it is not decidable.
    pub(crate) fn open_questions(&self) -> Vec<&str> {
        match &self.decision {
            PolicyDecision::Undecidable(keys) => keys.iter().map(String::as_str).collect(),
            PolicyDecision::Allowed | PolicyDecision::Denied(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
impl Evaluation {
    /// Returns whether the request is surely allowed.
    pub(crate) fn is_allowed(&self) -> bool {
        self.decision == PolicyDecision::Allowed
    }

    /// Returns whether the request is surely denied.
    pub(crate) fn is_denied(&self) -> bool {
        matches!(self.decision, PolicyDecision::Denied(_))
    }
}
