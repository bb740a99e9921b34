//! How safe a role is for its owner.

/// The judgement of a role's policies, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Safety {
    /// It gives what is needed, to whom it is meant for.
    Safe,
    /// It is opener than it need be, or breaks easily.
    Weak,
    /// It lets in callers who have no business there, or gives away what it must not.
    Unsafe,
}
