//! Yes, no and unknown: how they are combined. Unknown is `None`.
//!
//! **Invariant:** one certain no decides what needs all, one certain yes what needs one.

/// Whether all of these hold.
pub(super) fn all<const N: usize>(parts: [Option<bool>; N]) -> Option<bool> {
    if parts.contains(&Some(false)) {
        return Some(false);
    }
    parts.into_iter().all(|part| part == Some(true)).then_some(true)
}

/// Whether one of these holds.
pub(super) fn any(parts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(false);
    for part in parts {
        match part {
            Some(true) => return part,
            Some(false) => {}
            None => known = None,
        }
    }
    known
}
