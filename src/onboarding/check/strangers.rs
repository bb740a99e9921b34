//! Whether a role refuses whom it should refuse, as far as that was tried.

use serde::{Serialize, Serializer};

/// What became of the attempts without an external ID and with a wrong one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NegativeProbe {
    /// Nobody made them.
    NotTried,
    /// Nothing was learned by them.
    NotKnown,
    /// Both were refused.
    Refused,
    /// One of them got in.
    LetIn,
}

/// As whether they are refused; null where that is not known.
impl Serialize for NegativeProbe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let refused = match self {
            Self::NotTried | Self::NotKnown => None,
            Self::Refused => Some(true),
            Self::LetIn => Some(false),
        };
        refused.serialize(serializer)
    }
}
