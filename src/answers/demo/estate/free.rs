//! The free addresses of each subnet, counted when all interfaces are there.
//!
//! **Invariant:** a subnet has as many as its range leaves after AWS's five and those of its interfaces, except where
//! short-lived tasks come and go: there the number moves from night to night, and nothing else does.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;
use serde_json::Value;

use super::super::rows::DemoRows;

/// The subnets in which tasks come and go.
const BUSY: [&str; 2] = ["shop-app-a", "platform-app-a"];

/// Sets the number of free addresses of every subnet.
pub(super) fn count(rows: &mut DemoRows) {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for interface in rows.tables.get("ec2_network_interfaces").into_iter().flatten() {
        let subnet = interface["subnet_id"].as_str().unwrap_or_default();
        for address in interface["private_ip_addresses"].as_array().into_iter().flatten() {
            let address = address["PrivateIpAddress"].as_str().unwrap_or_default();
            used.entry(subnet.to_owned()).or_default().insert(address.to_owned());
        }
    }
    let tasks = i64::try_from(3 * rows.night % 7).unwrap_or_default();
    let mut busy: BTreeSet<String> = BTreeSet::new();
    for subnet in rows.tables.get("ec2_subnets").into_iter().flatten() {
        if BUSY.iter().any(|name| subnet["tags"]["Name"] == *name) {
            busy.insert(text(subnet, "subnet_id"));
        }
    }
    for subnet in rows.tables.get_mut("ec2_subnets").into_iter().flatten() {
        let id = text(subnet, "subnet_id");
        let range: Option<Ipv4Net> = text(subnet, "cidr_block").parse().ok();
        let size = range.map_or(0, |range| 1_i64 << (32 - range.prefix_len()));
        let taken = used.get(&id).map_or(0, |addresses| i64::try_from(addresses.len()).unwrap_or_default());
        let moving = if busy.contains(&id) { tasks } else { 0 };
        subnet["available_ip_address_count"] = (size - 5 - taken - moving).into();
    }
}

fn text(row: &Value, column: &str) -> String {
    row[column].as_str().unwrap_or_default().to_owned()
}
