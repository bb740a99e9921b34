//! Every row is as the catalogue says, and everything that a row names exists.

use super::*;

const OPENING: [&str; 9] =
    ["account_id", "account_alias", "partition", "region", "id", "arn", "owner_id", "tags", "collected_at"];

/// The columns of each table with their types, from the documentation.
pub(super) fn columns() -> BTreeMap<&'static str, BTreeMap<&'static str, &'static str>> {
    let mut columns: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for section in CATALOGUE.split("\n## ").skip(1) {
        let (table, rest) = section.split_once('\n').unwrap();
        // The first paragraph has the operation, the second the columns.
        let list = rest.trim_start().split("\n\n").nth(1).unwrap_or_default();
        for column in list.split(',') {
            let mut parts = column.split('`').skip(1);
            let name = parts.next().unwrap();
            let kind = parts.next().unwrap_or_default().trim();
            columns.entry(table).or_default().insert(name, kind);
        }
    }
    let snapshots = columns["ec2_snapshots"].clone();
    columns.entry("ec2_public_snapshots").or_insert(snapshots);
    columns
}

fn has_type(value: &Value, kind: &str) -> bool {
    match kind {
        "" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "double" => value.is_f64(),
        "timestamp" => value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
        "json" => value.is_array() || value.is_object(),
        _ => false,
    }
}

#[test]
fn rows_are_as_the_catalogue_says() {
    let catalogue = columns();
    for night in NIGHTS.iter() {
        for (table, rows) in &night.rows {
            for row in rows {
                let row = row.as_object().unwrap();
                for column in OPENING {
                    assert!(row.contains_key(column), "{table} has no {column}");
                }
                assert!(!row["id"].as_str().unwrap().is_empty(), "{table}: {row:?}");
                for (column, value) in row.iter().filter(|(name, _)| !OPENING.contains(&name.as_str())) {
                    let kind = catalogue[table].get(column.as_str());
                    let kind = kind.unwrap_or_else(|| panic!("{table} has no column {column}"));
                    assert!(value.is_null() || has_type(value, kind), "{table}.{column} is no {kind}: {value}");
                }
            }
        }
    }
}

#[test]
fn ids_are_unique_and_each_resource_has_one_content() {
    for night in NIGHTS.iter() {
        for (table, rows) in &night.rows {
            let mut seen = BTreeSet::new();
            for row in rows {
                let key = (text(row, "account_id"), text(row, "region"), text(row, "id"));
                assert!(seen.insert(key), "{table} has {key:?} twice");
            }
        }
    }
}

#[test]
fn every_cell_is_there_once_and_counts_its_rows() {
    let tables = tables();
    for (number, night) in (1..).zip(NIGHTS.iter()) {
        let mut counted: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
        for (table, rows) in &night.rows {
            for row in rows {
                *counted.entry((text(row, "account_id"), text(row, "region"), table)).or_default() += 1;
            }
        }
        let mut seen = BTreeSet::new();
        for cell in &night.cells {
            let key = (cell.account_id.as_str(), cell.region.as_str(), cell.table);
            assert!(seen.insert(key), "{key:?} is there twice");
            assert_eq!(cell.records, counted.remove(&key).unwrap_or_default(), "{key:?}");
            match cell.status {
                Status::Ok => assert!(cell.records > 0),
                _ => assert_eq!(cell.records, 0, "{key:?}"),
            }
            assert_eq!(cell.error_code.is_some(), !cell.status.is_answered(), "{key:?}");
        }
        assert!(counted.is_empty(), "rows without a cell: {counted:?}");
        let global = tables.iter().filter(|(_, is_global)| *is_global).count();
        let regional = tables.len() - global;
        let lost = if number == 4 { regional } else { 0 };
        assert_eq!(night.cells.len(), 6 * (global + 2 * regional) - lost);
    }
}

#[test]
fn runs_are_named_by_their_start() {
    let runs: Vec<(String, String)> =
        nights(&[]).into_iter().map(|night| (night.run_id, night.started_at.to_string())).collect();
    let pair = |day: u8| (format!("nightly-202611{day}T030000Z"), format!("2026-11-{day}T03:00:00Z"));
    assert_eq!(runs, (21..=25).map(pair).collect::<Vec<_>>());
}

