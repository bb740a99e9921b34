//! Writes the files of each table, keeps the state after each commit, and generates the views over both.
//!
//! **Invariant:** knows nothing of how records are collected.

pub mod sink;
pub(crate) mod changes_list;
pub(crate) mod documents;
pub(crate) mod rows;
pub(crate) mod state;
pub(crate) mod views;
