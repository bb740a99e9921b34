//! `address-plan`: IPAM pools, the ranges of VPCs and their subnets as a tree, with what is used of each.
//!
//! IPv4 ranges are counted in addresses, IPv6 ranges in /64 blocks: AWS tells no used addresses of an IPv6
//! range. What the pools of IPAM have is not collected, so that a pool has no range here. AWS names the pool of an
//! IPv6 range only.
//!
//! **Invariant:** used, reserved, free and unallocated addresses of a row add up to its total, or are unknown.

use std::collections::{BTreeMap, HashMap, HashSet};

use ipnet::IpNet;
use serde_json::{Value, json};

use super::vpc_ranges::{VpcRange, subnet_ranges, subnets_by_vpc, vpc_ranges};
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::questions::{AnswerRow, ColumnKind, Options, Question, QuestionColumn, QuestionSql};
use crate::answers::ranges::{blocks, bounds};

pub(super) const QUESTION: Question = Question {
    name: "address-plan",
    title: "Address plan",
    description: "IPAM pools, the ranges of VPCs, and their subnets as a tree in the order of `position`: the used, \
                  AWS-reserved and free addresses in subnets, and those in no subnet. The unit of IPv6 is a \
                  /64 block.",
    why: "It shows where there is room, and what a new network would collide with.",
    columns: &[
        QuestionColumn { name: "position", kind: ColumnKind::Integer },
        QuestionColumn { name: "depth", kind: ColumnKind::Integer },
        QuestionColumn { name: "kind", kind: ColumnKind::Text },
        QuestionColumn { name: "id", kind: ColumnKind::Text },
        QuestionColumn { name: "name", kind: ColumnKind::Text },
        QuestionColumn { name: "range", kind: ColumnKind::Text },
        QuestionColumn { name: "parent_id", kind: ColumnKind::Text },
        QuestionColumn { name: "parent_range", kind: ColumnKind::Text },
        QuestionColumn { name: "unit", kind: ColumnKind::Text },
        QuestionColumn { name: "total", kind: ColumnKind::Integer },
        QuestionColumn { name: "used", kind: ColumnKind::Integer },
        QuestionColumn { name: "reserved", kind: ColumnKind::Integer },
        QuestionColumn { name: "free", kind: ColumnKind::Integer },
        QuestionColumn { name: "unallocated", kind: ColumnKind::Integer },
    ],
    options: &[],
    reads: &[
        Read::subject("ec2_vpcs", &["cidr_block", "cidr_block_association_set", "ipv6_cidr_block_association_set"]),
        // Context, because a selected account may see a VPC of another, whose subnets count.
        Read::context(
            SUBNETS,
            &["vpc_id", "cidr_block", "ipv6_cidr_block_association_set", "available_ip_address_count"],
        ),
        Read::subject("ec2_ipam_pools", &["source_ipam_pool_id"]),
    ],
    compares: None,
    sql: QuestionSql::Inexpressible(
        "The rows are numbered in the order of a walk down pools within pools, and Athena follows a recursion only to a fixed \
         depth.",
    ),
    answer,
};

const SUBNETS: &str = "ec2_subnets";

/// The number of addresses that AWS reserves in every subnet.
pub(super) const RESERVED: i64 = 5;

/// The place of a row in the tree.
#[derive(Clone, Debug, Default)]
struct PlanPlace {
    depth: i64,
    parent_id: Option<String>,
    parent_range: Option<String>,
}

/// What is used of a range. What is unknown is none.
#[derive(Clone, Copy, Debug, Default)]
struct RangeUsage {
    used: Option<i64>,
    reserved: Option<i64>,
    free: Option<i64>,
    unallocated: Option<i64>,
}

