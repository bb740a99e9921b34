//! Finds the rows that differ between two sides in little memory: of each row a hash of its identity and its digest.
//!
//! Rows that are on both sides cancel each other. Two rows with one hash are at worst read without need.
//!
//! **Invariant:** holds no text of a row beyond its row group.

use std::cmp::Ordering;
use std::collections::HashSet;

use twox_hash::XxHash3_64;

use super::cell_pairs::CellPairs;
use super::row_pairs::key;
use crate::answers::estate::ValidRows;
use crate::answers::facts::Resource;
use crate::output::rows::{ColumnValues, RowsError};

/// The parts of an identity: account, region, id and ARN.
type KeyParts<'a> = (&'a str, &'a str, &'a str, Option<&'a str>);

/// The hash of the identity of a row.
pub(super) fn row_key_hash(row: Resource<'_>) -> u64 {
    let (account_id, region, id, arn) = key(row);
    key_hash((account_id, region, id, arn.as_deref()))
}

fn key_hash((account_id, region, id, arn): KeyParts<'_>) -> u64 {
    let mut text = Vec::with_capacity(account_id.len() + region.len() + id.len() + arn.map_or(0, str::len) + 4);
    // No text of UTF-8 has the bytes between the parts.
    for part in [Some(account_id), Some(region), Some(id), arn] {
        text.extend(part.map_or(&[][..], str::as_bytes));
        text.push(if part.is_some() { 0xff } else { 0xfe });
    }
    XxHash3_64::oneshot(&text)
}

/// The columns of some rows that identify them.
pub(super) struct KeyColumns([ColumnValues; 4]);

impl KeyColumns {
    pub(super) fn of(rows: &ValidRows<'_>) -> Result<Self, RowsError> {
        Ok(Self([rows.values("account_id")?, rows.values("region")?, rows.values("id")?, rows.values("arn")?]))
    }

    /// The hash of a row's identity.
    pub(super) fn hash(&self, row: usize) -> u64 {
        let [accounts, regions, ids, arns] = &self.0;
        key_hash((
            accounts.text(row).unwrap_or_default(),
            regions.text(row).unwrap_or_default(),
            ids.text(row).unwrap_or_default(),
            arns.text(row),
        ))
    }
}

/// Keeps the rows of the cells that are compared.
pub(super) fn keep_compared(rows: &mut ValidRows<'_>, cells: &CellPairs) -> Result<(), RowsError> {
    rows.keep_cells(|account_id, region| cells.compared.contains_key(&(account_id.to_owned(), region.to_owned())))
}

/// The rows of one side: the hash of each identity, with the digest.
#[derive(Debug, Default)]
pub(super) struct SideHashes(Vec<(u64, u64)>);

impl SideHashes {
    pub(super) fn push(&mut self, key: u64, digest: u64) {
        self.0.push((key, digest));
    }

    /// The hashes of the identities whose rows are not the same on both sides.
    pub(super) fn differing(mut self, mut other: Self) -> HashSet<u64> {
        self.0.sort_unstable();
        other.0.sort_unstable();
        let mut found = HashSet::new();
        let (mut own, mut others) = (self.0.into_iter().peekable(), other.0.into_iter().peekable());
        loop {
            let order = match (own.peek(), others.peek()) {
                (Some(one), Some(other)) => one.cmp(other),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return found,
            };
            if order != Ordering::Greater {
                let row = own.next();
                found.extend(row.filter(|_| order == Ordering::Less).map(|(key, _)| key));
            }
            if order != Ordering::Less {
                let row = others.next();
                found.extend(row.filter(|_| order == Ordering::Greater).map(|(key, _)| key));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_cancel_as_often_as_they_occur() {
        let side = |rows: &[(u64, u64)]| SideHashes(rows.to_vec());
        let differing = |one: &[(u64, u64)], other: &[(u64, u64)]| {
            let mut found: Vec<u64> = side(one).differing(side(other)).into_iter().collect();
            found.sort_unstable();
            found
        };
        assert_eq!(differing(&[(1, 1), (2, 2)], &[(2, 2), (1, 1)]), Vec::<u64>::new());
        assert_eq!(differing(&[(1, 1), (1, 1)], &[(1, 1)]), [1], "one of two is gone");
        assert_eq!(differing(&[(1, 1), (1, 2)], &[(1, 2), (1, 1)]), Vec::<u64>::new());
        assert_eq!(differing(&[(1, 1), (3, 3)], &[(1, 2), (2, 2), (3, 3)]), [1, 2]);
        assert_eq!(differing(&[], &[(7, 0)]), [7]);
    }

    #[test]
    fn identities_that_differ_in_one_part_have_other_hashes() {
        let keys: [KeyParts<'_>; 7] = [
            ("1", "r", "i", None),
            ("1", "r", "i", Some("")),
            ("1", "ri", "", None),
            ("1r", "", "i", None),
            ("", "1r", "i", None),
            ("1", "r", "", Some("i")),
            ("1", "r", "i", Some("i")),
        ];
        let hashes: HashSet<u64> = keys.into_iter().map(key_hash).collect();
        assert_eq!(hashes.len(), keys.len());
    }
}
