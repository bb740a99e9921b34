//! `overlapping-networks`: pairs of VPCs whose ranges overlap.
//!
//! Ranges nest or are disjoint, so one pass over the sorted ranges finds every pair of ranges. Two ranges that few
//! VPCs have give one row for each pair of VPCs. Two that many have give one row with the number of pairs for each
//! verdict, and the first connected pairs one by one, in the order of the VPCs: 10,000 default VPCs are 50 million pairs and
//! three rows.
//!
//! **Invariant:** pairs are counted by class and never walked through where many VPCs have a range.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use ipnet::IpNet;
use serde_json::{Value, json};

use super::connections::{ATTACHMENTS, Connections, GATEWAY_PEERINGS, PEERINGS};
use super::vpc_ranges::vpc_ranges;
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::questions::{
    AnswerRow, ColumnKind, Options, Question, QuestionColumn, QuestionOption, QuestionSql,
};
use crate::answers::ranges::bounds;

pub(super) const QUESTION: Question = Question {
    name: "overlapping-networks",
    title: "Overlapping networks",
    description: "Pairs of VPCs with IPv4 or IPv6 ranges that overlap; those connected by an active peering or by \
                  transit gateways come first. Where many VPCs have the same range, a row without VPCs counts the \
                  pairs.",
    why: "Networks that overlap cannot be routed to each other. If they are connected, some of their addresses \
          cannot be reached.",
    columns: &[
        QuestionColumn { name: "verdict", kind: ColumnKind::Text },
        QuestionColumn { name: "range", kind: ColumnKind::Text },
        QuestionColumn { name: "other_range", kind: ColumnKind::Text },
        QuestionColumn { name: "vpc_account_id", kind: ColumnKind::Text },
        QuestionColumn { name: "vpc_region", kind: ColumnKind::Text },
        QuestionColumn { name: "vpc_id", kind: ColumnKind::Text },
        QuestionColumn { name: "vpc_name", kind: ColumnKind::Text },
        QuestionColumn { name: "other_account_id", kind: ColumnKind::Text },
        QuestionColumn { name: "other_region", kind: ColumnKind::Text },
        QuestionColumn { name: "other_vpc_id", kind: ColumnKind::Text },
        QuestionColumn { name: "other_vpc_name", kind: ColumnKind::Text },
        QuestionColumn { name: "connected_by", kind: ColumnKind::Json },
        QuestionColumn { name: "vpcs", kind: ColumnKind::Integer },
        QuestionColumn { name: "pairs", kind: ColumnKind::Integer },
    ],
    options: &[QuestionOption {
        name: "default-vpcs",
        default: "no",
        help: "yes: also pairs of two default VPCs that are not connected",
        check: check_yes_or_no,
    }],
    reads: &[
        // Context, because a VPC may overlap with one of an account that was not asked for.
        Read::context(
            "ec2_vpcs",
            &["cidr_block", "cidr_block_association_set", "ipv6_cidr_block_association_set", "is_default"],
        ),
        PEERINGS,
        ATTACHMENTS,
        GATEWAY_PEERINGS,
    ],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/overlapping-networks.duckdb.sql"),
        athena: include_str!("../sql/overlapping-networks.athena.sql"),
    },
    answer,
};

/// The number of pairs of VPCs up to which two ranges give a row for each pair, and the number of connected pairs
/// that are listed if there are more.
const LISTED_PAIRS: usize = 100;

fn check_yes_or_no(text: &str) -> Result<(), String> {
    if matches!(text, "yes" | "no") { Ok(()) } else { Err("write yes or no".to_owned()) }
}

/// Whether two VPCs are connected. The names are in the order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PairState {
    Connected,
    Separate,
    Unknown,
}

const STATES: [(PairState, &str); 3] =
    [(PairState::Connected, "connected"), (PairState::Separate, "separate"), (PairState::Unknown, "unknown")];

