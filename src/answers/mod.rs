//! Answers what people ask of an inventory, and says what could not be seen.
//!
//! ```text
//! output -> estate (which rows are valid) -> facts (those rows in memory) -> questions, lookup -> rows and coverage
//! ```
//!
//! The function compares two estates and writes the report page. History, exports and the demo are for the command line.
//!
//! **Invariant:** knows no client of AWS but the store, and nothing of how an answer is printed, but for the
//! page of `report`.

pub(crate) mod facts;
mod searched;
pub(crate) mod ranges;
pub(crate) mod reach;
pub(crate) mod lookup;
pub(crate) mod dns;
pub(crate) mod questions;
pub(crate) mod estate;
pub(crate) mod verdicts;
pub(crate) mod changes;
#[cfg(feature = "cli")]
pub(crate) mod history;
pub(crate) mod report;
#[cfg(feature = "cli")]
pub(crate) mod export;
#[cfg(feature = "cli")]
pub(crate) mod demo;