/// The tree while it is written.
#[derive(Debug)]
struct AddressPlan<'a> {
    facts: &'a Facts,
    /// The ranges of all VPCs by their IPAM pool, in the order of their addresses.
    ranges: BTreeMap<Option<String>, Vec<(Resource<'a>, VpcRange)>>,
    subnets: HashMap<&'a str, Vec<Resource<'a>>>,
    rows: Vec<AnswerRow>,
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let pools: Vec<Resource<'_>> = facts.all("ec2_ipam_pools").collect();
    let known: HashSet<&str> = pools.iter().map(|pool| pool.id()).collect();
    let mut ranges: BTreeMap<Option<String>, Vec<(Resource<'_>, VpcRange)>> = BTreeMap::new();
    for vpc in facts.all("ec2_vpcs") {
        let mut own = vpc_ranges(vpc);
        own.sort_by_key(|range| (range.range.max_prefix_len(), bounds(range.range)));
        for range in own {
            let pool = range.ipam_pool.clone().filter(|pool| known.contains(pool.as_str()));
            ranges.entry(pool).or_default().push((vpc, range));
        }
    }
    let mut plan = AddressPlan { facts, ranges, subnets: subnets_by_vpc(facts), rows: Vec::new() };
    plan.add_pools(&pools, &known);
    plan.add_ranges(None, 0);
    plan.add_orphans();
    plan.rows
}

impl<'a> AddressPlan<'a> {
    /// Adds the pools with the pools and ranges below them. A pool whose source is not in the estate is a root.
    fn add_pools(&mut self, pools: &[Resource<'a>], known: &HashSet<&str>) {
        let source = |pool: &Resource<'a>| pool.text("source_ipam_pool_id").filter(|source| known.contains(source));
        let mut below: HashMap<&str, Vec<Resource<'a>>> = HashMap::new();
        for pool in pools {
            if let Some(source) = source(pool) {
                below.entry(source).or_default().push(*pool);
            }
        }
        let mut done: HashSet<&str> = HashSet::new();
        let roots = pools.iter().filter(|pool| source(pool).is_none());
        // The second round finds only pools that are each other's source, which AWS does not allow.
        for root in roots.chain(pools) {
            let mut next = vec![(*root, 0)];
            while let Some((pool, depth)) = next.pop() {
                if !done.insert(pool.id()) {
                    continue;
                }
                let parent_id = source(&pool).map(str::to_owned);
                let place = PlanPlace { depth, parent_id, parent_range: None };
                self.push("ipam pool", pool, None, &place, RangeUsage::default());
                self.add_ranges(Some(pool.id()), depth + 1);
                let children = below.get(pool.id()).into_iter().flatten().rev();
                next.extend(children.map(|child| (*child, depth + 1)));
            }
        }
    }

    /// Adds the ranges of VPCs below a pool, or below none, with their subnets.
    fn add_ranges(&mut self, pool: Option<&str>, depth: i64) {
        for (vpc, range) in self.ranges.get(&pool.map(str::to_owned)).cloned().unwrap_or_default() {
            let mut inside: Vec<(Resource<'a>, IpNet)> = Vec::new();
            for subnet in self.subnets.get(vpc.id()).into_iter().flatten() {
                inside.extend(subnet_ranges(*subnet).into_iter().map(|range| (*subnet, range)));
            }
            inside.retain(|(_, subnet)| range.range.contains(subnet));
            inside.sort_by_key(|(subnet, range)| (bounds(*range), subnet.id()));
            let is_known = self.facts.is_answered(vpc.account_id(), vpc.region(), SUBNETS);
            let usage = if is_known { usage_of_vpc(range.range, &inside) } else { RangeUsage::default() };
            let place = PlanPlace { depth, parent_id: range.ipam_pool.clone(), parent_range: None };
            self.push("vpc", vpc, Some(range.range), &place, usage);
            let parent_range = Some(range.range.to_string());
            let place = PlanPlace { depth: depth + 1, parent_id: Some(vpc.id().to_owned()), parent_range };
            for (subnet, range) in inside {
                self.push("subnet", subnet, Some(range), &place, usage_of_subnet(subnet, range));
            }
        }
    }

    /// Adds the subnets in no known range of a VPC: those of a VPC that could not be read.
    fn add_orphans(&mut self) {
        let mut ranges: HashMap<&str, Vec<IpNet>> = HashMap::new();
        for (vpc, range) in self.ranges.values().flatten() {
            ranges.entry(vpc.id()).or_default().push(range.range);
        }
        for subnet in self.facts.all(SUBNETS) {
            let vpc = subnet.text("vpc_id").unwrap_or_default();
            let known = ranges.get(vpc).map_or(&[][..], Vec::as_slice);
            for range in subnet_ranges(subnet) {
                if !known.iter().any(|known| known.contains(&range)) {
                    let parent_id = Some(vpc.to_owned()).filter(|vpc| !vpc.is_empty());
                    let place = PlanPlace { depth: 0, parent_id, parent_range: None };
                    self.push("subnet", subnet, Some(range), &place, usage_of_subnet(subnet, range));
                }
            }
        }
    }

    /// Adds a row, if its resource was asked for.
    fn push(&mut self, kind: &str, resource: Resource<'a>, range: Option<IpNet>, place: &PlanPlace, usage: RangeUsage) {
        if !self.facts.selection.includes(resource) {
            return;
        }
        let values = vec![
            json!(self.rows.len() + 1),
            json!(place.depth),
            json!(kind),
            json!(resource.id()),
            json!(resource.name()),
            json!(range.map(|range| range.to_string())),
            json!(place.parent_id),
            json!(place.parent_range),
            range.map_or(Value::Null, |range| json!(unit(range))),
            json!(range.and_then(total)),
            json!(usage.used),
            json!(usage.reserved),
            json!(usage.free),
            json!(usage.unallocated),
        ];
        self.rows.push(AnswerRow::of(resource, values));
    }
}

/// What the numbers of a range count.
fn unit(range: IpNet) -> &'static str {
    if matches!(range, IpNet::V4(_)) { "address" } else { "/64" }
}

/// The size of a range in its unit.
pub(super) fn total(range: IpNet) -> Option<i64> {
    let prefix_length = if matches!(range, IpNet::V4(_)) { 32 } else { 64 };
    i64::try_from(blocks(range, prefix_length)).ok()
}

fn usage_of_subnet(subnet: Resource<'_>, range: IpNet) -> RangeUsage {
    let counts = total(range).zip(subnet.integer("available_ip_address_count"));
    match counts {
        Some((total, free)) if matches!(range, IpNet::V4(_)) => {
            let reserved = RESERVED.min(total);
            let free = free.clamp(0, total - reserved);
            RangeUsage {
                used: Some(total - reserved - free),
                reserved: Some(reserved),
                free: Some(free),
                unallocated: Some(0),
            }
        }
        _ => RangeUsage::default(),
    }
}

/// Of an IPv6 range, the blocks in subnets are the used ones.
fn usage_of_vpc(range: IpNet, subnets: &[(Resource<'_>, IpNet)]) -> RangeUsage {
    let allocated: Option<i64> = subnets.iter().map(|(_, subnet)| total(*subnet)).sum();
    let unallocated = total(range).zip(allocated).map(|(total, allocated)| (total - allocated).max(0));
    if matches!(range, IpNet::V6(_)) {
        return RangeUsage { used: allocated, reserved: Some(0), free: Some(0), unallocated };
    }
    let usages: Vec<RangeUsage> = subnets.iter().map(|(subnet, range)| usage_of_subnet(*subnet, *range)).collect();
    RangeUsage {
        used: usages.iter().map(|usage| usage.used).sum(),
        reserved: usages.iter().map(|usage| usage.reserved).sum(),
        free: usages.iter().map(|usage| usage.free).sum(),
        unallocated,
    }
}
