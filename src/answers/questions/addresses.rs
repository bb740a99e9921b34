//! Questions about public addresses and what is attached to nothing.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[];
