//! `public-addresses`: every public address that the estate holds, and what bears it.
//!
//! **Invariant:** an address is a row once for each account and region that hold it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::bearers::{AddressKind, bearings};
use crate::answers::facts::{Facts, Read};
use crate::answers::questions::{AnswerRow, ColumnKind, Options, Question, QuestionColumn, QuestionSql};

pub(super) const QUESTION: Question = Question {
    name: "public-addresses",
    title: "Public addresses",
    description: "Every public IPv4 and IPv6 address of elastic addresses, instances, NAT gateways, network \
                  interfaces and VPN tunnels, with the ids of all that bear it.",
    why: "This is what the internet can see. Allow lists of partners, scans and DNS records are compared with it.",
    columns: &[
        QuestionColumn { name: "address", kind: ColumnKind::Text },
        QuestionColumn { name: "kind", kind: ColumnKind::Text },
        QuestionColumn { name: "bearers", kind: ColumnKind::Json },
        QuestionColumn { name: "name", kind: ColumnKind::Text },
    ],
    options: &[],
    reads: READS,
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/public-addresses.duckdb.sql"),
        athena: include_str!("../sql/public-addresses.athena.sql"),
    },
    answer,
};

const READS: &[Read] = &[
    Read::subject(
        "ec2_addresses",
        &["public_ip", "carrier_ip", "customer_owned_ip", "network_interface_id", "instance_id"],
    ),
    Read::subject("ec2_instances", &["public_ip_address", "ipv6_address"]),
    Read::subject("ec2_nat_gateways", &["state", "nat_gateway_addresses"]),
    Read::subject(
        "ec2_network_interfaces",
        &["association", "attachment", "private_ip_addresses", "ipv6_addresses", "ipv6_prefixes"],
    ),
    Read::subject("ec2_vpn_connections", &["state", "vgw_telemetry"]),
];

/// The bearings of an address in one account and region.
#[derive(Debug)]
struct HeldAddress {
    kind: AddressKind,
    ids: BTreeSet<String>,
    name: Option<String>,
    row: AnswerRow,
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut held: BTreeMap<(&str, &str, String), HeldAddress> = BTreeMap::new();
    for bearing in bearings(facts) {
        let resource = bearing.resource;
        let key = (resource.account_id(), resource.region(), bearing.address);
        let address = held.entry(key).or_insert_with(|| HeldAddress {
            kind: bearing.kind,
            ids: BTreeSet::new(),
            name: None,
            row: AnswerRow::of(resource, Vec::new()),
        });
        address.kind = address.kind.min(bearing.kind);
        address.ids.extend(bearing.ids);
        address.name = address.name.take().or_else(|| resource.name());
        address.row = address.row.clone().based_on(resource);
    }
    let row = |((_, _, text), held): ((&str, &str, String), HeldAddress)| {
        let values = vec![json!(text), json!(held.kind.name()), json!(held.ids), json!(held.name)];
        AnswerRow { values, ..held.row }
    };
    held.into_iter().map(row).collect()
}
