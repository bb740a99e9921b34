//! What targets are judged by: who holds what, which cells were answered, what is collected, and AWS's ranges.
//!
//! **Invariant:** says who holds something, or which cells could have it. It gives no verdict.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::dns_verdict::{DnsVerdict, Judgement, MissingCells};
use super::holder_tables::{BYOIP_CIDRS, VPCS};
use super::holders::{Holder, HolderIndex};
use super::ip_ranges::PublishedRanges;
use super::prefix_map::PrefixMap;
use super::region_cells::RegionCells;
use super::target_kinds::TakeableKind;
use crate::answers::facts::Facts;
use crate::answers::lookup::texts;
use crate::answers::ranges;

/// A range of the estate.
#[derive(Debug)]
pub(super) struct OwnRange {
    pub region: String,
    /// The VPC, or the range that was brought to AWS.
    pub id: String,
    pub account_id: String,
}

/// What targets are judged by.
#[derive(Debug)]
pub(super) struct Evidence<'e> {
    pub holders: &'e HolderIndex,
    pub cells: RegionCells,
    pub published: &'e PublishedRanges,
    /// The tables that the catalogue has.
    pub collected: &'e BTreeSet<&'static str>,
    /// The VPCs by their ranges.
    pub networks: PrefixMap<OwnRange>,
    /// The ranges that were brought to AWS.
    pub brought: PrefixMap<OwnRange>,
}

/// The columns of a VPC with ranges, and the members in them.
const VPC_RANGES: [(&str, &str); 3] = [
    ("cidr_block", ""),
    ("cidr_block_association_set", "CidrBlock"),
    ("ipv6_cidr_block_association_set", "Ipv6CidrBlock"),
];

impl<'e> Evidence<'e> {
    pub(super) fn new(
        facts: &Facts,
        holders: &'e HolderIndex,
        published: &'e PublishedRanges,
        collected: &'e BTreeSet<&'static str>,
    ) -> Self {
        let (mut networks, mut brought) = (PrefixMap::default(), PrefixMap::default());
        for (table, columns, map) in
            [(VPCS, &VPC_RANGES[..], &mut networks), (BYOIP_CIDRS, &[("cidr", "")][..], &mut brought)]
        {
            for resource in facts.all(table) {
                let values = columns.iter().filter_map(|(column, member)| Some((resource.text(column)?, member)));
                for range in
                    values.flat_map(|(text, member)| texts(text, member)).filter_map(|text| ranges::range(&text))
                {
                    let own = OwnRange {
                        region: resource.region().to_owned(),
                        id: resource.id().to_owned(),
                        account_id: resource.account_id().to_owned(),
                    };
                    map.insert(range, own);
                }
            }
        }
        Self { holders, cells: RegionCells::new(facts), published, collected, networks, brought }
    }

    /// Whether all of these tables are collected.
    pub(super) fn collects(&self, tables: &[&str]) -> bool {
        tables.iter().all(|table| self.collected.contains(*table))
    }

    /// The VPCs of the estate with an address.
    pub(super) fn networks_of(&self, address: IpAddr) -> impl Iterator<Item = &OwnRange> {
        self.networks.around(address)
    }

    /// That somebody of the estate holds the target.
    pub(super) fn held(&self, holder: &Holder, what: &str) -> Judgement {
        let named = self.holders.named(holder);
        Judgement {
            holder: Some(self.holders.shown(holder)),
            ..Judgement::new(DnsVerdict::Held, format!("{what} is that of {named}"))
        }
    }

    /// That nobody of the estate holds the target, unless it is not known.
    pub(super) fn not_held(&self, what: &str, needs: MissingCells, takeable: Option<&TakeableKind>) -> Judgement {
        if !needs.is_empty() {
            return unknown(what, needs);
        }
        match takeable {
            Some(takeable) => Judgement {
                kind: Some(takeable.kind),
                ..Judgement::new(DnsVerdict::Takeable, format!("nobody in the estate has {what}, and {}", takeable.how))
            },
            None => Judgement::new(DnsVerdict::Unheld, format!("nobody in the estate has {what}")),
        }
    }
}

/// That cells which could have the target were not answered.
pub(super) fn unknown(what: &str, needs: MissingCells) -> Judgement {
    // What was said of the target ends with a comma.
    let comma = if what.contains(", which ") && !what.ends_with(',') { "," } else { "" };
    let cells = cells_in_words(&needs);
    let is_one = needs.len() < 2;
    let were = if is_one { "was" } else { "were" };
    let reason = format!("{what}{comma} may be in {cells}, which {were} not answered");
    Judgement::new(DnsVerdict::Unknown, reason).needing(needs)
}

/// A cell in words, and how many others there are.
pub(super) fn cells_in_words(needs: &MissingCells) -> String {
    let Some(first) = needs.first() else { return "a cell".to_owned() };
    let place = match first.region.as_str() {
        crate::inventory::GLOBAL => String::new(),
        crate::inventory::ANY_REGION => " in every region".to_owned(),
        region => format!(" in {region}"),
    };
    let others = match needs.len() - 1 {
        0 => String::new(),
        1 => " or in one other cell".to_owned(),
        others => format!(" or in {others} other cells"),
    };
    format!("{} of account {}{place} ({}){others}", first.table, first.account_id, first.status.name())
}
