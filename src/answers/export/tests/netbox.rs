use std::collections::HashMap;

use serde_json::{Value, json};

use super::zones::{ONE, OTHER, record};
use crate::answers::export::netbox::{
    ExistingObject, NETBOX_READS, NetboxDifference, NetboxKind, NetboxObject, NetboxStep, netbox_csv, netbox_objects,
};
use crate::answers::facts::{Facts, FactsBuilder};
use crate::inventory::Status;

fn row(account: &str, id: &str, columns: Value) -> Value {
    let mut row = json!({ "account_id": account, "region": "eu-central-1", "id": id });
    for (column, value) in columns.as_object().unwrap() {
        row[column] = value.clone();
    }
    row
}

fn estate() -> FactsBuilder {
    let interface = json!({
        "vpc_id": "vpc-1", "subnet_id": "subnet-1", "attachment": { "InstanceId": "i-1" },
        "private_ip_addresses": [
            { "PrivateIpAddress": "10.0.0.9", "PrivateDnsName": "ip-10-0-0-9.eu-central-1.compute.internal",
              "Association": { "PublicIp": "192.0.2.9", "PublicDnsName": "ec2-192-0-2-9.eu-central-1.compute.amazonaws.com" } },
            { "PrivateIpAddress": "10.0.0.10" },
        ],
        "ipv6_addresses": [{ "Ipv6Address": "2001:db8:1::9" }],
    });
    let named = record("Z1", "www.example.com.", "A", &["192.0.2.9"]);
    FactsBuilder::new(NETBOX_READS)
        .row(
            "ec2_vpcs",
            row(ONE, "vpc-1", json!({ "cidr_block": "10.0.0.0/16", "tags": { "Name": "=core, \"main\"" } })),
        )
        .row("ec2_vpcs", row(OTHER, "vpc-2", json!({ "cidr_block": "10.0.0.0/24" })))
        .row(
            "ec2_subnets",
            row(
                ONE,
                "subnet-1",
                json!({
                    "vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24", "available_ip_address_count": 249,
                    "ipv6_cidr_block_association_set": [{ "Ipv6CidrBlock": "2001:db8:1::/64" }],
                }),
            ),
        )
        // It is all of its VPC's range, and so one prefix with it.
        .row("ec2_subnets", row(OTHER, "subnet-2", json!({ "vpc_id": "vpc-2", "cidr_block": "10.0.0.0/24" })))
        .row(
            "ec2_instances",
            row(
                ONE,
                "i-1",
                json!({ "state": { "Name": "running" }, "instance_type": "t3.nano", "tags": { "Name": "web" } }),
            ),
        )
        .row("ec2_instances", row(ONE, "i-2", json!({ "state": { "Name": "terminated" } })))
        .row("ec2_network_interfaces", row(ONE, "eni-1", interface))
        .row("ec2_addresses", row(ONE, "eipalloc-1", json!({ "public_ip": "192.0.2.9" })))
        .row("ec2_addresses", row(ONE, "eipalloc-2", json!({ "public_ip": "192.0.2.10" })))
        .row("route53_records", named)
}

fn objects(facts: &Facts) -> Vec<NetboxObject> {
    netbox_objects(facts, &HashMap::from([(ONE.to_owned(), "Acme".to_owned())]))
}

#[test]
fn an_estate_becomes_objects_of_netbox() {
    let files = netbox_csv(&objects(&estate().facts()));
    let files = files.into_iter().map(|file| format!("==== {}\n{}", file.path, String::from_utf8(file.bytes).unwrap()));
    insta::assert_snapshot!(files.collect::<String>().replace("\r\n", "\n"));
}

/// A VRF as the API returns it.
fn vrf(id: u64, rd: &str, description: &str, tags: Value) -> ExistingObject {
    let fields = json!({ "id": id, "name": rd, "rd": rd, "description": description, "tags": tags, "tenant": null });
    ExistingObject { kind: NetboxKind::Vrf, id, fields }
}

#[test]
fn nothing_is_deleted_that_an_unknown_cell_may_hide() {
    let own = json!([{ "id": 1, "slug": "rolecall" }]);
    let existing = [
        vrf(1, "vpc-0", &format!("vpc-0 of {ONE} in eu-central-1"), own.clone()),
        vrf(2, "vpc-3", &format!("vpc-3 of {OTHER} in eu-central-1"), own.clone()),
        vrf(3, "vpc-4", &format!("vpc-4 of {ONE} in eu-west-1"), own.clone()),
        vrf(4, "vpc-5", "ours", own.clone()),
        vrf(5, "vpc-6", &format!("vpc-6 of {ONE} in eu-central-1"), json!([])),
        vrf(6, "vpc-1", "ours", json!([])),
    ];
    let facts = estate().status(OTHER, "eu-central-1", "ec2_vpcs", Status::Denied).facts();
    let difference = NetboxDifference::new(&facts, &objects(&facts), &existing);
    let deleted = difference.steps.iter().filter_map(|step| match step {
        NetboxStep::Delete { id, .. } => Some(*id),
        _ => None,
    });
    assert_eq!(deleted.collect::<Vec<_>>(), [1]);
    assert_eq!((difference.kept, difference.of_others), (3, 1));
    let is_of_others = |step: &NetboxStep| matches!(step, NetboxStep::Create(object) if object.key == "vpc-1");
    assert!(!difference.steps.iter().any(is_of_others));
}
