//! Members of items that no digest counts, since AWS changes them all the time.
//!
//! **Invariant:** knows names on the wire, and neither a format nor what a member is about.

use super::json_hash::name_hash;

/// A member of items that counts towards no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MeasureHash {
    /// The hash of the member's name on the wire.
    pub(super) member: u64,
    /// The hash of the name of an element anywhere in it. The whole member is meant if there is none.
    pub(super) within: Option<u64>,
}

impl MeasureHash {
    /// A member, or what is in it, by their names on the wire.
    pub(super) fn new(member: &str, within: Option<&str>) -> Self {
        Self { member: name_hash(member), within: within.map(name_hash) }
    }
}
