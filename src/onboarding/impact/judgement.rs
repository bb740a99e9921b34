//! The judgement: what a role may do beyond what it is for, how bad that is, and what is missing.
//!
//! **Invariant:** says nothing of who may assume the role.

use std::collections::BTreeSet;

use super::action_set::ActionSet;
use super::classes::{ImpactKind, classes};
use super::effective::{EffectiveGrants, StatementActions};
use super::grants::RoleGrants;
use super::table::ActionTable;
use crate::catalogue::resource_of;
use crate::domain::RoleArn;
use crate::onboarding::safety::Safety;

/// The actions that a finding names.
const SHOWN: usize = 5;

/// What a role may do, evaluated over all its policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImpactJudgement {
    pub safety: Safety,
    /// How safe rolecall's own sessions are, which have policies of their own.
    pub sessions: Safety,
    /// What it may do beyond what it is for, the worst first.
    pub findings: Vec<ImpactFinding>,
    /// The planned reads that are not granted, or on some resources only.
    pub missing: Vec<String>,
    /// What decides whether it may do less than that: condition keys, statements that deny some resources only, policies
    /// that could not be read.
    pub may_be_narrower: Vec<String>,
}

/// Permissions of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImpactFinding {
    pub kind: ImpactKind,
    /// The first actions; for those that are not in the table, the patterns.
    pub actions: Vec<String>,
    /// How many actions there are.
    pub count: usize,
    /// The statements that grant them, with their policies.
    pub statements: Vec<String>,
}

/// Judges what a role may do.
pub(crate) fn judge_impact(grants: &RoleGrants<'_>) -> ImpactJudgement {
    let expected = Expected::of(grants);
    let role = EffectiveGrants::of_role(*grants);
    let findings = findings(&role, &expected);
    let missing = missing(grants, &role);
    let may_be_narrower = may_be_narrower(&role, &expected);
    let safety = safety_of(&findings);
    let sessions = if grants.policies.session.is_empty() {
        safety
    } else {
        safety_of(&self::findings(&role.of_sessions(*grants), &expected))
    };
    ImpactJudgement { safety, sessions, findings, missing, may_be_narrower }
}

/// The actions that the role is for.
struct Expected {
    /// On every resource.
    everywhere: ActionSet,
    /// On one resource only, since they would read more elsewhere: the place in the table, and the resource.
    limited: Vec<(usize, &'static str)>,
}

impl Expected {
    fn of(grants: &RoleGrants<'_>) -> Self {
        let table = ActionTable::get();
        let mut expected = Self { everywhere: table.none(), limited: Vec::new() };
        for action in grants.needed.iter().chain(grants.optional) {
            match (table.place(action), resource_of(action)) {
                (Some(place), "*") => expected.everywhere.insert(place),
                (Some(place), resource) => expected.limited.push((place, resource)),
                (None, _) => {}
            }
        }
        expected
    }

    /// What a statement grants, less what the role is for.
    fn beyond(&self, statement: &StatementActions<'_>) -> ActionSet {
        let mut beyond = statement.actions.clone();
        beyond.remove(&self.everywhere);
        for (place, _) in self.limited.iter().filter(|(_, resource)| statement.is_within(resource)) {
            beyond.take(*place);
        }
        beyond
    }
}

fn safety_of(findings: &[ImpactFinding]) -> Safety {
    let of_kind = |finding: &ImpactFinding| if finding.kind.is_unsafe() { Safety::Unsafe } else { Safety::Weak };
    findings.iter().map(of_kind).max().unwrap_or(Safety::Safe)
}

fn findings(effective: &EffectiveGrants<'_>, expected: &Expected) -> Vec<ImpactFinding> {
    let table = ActionTable::get();
    let beyond = beyond(effective, expected);
    let mut findings = Vec::new();
    for (kind, class) in classes() {
        let mut actions = beyond.clone();
        actions.keep(class);
        if actions.is_empty() {
            continue;
        }
        let granting = effective.statements.iter().filter(|one| expected.beyond(one).meets(&actions));
        findings.push(ImpactFinding {
            kind: *kind,
            actions: table.best_known(&actions, SHOWN),
            count: actions.count(),
            statements: granting.map(|one| one.source.to_string()).collect(),
        });
    }
    for kind in [ImpactKind::UnknownWrite, ImpactKind::UnknownRead] {
        findings.extend(unknown_finding(kind, effective));
    }
    findings.sort_by_key(|finding| finding.kind);
    findings
}

fn unknown_finding(kind: ImpactKind, effective: &EffectiveGrants<'_>) -> Option<ImpactFinding> {
    let is_of_kind = |pattern: &&str| ImpactKind::of_unknown(pattern) == kind;
    let mut patterns = BTreeSet::new();
    let mut statements = Vec::new();
    for one in &effective.statements {
        let of_kind: Vec<&str> = one.unknown.iter().copied().filter(is_of_kind).collect();
        if !of_kind.is_empty() {
            patterns.extend(of_kind);
            statements.push(one.source.to_string());
        }
    }
    let actions = patterns.iter().take(SHOWN).map(|pattern| (*pattern).to_owned()).collect();
    (!patterns.is_empty()).then_some(ImpactFinding { kind, actions, count: patterns.len(), statements })
}

/// What is granted, less what the role is for.
fn beyond(effective: &EffectiveGrants<'_>, expected: &Expected) -> ActionSet {
    let mut beyond = ActionTable::get().none();
    effective.statements.iter().for_each(|one| beyond.add(&expected.beyond(one)));
    beyond
}

/// One resource that a pattern stands for, in the role's partition.
fn example(pattern: &str, role: &RoleArn) -> String {
    pattern.replacen('*', &role.partition, 1).replacen('*', "us-east-1", 1)
}

fn missing(grants: &RoleGrants<'_>, effective: &EffectiveGrants<'_>) -> Vec<String> {
    let (table, everywhere) = (ActionTable::get(), effective.actions_on("*"));
    let is_granted = |place, resource| match resource {
        "*" => everywhere.contains(place),
        resource => effective.actions_on(&example(resource, grants.role)).contains(place),
    };
    let is_missing = |action: &&&str| table.place(action).is_none_or(|place| !is_granted(place, resource_of(action)));
    grants.needed.iter().filter(is_missing).map(|action| (**action).to_owned()).collect()
}

fn may_be_narrower(effective: &EffectiveGrants<'_>, expected: &Expected) -> Vec<String> {
    let beyond = beyond(effective, expected);
    let matters = |actions: &ActionSet| actions.meets(&beyond);
    let mut reasons = BTreeSet::new();
    for one in effective.statements.iter().filter(|one| matters(&one.actions) || !one.unknown.is_empty()) {
        reasons.extend(one.depends_on.iter().cloned());
    }
    for deny in effective.partial_denials.iter().filter(|deny| matters(&deny.actions)) {
        reasons.insert(deny.source.to_string());
    }
    if !beyond.is_empty() {
        reasons.extend(effective.unread.iter().map(|policy| (*policy).to_owned()));
    }
    reasons.into_iter().collect()
}
