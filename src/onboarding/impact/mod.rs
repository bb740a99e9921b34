//! Judges what a role may do by its impact: whether it writes, escalates privileges, or reads secrets, credentials or data.
//!
//! Every action that AWS documents is evaluated over all policies of the role. The access levels are those of AWS's service
//! authorization reference (`access_levels.txt`, which `make access-levels` renews); `sensitive_actions.txt` has what they do
//! not say.
//!
//! **Invariant:** makes no calls, and does not know who may assume the role. What is not known counts as allowed.

mod glob;
mod action_set;
mod table;
mod classes;
mod grants;
mod effective;
mod judgement;

pub(crate) use classes::ImpactKind;
pub(crate) use grants::RoleGrants;
pub(crate) use judgement::{ImpactFinding, ImpactJudgement, judge_impact};
pub(crate) use table::ActionTable;

#[cfg(test)]
mod tests;
