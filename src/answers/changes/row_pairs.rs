//! Pairs the rows of two sides: a resource is the same if account, region, id and ARN are.
//!
//! Of several rows with one identity those with equal digests belong together, and then one changed into another.
//!
//! **Invariant:** every row of both sides is in one pair, or alone. The result has the order of the rows.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::answers::facts::Resource;

/// What makes a row the same on both sides: account, region, id and ARN. Names are in ARNs, so a resource that is made again
/// under its name has another id.
pub(super) type RowKey<'a> = (&'a str, &'a str, &'a str, Option<Cow<'a, str>>);

/// The identity of a row.
pub(super) fn key(row: Resource<'_>) -> RowKey<'_> {
    (row.observer(), row.region(), row.id(), row.arn())
}

/// The rows that are not the same on both sides.
#[derive(Debug, Default)]
pub(super) struct RowPairs<'a> {
    pub changed: Vec<(Resource<'a>, Resource<'a>)>,
    pub added: Vec<Resource<'a>>,
    pub removed: Vec<Resource<'a>>,
}

/// Pairs rows by their digests.
pub(super) fn pair<'a>(
    older: impl Iterator<Item = (Resource<'a>, u64)>,
    newer: impl Iterator<Item = (Resource<'a>, u64)>,
) -> RowPairs<'a> {
    let mut before: HashMap<RowKey<'a>, Vec<(usize, Resource<'a>, u64)>> = HashMap::new();
    for (at, (row, digest)) in older.enumerate() {
        before.entry(key(row)).or_default().push((at, row, digest));
    }
    let mut pairs = RowPairs::default();
    let mut unequal = Vec::new();
    for (row, digest) in newer {
        match before.get_mut(&key(row)) {
            Some(rows) => match rows.iter().position(|(.., other)| *other == digest) {
                Some(equal) => drop(rows.remove(equal)),
                None => unequal.push(row),
            },
            None => pairs.added.push(row),
        }
    }
    for row in unequal {
        match before.get_mut(&key(row)).filter(|rows| !rows.is_empty()) {
            Some(rows) => pairs.changed.push((rows.remove(0).1, row)),
            None => pairs.added.push(row),
        }
    }
    let mut removed: Vec<(usize, Resource<'a>)> =
        before.into_values().flatten().map(|(at, row, _)| (at, row)).collect();
    removed.sort_unstable_by_key(|(at, _)| *at);
    pairs.removed = removed.into_iter().map(|(_, row)| row).collect();
    pairs
}
