//! The records of every zone by their names, with wildcards and names that only have names below them.
//!
//! **Invariant:** two names are the same if DNS says so. A wildcard answers for what does not exist below the nearest name
//! that exists.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::holder_tables::RECORDS;
use super::horizons::lineage;
use super::record_values::type_of;
use super::zones::{ZoneIndex, ZoneNumber};
use crate::answers::facts::{FactTable, Facts, Resource};
use crate::answers::lookup::{normal, normalise, parents};

/// The records of the estate by zone and name.
#[derive(Debug)]
pub(super) struct ZoneNames<'f> {
    hasher: RandomState,
    /// The table of records.
    table: Option<&'f FactTable>,
    /// The hash of zone and name, the zone, and the number of the record in its table, in the order of the hashes. A fleet has
    /// a million records.
    records: Vec<(u64, ZoneNumber, u32)>,
    /// The hashes of zones and names that have names below them.
    non_terminals: Vec<u64>,
    /// The hashes of zones and names at which another zone begins.
    cuts: HashSet<u64>,
}

/// What a zone has for a name.
#[derive(Debug)]
pub(super) enum NameRecords<'f> {
    /// Its records, or those of the wildcard that answers for it.
    Some(Vec<Resource<'f>>),
    /// Names below it, and no record.
    OnlyBelow,
    Nothing,
}

/// The name of a record.
pub(super) fn name_of(record: Resource<'_>) -> &str {
    record.text("name_decoded").unwrap_or_default()
}

impl<'f> ZoneNames<'f> {
    pub(super) fn new(facts: &'f Facts, zones: &ZoneIndex) -> Self {
        let hasher = RandomState::new();
        let (mut records, mut non_terminals, mut cuts) = (Vec::new(), Vec::new(), HashSet::new());
        let (mut name, mut limit) = (Vec::new(), 1 << 20);
        for (number, record) in (0_u32..).zip(facts.all(RECORDS)) {
            let zone = record.text("hosted_zone_id").and_then(|id| zones.find(id));
            let Some(zone) = zone.filter(|_| normalise(name_of(record), &mut name)) else { continue };
            let hash = hasher.hash_one((zone, name.as_slice()));
            records.push((hash, zone, number));
            let apex = &zones.zone(zone).name;
            if type_of(record) == "NS" && name != *apex {
                cuts.insert(hash);
            }
            for parent in parents(&name).take_while(|parent| *parent != apex.as_slice()) {
                non_terminals.push(hasher.hash_one((zone, parent)));
            }
            // Most were added by the records before.
            if non_terminals.len() >= limit {
                non_terminals.sort_unstable();
                non_terminals.dedup();
                limit = limit.max(2 * non_terminals.len());
            }
        }
        // Of records with one name the first one stays the first: it decides among verdicts that say the same.
        records.sort_unstable_by_key(|(hash, _, number)| (*hash, *number));
        records.shrink_to_fit();
        non_terminals.sort_unstable();
        non_terminals.dedup();
        Self { hasher, table: facts.table(RECORDS), records, non_terminals, cuts }
    }

    fn hash(&self, zone: ZoneNumber, name: &[u8]) -> u64 {
        self.hasher.hash_one((zone, name))
    }

    /// The records with exactly this name.
    pub(super) fn named<'s>(&'s self, zone: ZoneNumber, name: &'s [u8]) -> impl Iterator<Item = Resource<'f>> + 's {
        let hash = self.hash(zone, name);
        let start = self.records.partition_point(|(other, ..)| *other < hash);
        let same = self.records[start..].iter().take_while(move |(other, ..)| *other == hash);
        let same = same.filter(move |(_, of, _)| *of == zone);
        let same = same.filter_map(|(.., record)| self.table?.resource(*record));
        same.filter(move |record| normal(name_of(*record)).is_some_and(|other| other == name))
    }

    fn has(&self, zone: ZoneNumber, name: &[u8]) -> bool {
        self.named(zone, name).next().is_some()
    }

    /// Whether a name has names below it, or records.
    fn exists(&self, zone: ZoneNumber, name: &[u8]) -> bool {
        self.non_terminals.binary_search(&self.hash(zone, name)).is_ok() || self.has(zone, name)
    }

    /// What a zone has for a name, by itself or by a wildcard.
    pub(super) fn answer(&self, zone: ZoneNumber, apex: &[u8], name: &[u8]) -> NameRecords<'f> {
        let own: Vec<Resource<'f>> = self.named(zone, name).collect();
        if !own.is_empty() {
            return NameRecords::Some(own);
        }
        if name != apex && self.exists(zone, name) {
            return NameRecords::OnlyBelow;
        }
        for parent in parents(name) {
            if parent != apex && !self.exists(zone, parent) {
                continue;
            }
            let wildcard = [b"*.", parent].concat();
            let records: Vec<Resource<'f>> = self.named(zone, &wildcard).collect();
            return if records.is_empty() { NameRecords::Nothing } else { NameRecords::Some(records) };
        }
        NameRecords::Nothing
    }

    /// The highest name, from below the zone's own to the given one, at which another zone begins.
    pub(super) fn cut<'n>(&self, zone: ZoneNumber, apex: &[u8], name: &'n [u8]) -> Option<&'n [u8]> {
        if self.cuts.is_empty() {
            return None;
        }
        let below = lineage(name).take_while(|domain| *domain != apex);
        below.filter(|domain| self.cuts.contains(&self.hash(zone, domain))).last()
    }
}
