//! Questions about instances, snapshots, images, volumes and tags: what is old, unprotected or unnamed.
//!
//! **Invariant:** concludes from what an account owns, and never from a copy that another account sees.

mod values;
mod storage;
mod images;
mod instances;
mod tags;

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[
    storage::OLD_SNAPSHOTS,
    images::OLD_IMAGES,
    instances::IMDSV1_INSTANCES,
    instances::UNNAMED_INSTANCES,
    instances::STOPPED_INSTANCES,
    storage::UNENCRYPTED_VOLUMES,
    tags::MISSING_TAGS,
];

#[cfg(test)]
mod tests;
