//! Recognises records that a listing returns again: a listing that shifts while it is read repeats some on its next page, and
//! one that starts again repeats all.
//!
//! **Invariant:** a resource that is listed once is never dropped. Only ids that AWS gives are trusted to be unique: an id that
//! is made of several members may lack one of them, so there the whole record is compared.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::catalogue::Table;
use crate::inventory::Record;

/// The records that earlier pages of one listing had.
#[derive(Default)]
pub(super) struct SeenRecords(HashSet<u64>);

impl SeenRecords {
    /// Removes the records that are there already. `more` is true if another page may follow.
    pub(super) fn retain_new(&mut self, table: &Table, records: &mut Vec<Record>, more: bool) {
        let mut of_page: HashMap<u64, usize> = HashMap::with_capacity(records.len());
        let mut kept: Vec<Record> = Vec::with_capacity(records.len());
        for record in records.drain(..) {
            let identity = identity(table, &record);
            let first = *of_page.entry(identity).or_insert(kept.len());
            // Within one page, only equal records are one resource listed twice.
            let is_again = kept.get(first) == Some(&record);
            if !is_again && !self.0.contains(&identity) {
                kept.push(record);
            }
        }
        *records = kept;
        if more {
            self.0.extend(of_page.into_keys());
        }
    }
}

/// A hash that two records share if they are the same resource.
fn identity(table: &Table, record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    record.id.hash(&mut hasher);
    if record.id.is_empty() || !table.has_own_id() {
        record.hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::decode::Value;

    fn record(id: &str, content: &str) -> Record {
        Record { id: id.into(), values: vec![Value::Text(content.into())], ..Record::default() }
    }

    /// Returns the ids and contents that are left of several pages.
    fn kept(table: &str, pages: &[&[(&str, &str)]]) -> Vec<String> {
        let table = Catalogue::get().unwrap().find(table).unwrap();
        let (mut seen, mut kept) = (SeenRecords::default(), Vec::new());
        for page in pages {
            let mut records = page.iter().map(|(id, content)| record(id, content)).collect();
            seen.retain_new(table, &mut records, true);
            kept.extend(records.iter().map(|record| format!("{}:{:?}", record.id, record.values[0])));
        }
        kept.iter().map(|text| text.replace("Text(\"", "").replace("\")", "")).collect()
    }

    #[test]
    fn a_resource_on_two_pages_is_kept_once() {
        assert_eq!(kept("ec2_vpcs", &[&[("1", "a"), ("2", "a")], &[("2", "b"), ("3", "a")]]), ["1:a", "2:a", "3:a"]);
        assert_eq!(kept("ec2_vpcs", &[&[("1", "a"), ("1", "a")]]), ["1:a"]);
        // The page itself says that these two differ, so nothing is dropped.
        assert_eq!(kept("ec2_vpcs", &[&[("1", "a"), ("1", "b")]]), ["1:a", "1:b"]);
    }

    #[test]
    fn records_without_a_full_id_are_compared_as_a_whole() {
        assert_eq!(kept("ec2_vpcs", &[&[("", "a")], &[("", "b"), ("", "a")]]), [":a", ":b"]);
        assert_eq!(
            kept("route53_records", &[&[("Z/a/A", "1")], &[("Z/a/A", "2"), ("Z/a/A", "1")]]),
            ["Z/a/A:1", "Z/a/A:2"]
        );
    }
}
