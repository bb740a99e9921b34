//! The policies that apply to a caller.
//!
//! **Invariant:** evaluates nothing.

use super::super::document::PolicyDocument;

/// A policy with its name.
#[derive(Clone, Debug)]
pub(crate) struct NamedPolicy {
    pub name: String,
    /// The document. A policy that could not be read has none: it may allow or deny anything.
    pub document: Option<PolicyDocument>,
}

impl NamedPolicy {
    pub(crate) fn new(name: &str, document: PolicyDocument) -> Self {
        Self { name: name.to_owned(), document: Some(document) }
    }

    /// A policy that could not be read, or a list of policies that could not be listed.
    pub(crate) fn unreadable(name: &str) -> Self {
        Self { name: name.to_owned(), document: None }
    }
}

/// The policies that apply to an identity. A request must be allowed by each of the three parts that is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdentityPolicies {
    /// The attached and inline policies. A request must be allowed by one of them.
    pub identity: Vec<NamedPolicy>,
    pub boundary: Option<NamedPolicy>,
    /// The policies that the session was made with. A request must be allowed by one of them, if there are any.
    pub session: Vec<NamedPolicy>,
}

impl IdentityPolicies {
    pub(crate) fn of(identity: Vec<NamedPolicy>) -> Self {
        Self { identity, ..Self::default() }
    }

    pub(crate) fn with_boundary(mut self, boundary: NamedPolicy) -> Self {
        self.boundary = Some(boundary);
        self
    }

    pub(crate) fn with_session(mut self, session: NamedPolicy) -> Self {
        self.session.push(session);
        self
    }
}
