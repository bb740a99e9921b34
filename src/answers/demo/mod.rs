//! A generated estate to try the answers on: three customers, six accounts, two regions, five nights.
//!
//! ```text
//! accounts, ids -> world (how a kind of resource looks) -> estate (which resources exist, night by night) -> nights
//! ```
//!
//! Everything follows from the names in `estate`: the same call returns the same rows, ids and times included. Each
//! question has a planted case there, and a healthy neighbour that it must not find.
//!
//! **Invariant:** opens no connection and no file, and knows no format. The world knows nothing of answers: what they
//! find in it is for the tests to say.

mod accounts;
mod ids;
mod forms;
mod rows;
mod world;
mod estate;
mod faults;
mod nights;
mod recorded;

pub(crate) use recorded::runs;

#[cfg(test)]
pub(crate) use accounts::ACCOUNTS;
#[cfg(test)]
pub(crate) use nights::{Night, nights};

#[cfg(test)]
mod tests;
