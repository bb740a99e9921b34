//! Questions about what the internet reaches, and what everybody may use.
//!
//! **Invariant:** what reaches what is decided by `reach` alone.

mod columns;
mod groups;
mod instances;
mod published;

use super::Question;

pub(super) const QUESTIONS: &[Question] =
    &[groups::OPEN_SECURITY_GROUPS, instances::EXPOSED_INSTANCES, published::SNAPSHOTS, published::IMAGES];

#[cfg(test)]
mod tests;