/// References in top-level columns: the column, and the table whose id it is.
const REFERENCES: &[(&str, &str)] = &[
    ("vpc_id", "ec2_vpcs"),
    ("subnet_id", "ec2_subnets"),
    ("instance_id", "ec2_instances"),
    ("network_interface_id", "ec2_network_interfaces"),
    ("dhcp_options_id", "ec2_dhcp_options"),
    ("group_id", "ec2_security_groups"),
    ("transit_gateway_id", "ec2_transit_gateways"),
    ("customer_gateway_id", "ec2_customer_gateways"),
    ("vpn_gateway_id", "ec2_vpn_gateways"),
    ("hosted_zone_id", "route53_hosted_zones"),
    ("health_check_id", "route53_health_checks"),
    ("transit_gateway_route_table_id", "ec2_transit_gateway_route_tables"),
];

/// References in nested members, in the same way. Targets of routes are left to the next test.
const NESTED: &[(&str, &str)] = &[
    ("GroupId", "ec2_security_groups"),
    ("SubnetId", "ec2_subnets"),
    ("VolumeId", "ec2_volumes"),
    ("AllocationId", "ec2_addresses"),
    ("PrefixListId", "ec2_managed_prefix_lists"),
    ("TransitGatewayAttachmentId", "ec2_transit_gateway_attachments"),
    ("VPCId", "ec2_vpcs"),
    ("VpcId", "ec2_vpcs"),
];

fn members<'a>(value: &'a Value, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if let Some(text) = value.as_str() {
                    found.push((name, text));
                }
                members(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, found)),
        _ => {}
    }
}

fn ids(night: &Night) -> BTreeMap<&'static str, BTreeSet<&str>> {
    night.rows.iter().map(|(table, rows)| (*table, rows.iter().map(|row| text(row, "id")).collect())).collect()
}

#[test]
fn what_a_row_names_exists() {
    // In the last night the platform's other region is missing, and with it what others see of it.
    for night in NIGHTS.iter().take(3) {
        let ids = ids(night);
        let exists = |table: &str, id: &str| id.is_empty() || ids.get(table).is_some_and(|ids| ids.contains(id));
        for (table, rows) in &night.rows {
            for row in rows {
                for (column, target) in REFERENCES {
                    let id = text(row, column);
                    assert!(exists(target, id), "{table} {} names {column} {id}", text(row, "id"));
                }
                let mut found = Vec::new();
                members(row, &mut found);
                for (member, id) in found {
                    if let Some((_, target)) = NESTED.iter().find(|(name, _)| *name == member) {
                        assert!(exists(target, id), "{table} {} names {member} {id}", text(row, "id"));
                    }
                }
            }
        }
    }
}

#[test]
fn only_black_holes_lead_to_nothing() {
    let night = &NIGHTS[0];
    let ids = ids(night);
    let everything: BTreeSet<&str> = ids.values().flatten().copied().collect();
    let mut dangling = BTreeSet::new();
    for table in &night.rows["ec2_route_tables"] {
        for route in table["routes"].as_array().unwrap() {
            let targets = ["GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId"]
                .map(|name| text(route, name));
            let is_dangling = targets.iter().any(|id| !id.is_empty() && *id != "local" && !everything.contains(id));
            assert_eq!(is_dangling, route["State"] == "blackhole", "{route}");
            if is_dangling {
                dangling.insert(text(&table["tags"], "Name"));
            }
        }
    }
    assert_eq!(dangling, BTreeSet::from(["dev-app", "hub-private"]));
}

#[test]
fn every_address_has_one_bearer() {
    for night in NIGHTS.iter() {
        let mut private = BTreeSet::new();
        let mut public = BTreeSet::new();
        for interface in &night.rows["ec2_network_interfaces"] {
            let is_owner = interface["account_id"] == interface["owner_id"];
            for address in interface["private_ip_addresses"].as_array().unwrap() {
                let key = (text(interface, "vpc_id"), text(address, "PrivateIpAddress"));
                assert!(!is_owner || private.insert(key), "{key:?} is borne twice");
                let address = text(&address["Association"], "PublicIp");
                assert!(address.is_empty() || !is_owner || public.insert(address), "{address} is borne twice");
            }
        }
        let unused = night.rows["ec2_addresses"].iter().filter(|address| address["association_id"].is_null());
        for address in unused {
            assert!(public.insert(text(address, "public_ip")), "{address} is borne");
        }
    }
}
