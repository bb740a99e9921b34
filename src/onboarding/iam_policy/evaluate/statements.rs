//! Whether the statements of a policy apply to a request, and what they say to it.
//!
//! **Invariant:** knows one policy at a time, and not what follows from several.

use super::super::document::{Effect, Element, PolicyDocument, Statement};
use super::super::pattern::{matches_ignoring_case, matches_parts};
use super::conditions;
use super::decision::DecidingStatement;
use super::policies::NamedPolicy;
use super::principals::{self, Naming, Namings};
use super::request::AccessRequest;
use super::truth::Truth;
use super::variables::{Expanded, expand, has_variables};

/// What a kind of policy names by its element `Principal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PolicyKind {
    /// It has no principals: it applies to the identity that it is attached to.
    OfIdentity,
    /// It must have principals, and need not have resources.
    OfResource,
}

/// What a set of policies says to a request.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// Whether a statement allows it, by how closely the statement names the caller.
    pub allows: Vec<(Naming, Truth, DecidingStatement)>,
    pub denies: Vec<(Truth, DecidingStatement)>,
}

impl Answer {
    /// The answer of policies that apply together.
    pub(super) fn of(policies: &[NamedPolicy], kind: PolicyKind, request: &AccessRequest) -> Self {
        let mut answer = Self { allows: Vec::new(), denies: Vec::new() };
        for policy in policies {
            answer.add(&policy.name, policy.document.as_ref(), kind, request);
        }
        answer
    }

    /// The answer of one policy.
    pub(super) fn of_one(name: &str, document: &PolicyDocument, kind: PolicyKind, request: &AccessRequest) -> Self {
        let mut answer = Self { allows: Vec::new(), denies: Vec::new() };
        answer.add(name, Some(document), kind, request);
        answer
    }

    fn add(&mut self, name: &str, document: Option<&PolicyDocument>, kind: PolicyKind, request: &AccessRequest) {
        let place =
            |index, sid: Option<&String>| DecidingStatement { policy: name.to_owned(), index, sid: sid.cloned() };
        let Some(document) = document else {
            let unread = || Truth::open(&format!("unreadable policy {name}"));
            self.allows.push((Naming::Itself, unread(), place(0, None)));
            self.denies.push((unread(), place(0, None)));
            return;
        };
        let with_variables = has_variables(document.version.as_deref());
        for (index, statement) in document.statements.iter().enumerate() {
            for (naming, truth) in applies(statement, kind, with_variables, request) {
                let place = place(index, statement.sid.as_ref());
                match statement.effect {
                    Effect::Allow => self.allows.push((naming, truth, place)),
                    Effect::Deny => self.denies.push((truth, place)),
                }
            }
        }
    }

    /// Whether any statement allows it that names the caller at least this closely.
    pub(super) fn allowed(&self, naming: Naming) -> Truth {
        Truth::any(self.allows.iter().filter(|(how, ..)| *how >= naming).map(|(_, truth, _)| truth.clone()))
    }

    pub(super) fn denied(&self) -> Truth {
        Truth::any(self.denies.iter().map(|(truth, _)| truth.clone()))
    }
}

/// Returns whether a statement is about a request, by how closely it names the caller.
fn applies(statement: &Statement, kind: PolicyKind, with_variables: bool, request: &AccessRequest) -> Namings {
    let mut namings = match (&statement.principals, kind) {
        (None, PolicyKind::OfIdentity) => vec![(Naming::Itself, Truth::Yes)],
        (Some(principals), PolicyKind::OfResource) => {
            principals::include(principals, statement.effect, &request.caller)
        }
        // IAM stores neither.
        (None, PolicyKind::OfResource) => vec![(Naming::Itself, Truth::open("a statement without Principal"))],
        (Some(_), PolicyKind::OfIdentity) => vec![(Naming::Itself, Truth::open("a Principal in an identity's policy"))],
    };
    namings.retain(|(_, truth)| *truth != Truth::No);
    if namings.is_empty() {
        return namings;
    }
    let mut rest = is_about_action(statement, request);
    if rest != Truth::No {
        rest = rest.and(is_about_resource(statement, kind, with_variables, request));
    }
    // The conditions last: they cost the most.
    if rest != Truth::No {
        rest = rest.and(conditions::hold(&statement.conditions, with_variables, request));
    }
    if rest == Truth::No {
        return Vec::new();
    }
    namings.into_iter().map(|(naming, truth)| (naming, truth.and(rest.clone()))).collect()
}

fn is_about_action(statement: &Statement, request: &AccessRequest) -> Truth {
    match &statement.actions {
        Some(actions) => actions.includes(&request.action, matches_ignoring_case).into(),
        None => Truth::open("a statement without Action"),
    }
}

fn is_about_resource(statement: &Statement, kind: PolicyKind, with_variables: bool, request: &AccessRequest) -> Truth {
    // A variable without a value matches nothing; what that means for NotResource is not documented.
    let listed = |patterns: &[String], valueless: &dyn Fn() -> Truth| {
        Truth::any(patterns.iter().map(|text| match expand(text, with_variables, request) {
            Expanded::Pattern(pattern) => matches_parts(&pattern, &request.resource).into(),
            Expanded::Nothing => valueless(),
            Expanded::Open(questions) => Truth::Open(questions),
        }))
    };
    match (&statement.resources, kind) {
        (Some(Element::Is(patterns)), _) => listed(patterns, &|| Truth::No),
        (Some(Element::IsNot(patterns)), _) => {
            listed(patterns, &|| Truth::open("a policy variable without a value in NotResource")).not()
        }
        (None, PolicyKind::OfResource) => Truth::Yes,
        (None, PolicyKind::OfIdentity) => Truth::open("a statement without Resource"),
    }
}
