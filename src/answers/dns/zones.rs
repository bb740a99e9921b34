//! The zones of the estate, and which of them each VPC sees.
//!
//! VPCs that see the same zones and rules are one class, since a name means the same in them.
//!
//! **Invariant:** a zone is private if AWS says so. Public ones are found by their names alone.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::holder_tables::{ASSOCIATIONS, RECORDS, RESOLVER_RULES, RULE_ASSOCIATIONS, ZONES};
use super::profiles::seen_through_profiles;
use super::region_cells::RegionCells;
use crate::answers::facts::{Facts, Resource};
use crate::answers::lookup::{normal, texts};

/// The number of a zone.
pub(super) type ZoneNumber = u32;
/// The number of a class of VPCs.
pub(crate) type ClassNumber = u32;

/// A zone.
#[derive(Debug)]
pub(crate) struct NamedZone {
    pub id: String,
    pub account_id: String,
    /// In the normal form.
    pub name: Vec<u8>,
    /// As AWS writes it.
    pub shown: String,
    pub is_private: bool,
    /// The name servers of a public zone, in their normal form. `None` if its details are not known.
    pub name_servers: Option<BTreeSet<Vec<u8>>>,
    /// Whether its records were read in full.
    pub is_read: bool,
    /// The account or the service that owns it, if its zones were not read.
    pub stranger: Option<String>,
    pub arn: Option<String>,
    /// The classes of VPCs that see a private zone.
    pub classes: Vec<ClassNumber>,
}

/// What a class of VPCs sees.
#[derive(Debug, Default)]
pub(crate) struct VpcView {
    /// One of its VPCs, for sentences.
    pub vpc: String,
    pub vpcs: HashSet<String>,
    pub zones: HashSet<ZoneNumber>,
    /// The domains of forwarding rules.
    pub rules: HashSet<Vec<u8>>,
}

/// Every zone.
#[derive(Debug, Default)]
pub(crate) struct ZoneIndex {
    pub zones: Vec<NamedZone>,
    pub classes: Vec<VpcView>,
    by_id: HashMap<String, ZoneNumber>,
    pub public: HashMap<Vec<u8>, Vec<ZoneNumber>>,
    pub private: HashMap<Vec<u8>, Vec<ZoneNumber>>,
    /// The domains of every forwarding rule that a VPC uses.
    pub rules: HashSet<Vec<u8>>,
}

/// What a VPC sees, before it has a class.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Sight {
    zones: BTreeSet<ZoneNumber>,
    rules: BTreeSet<Vec<u8>>,
}

impl ZoneIndex {
    /// The zones of facts that have the tables of [`super::zone_reads`].
    #[cfg(feature = "cli")]
    pub(crate) fn of(facts: &Facts) -> Self {
        Self::new(facts, &RegionCells::new(facts))
    }

    pub(super) fn new(facts: &Facts, cells: &RegionCells) -> Self {
        let mut index = Self::default();
        let mut seen: HashMap<String, Sight> = HashMap::new();
        for zone in facts.all(ZONES) {
            let number = index.add(own_zone(zone, cells));
            let vpcs = zone.text("vpcs").map(|text| texts(text, "VPCId")).unwrap_or_default();
            for vpc in vpcs {
                seen.entry(vpc).or_default().zones.insert(number);
            }
        }
        index.add_unlisted(facts, cells);
        for association in facts.all(ASSOCIATIONS) {
            let (Some(id), Some(vpc)) = (association.text("hosted_zone_id"), association.text("vpc_id")) else {
                continue;
            };
            let number = match index.find(id) {
                Some(number) => number,
                None => index.add(strange_zone(id, association)),
            };
            seen.entry(vpc.to_owned()).or_default().zones.insert(number);
        }
        let through_profiles = seen_through_profiles(facts);
        for (vpc, path) in &through_profiles {
            // A zone of a stranger's profile is not listed with its name.
            if let Some(number) = path.strip_prefix("hostedzone/").and_then(|id| index.find(id)) {
                seen.entry(vpc.clone()).or_default().zones.insert(number);
            }
        }
        add_rules(facts, &through_profiles, &mut seen);
        index.classify(seen);
        index
    }

    fn add(&mut self, zone: NamedZone) -> ZoneNumber {
        let number = ZoneNumber::try_from(self.zones.len()).unwrap_or(ZoneNumber::MAX);
        let by_name = if zone.is_private { &mut self.private } else { &mut self.public };
        by_name.entry(zone.name.clone()).or_default().push(number);
        self.by_id.insert(zone.id.clone(), number);
        self.zones.push(zone);
        number
    }

