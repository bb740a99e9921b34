//! Answers what people ask of an inventory, and says what could not be seen.
//!
//! ```text
//! output -> estate (which rows are valid) -> facts (those rows in memory) -> questions, lookup -> rows and coverage
//! ```
//!
//! **Invariant:** knows no client of AWS but the store, and nothing of how an answer is printed.

pub(crate) mod facts;
pub(crate) mod ranges;
pub(crate) mod reach;
pub(crate) mod lookup;
pub(crate) mod questions;
pub(crate) mod estate;
pub(crate) mod changes;
pub(crate) mod history;
pub(crate) mod demo;
