//! The zones that are exported, with their record sets and the VPCs that see them.
//!
//! **Invariant:** a zone whose records nobody has ever read is not exported, and is listed as such. Knows no format.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::master_text::ExportName;
use super::record_sets::{RECORDS, RecordSet, written_name};
use crate::answers::dns::{NamedZone, VpcView, ZoneIndex, zone_reads};
use crate::answers::facts::{Facts, Read, Resource, Role};
use crate::answers::lookup::texts;
use crate::answers::ranges;

const ZONES: &str = "route53_hosted_zones";
const VPCS: &str = "ec2_vpcs";

/// What exports of zones read. Zones that others own and VPCs of other accounts explain what is exported.
pub(crate) fn exported_zone_reads(collected: &BTreeSet<&'static str>) -> Vec<Read> {
    let is_subject = |read: &Read| matches!(read.table, ZONES);
    let reads = zone_reads(collected).into_iter().map(|read| match read.table {
        "route53_records" => RECORDS,
        _ if is_subject(&read) => Read { role: Role::Subject, ..read },
        _ => read,
    });
    reads.collect()
}

/// A zone that is exported.
#[derive(Clone, Debug)]
pub(super) struct ExportedZone<'f> {
    pub id: &'f str,
    pub account_id: &'f str,
    pub name: ExportName,
    pub is_private: bool,
    /// Whether its newest listing was complete. If it was not, the records are those of the newest full answer.
    pub is_current: bool,
    /// The name servers of Route 53 that answer for a public zone.
    pub name_servers: Vec<String>,
    /// The VPCs that see a private zone, with their regions where the zone tells them.
    pub vpcs: Vec<(String, String)>,
    /// The numbers of the views that see a private zone.
    pub views: &'f [u32],
    pub rows: Vec<Resource<'f>>,
}

/// A zone that cannot be exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnreadZone {
    pub id: String,
    pub account_id: String,
    pub name: String,
    pub why: &'static str,
}

/// The zones of an estate.
#[derive(Debug)]
pub(super) struct ExportedZones<'f> {
    /// In the order of their names, then public ones first, then of accounts and ids.
    pub zones: Vec<ExportedZone<'f>>,
    pub unread: Vec<UnreadZone>,
    /// Record sets whose names are no DNS names, by zone and name.
    pub nameless: u64,
}

impl<'f> ExportedZones<'f> {
    /// Finds the zones that are asked for.
    pub(super) fn new(facts: &'f Facts, index: &'f ZoneIndex) -> Self {
        let listed: HashMap<&str, Resource<'f>> = facts.all(ZONES).map(|zone| (zone.id(), zone)).collect();
        let selected: HashSet<&str> = facts.selected(ZONES).map(Resource::id).collect();
        let mut rows: HashMap<&str, Vec<Resource<'f>>> = HashMap::new();
        let mut nameless = 0;
        for record in facts.all(RECORDS.table) {
            let Some(id) = record.text("hosted_zone_id") else { continue };
            match ExportName::read(written_name(record)) {
                Some(_) => rows.entry(id).or_default().push(record),
                None => nameless += 1,
            }
        }
        let (mut zones, mut unread) = (Vec::new(), Vec::new());
        for zone in &index.zones {
            let records = rows.remove(zone.id.as_str()).unwrap_or_default();
            let is_selected = selected.contains(zone.id.as_str())
                || !listed.contains_key(zone.id.as_str()) && records.iter().any(|row| facts.selection.includes(*row));
            if !is_selected {
                continue;
            }
            match exported(zone, listed.get(zone.id.as_str()).copied(), records) {
                Ok(zone) => zones.push(zone),
                Err(zone) => unread.push(zone),
            }
        }
        zones.sort_by_cached_key(|zone| {
            (zone.name.key(), zone.is_private, zone.account_id.to_owned(), zone.id.to_owned())
        });
        unread.sort_by(|one, other| (&one.account_id, &one.id).cmp(&(&other.account_id, &other.id)));
        Self { zones, unread, nameless }
    }
}

fn exported<'f>(
    zone: &'f NamedZone,
    listed: Option<Resource<'f>>,
    rows: Vec<Resource<'f>>,
) -> Result<ExportedZone<'f>, UnreadZone> {
    let unread = |why: &'static str| UnreadZone {
        id: zone.id.clone(),
        account_id: zone.account_id.clone(),
        name: zone.shown.clone(),
        why,
    };
    if rows.is_empty() {
        return Err(unread("its record sets were not read"));
    }
    let name = ExportName::read(&zone.shown).filter(|name| !name.labels.is_empty());
    let name = name.ok_or_else(|| unread("its name is no name of a zone"))?;
    Ok(ExportedZone {
        id: &zone.id,
        account_id: &zone.account_id,
        name,
        is_private: zone.is_private,
        is_current: zone.is_read,
        name_servers: servers(listed),
        vpcs: vpcs(listed),
        views: &zone.classes,
        rows,
    })
}

fn servers(zone: Option<Resource<'_>>) -> Vec<String> {
    let set = zone.and_then(|zone| zone.text("delegation_set"));
    set.map(|text| texts(text, "NameServers")).unwrap_or_default()
}

fn vpcs(zone: Option<Resource<'_>>) -> Vec<(String, String)> {
    let items = zone.map(|zone| zone.items("vpcs")).unwrap_or_default();
    let text = |item: &serde_json::Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let mut vpcs: Vec<(String, String)> =
        items.iter().map(|item| (text(item, "VPCId"), text(item, "VPCRegion"))).collect();
    vpcs.sort();
    vpcs
}

impl<'f> ExportedZone<'f> {
    /// Its record sets: SOA and NS of the zone first, then in the order of DNS.
    pub(super) fn record_sets(&self) -> Vec<RecordSet<'f>> {
        let mut sets: Vec<RecordSet<'f>> = self.rows.iter().filter_map(|row| RecordSet::read(*row)).collect();
        let rank = |kind: &str| match kind {
            "SOA" => 0,
            "NS" => 1,
            _ => 2,
        };
        sets.sort_by_cached_key(|set| {
            let identifier = set.row.text("set_identifier").unwrap_or_default();
            (set.name.key(), rank(set.kind), set.kind, identifier)
        });
        sets
    }

    /// Its name, with the last dot, as its exports show it.
    pub(super) fn shown(&self) -> String {
        self.name.absolute()
    }
}

/// The ranges of some VPCs, without those that another one has.
pub(super) fn ranges_of(facts: &Facts, view: &VpcView) -> (Vec<String>, Vec<String>) {
    let columns = [
        ("cidr_block", ""),
        ("cidr_block_association_set", "CidrBlock"),
        ("ipv6_cidr_block_association_set", "Ipv6CidrBlock"),
    ];
    let known: HashMap<&str, Resource<'_>> = facts.all(VPCS).map(|vpc| (vpc.id(), vpc)).collect();
    let (mut found, mut unknown) = (BTreeSet::new(), Vec::new());
    let vpcs: BTreeSet<&String> = view.vpcs.iter().collect();
    for vpc in vpcs {
        let Some(row) = known.get(vpc.as_str()) else {
            unknown.push(vpc.clone());
            continue;
        };
        let values = columns.iter().filter_map(|(column, member)| Some((row.text(column)?, member)));
        let values = values.flat_map(|(text, member)| texts(text, member));
        found.extend(values.filter_map(|text| ranges::range(&text)).map(|range| range.trunc()));
    }
    (found.iter().map(ToString::to_string).collect(), unknown)
}