    /// Adds zones of which only the records are known.
    fn add_unlisted(&mut self, facts: &Facts, cells: &RegionCells) {
        for record in facts.all(RECORDS) {
            let Some(id) = record.text("hosted_zone_id") else { continue };
            if self.by_id.contains_key(id) {
                continue;
            }
            let shown = record.text("hosted_zone_name").unwrap_or_default();
            self.add(NamedZone {
                id: id.to_owned(),
                account_id: record.account_id().to_owned(),
                name: normal(shown).unwrap_or_default(),
                shown: shown.to_owned(),
                is_private: record.flag("private_zone") == Some(true),
                name_servers: None,
                is_read: cells.is_answered(record.account_id(), RECORDS),
                stranger: None,
                arn: None,
                classes: Vec::new(),
            });
        }
    }

    /// Puts the VPCs that see the same into one class.
    fn classify(&mut self, seen: HashMap<String, Sight>) {
        let mut seen: Vec<(Sight, String)> = seen.into_iter().map(|(vpc, sight)| (sight, vpc)).collect();
        seen.sort();
        for same in seen.chunk_by(|one, other| one.0 == other.0) {
            let [(sight, vpc), ..] = same else { continue };
            let number = ClassNumber::try_from(self.classes.len()).unwrap_or(ClassNumber::MAX);
            for zone in &sight.zones {
                self.zones[*zone as usize].classes.push(number);
            }
            self.rules.extend(sight.rules.iter().cloned());
            self.classes.push(VpcView {
                vpc: vpc.clone(),
                vpcs: same.iter().map(|(_, vpc)| vpc.clone()).collect(),
                zones: sight.zones.iter().copied().collect(),
                rules: sight.rules.iter().cloned().collect(),
            });
        }
    }

    /// The zone with an id, with or without the path before it.
    pub(super) fn find(&self, id: &str) -> Option<ZoneNumber> {
        self.by_id.get(id.rsplit('/').next().unwrap_or(id)).copied()
    }

    pub(super) fn zone(&self, number: ZoneNumber) -> &NamedZone {
        &self.zones[number as usize]
    }
}

fn own_zone(zone: Resource<'_>, cells: &RegionCells) -> NamedZone {
    let shown = zone.text("name").unwrap_or_default();
    let set = zone.text("delegation_set").map(|text| texts(text, "NameServers")).unwrap_or_default();
    let name_servers: BTreeSet<Vec<u8>> = set.iter().filter_map(|name| normal(name)).collect();
    NamedZone {
        id: zone.id().to_owned(),
        account_id: zone.account_id().to_owned(),
        name: normal(shown).unwrap_or_default(),
        shown: shown.to_owned(),
        is_private: zone.json("config")["PrivateZone"] == Value::Bool(true),
        name_servers: (!name_servers.is_empty()).then_some(name_servers),
        is_read: cells.is_answered(zone.account_id(), RECORDS),
        stranger: None,
        arn: zone.arn().map(Cow::into_owned),
        classes: Vec::new(),
    }
}

/// A private zone that a VPC of the estate sees, and that the estate does not have.
fn strange_zone(id: &str, association: Resource<'_>) -> NamedZone {
    let owner = association.json("owner");
    let member = |name: &str| owner[name].as_str().map(str::to_owned);
    let owner = member("OwningAccount").or_else(|| member("OwningService"));
    let shown = association.text("name").unwrap_or_default();
    NamedZone {
        id: id.to_owned(),
        account_id: association.account_id().to_owned(),
        name: normal(shown).unwrap_or_default(),
        shown: shown.to_owned(),
        is_private: true,
        name_servers: None,
        is_read: false,
        stranger: Some(owner.unwrap_or_default()),
        arn: None,
        classes: Vec::new(),
    }
}

/// Adds the domains that the VPCs' rules forward, their own and those of their profiles. The empty name stands for every
/// domain.
fn add_rules(facts: &Facts, through_profiles: &[(String, String)], seen: &mut HashMap<String, Sight>) {
    let forwards = |rule: &Resource<'_>| rule.text("rule_type").is_none_or(|kind| kind.eq_ignore_ascii_case("FORWARD"));
    let rules: HashMap<&str, Vec<u8>> = facts
        .all(RESOLVER_RULES)
        .filter(forwards)
        .filter_map(|rule| {
            let domain = rule.text("domain_name")?;
            let name = if domain == "." { Some(Vec::new()) } else { normal(domain) };
            Some((rule.id(), name?))
        })
        .collect();
    let own = facts
        .all(RULE_ASSOCIATIONS)
        .filter_map(|association| Some((association.text("vpc_id")?, association.text("resolver_rule_id")?)));
    let of_profiles =
        through_profiles.iter().filter_map(|(vpc, path)| Some((vpc.as_str(), path.strip_prefix("resolver-rule/")?)));
    for (vpc, rule) in own.chain(of_profiles) {
        if let Some(domain) = rules.get(rule) {
            seen.entry(vpc.to_owned()).or_default().rules.insert(domain.clone());
        }
    }
}
