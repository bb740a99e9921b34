//! Compares records with the responses of AWS's own client under the same role, member by member.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::command::{manifest, rows};
use crate::emulator::emulator;

const ACCOUNTS: [&str; 2] = ["111111111111", "222222222222"];

/// The columns with which every resource table opens.
pub(crate) const OPENING_COLUMNS: [&str; 11] = [
    "run_id",
    "account_id",
    "account_alias",
    "partition",
    "region",
    "id",
    "arn",
    "owner_id",
    "tags",
    "collected_at",
    "digest",
];

/// Further columns that do not come from a member of the listed structure.
const OTHER_COLUMNS: &[&str] = &[
    "aws_extra",
    "reservation_id",
    "requester_id",
    "enable_dns_support",
    "enable_dns_hostnames",
    "vpcs",
    "delegation_set",
    "dnssec_status",
    "key_signing_keys",
    "hosted_zone_id",
    "hosted_zone_name",
    "private_zone",
    "name_decoded",
];

struct Listing {
    table: &'static str,
    operation: &'static str,
    list: &'static str,
    id: &'static str,
}

const REGIONAL: &[Listing] = &[
    Listing { table: "ec2_volumes", operation: "describe_volumes", list: "Volumes", id: "VolumeId" },
    Listing { table: "ec2_snapshots", operation: "describe_snapshots", list: "Snapshots", id: "SnapshotId" },
    Listing { table: "ec2_public_snapshots", operation: "describe_snapshots", list: "Snapshots", id: "SnapshotId" },
    Listing { table: "ec2_vpcs", operation: "describe_vpcs", list: "Vpcs", id: "VpcId" },
    Listing { table: "ec2_subnets", operation: "describe_subnets", list: "Subnets", id: "SubnetId" },
    Listing { table: "ec2_route_tables", operation: "describe_route_tables", list: "RouteTables", id: "RouteTableId" },
    Listing {
        table: "ec2_security_groups",
        operation: "describe_security_groups",
        list: "SecurityGroups",
        id: "GroupId",
    },
    Listing {
        table: "ec2_network_interfaces",
        operation: "describe_network_interfaces",
        list: "NetworkInterfaces",
        id: "NetworkInterfaceId",
    },
    Listing { table: "ec2_addresses", operation: "describe_addresses", list: "Addresses", id: "AllocationId" },
    Listing {
        table: "ec2_internet_gateways",
        operation: "describe_internet_gateways",
        list: "InternetGateways",
        id: "InternetGatewayId",
    },
    Listing { table: "ec2_nat_gateways", operation: "describe_nat_gateways", list: "NatGateways", id: "NatGatewayId" },
];

/// Returns the parameters that list the rows of a table.
fn parameters(table: &str) -> Value {
    match table {
        "ec2_snapshots" => json!({ "OwnerIds": ["self"] }),
        "ec2_public_snapshots" => json!({ "OwnerIds": ["self"], "RestorableByUserIds": ["all"] }),
        _ => json!({}),
    }
}

/// Converts a member's name to snake case. A second implementation, so that a mistake in the generator shows.
pub(crate) fn column(member: &str) -> String {
    let chars: Vec<char> = member.chars().collect();
    let mut column = String::new();
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let starts = c.is_ascii_uppercase()
            && before.is_some_and(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || chars.get(at + 1).is_some_and(|n| n.is_ascii_lowercase())
            });
        if starts && at > 0 {
            column.push('_');
        }
        column.push(c.to_ascii_lowercase());
    }
    column
}

/// Writes all timestamps in a value in one form, since rolecall and botocore write them differently.
pub(crate) fn normalized(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<jiff::Timestamp>() {
            Ok(instant) => json!(instant.to_string()),
            Err(_) => value.clone(),
        },
        Value::Array(items) => items.iter().map(normalized).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), normalized(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// Asserts that the record has every member of AWS's item, and no column that is not a member.
fn compare(what: &str, record: &Value, item: &Value, account: &str) {
    let mut expected: BTreeMap<String, Value> = BTreeMap::new();
    for (member, value) in item.as_object().expect("an object") {
        match member.as_str() {
            "Tags" => assert_eq!(record["tags"], tags(value), "{what}: tags"),
            "OwnerId" => assert_eq!(&record["owner_id"], value, "{what}: owner_id"),
            _ => {
                let name = column(member);
                let is_reserved = ["id", "region", "arn", "partition"].contains(&name.as_str());
                expected.insert(if is_reserved { format!("aws_{name}") } else { name }, normalized(value));
            }
        }
    }
    if item.get("OwnerId").is_none() && !record["table"].is_string() {
        assert!(record["owner_id"].is_string(), "{what}: {account}");
    }
    let columns = record.as_object().expect("an object").iter();
    let actual: BTreeMap<String, Value> = columns
        .filter(|(name, _)| !OPENING_COLUMNS.contains(&name.as_str()) && !OTHER_COLUMNS.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), normalized(value)))
        .collect();
    assert_eq!(actual, expected, "{what}");
}

pub(crate) fn tags(pairs: &Value) -> Value {
    let pairs = pairs.as_array().expect("pairs").iter();
    pairs
        .map(|pair| (pair["Key"].as_str().expect("a key").to_owned(), pair["Value"].clone()))
        .collect::<Map<_, _>>()
        .into()
}

