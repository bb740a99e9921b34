//! Questions about accounts: how old their answers are, what was denied, what they share.
//!
//! **Invariant:** an account of the estate is one that was ever asked.

mod account_ages;
mod denied;
mod shared_resources;
#[cfg(test)]
mod tests;

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[account_ages::QUESTION, denied::QUESTION, shared_resources::QUESTION];
