//! The judgement: what a role may do beyond what it is for, how bad that is, and what is missing.
//!
//! **Invariant:** says nothing of who may assume the role.

use std::collections::BTreeSet;

use super::action_set::ActionSet;
use super::classes::{ImpactKind, classes};
use super::effective::EffectiveGrants;
use super::grants::RoleGrants;
use super::table::ActionTable;
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
    let expected = expected(grants);
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
fn expected(grants: &RoleGrants<'_>) -> ActionSet {
    let table = ActionTable::get();
    let mut expected = table.none();
    let listed = grants.needed.iter().chain(grants.optional);
    listed.filter_map(|action| table.place(action)).for_each(|place| expected.insert(place));
    expected
}

fn safety_of(findings: &[ImpactFinding]) -> Safety {
    let of_kind = |finding: &ImpactFinding| if finding.kind.is_unsafe() { Safety::Unsafe } else { Safety::Weak };
    findings.iter().map(of_kind).max().unwrap_or(Safety::Safe)
}

fn findings(effective: &EffectiveGrants<'_>, expected: &ActionSet) -> Vec<ImpactFinding> {
    let table = ActionTable::get();
    let beyond = beyond(effective, expected);
    let mut findings = Vec::new();
    for (kind, class) in classes() {
        let mut actions = beyond.clone();
        actions.keep(class);
        if actions.is_empty() {
            continue;
        }
        let granting = effective.statements.iter().filter(|one| one.actions.meets(&actions));
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
fn beyond(effective: &EffectiveGrants<'_>, expected: &ActionSet) -> ActionSet {
    let mut beyond = effective.actions();
    beyond.remove(expected);
    beyond
}

fn missing(grants: &RoleGrants<'_>, effective: &EffectiveGrants<'_>) -> Vec<String> {
    let (table, granted) = (ActionTable::get(), effective.actions_everywhere());
    let is_missing = |action: &&&str| table.place(action).is_none_or(|place| !granted.contains(place));
    grants.needed.iter().filter(is_missing).map(|action| (**action).to_owned()).collect()
}

fn may_be_narrower(effective: &EffectiveGrants<'_>, expected: &ActionSet) -> Vec<String> {
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
