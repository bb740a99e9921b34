//! The content of a decoded response.
//!
//! **Invariant:** knows no format of responses.

use super::item::Item;
use super::scalars::Scalars;

/// The content of a decoded response.
#[derive(Debug, PartialEq)]
pub struct DecodedBody {
    pub items: Vec<Item>,
    /// The scalars around the items.
    pub scalars: Scalars,
    /// The number of unknown members that were dropped because their structure has sensitive ones.
    pub dropped: u64,
    /// The bytes of memory that the items take.
    pub held: usize,
}
