//! Questions about ranges of addresses: overlaps, the plan, free blocks, subnets close to full.
//!
//! **Invariant:** a VPC or subnet that several accounts see is one.

mod vpc_ranges;
mod connections;
mod overlaps;
mod plan;
mod free;
mod full;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod overlap_tests;

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[overlaps::QUESTION, plan::QUESTION, free::QUESTION, full::QUESTION];
