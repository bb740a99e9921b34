//! `public-ipv4-cost`: what the public IPv4 addresses of each account and region cost in a month.
//!
//! AWS charges the same for an address in use as for an idle one, and nothing for addresses that customers bring. An
//! idle one is associated with nothing, with a detached interface, or with an instance that does not run.
//!
//! **Invariant:** knows no price list: the price is an option.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::json;

use super::bearers::{AddressKind, Bearing, bearings};
use crate::answers::facts::{Facts, Read, Resource};
use crate::answers::questions::entry::check_number;
use crate::answers::questions::{
    AnswerRow, ColumnKind, Options, Question, QuestionColumn, QuestionOption, QuestionSql,
};

pub(super) const QUESTION: Question = Question {
    name: "public-ipv4-cost",
    title: "Cost of public IPv4 addresses",
    description: "The public IPv4 addresses of each account and region and what they cost in a month of 730 hours, \
                  idle ones apart. Addresses that were brought to AWS are not charged; unclear ones have a pool that \
                  was not seen.",
    why: "AWS charges every public IPv4 address by the hour, also one that nothing uses.",
    columns: &[
        QuestionColumn { name: "in_use", kind: ColumnKind::Integer },
        QuestionColumn { name: "idle", kind: ColumnKind::Integer },
        QuestionColumn { name: "not_charged", kind: ColumnKind::Integer },
        QuestionColumn { name: "unclear", kind: ColumnKind::Integer },
        QuestionColumn { name: "in_use_cost", kind: ColumnKind::Number },
        QuestionColumn { name: "idle_cost", kind: ColumnKind::Number },
        QuestionColumn { name: "monthly_cost", kind: ColumnKind::Number },
    ],
    options: &[QuestionOption {
        name: "price",
        default: "0.005",
        help: "the price of an address, in USD an hour",
        check: check_number,
    }],
    reads: READS,
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/public-ipv4-cost.duckdb.sql"),
        athena: include_str!("../sql/public-ipv4-cost.athena.sql"),
    },
    answer,
};

const HOURS: f64 = 730.0;

const READS: &[Read] = &[
    Read::subject(
        "ec2_addresses",
        &[
            "public_ip",
            "carrier_ip",
            "customer_owned_ip",
            "public_ipv4_pool",
            "association_id",
            "network_interface_id",
            "instance_id",
        ],
    ),
    Read::subject("ec2_instances", &["public_ip_address", "ipv6_address", "state"]),
    Read::subject("ec2_nat_gateways", &["state", "nat_gateway_addresses"]),
    Read::subject(
        "ec2_network_interfaces",
        &["association", "attachment", "private_ip_addresses", "ipv6_addresses", "ipv6_prefixes", "status"],
    ),
    Read::subject("ec2_vpn_connections", &["state", "vgw_telemetry"]),
    Read::context("ec2_ipam_pools", &["public_ip_source"]),
];

/// How an address is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charge {
    InUse,
    Idle,
    NotCharged,
    Unclear,
}

fn answer(facts: &Facts, options: &Options) -> Vec<AnswerRow> {
    let context = CostContext::new(facts);
    let mut addresses: BTreeMap<(&str, &str, String), Vec<Bearing<'_>>> = BTreeMap::new();
    for bearing in bearings(facts) {
        let resource = bearing.resource;
        let key = (resource.account_id(), resource.region(), bearing.address.clone());
        addresses.entry(key).or_default().push(bearing);
    }
    let mut places: BTreeMap<(&str, &str), ([u32; 4], AnswerRow)> = BTreeMap::new();
    for ((account_id, region, _), bearings) in &addresses {
        let Some(charge) = context.charge(bearings) else { continue };
        for bearing in bearings {
            let new = || ([0; 4], AnswerRow::of(bearing.resource, Vec::new()));
            let place = places.entry((account_id, region)).or_insert_with(new);
            place.1 = place.1.clone().based_on(bearing.resource);
        }
        if let Some((counts, _)) = places.get_mut(&(*account_id, *region)) {
            counts[charge as usize] += 1;
        }
    }
    let price = options.number("price");
    places.into_values().map(|(counts, row)| AnswerRow { values: values(counts, price), ..row }).collect()
}