/// What decides on the verdict of a pair, peerings of VPCs aside, and on whether it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct VpcClass {
    gateways: usize,
    /// Whether all connections of the VPC are known.
    is_known: bool,
    is_default: bool,
    is_selected: bool,
}

/// Two ranges that overlap, and the VPCs that have them. The first range contains the other, or is the same.
#[derive(Debug)]
struct RangePair<'a> {
    range: IpNet,
    other: IpNet,
    vpcs: &'a [usize],
    /// The same as `vpcs` if the ranges are the same.
    others: &'a [usize],
}

impl RangePair<'_> {
    fn is_same(&self) -> bool {
        self.range == self.other
    }

    fn pairs(&self) -> usize {
        let count = self.vpcs.len();
        if self.is_same() { count * count.saturating_sub(1) / 2 } else { count.saturating_mul(self.others.len()) }
    }
}

/// The VPCs of an estate while their overlaps are sought.
#[derive(Debug)]
struct Overlaps<'a> {
    vpcs: Vec<Resource<'a>>,
    classes: Vec<VpcClass>,
    /// The position of each VPC.
    positions: HashMap<&'a str, usize>,
    connections: Connections,
    with_default_vpcs: bool,
    rows: Vec<AnswerRow>,
}

fn answer(facts: &Facts, options: &Options) -> Vec<AnswerRow> {
    let mut overlaps = Overlaps::new(facts, options.text("default-vpcs") == "yes");
    let mut by_range: BTreeMap<(bool, u128, u8), (IpNet, Vec<usize>)> = BTreeMap::new();
    for (position, vpc) in overlaps.vpcs.iter().enumerate() {
        for range in vpc_ranges(*vpc).into_iter().map(|range| range.range) {
            let key = (matches!(range, IpNet::V6(_)), bounds(range).0, range.prefix_len());
            by_range.entry(key).or_insert_with(|| (range, Vec::new())).1.push(position);
        }
    }
    // The ranges that contain the current one, the widest first.
    let mut around: Vec<&(IpNet, Vec<usize>)> = Vec::new();
    for current in by_range.values() {
        around.retain(|(range, _)| range.contains(&current.0));
        around.push(current);
        for (range, vpcs) in &around {
            overlaps.add(&RangePair { range: *range, other: current.0, vpcs, others: &current.1 });
        }
    }
    overlaps.rows
}

