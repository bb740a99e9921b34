//! Follows names through the records of the estate to the names and addresses to which they lead.
//!
//! Every record of a name counts, in public and private zones, weighted or not: who asks from where is not known. An
//! alias into a zone of the estate leads to the records of that zone and type alone. A wildcard answers for the names
//! below it that its zone does not have.
//!
//! **Invariant:** a chain ends where it comes back to itself, and after [`LONGEST_CHAIN`] steps.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::hash::BuildHasher;
use std::net::IpAddr;

use super::ids::without_path;
use super::index::Index;
use super::names::{address_of_ec2_name, normal, normalise, parents};
use super::ranges::parse_address;
use super::records::{alias_of, name_of, values_of};
use crate::answers::facts::{Facts, Resource};
use crate::answers::searched::RECORDS;

/// More steps than any resolver follows.
const LONGEST_CHAIN: usize = 64;

/// The records of the estate by their names.
struct RecordIndex<'a> {
    hasher: RandomState,
    /// The hash of each name with its record, in the order of the hashes.
    by_name: Vec<(u64, Resource<'a>)>,
    zones: HashSet<&'a str>,
}

/// A name to resolve, in any zone or, for an alias, in one zone for one type.
#[derive(Clone, PartialEq, Eq, Hash)]
struct ChainStep {
    name: Vec<u8>,
    only: Option<(String, String)>,
}

/// Where a name leads.
#[derive(Default)]
struct Targets {
    names: BTreeSet<Vec<u8>>,
    addresses: BTreeSet<IpAddr>,
    /// The zones into which aliases lead, of the estate or not.
    zones: BTreeSet<String>,
}

/// The records that chains pass.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ChainRecords {
    /// The names of records that answer, or that hide others.
    pub names: BTreeSet<Vec<u8>>,
    /// The zones of which it matters whether the estate has them.
    pub zones: BTreeSet<String>,
}

/// The records that the names of the index lead through, as far as the facts show it: those records may lead further.
pub(super) fn passed(facts: &Facts, index: &Index) -> ChainRecords {
    let records = RecordIndex::new(facts);
    let mut passed = ChainRecords::default();
    for name in index.names.keys() {
        let targets = records.targets(name.clone());
        passed.zones.extend(targets.zones);
        for name in targets.names.into_iter().chain([name.clone()]) {
            for parent in parents(&name) {
                passed.names.extend([[b"*.", parent].concat(), parent.to_vec()]);
            }
            passed.names.insert(name);
        }
    }
    passed
}

/// Adds to the index everything to which its names lead.
pub(super) fn follow(facts: &Facts, index: &mut Index) {
    if index.names.is_empty() {
        return;
    }
    let records = RecordIndex::new(facts);
    let mut names: Vec<(Vec<u8>, Vec<u32>)> =
        index.names.iter().map(|(name, numbers)| (name.clone(), numbers.clone())).collect();
    names.sort_unstable();
    for (name, numbers) in names {
        let targets = records.targets(name);
        for number in numbers {
            targets.names.iter().for_each(|name| index.lead_to_name(name.clone(), number));
            targets.addresses.iter().for_each(|address| index.lead_to_address(*address, number));
        }
    }
}

impl<'a> RecordIndex<'a> {
    fn new(facts: &'a Facts) -> Self {
        let hasher = RandomState::new();
        let mut name = Vec::new();
        let mut by_name = Vec::new();
        let mut zones = HashSet::new();
        for record in facts.all(RECORDS) {
            if normalise(name_of(record), &mut name) {
                by_name.push((hasher.hash_one(name.as_slice()), record));
                zones.extend(record.text("hosted_zone_id"));
            }
        }
        by_name.sort_by_key(|(hash, _)| *hash);
        Self { hasher, by_name, zones }
    }

    /// The records with exactly this name.
    fn named<'s>(&'s self, name: &'s [u8]) -> impl Iterator<Item = Resource<'a>> + 's {
        let hash = self.hasher.hash_one(name);
        let start = self.by_name.partition_point(|(other, _)| *other < hash);
        let same = self.by_name[start..].iter().take_while(move |(other, _)| *other == hash).map(|(_, record)| *record);
        same.filter(move |record| normal(name_of(*record)).is_some_and(|other| other == name))
    }

    /// The records that answer a name: its own and, in zones without any, those of a wildcard.
    fn answering(&self, name: &[u8]) -> Vec<Resource<'a>> {
        let zone = |record: &Resource<'a>| record.text("hosted_zone_id").unwrap_or_default();
        let mut found: Vec<Resource<'a>> = self.named(name).collect();
        let mut answered: HashSet<&str> = found.iter().map(zone).collect();
        for parent in parents(name) {
            let wildcard = [b"*.", parent].concat();
            let new: Vec<Resource<'a>> =
                self.named(&wildcard).filter(|record| !answered.contains(zone(record))).collect();
            // A name nearer to the one that is asked hides wildcards further away.
            answered.extend(new.iter().map(zone).chain(self.named(parent).map(|record| zone(&record))));
            found.extend(new);
        }
        found
    }

    /// Everything to which a name leads.
    fn targets(&self, name: Vec<u8>) -> Targets {
        let mut targets = Targets::default();
        let first = ChainStep { name, only: None };
        let mut seen = HashSet::from([first.clone()]);
        let mut steps = VecDeque::from([(first, 0)]);
        while let Some((step, depth)) = steps.pop_front() {
            targets.addresses.extend(address_of_ec2_name(&step.name));
            for record in self.answering(&step.name).into_iter().filter(|record| step.includes(*record)) {
                for next in self.next(record, &mut targets) {
                    targets.names.insert(next.name.clone());
                    if depth < LONGEST_CHAIN && seen.insert(next.clone()) {
                        steps.push_back((next, depth + 1));
                    }
                }
            }
        }
        targets
    }

    /// The next steps of a record. Its addresses are added to the targets.
    fn next(&self, record: Resource<'a>, targets: &mut Targets) -> Vec<ChainStep> {
        let kind = record.text("type").unwrap_or_default();
        if let Some((target, zone)) = alias_of(record) {
            let zone = without_path(&zone);
            targets.zones.insert(zone.to_owned());
            let only = self.zones.contains(zone).then(|| (zone.to_owned(), kind.to_owned()));
            return normal(&target).map(|name| ChainStep { name, only }).into_iter().collect();
        }
        match kind {
            "A" | "AAAA" => {
                targets.addresses.extend(values_of(record).iter().filter_map(|value| parse_address(value.trim())));
                Vec::new()
            }
            "CNAME" => {
                let names = values_of(record).into_iter().filter_map(|value| normal(value.trim()));
                names.map(|name| ChainStep { name, only: None }).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl ChainStep {
    fn includes(&self, record: Resource<'_>) -> bool {
        self.only
            .as_ref()
            .is_none_or(|(zone, kind)| record.text("hosted_zone_id") == Some(zone) && record.text("type") == Some(kind))
    }
}
