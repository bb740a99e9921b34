//! Route tables and network ACLs of a network.
//!
//! **Invariant:** the main table of a network has its local routes alone, except in a default VPC.

use serde_json::{Value, json};

use super::super::rows::DemoRows;
use super::network::DemoNetwork;

/// A route to an IPv4 or IPv6 range: `member` is the kind of the target as AWS names it, `GatewayId`.
pub(in super::super) fn to(range: &str, member: &str, target: &str) -> Value {
    let range_member = if range.contains(':') { "DestinationIpv6CidrBlock" } else { "DestinationCidrBlock" };
    json!({ range_member: range, member: target, "Origin": "CreateRoute", "State": "active" })
}

fn local_routes(network: &DemoNetwork) -> Vec<Value> {
    let local = |member: &str, range: &str| {
        json!({
            member: range, "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active",
        })
    };
    let ipv6 = network.ipv6.iter().map(|range| local("DestinationIpv6CidrBlock", range));
    std::iter::once(local("DestinationCidrBlock", network.cidr)).chain(ipv6).collect()
}

/// Writes the main table and the others of a network.
pub(super) fn write_tables(network: &DemoNetwork, rows: &mut DemoRows) {
    let mut routes = local_routes(network);
    if network.is_default() && network.has_internet() {
        routes.push(to("0.0.0.0/0", "GatewayId", &network.igw_id()));
    }
    let main = json!([{
        "Main": true,
        "RouteTableAssociationId": network.id_of("rtbassoc", "main"),
        "RouteTableId": network.table_id("main"),
        "AssociationState": { "State": "associated" },
    }]);
    write_table(network, rows, "main", (main, routes));
    for (name, subnets, own) in &network.tables {
        let associations: Vec<Value> = subnets
            .iter()
            .map(|subnet| {
                json!({
                    "Main": false,
                    "RouteTableAssociationId": network.id_of("rtbassoc", subnet),
                    "RouteTableId": network.table_id(name),
                    "SubnetId": network.subnet_id(subnet),
                    "AssociationState": { "State": "associated" },
                })
            })
            .collect();
        let routes = local_routes(network).into_iter().chain(own.iter().cloned()).collect();
        write_table(network, rows, name, (associations.into(), routes));
    }
}

fn write_table(network: &DemoNetwork, rows: &mut DemoRows, name: &str, (associations, routes): (Value, Vec<Value>)) {
    let columns = json!({
        "route_table_id": network.table_id(name),
        "vpc_id": network.id(),
        "associations": associations,
        "propagating_vgws": [],
        "routes": routes,
        "tags": network.tags(&format!("{}-{name}", network.name)),
    });
    let subnets = network.tables.iter().find(|(table, ..)| *table == name).map_or(&[][..], |(_, subnets, _)| *subnets);
    let is_shared = subnets.iter().any(|subnet| network.is_shared(subnet));
    rows.add_for(&network.observers(is_shared), network.site, "ec2_route_tables", columns);
}

/// Writes the default network ACL and the others of a network.
pub(super) fn write_acls(network: &DemoNetwork, rows: &mut DemoRows) {
    let has_own = |subnet: &str| network.acls.iter().any(|(_, subnets, _)| subnets.contains(&subnet));
    let rest: Vec<&str> = network.subnets.iter().map(|subnet| subnet.name).filter(|name| !has_own(name)).collect();
    let everything = [entry(100, "0.0.0.0/0", None, true), egress()];
    write_acl(network, rows, "default", (&rest, &everything));
    for (name, subnets, rules) in &network.acls {
        let entries: Vec<Value> = rules
            .iter()
            .map(|(number, range, ports, is_allowed)| entry(*number, range, Some(*ports), *is_allowed))
            .chain([egress()])
            .collect();
        write_acl(network, rows, name, (subnets, &entries));
    }
}

fn write_acl(network: &DemoNetwork, rows: &mut DemoRows, name: &str, (subnets, entries): (&[&str], &[Value])) {
    let associations: Vec<Value> = subnets
        .iter()
        .map(|subnet| {
            json!({
                "NetworkAclAssociationId": network.id_of("aclassoc", subnet),
                "NetworkAclId": network.id_of("acl", name),
                "SubnetId": network.subnet_id(subnet),
            })
        })
        .collect();
    let mut all = entries.to_vec();
    for is_egress in [false, true] {
        all.push(for_all(("CidrBlock", "0.0.0.0/0"), is_egress, ("deny", 32767)));
        if network.ipv6.is_some() {
            if name == "default" {
                all.push(for_all(("Ipv6CidrBlock", "::/0"), is_egress, ("allow", 101)));
            }
            all.push(for_all(("Ipv6CidrBlock", "::/0"), is_egress, ("deny", 32768)));
        }
    }
    let columns = json!({
        "network_acl_id": network.id_of("acl", name),
        "vpc_id": network.id(),
        "is_default": name == "default",
        "associations": associations,
        "entries": all,
        "tags": network.tags(&format!("{}-{name}", network.name)),
    });
    let is_shared = subnets.iter().any(|subnet| network.is_shared(subnet));
    rows.add_for(&network.observers(is_shared), network.site, "ec2_network_acls", columns);
}

fn entry(number: i64, range: &str, ports: Option<(i64, i64)>, is_allowed: bool) -> Value {
    let action = if is_allowed { "allow" } else { "deny" };
    let mut entry = json!({
        "CidrBlock": range,
        "Egress": false,
        "Protocol": if ports.is_some() { "6" } else { "-1" },
        "RuleAction": action,
        "RuleNumber": number,
    });
    if let Some((from, to)) = ports {
        entry["PortRange"] = json!({ "From": from, "To": to });
    }
    entry
}

/// An entry about all traffic of an address family.
fn for_all((member, range): (&str, &str), is_egress: bool, (action, number): (&str, i64)) -> Value {
    json!({ member: range, "Egress": is_egress, "Protocol": "-1", "RuleAction": action, "RuleNumber": number })
}

fn egress() -> Value {
    for_all(("CidrBlock", "0.0.0.0/0"), true, ("allow", 100))
}
