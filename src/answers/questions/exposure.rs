//! Questions about what the internet reaches, and what everybody may use.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[];