#[test]
fn every_record_equals_what_the_aws_cli_prints() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = emulator().run(folder.path(), &["--accounts", &ACCOUNTS.join(","), "--run-id", "whole"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let manifest = manifest(folder.path(), "whole");
    let regions = ["eu-central-1", "us-east-1", "ap-southeast-2", "af-south-1"];
    let question = |account: &str, service: &str, operation: &str, region: &str, params: Value| {
        let external_id = emulator().target(account)["external_id"].clone();
        json!({ "account": account, "external_id": external_id, "service": service, "operation": operation, "region": region, "params": params })
    };
    let mut compared = 0;
    for listing in REGIONAL {
        let records = rows(folder.path(), &manifest, listing.table);
        let places: Vec<(&str, &str)> =
            ACCOUNTS.iter().flat_map(|account| regions.map(|region| (*account, region))).collect();
        let questions: Vec<Value> = places
            .iter()
            .map(|(account, region)| question(account, "ec2", listing.operation, region, parameters(listing.table)))
            .collect();
        for ((account, region), answer) in places.iter().zip(emulator().ask(&questions)) {
            let items = answer["answer"][listing.list].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
            let here: Vec<&Value> =
                records.iter().filter(|row| row["account_id"] == *account && row["region"] == *region).collect();
            assert_eq!(here.len(), items.len(), "{} {account} {region}", listing.table);
            for item in &items {
                let record = here.iter().find(|row| row["id"] == item[listing.id]).expect("the record is there");
                compare(&format!("{} {}", listing.table, item[listing.id]), record, item, account);
                compared += 1;
            }
        }
    }
    compared += instances(folder.path(), &manifest, &regions, &question);
    compared += zones(folder.path(), &manifest, &question);
    assert_only_shared_snapshots_are_public(folder.path(), &manifest);
    assert!(compared > 400, "only {compared} records were compared");
}

/// Asserts that half of the snapshots are public: `networks.py` makes two of each volume, and shares one.
fn assert_only_shared_snapshots_are_public(folder: &std::path::Path, manifest: &Value) {
    let names = |table: &str| -> Vec<String> {
        let records = rows(folder, manifest, table);
        records.iter().map(|row| row["tags"]["Name"].as_str().expect("a name").to_owned()).collect()
    };
    let (own, public) = (names("ec2_snapshots"), names("ec2_public_snapshots"));
    assert!(!public.is_empty() && public.iter().all(|name| name == "shared by mistake"), "{public:?}");
    assert_eq!(own.len(), 2 * public.len());
}

type Question<'a> = &'a dyn Fn(&str, &str, &str, &str, Value) -> Value;

fn instances(folder: &std::path::Path, manifest: &Value, regions: &[&str], question: Question<'_>) -> usize {
    let records = rows(folder, manifest, "ec2_instances");
    let mut compared = 0;
    for account in ACCOUNTS {
        for region in regions {
            let answer = emulator().ask(&[question(account, "ec2", "describe_instances", region, json!({}))]);
            for reservation in answer[0]["answer"]["Reservations"].as_array().expect("reservations") {
                for item in reservation["Instances"].as_array().expect("instances") {
                    let record = records
                        .iter()
                        .find(|row| {
                            row["id"] == item["InstanceId"] && row["account_id"] == account && row["region"] == *region
                        })
                        .expect("the record is there");
                    compare("an instance", record, item, account);
                    assert_eq!(record["reservation_id"], reservation["ReservationId"]);
                    assert_eq!(record["owner_id"], reservation["OwnerId"]);
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, records.len());
    compared
}

fn zones(folder: &std::path::Path, manifest: &Value, question: Question<'_>) -> usize {
    let zones = rows(folder, manifest, "route53_hosted_zones");
    let records = rows(folder, manifest, "route53_records");
    let mut compared = 0;
    for account in ACCOUNTS {
        let listed = emulator().ask(&[question(account, "route53", "list_hosted_zones", "global", json!({}))]);
        for item in listed[0]["answer"]["HostedZones"].as_array().expect("zones") {
            let zone = zones.iter().find(|row| row["aws_id"] == item["Id"]).expect("the zone is there");
            compare("a zone", zone, item, account);
            let id = zone["id"].as_str().expect("an id");
            assert_eq!(zone["arn"], format!("arn:aws:route53:::hostedzone/{id}"));
            let ask = |operation: &str, params: Value| question(account, "route53", operation, "global", params);
            let answers = emulator().ask(&[
                ask("get_hosted_zone", json!({ "Id": id })),
                ask("list_tags_for_resource", json!({ "ResourceType": "hostedzone", "ResourceId": id })),
                ask("list_resource_record_sets", json!({ "HostedZoneId": id })),
            ]);
            let details = &answers[0]["answer"];
            assert_eq!(
                zone.get("vpcs"),
                details.get("VPCs").filter(|vpcs| vpcs.as_array().is_some_and(|vpcs| !vpcs.is_empty()))
            );
            assert_eq!(zone.get("delegation_set"), details.get("DelegationSet"));
            assert_eq!(zone["tags"], tags(&answers[1]["answer"]["ResourceTagSet"]["Tags"]));
            let sets = answers[2]["answer"]["ResourceRecordSets"].as_array().expect("record sets").clone();
            let here: Vec<&Value> = records.iter().filter(|row| row["hosted_zone_id"] == id).collect();
            assert_eq!(here.len(), sets.len());
            for set in &sets {
                let mut key =
                    format!("{id}/{}/{}", set["Name"].as_str().expect("a name"), set["Type"].as_str().expect("a type"));
                if let Some(identifier) = set["SetIdentifier"].as_str() {
                    key = format!("{key}/{identifier}");
                }
                let record =
                    here.iter().find(|row| row["id"] == key.as_str()).unwrap_or_else(|| panic!("{key} is not there"));
                compare(&key, record, set, account);
                compared += 1;
            }
            compared += 1;
        }
    }
    assert!(records.iter().any(|row| row["name"] != row["name_decoded"]), "no name was decoded");
    compared
}
