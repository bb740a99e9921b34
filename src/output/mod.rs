//! Where an inventory goes: the files of each table, and views over them.

pub mod sink;
pub(crate) mod views;
