//! Merging, against a simple model that reads all ledgers at once; the file of a state; and the names of states.

mod merging;
mod model;
mod naming;
mod written;
