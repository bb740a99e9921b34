//! What is known of a condition key in a request.
//!
//! **Invariant:** shows no value: one may be an external ID.

use std::fmt;

/// What is known of one condition key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum KeyValue {
    /// The request does not have the key.
    Absent,
    /// The request has the key, with these values. A key without any value is as good as absent.
    Values(Vec<String>),
    /// The request has the key, with a value that is not known.
    Present,
    /// It is not known whether the request has the key.
    Unknown,
}

/// Values may be external IDs.
impl fmt::Debug for KeyValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => formatter.write_str("Absent"),
            Self::Values(values) => write!(formatter, "Values({} values)", values.len()),
            Self::Present => formatter.write_str("Present"),
            Self::Unknown => formatter.write_str("Unknown"),
        }
    }
}
