//! Questions about hosted zones, delegations and health checks.
//!
//! **Invariant:** compares names and sets of the inventory, and resolves nothing.

mod private_zones;
mod delegations;
mod health_checks;
#[cfg(test)]
mod tests;

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[private_zones::QUESTION, delegations::QUESTION, health_checks::QUESTION];
