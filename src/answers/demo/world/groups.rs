//! Security groups with their rules, and prefix lists.
//!
//! **Invariant:** the rules of a group and the rows of `ec2_security_group_rules` say the same.

use serde_json::{Value, json};

use super::super::accounts::Site;
use super::super::ids::id;
use super::super::rows::DemoRows;
use super::DemoNetwork;

/// An inbound rule: protocol, first and last port, and source: a range, a prefix list `pl-…` or a group `sg-…`.
pub(in super::super) type GroupRule = (&'static str, (i64, i64), String);

/// Writes a security group of a network. Whatever is in it may reach everything.
pub(in super::super) fn group(
    rows: &mut DemoRows,
    network: &DemoNetwork,
    (name, description): (&str, &str),
    rules: &[GroupRule],
) {
    let full_name = format!("{}-{name}", network.name);
    write(rows, network, (name, &full_name, description), rules);
}

/// Writes the default group of a network: its members may reach each other.
pub(super) fn default_group(network: &DemoNetwork, rows: &mut DemoRows) {
    let members = ("-1", (-1, -1), network.group_id("default"));
    write(rows, network, ("default", "default", "default VPC security group"), &[members]);
}

fn write(
    rows: &mut DemoRows,
    network: &DemoNetwork,
    (key, name, description): (&str, &str, &str),
    rules: &[GroupRule],
) {
    let site = network.tenant;
    let group_id = network.group_id(key);
    let permissions: Vec<Value> = rules.iter().map(|rule| permission(site, rule)).collect();
    let everywhere: GroupRule = ("-1", (-1, -1), "0.0.0.0/0".to_owned());
    let columns = json!({
        "group_id": group_id,
        "group_name": name,
        "description": description,
        "vpc_id": network.id(),
        "ip_permissions": permissions,
        "ip_permissions_egress": [permission(site, &everywhere)],
        "tags": network.tags(&format!("{}-{key}", network.name)),
    });
    rows.add(site, "ec2_security_groups", columns);
    for rule in rules {
        rows.add(site, "ec2_security_group_rules", rule_row(site, &group_id, (rule, false)));
    }
    rows.add(site, "ec2_security_group_rules", rule_row(site, &group_id, (&everywhere, true)));
}

fn permission(site: Site, (protocol, (from, to), source): &GroupRule) -> Value {
    let mut permission = json!({
        "IpProtocol": protocol, "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": [],
    });
    if *protocol != "-1" {
        permission["FromPort"] = (*from).into();
        permission["ToPort"] = (*to).into();
    }
    let (list, item) = if source.starts_with("sg-") {
        ("UserIdGroupPairs", json!({ "GroupId": source, "UserId": site.account_id() }))
    } else if source.starts_with("pl-") {
        ("PrefixListIds", json!({ "PrefixListId": source }))
    } else if source.contains(':') {
        ("Ipv6Ranges", json!({ "CidrIpv6": source }))
    } else {
        ("IpRanges", json!({ "CidrIp": source }))
    };
    permission[list] = json!([item]);
    permission
}

fn rule_row(site: Site, group_id: &str, (rule, is_egress): (&GroupRule, bool)) -> Value {
    let (protocol, (from, to), source) = rule;
    let name = format!("{group_id} {protocol} {from} {to} {source} {is_egress}");
    let mut row = json!({
        "security_group_rule_id": id("sgr", &name),
        "group_id": group_id,
        "group_owner_id": site.account_id(),
        "is_egress": is_egress,
        "ip_protocol": protocol,
        "from_port": from,
        "to_port": to,
        "tags": {},
    });
    if source.starts_with("sg-") {
        row["referenced_group_info"] = json!({ "GroupId": source, "UserId": site.account_id() });
    } else if source.starts_with("pl-") {
        row["prefix_list_id"] = source.as_str().into();
    } else if source.contains(':') {
        row["cidr_ipv6"] = source.as_str().into();
    } else {
        row["cidr_ipv4"] = source.as_str().into();
    }
    row
}

/// Writes a prefix list of the account, and returns its id.
pub(in super::super) fn prefix_list(rows: &mut DemoRows, site: Site, name: &str, ranges: &[&str]) -> String {
    let list_id = id("pl", &site.unique(name));
    let entries: Vec<Value> = ranges.iter().map(|range| json!({ "Cidr": range, "Description": name })).collect();
    let columns = json!({
        "prefix_list_id": list_id,
        "prefix_list_name": name,
        "address_family": "IPv4",
        "state": "create-complete",
        "max_entries": 20,
        "version": 1,
        "entries": entries,
        "tags": site.tags(name),
    });
    rows.add(site, "ec2_managed_prefix_lists", columns);
    list_id
}
