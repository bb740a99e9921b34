//! Questions about instances, snapshots, images, tags and what nothing uses.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[];
