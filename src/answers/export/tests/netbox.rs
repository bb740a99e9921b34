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

/// An object that the estate does not have any more, as the API returns it.
fn gone(kind: NetboxKind, id: u64, resource: &str, is_own: bool, more: Value) -> ExistingObject {
    let tags = if is_own { json!([{ "id": 1, "name": "rolecall", "slug": "rolecall" }]) } else { json!([]) };
    let mut fields = json!({ "id": id, "name": resource, "description": format!("{resource} of {ONE} in eu-central-1"), "tags": tags });
    for (name, value) in more.as_object().unwrap() {
        fields[name] = value.clone();
    }
    ExistingObject { kind, id, fields }
}

#[test]
fn what_stays_keeps_what_it_belongs_to() {
    use NetboxKind::{Address, Interface, Machine, Prefix, Vrf};
    let within = |id: u64| json!({ "id": id });
    let assigned = |id: u64, address: &str| json!({ "address": address, "vrf": null, "assigned_object_type": "virtualization.vminterface", "assigned_object_id": id });
    let existing = [
        gone(Vrf, 1, "vpc-91", true, json!({ "rd": "vpc-91" })),
        gone(Prefix, 2, "subnet-91", false, json!({ "prefix": "10.1.0.0/24", "vrf": within(1) })),
        gone(Vrf, 3, "vpc-93", true, json!({ "rd": "vpc-93" })),
        gone(Prefix, 4, "subnet-93", true, json!({ "prefix": "10.3.0.0/24", "vrf": within(3) })),
        gone(Machine, 5, "i-95", true, json!({ "cluster": within(50) })),
        gone(Interface, 6, "eni-95", true, json!({ "virtual_machine": within(5) })),
        gone(Address, 7, "eipalloc-95", false, assigned(6, "198.51.100.7/32")),
        gone(Machine, 8, "i-98", true, json!({ "cluster": within(50) })),
        gone(Interface, 9, "eni-98", true, json!({ "virtual_machine": within(8) })),
        gone(Address, 10, "eipalloc-98", true, assigned(9, "198.51.100.10/32")),
        // It is assigned to an interface of the estate now.
        gone(Interface, 11, "eni-99", true, json!({ "virtual_machine": within(12) })),
        gone(Machine, 12, "i-99", true, json!({ "cluster": within(50) })),
        gone(Address, 13, "eni-1", true, assigned(11, "192.0.2.9/32")),
    ];
    let facts = estate().facts();
    let difference = NetboxDifference::new(&facts, &objects(&facts), &existing);
    let deleted = difference.steps.iter().filter_map(|step| match step {
        NetboxStep::Delete { id, .. } => Some(*id),
        _ => None,
    });
    assert_eq!(deleted.collect::<Vec<_>>(), [10, 9, 11, 8, 12, 4, 3]);
    assert_eq!(difference.kept, 3);
    // In another account, which is not known, all of that stays.
    let facts = estate().status(ONE, "eu-central-1", "ec2_subnets", Status::Denied).facts();
    let difference = NetboxDifference::new(&facts, &objects(&facts), &existing);
    let deletes = |wanted: u64| {
        difference.steps.iter().any(|step| matches!(step, NetboxStep::Delete { id, .. } if *id == wanted))
    };
    assert!(!deletes(4) && !deletes(3) && deletes(8), "a VRF with a prefix that is kept is kept");
}

#[test]
fn names_that_netbox_has_once_are_found_by_name_too() {
    let named = |kind: NetboxKind, id: u64, name: &str, slug: &str| {
        let fields = json!({ "id": id, "name": name, "slug": slug, "tags": [], "description": "" });
        ExistingObject { kind, id, fields }
    };
    let existing = [
        named(NetboxKind::Tag, 1, "Rolecall (AWS)", "rolecall"),
        named(NetboxKind::Tenant, 2, "ACME", "acme-corp"),
        named(NetboxKind::ClusterType, 3, "amazon ec2", "EC2"),
        named(NetboxKind::Role, 4, "VPCs", "AWS-VPC"),
    ];
    let facts = estate().facts();
    let difference = NetboxDifference::new(&facts, &objects(&facts), &existing);
    for (kind, key, id) in
        [(NetboxKind::Tenant, "acme", 2), (NetboxKind::ClusterType, "amazon-ec2", 3), (NetboxKind::Role, "aws-vpc", 4)]
    {
        assert_eq!(difference.ids.get(&(kind, key.to_owned())), Some(&id), "{key}");
    }
    for step in &difference.steps {
        let NetboxStep::Create(object) = step else { panic!("{step:?}") };
        assert!(!["acme", "amazon-ec2", "aws-vpc"].contains(&object.key.as_str()), "{step:?}");
        let tags = object.fields.get("tags").map(|tags| format!("{tags:?}"));
        assert!(tags.is_none_or(|tags| tags.contains("Rolecall (AWS)")), "{step:?}");
    }
}

#[test]
fn an_object_of_netbox_is_not_two_of_the_estate() {
    // It has the slug of one tenant and the name of another. NetBox itself says that the name is taken.
    let fields = json!({ "id": 2, "name": "Acme", "slug": OTHER, "tags": [], "description": "" });
    let existing = [ExistingObject { kind: NetboxKind::Tenant, id: 2, fields }];
    let facts = estate().facts();
    let difference = NetboxDifference::new(&facts, &objects(&facts), &existing);
    let of = |key: &str| difference.ids.get(&(NetboxKind::Tenant, key.to_owned()));
    assert_eq!((of(OTHER), of("acme")), (Some(&2), None));
    let is_created = |step: &NetboxStep| matches!(step, NetboxStep::Create(object) if object.key == "acme");
    assert!(difference.steps.iter().any(is_created));
}