impl<'a> Overlaps<'a> {
    fn new(facts: &'a Facts, with_default_vpcs: bool) -> Self {
        let connections = Connections::new(facts);
        let mut seen = HashSet::new();
        let vpcs: Vec<Resource<'a>> = facts.all("ec2_vpcs").filter(|vpc| seen.insert(vpc.id())).collect();
        let knows = |vpc: &Resource<'_>, read: Read| facts.is_answered(vpc.account_id(), vpc.region(), read.table);
        let class = |vpc: &Resource<'_>| VpcClass {
            gateways: connections.gateways_of(vpc.id()),
            is_known: knows(vpc, PEERINGS) && knows(vpc, ATTACHMENTS),
            is_default: vpc.flag("is_default") == Some(true),
            is_selected: facts.selection.includes(*vpc),
        };
        let classes = vpcs.iter().map(class).collect();
        let positions = vpcs.iter().enumerate().map(|(position, vpc)| (vpc.id(), position)).collect();
        Self { vpcs, classes, positions, connections, with_default_vpcs, rows: Vec::new() }
    }

    /// The verdict of two classes, without the peerings of VPCs.
    fn state(&self, one: VpcClass, other: VpcClass) -> PairState {
        if self.connections.are_connected(one.gateways, other.gateways) {
            return PairState::Connected;
        }
        // One account's word that a VPC is not attached is enough, and both accounts of a peering see it.
        let is_alone = |class: VpcClass| class.is_known && class.gateways == 0;
        let both_known = one.is_known && other.is_known && self.connections.knows_gateway_peerings;
        if is_alone(one) || is_alone(other) || both_known { PairState::Separate } else { PairState::Unknown }
    }

    /// Whether a pair of this verdict belongs to the answer.
    fn is_asked(&self, one: VpcClass, other: VpcClass, state: PairState) -> bool {
        let is_noise = one.is_default && other.is_default && state == PairState::Separate;
        (one.is_selected || other.is_selected) && (self.with_default_vpcs || !is_noise)
    }

    fn add(&mut self, ranges: &RangePair<'_>) {
        match ranges.pairs() {
            0 => {}
            count if count <= LISTED_PAIRS => {
                for (at, vpc) in ranges.vpcs.iter().enumerate() {
                    let from = if ranges.is_same() { at + 1 } else { 0 };
                    for other in ranges.others.iter().skip(from) {
                        self.list(ranges, *vpc, *other);
                    }
                }
            }
            _ => self.count(ranges),
        }
    }

    /// Adds the row of one pair, if it belongs to the answer.
    fn list(&mut self, ranges: &RangePair<'_>, one: usize, other: usize) {
        if one == other {
            return;
        }
        let (vpc, other_vpc) = (self.vpcs[one], self.vpcs[other]);
        let (class, other_class) = (self.classes[one], self.classes[other]);
        let connected_by = self.connections.between(vpc.id(), other_vpc.id());
        let state = if connected_by.is_empty() { self.state(class, other_class) } else { PairState::Connected };
        if !self.is_asked(class, other_class, state) {
            return;
        }
        let mut values = opening(state, ranges);
        for vpc in [vpc, other_vpc] {
            values.extend([json!(vpc.account_id()), json!(vpc.region()), json!(vpc.id()), json!(vpc.name())]);
        }
        values.extend([json!(connected_by), json!(2), json!(1)]);
        self.rows.push(AnswerRow::new(None, None, values).based_on(vpc).based_on(other_vpc));
    }

    /// Adds the rows of two ranges that many VPCs have.
    fn count(&mut self, ranges: &RangePair<'_>) {
        let classes = self.by_class(ranges.vpcs);
        let other_classes = self.by_class(ranges.others);
        let mut counts = [0usize; 3];
        let mut connected: BTreeMap<VpcClass, Vec<VpcClass>> = BTreeMap::new();
        for (class, vpcs) in &classes {
            for (other_class, others) in &other_classes {
                let state = self.state(*class, *other_class);
                if !self.is_asked(*class, *other_class, state) {
                    continue;
                }
                if state == PairState::Connected {
                    connected.entry(*class).or_default().push(*other_class);
                }
                match class.cmp(other_class) {
                    Ordering::Equal if ranges.is_same() => counts[state as usize] += vpcs.len() * (vpcs.len() - 1) / 2,
                    // The pair of classes comes a second time, turned.
                    Ordering::Greater if ranges.is_same() => {}
                    _ => counts[state as usize] += vpcs.len() * others.len(),
                }
            }
        }
        self.leave_out_itself(ranges, &mut counts);
        let peered = self.peered(ranges);
        for (one, other) in &peered {
            let (class, other_class) = (self.classes[*one], self.classes[*other]);
            let state = self.state(class, other_class);
            if state != PairState::Connected {
                if self.is_asked(class, other_class, state) {
                    counts[state as usize] -= 1;
                }
                counts[PairState::Connected as usize] += 1;
            }
        }
        let listed = self.first_connected(ranges, &other_classes, &connected, &peered);
        counts[PairState::Connected as usize] -= listed.len();
        for (one, other) in listed {
            self.list(ranges, one, other);
        }
        self.push_counts(ranges, counts);
    }

    /// Subtracts the VPCs that have both ranges, which AWS does not allow.
    fn leave_out_itself(&self, ranges: &RangePair<'_>, counts: &mut [usize; 3]) {
        if ranges.is_same() {
            return;
        }
        let others: HashSet<usize> = ranges.others.iter().copied().collect();
        for vpc in ranges.vpcs.iter().filter(|vpc| others.contains(vpc)) {
            let class = self.classes[*vpc];
            let state = self.state(class, class);
            if self.is_asked(class, class, state) {
                counts[state as usize] -= 1;
            }
        }
    }

    /// The first connected pairs in the order of the VPCs, until enough are listed.
    fn first_connected(
        &self,
        ranges: &RangePair<'_>,
        others: &BTreeMap<VpcClass, Vec<usize>>,
        connected: &BTreeMap<VpcClass, Vec<VpcClass>>,
        peered: &BTreeSet<(usize, usize)>,
    ) -> Vec<(usize, usize)> {
        let mut listed = Vec::new();
        for one in ranges.vpcs {
            let mut partners: BTreeSet<usize> =
                peered.range((*one, 0)..=(*one, usize::MAX)).map(|(_, other)| *other).collect();
            for class in connected.get(&self.classes[*one]).into_iter().flatten() {
                let vpcs = others.get(class).map_or(&[][..], Vec::as_slice);
                let from = if ranges.is_same() { vpcs.partition_point(|other| other <= one) } else { 0 };
                partners.extend(vpcs[from..].iter().filter(|other| *other != one).take(LISTED_PAIRS));
            }
            listed.extend(partners.into_iter().take(LISTED_PAIRS - listed.len()).map(|other| (*one, other)));
            if listed.len() == LISTED_PAIRS {
                break;
            }
        }
        listed
    }

    fn by_class(&self, vpcs: &[usize]) -> BTreeMap<VpcClass, Vec<usize>> {
        let mut classes: BTreeMap<VpcClass, Vec<usize>> = BTreeMap::new();
        for vpc in vpcs {
            classes.entry(self.classes[*vpc]).or_default().push(*vpc);
        }
        classes
    }

    /// The pairs of VPCs with an active peering that are asked for, each once.
    fn peered(&self, ranges: &RangePair<'_>) -> BTreeSet<(usize, usize)> {
        let others: HashSet<usize> = ranges.others.iter().copied().collect();
        let mut pairs = BTreeSet::new();
        for vpc in ranges.vpcs {
            for (other, _) in self.connections.peerings_of(self.vpcs[*vpc].id()) {
                let other = self.positions.get(other.as_str()).filter(|other| others.contains(other) && *other != vpc);
                let is_asked =
                    |other: &&usize| self.is_asked(self.classes[*vpc], self.classes[**other], PairState::Connected);
                if let Some(other) = other.filter(is_asked) {
                    let is_turned = ranges.is_same() && other < vpc;
                    pairs.insert(if is_turned { (*other, *vpc) } else { (*vpc, *other) });
                }
            }
        }
        pairs
    }

    /// Adds a row for each verdict that pairs are left of.
    fn push_counts(&mut self, ranges: &RangePair<'_>, counts: [usize; 3]) {
        let vpcs: BTreeSet<usize> = ranges.vpcs.iter().chain(ranges.others).copied().collect();
        for ((state, _), count) in STATES.into_iter().zip(counts).filter(|(_, count)| *count > 0) {
            let mut values = opening(state, ranges);
            values.extend((0..8).map(|_| Value::Null));
            values.extend([json!([]), json!(vpcs.len()), json!(count)]);
            let row = AnswerRow::new(None, None, values);
            self.rows.push(vpcs.iter().fold(row, |row, vpc| row.based_on(self.vpcs[*vpc])));
        }
    }
}

/// The verdict and the ranges of a row.
fn opening(state: PairState, ranges: &RangePair<'_>) -> Vec<Value> {
    let verdict = STATES.iter().find(|(known, _)| *known == state).map(|(_, name)| *name);
    vec![json!(verdict), json!(ranges.range.to_string()), json!(ranges.other.to_string())]
}
