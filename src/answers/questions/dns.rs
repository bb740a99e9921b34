//! Questions about hosted zones, delegations and health checks.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[];
