//! Questions about accounts: what they share, how old their answers are, what was denied.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[];
