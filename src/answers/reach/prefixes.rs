//! The addresses of prefix lists.
//!
//! AWS's own lists are not collected. Their ids have eight digits, while those of lists that customers make have seventeen. They
//! hold the ranges of single services, which are never most of the internet.
//!
//! **Invariant:** a list that is not known is `None`, never empty.

use std::collections::HashMap;

use serde::Deserialize;

use super::sight;
use super::space::{FAMILIES, Family, Ranges};
use crate::answers::facts::Facts;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrefixEntry {
    cidr: String,
}

/// An entry of a prefix list: its prefix length, its family, and what of the internet it has.
pub(super) type Prefix = (u8, Family, Ranges);

/// The entries of every prefix list of the estate.
#[derive(Debug)]
pub(super) struct PrefixLists<'a>(HashMap<&'a str, Option<Vec<Prefix>>>);

impl<'a> PrefixLists<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        let lists = facts.all("ec2_managed_prefix_lists").map(|list| {
            let is_known = sight::is_current(facts, list) && list.text("entries").is_some();
            let entries = sight::list::<PrefixEntry>(list, "entries").filter(|_| is_known);
            (list.id(), entries.as_deref().and_then(prefixes))
        });
        Self(lists.collect())
    }

    /// The entries of a list that are of the internet.
    pub(super) fn entries(&self, id: &str) -> Option<&[Prefix]> {
        match self.0.get(id) {
            Some(entries) => entries.as_deref(),
            None => id.strip_prefix("pl-").filter(|digits| digits.len() == 8).map(|_| &[][..]),
        }
    }

    /// The internet addresses of a list.
    pub(super) fn ranges(&self, id: &str) -> Option<[Ranges; 2]> {
        let entries = self.entries(id)?;
        let of = |family: Family| Ranges::union(entries.iter().filter(|entry| entry.1 == family).map(|entry| &entry.2));
        Some(FAMILIES.map(of))
    }
}

fn prefixes(entries: &[PrefixEntry]) -> Option<Vec<Prefix>> {
    let read = |entry: &PrefixEntry| {
        let length = entry.cidr.rsplit_once('/')?.1.parse().ok()?;
        Ranges::of(&entry.cidr).map(|(family, ranges)| (length, family, ranges))
    };
    let prefixes = entries.iter().map(read).collect::<Option<Vec<Prefix>>>()?;
    Some(prefixes.into_iter().filter(|prefix| !prefix.2.is_empty()).collect())
}
