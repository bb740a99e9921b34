//! What each statement of a role grants in effect: its actions, less what denials and the boundary take away.
//!
//! **Invariant:** takes away only what is surely denied. Knows no kinds of actions.

use std::collections::BTreeSet;

use super::action_set::ActionSet;
use super::glob::{covers, overlap};
use super::grants::RoleGrants;
use super::table::ActionTable;
use crate::onboarding::iam_policy::applicability::{Applicability, applicability};
use crate::onboarding::iam_policy::evaluate::{DecidingStatement, NamedPolicy};
use crate::onboarding::iam_policy::{Element, Statement};

/// A statement, with the actions that it grants or denies.
#[derive(Clone, Debug)]
pub(super) struct StatementActions<'a> {
    /// The policy and the place in it.
    pub source: DecidingStatement,
    statement: &'a Statement,
    pub actions: ActionSet,
    /// Its actions and patterns that match nothing in the table.
    pub unknown: Vec<&'a str>,
    /// The condition keys that decide whether it applies; empty if it always does.
    pub depends_on: BTreeSet<String>,
}

/// What the policies grant together.
#[derive(Debug)]
pub(super) struct EffectiveGrants<'a> {
    /// The statements that allow, with what is left of their actions.
    pub statements: Vec<StatementActions<'a>>,
    /// The denials that may take more away: they depend on condition keys, or deny some resources only.
    pub partial_denials: Vec<StatementActions<'a>>,
    /// The policies that could not be read.
    pub unread: Vec<&'a str>,
}

impl<'a> EffectiveGrants<'a> {
    /// What the role itself may do, by its policies and its boundary.
    pub(super) fn of_role(grants: RoleGrants<'a>) -> Self {
        let role = Self::of(grants, &grants.policies.identity);
        match &grants.policies.boundary {
            Some(boundary) => role.within(grants, std::slice::from_ref(boundary)),
            None => role,
        }
    }

    /// What rolecall's own sessions may do.
    pub(super) fn of_sessions(self, grants: RoleGrants<'a>) -> Self {
        self.within(grants, &grants.policies.session)
    }

    fn of(grants: RoleGrants<'a>, policies: &'a [NamedPolicy]) -> Self {
        let unread = policies.iter().filter(|policy| policy.document.is_none());
        let unread = unread.map(|policy| policy.name.as_str()).collect();
        let (allows, denies): (Vec<_>, Vec<_>) = statements(grants, policies).partition(|one| one.statement.allows());
        let mut effective = Self { statements: allows, partial_denials: Vec::new(), unread };
        effective.subtract(denies);
        effective
    }

    fn subtract(&mut self, denies: Vec<StatementActions<'a>>) {
        for deny in denies {
            let mut is_partial = !deny.depends_on.is_empty();
            for allow in self.statements.iter_mut().filter(|_| deny.depends_on.is_empty()) {
                if resources_cover(deny.statement, allow.statement) {
                    allow.actions.remove(&deny.actions);
                    allow.unknown.retain(|pattern| !surely_includes(deny.statement, pattern));
                } else {
                    is_partial = true;
                }
            }
            if is_partial {
                self.partial_denials.push(deny);
            }
        }
    }

    /// Keeps what these policies allow as well.
    fn within(mut self, grants: RoleGrants<'a>, outer: &'a [NamedPolicy]) -> Self {
        let outer = Self::of(grants, outer);
        if outer.unread.is_empty() {
            for inner in &mut self.statements {
                let meeting: Vec<_> =
                    outer.statements.iter().filter(|one| resources_overlap(one.statement, inner.statement)).collect();
                let mut allowed = ActionTable::get().none();
                meeting.iter().for_each(|one| allowed.add(&one.actions));
                inner.actions.keep(&allowed);
                inner.unknown.retain(|pattern| meeting.iter().any(|one| may_include(one.statement, pattern)));
                for one in meeting.iter().filter(|one| one.actions.meets(&inner.actions)) {
                    inner.depends_on.extend(one.depends_on.iter().cloned());
                }
            }
        }
        self.partial_denials.extend(outer.partial_denials);
        self.unread.extend(outer.unread);
        self
    }

    /// The actions that some statement grants on a resource; `*` stands for every resource.
    pub(super) fn actions_on(&self, resource: &str) -> ActionSet {
        let mut actions = ActionTable::get().none();
        let granting = self.statements.iter().filter(|one| one.statement.covers_resource(resource));
        granting.for_each(|one| actions.add(&one.actions));
        actions
    }
}