fn values(counts: [u32; 4], price: f64) -> Vec<serde_json::Value> {
    let [in_use, idle, not_charged, unclear] = counts;
    let cost = |count: u32| json!((f64::from(count) * price * HOURS * 100.0).round() / 100.0);
    vec![json!(in_use), json!(idle), json!(not_charged), json!(unclear), cost(in_use), cost(idle), cost(in_use + idle)]
}

/// What decides on the charge of an address.
#[derive(Debug)]
struct CostContext<'a> {
    /// The elastic addresses, by account, region and address, also those with tags that were not asked for.
    elastic: HashMap<(&'a str, &'a str, &'a str), Resource<'a>>,
    /// The ids of instances that do not run, and of interfaces that are attached to nothing.
    idle: HashSet<&'a str>,
    /// Whether AWS provides the addresses of an IPAM pool.
    pools: HashMap<&'a str, bool>,
}

impl<'a> CostContext<'a> {
    fn new(facts: &'a Facts) -> Self {
        let key = |address: Resource<'a>| {
            ((address.account_id(), address.region(), address.text("public_ip").unwrap_or_default()), address)
        };
        let runs = |instance: &Resource<'_>| instance.json("state")["Name"].as_str() == Some("running");
        let stopped = facts.all("ec2_instances").filter(|instance| !runs(instance));
        let detached = facts.all("ec2_network_interfaces").filter(|one| one.text("status") == Some("available"));
        let pool = |pool: Resource<'a>| Some((pool.id(), pool.text("public_ip_source")? == "amazon"));
        Self {
            elastic: facts.all("ec2_addresses").map(key).collect(),
            idle: stopped.chain(detached).map(Resource::id).collect(),
            pools: facts.all("ec2_ipam_pools").filter_map(pool).collect(),
        }
    }

    /// The charge of an address. None if it is no public IPv4 address of AWS's regions.
    fn charge(&self, bearings: &[Bearing<'_>]) -> Option<Charge> {
        let first = bearings.first()?;
        let kind = bearings.iter().map(|bearing| bearing.kind).min()?;
        match kind {
            AddressKind::Ipv6 | AddressKind::Ipv6Prefix | AddressKind::Carrier => return None,
            AddressKind::CustomerOwned => return Some(Charge::NotCharged),
            AddressKind::Elastic | AddressKind::VpnTunnel | AddressKind::AutoAssigned => {}
        }
        let key = (first.resource.account_id(), first.resource.region(), first.address.as_str());
        match self.elastic.get(&key) {
            Some(elastic) => Some(self.of_elastic(*elastic)),
            // Its pool is unknown, because the elastic addresses could not be read.
            None if kind == AddressKind::Elastic => Some(Charge::Unclear),
            None => Some(Charge::InUse),
        }
    }

    fn of_elastic(&self, address: Resource<'_>) -> Charge {
        let filled = |column: &str| address.text(column).filter(|text| !text.is_empty());
        if filled("customer_owned_ip").is_some() {
            return Charge::NotCharged;
        }
        match filled("public_ipv4_pool") {
            None | Some("amazon") => {}
            Some(pool) if pool.starts_with("ipam-pool-") => match self.pools.get(pool) {
                Some(true) => {}
                Some(false) => return Charge::NotCharged,
                None => return Charge::Unclear,
            },
            Some(_) => return Charge::NotCharged,
        }
        let bearers: Vec<&str> = ["network_interface_id", "instance_id"].into_iter().filter_map(filled).collect();
        let is_associated = filled("association_id").is_some() || !bearers.is_empty();
        let is_idle = !is_associated || bearers.iter().any(|id| self.idle.contains(id));
        if is_idle { Charge::Idle } else { Charge::InUse }
    }
}
