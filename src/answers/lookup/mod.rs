//! `rolecall where`: who holds an address, a range, a name, an id, an ARN or a tag.
//!
//! ```text
//! terms -> reads (what to read) -> facts -> chains (where names lead) -> scan (one pass over the rows) -> rows
//! ```
//!
//! **Invariant:** knows no file and no output. It finds what rows show. What could not be seen is in the coverage of its
//! reads.

mod tables;
mod names;
mod ranges;
mod ids;
mod term;
mod hit;
mod index;
mod members;
mod found;
mod records;
mod chains;
mod scan;
mod accounts;
mod rows;
mod reads;

pub(crate) use hit::Hit;
pub(crate) use reads::reads;
pub(crate) use term::Query;

use crate::answers::facts::Facts;
use index::Index;

/// Finds what the terms look for. The order of the rows is that of the terms, then of the relations, accounts, regions,
/// tables and ids.
pub(crate) fn look_up(facts: &Facts, terms: &[Query]) -> Vec<Hit> {
    let mut index = Index::new(terms);
    chains::follow(facts, &mut index);
    index.finish();
    let mut found = scan::scan(facts, &index);
    found.extend(accounts::accounts(facts, &index));
    rows::rows(facts, terms, found)
}

#[cfg(test)]
mod tests;
