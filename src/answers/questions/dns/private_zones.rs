//! Private zones, and the VPCs that see them.
//!
//! **Invariant:** a zone and a VPC are one row, whether the zone's account, the VPC's account or both tell of it.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Value, json};

use super::super::connectivity::values::{column, text};
use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use crate::answers::facts::{Facts, Read, Resource, RowFilter};
use crate::inventory::ANY_REGION;

const ZONES: &str = "route53_hosted_zones";
const ASSOCIATIONS: &str = "route53_zone_associations";
const VPCS: &str = "ec2_vpcs";

pub(super) const QUESTION: Question = Question {
    name: "private-zones",
    title: "Private zones and the VPCs that see them",
    description: "Each private hosted zone with each VPC that sees it, as the zone's account or the VPC's account tells. Zones of \
                  other accounts and of AWS services are there too, if a VPC of the estate sees them. `in_estate` is null if an \
                  account whose VPCs are not known may have the VPC.",
    why: "A name means what the private zones of the asking VPC say, and what a VPC outside of the estate reads may be a leak.",
    columns: &[
        column("hosted_zone_id", ColumnKind::Text),
        column("zone_name", ColumnKind::Text),
        column("zone_owner", ColumnKind::Text),
        column("vpc_id", ColumnKind::Text),
        column("vpc_region", ColumnKind::Text),
        column("vpc_account_id", ColumnKind::Text),
        column("in_estate", ColumnKind::Flag),
    ],
    options: &[],
    reads: &[
        Read::subject(ZONES, &["name", "config", "vpcs"]),
        Read::context(ASSOCIATIONS, &["hosted_zone_id", "name", "owner", "vpc_id"]),
        Read::context(VPCS, &[]),
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/private-zones.duckdb.sql"),
        athena: include_str!("../sql/private-zones.athena.sql"),
    },
    answer,
};

/// The VPCs of an estate, and where others may be.
struct KnownVpcs<'a> {
    owners: HashMap<&'a str, &'a str>,
    unknown_regions: HashSet<String>,
}

impl<'a> KnownVpcs<'a> {
    fn new(facts: &'a Facts) -> Self {
        let unknown = facts.cells.coverage(&[Read::context(VPCS, &[])], &RowFilter::default()).unknown;
        Self {
            owners: facts.all(VPCS).map(|vpc| (vpc.id(), vpc.account_id())).collect(),
            unknown_regions: unknown.into_iter().map(|cell| cell.region).collect(),
        }
    }

    /// Whether a VPC is in the estate. None if nobody knows.
    fn has(&self, vpc: &str, region: &str) -> Option<bool> {
        let is_known = self.owners.contains_key(vpc);
        let may_be_hidden = || [region, ANY_REGION].iter().any(|region| self.unknown_regions.contains(*region));
        if !is_known && may_be_hidden() { None } else { Some(is_known) }
    }
}

/// A row about a zone and a VPC. A zone of which no VPC is known has a row without one.
fn row(resource: Resource<'_>, zone: [&str; 3], vpc: Option<(&str, &str)>, vpcs: &KnownVpcs<'_>) -> AnswerRow {
    let [id, name, owner] = zone;
    let (vpc_id, vpc_region) = vpc.unzip();
    let account = vpc_id.and_then(|vpc| vpcs.owners.get(vpc));
    let is_in_estate = vpc.and_then(|(vpc, region)| vpcs.has(vpc, region));
    let values = vec![
        json!(id),
        json!(name),
        json!(owner),
        json!(vpc_id),
        json!(vpc_region),
        json!(account),
        json!(is_in_estate),
    ];
    let mut row = AnswerRow::of(resource, values);
    row.region = Some(crate::inventory::GLOBAL.to_owned());
    row
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let vpcs = KnownVpcs::new(facts);
    let mut associations: HashMap<&str, Vec<Resource<'_>>> = HashMap::new();
    for association in facts.all(ASSOCIATIONS) {
        associations.entry(association.text("hosted_zone_id").unwrap_or_default()).or_default().push(association);
    }
    let mut rows = Vec::new();
    let mut done: HashSet<(String, String)> = HashSet::new();
    for zone in facts.selected(ZONES).filter(|zone| zone.json("config")["PrivateZone"] == Value::Bool(true)) {
        let own = zone.items("vpcs");
        let own = own.iter().filter_map(|vpc| Some((text(vpc, &["VPCId"])?, text(vpc, &["VPCRegion"])?)));
        let told = associations.get(zone.id()).into_iter().flatten();
        let told = told.filter_map(|association| Some((association.text("vpc_id")?, association.region())));
        let seen_by: BTreeSet<(&str, &str)> = own.chain(told).collect();
        let names = [zone.id(), zone.text("name").unwrap_or_default(), zone.account_id()];
        if seen_by.is_empty() {
            rows.push(row(zone, names, None, &vpcs));
        }
        for vpc in seen_by {
            done.insert((zone.id().to_owned(), vpc.0.to_owned()));
            rows.push(row(zone, names, Some(vpc), &vpcs));
        }
    }
    for association in facts.selected(ASSOCIATIONS) {
        let (Some(zone), Some(vpc)) = (association.text("hosted_zone_id"), association.text("vpc_id")) else {
            continue;
        };
        if !done.insert((zone.to_owned(), vpc.to_owned())) {
            continue;
        }
        let owner = association.json("owner");
        let owner = text(&owner, &["OwningAccount"]).or(text(&owner, &["OwningService"])).unwrap_or_default();
        let names = [zone, association.text("name").unwrap_or_default(), owner];
        rows.push(row(association, names, Some((vpc, association.region())), &vpcs));
    }
    rows
}