impl StatementActions<'_> {
    /// Whether it is about nothing but resources that this pattern matches.
    pub(super) fn is_within(&self, pattern: &str) -> bool {
        match &self.statement.resources {
            Some(Element::Is(resources)) => resources.iter().all(|inner| covers(pattern, &widest(inner))),
            _ => false,
        }
    }
}

/// The statements that may apply, with their actions.
fn statements<'a>(grants: RoleGrants<'a>, policies: &'a [NamedPolicy]) -> impl Iterator<Item = StatementActions<'a>> {
    let documents = policies.iter().filter_map(|policy| Some((policy.name.as_str(), policy.document.as_ref()?)));
    let all = documents
        .flat_map(|(name, document)| document.statements.iter().enumerate().map(move |(at, one)| (name, at, one)));
    all.filter_map(move |(policy, index, statement)| {
        let depends_on = match applicability(statement, grants.role, grants.unique_id, grants.now) {
            Applicability::Always => BTreeSet::new(),
            Applicability::Sometimes(keys) => keys,
            Applicability::Never => return None,
        };
        let source = DecidingStatement { policy: policy.to_owned(), index, sid: statement.sid.clone() };
        let (actions, unknown) = known_actions(statement);
        Some(StatementActions { source, statement, actions, unknown, depends_on })
    })
}

/// The actions of a statement, and its patterns that match none.
fn known_actions(statement: &Statement) -> (ActionSet, Vec<&str>) {
    let table = ActionTable::get();
    let mut set = table.none();
    match &statement.actions {
        Some(Element::Is(patterns)) => {
            let unknown = patterns.iter().filter(|pattern| !table.add_matching(pattern, &mut set));
            let unknown = unknown.map(String::as_str).collect();
            (set, unknown)
        }
        Some(Element::IsNot(patterns)) => {
            for pattern in patterns {
                table.add_matching(pattern, &mut set);
            }
            (set.complement(), Vec::new())
        }
        None => (set, Vec::new()),
    }
}

/// Returns whether a statement is about every action that a pattern, which is not in the table, may match.
fn surely_includes(statement: &Statement, pattern: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    match &statement.actions {
        Some(Element::Is(listed)) => listed.iter().any(|one| covers(&one.to_ascii_lowercase(), &pattern)),
        Some(Element::IsNot(listed)) => !listed.iter().any(|one| overlap(one, &pattern)),
        None => false,
    }
}

fn may_include(statement: &Statement, pattern: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    match &statement.actions {
        Some(Element::Is(listed)) => listed.iter().any(|one| overlap(one, &pattern)),
        Some(Element::IsNot(listed)) => !listed.iter().any(|one| covers(&one.to_ascii_lowercase(), &pattern)),
        None => false,
    }
}

/// Returns whether a statement is about every resource that another one is about.
fn resources_cover(outer: &Statement, inner: &Statement) -> bool {
    // What a policy variable stands for is not known, so it covers nothing.
    let plain = |pattern: &&String| !pattern.contains("${");
    match (&outer.resources, &inner.resources) {
        (Some(Element::Is(outer)), _) if outer.iter().any(|pattern| is_every_resource(pattern)) => true,
        (Some(Element::Is(outer)), Some(Element::Is(inner))) => {
            inner.iter().all(|inner| outer.iter().filter(plain).any(|outer| covers(outer, &widest(inner))))
        }
        (Some(Element::IsNot(outer)), Some(Element::Is(inner))) => {
            inner.iter().all(|inner| !outer.iter().any(|outer| overlap(&widest(outer), &widest(inner))))
        }
        _ => false,
    }
}

fn resources_overlap(one: &Statement, other: &Statement) -> bool {
    match (&one.resources, &other.resources) {
        (Some(Element::Is(one)), Some(Element::Is(other))) => {
            let everything = |list: &[String]| list.iter().any(|pattern| is_every_resource(pattern));
            everything(one) && !other.is_empty()
                || everything(other) && !one.is_empty()
                || one.iter().any(|one| other.iter().any(|other| overlap(&widest(one), &widest(other))))
        }
        _ => true,
    }
}

fn is_every_resource(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*')
}

/// A pattern with `*` in the place of each policy variable.
fn widest(pattern: &str) -> String {
    let mut parts = pattern.split("${");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |widest, part| widest + "*" + part.split_once('}').map_or("", |(_, rest)| rest))
}
