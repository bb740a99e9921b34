//! Questions about ranges of addresses: overlaps, the plan, free blocks, subnets close to full.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[];
