//! Questions about public addresses and what is attached to nothing.
//!
//! **Invariant:** an address belongs to the account that owns what bears it, whoever sees that.

mod bearers;
mod public;
mod cost;
mod unattached;
#[cfg(test)]
mod tests;

use super::Question;

pub(super) const QUESTIONS: &[Question] =
    &[public::QUESTION, cost::QUESTION, unattached::ADDRESSES, unattached::VOLUMES, unattached::INTERFACES];
