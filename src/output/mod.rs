//! Writes the files of each table, and generates the views over them.
//!
//! **Invariant:** knows nothing of how records are collected.

pub mod sink;
pub(crate) mod views;
