//! `rolecall where`: who holds an address, a range, a name, an id, an ARN or a tag.
//!
//! ```text
//! terms -> reads (what can be read) -> narrow (which rows are) -> facts -> chains (where names lead) -> scan -> rows
//! ```
//!
//! An inventory has a million rows and more, of which an answer needs few. So the rows are read in steps, those first in which
//! a term can be found, and then what these lead to. The answer is then the one that all rows would give.
//!
//! **Invariant:** knows no file and no output. It finds what rows show. What could not be seen is in the coverage of its
//! reads.

mod names;
mod ranges;
mod ids;
mod term;
mod hit;
mod needles;
mod index;
mod members;
mod found;
mod records;
mod chains;
mod scan;
mod accounts;
mod rows;
mod reads;
mod wanted;
mod narrow;
mod searched_values;

pub(crate) use hit::{Hit, Relation};
pub(crate) use members::texts;
pub(crate) use names::{normal, normalise, parents};
pub(crate) use narrow::narrow;
pub(crate) use reads::reads;
pub(crate) use searched_values::{searched_reads, searched_values};
pub(crate) use term::Query;

use crate::answers::facts::Facts;
use found::Found;
use index::Index;

/// Finds what the terms look for. The order of the rows is that of the terms, then of the relations, accounts, regions,
/// tables and ids.
pub(crate) fn look_up(facts: &Facts, terms: &[Query]) -> Vec<Hit> {
    let index = complete(facts, Index::new(terms));
    rows::rows(facts, terms, found(facts, &index))
}

/// The same without any shortcut of the index.
#[cfg(test)]
pub(crate) fn look_up_exhaustively(facts: &Facts, terms: &[Query]) -> Vec<Hit> {
    let mut index = Index::new(terms);
    index.is_exhaustive = true;
    let index = complete(facts, index);
    rows::rows(facts, terms, found(facts, &index))
}

/// Adds to an index where its names lead.
fn complete(facts: &Facts, mut index: Index) -> Index {
    chains::follow(facts, &mut index);
    index.finish();
    index
}

fn found<'f>(facts: &'f Facts, index: &Index) -> Vec<Found<'f>> {
    let mut found = scan::scan(facts, index);
    found.extend(accounts::accounts(facts, index));
    found
}

#[cfg(test)]
mod tests;
