//! Answers what people ask of an inventory, and says what could not be seen.
//!
//! ```text
//! output -> estate (which rows are valid) -> facts (those rows in memory) -> questions, lookup -> rows and coverage
//! ```
//!
//! The function has what it takes to compare two estates. The rest is for the command line.
//!
//! **Invariant:** knows no client of AWS but the store, and nothing of how an answer is printed, but for the
//! page of `report`.

pub(crate) mod facts;
mod searched;
#[cfg(feature = "cli")]
pub(crate) mod ranges;
#[cfg(feature = "cli")]
pub(crate) mod reach;
#[cfg(feature = "cli")]
pub(crate) mod lookup;
#[cfg(feature = "cli")]
pub(crate) mod questions;
pub(crate) mod estate;
pub(crate) mod changes;
#[cfg(feature = "cli")]
pub(crate) mod history;
#[cfg(feature = "cli")]
pub(crate) mod report;
#[cfg(feature = "cli")]
pub(crate) mod demo;
