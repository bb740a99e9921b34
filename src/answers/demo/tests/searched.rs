//! The search finds every id, ARN, name, address and range of the estate.

use super::*;
use crate::answers::lookup::{self, Query};

/// Tables that repeat ids of others: an account's id finds the account, and a public snapshot is found among the
/// snapshots.
const REPEATING: [&str; 2] = ["ec2_account_settings", "ec2_public_snapshots"];

/// What somebody may search for to find a row.
fn terms_of(table: &str, row: &Value) -> BTreeSet<String> {
    let mut terms: BTreeSet<String> = ["id", "arn"].map(|column| text(row, column).to_owned()).into();
    if let Some(name) = row["tags"]["Name"].as_str() {
        terms.insert(format!("Name={name}"));
    }
    let columns: &[&str] = match table {
        "ec2_instances" => {
            &["private_ip_address", "public_ip_address", "ipv6_address", "private_dns_name", "public_dns_name"]
        }
        "ec2_network_interfaces" => &["private_ip_address", "ipv6_address", "private_dns_name", "public_dns_name"],
        "ec2_addresses" => &["public_ip", "private_ip_address"],
        "ec2_vpcs" | "ec2_subnets" => &["cidr_block"],
        "route53_records" => &["name", "name_decoded"],
        "route53_hosted_zones" => &["name"],
        _ => &[],
    };
    terms.extend(columns.iter().map(|column| text(row, column).to_owned()));
    for address in row["private_ip_addresses"].as_array().into_iter().flatten() {
        terms.insert(text(address, "PrivateIpAddress").to_owned());
        terms.insert(text(&address["Association"], "PublicIp").to_owned());
    }
    terms.retain(|term| !term.is_empty());
    terms
}

#[test]
fn everything_is_found_by_what_it_is_called() {
    let mut wanted: Vec<(String, &str, &str)> = Vec::new();
    for (table, rows) in NIGHTS[4].rows.iter().filter(|(table, _)| !REPEATING.contains(table)) {
        for row in rows {
            wanted.extend(terms_of(table, row).into_iter().map(|term| (term, *table, text(row, "id"))));
        }
    }
    let texts: BTreeSet<&str> = wanted.iter().map(|(term, ..)| term.as_str()).collect();
    let terms: Result<Vec<Query>, String> = texts.iter().map(|text| Query::parse(text)).collect();
    let hits = lookup::look_up(&state::facts(), &terms.unwrap());
    let found: BTreeSet<(&str, &str, &str)> =
        hits.iter().map(|hit| (hit.query.as_str(), hit.table, hit.id.as_str())).collect();
    let missed: BTreeSet<String> = wanted
        .iter()
        .filter(|(term, table, id)| !found.contains(&(term.as_str(), *table, *id)))
        .map(|(term, table, id)| format!("{term} does not find {id} of {table}"))
        .collect();
    assert!(missed.is_empty(), "{} are missed: {missed:#?}", missed.len());
    assert!(texts.len() > 1000, "{} terms", texts.len());
}
