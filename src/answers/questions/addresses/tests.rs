//! Checks the questions about addresses on a small estate.

use serde_json::{Value, json};

use super::QUESTIONS;
use crate::answers::facts::{Facts, FactsBuilder, RowFilter};
use crate::answers::questions::{AnswerRow, Options, Question};
use crate::inventory::Status;

const A: &str = "111122223333";
const B: &str = "444455556666";
const HOME: &str = "eu-west-1";

fn question(name: &str) -> &'static Question {
    QUESTIONS.iter().find(|question| question.name == name).unwrap()
}

fn row(account: &str, id: &str, name: Option<&str>, columns: Value) -> Value {
    let mut row = json!({"account_id": account, "region": HOME, "id": id, "tags": {}});
    if let Some(name) = name {
        row["tags"] = json!({"Name": name});
    }
    row.as_object_mut().unwrap().extend(columns.as_object().unwrap().clone());
    row
}

/// Two accounts with one of everything that bears a public address, and with what must not be found.
fn estate() -> Vec<(&'static str, Value)> {
    let mut rows = elastic();
    rows.extend(bearers());
    rows
}

fn elastic() -> Vec<(&'static str, Value)> {
    let table = "ec2_addresses";
    let used = json!({
        "public_ip": "203.0.113.1", "allocation_id": "eipalloc-1", "association_id": "eipassoc-1",
        "public_ipv4_pool": "amazon",
        "network_interface_id": "eni-1", "instance_id": "i-1", "network_border_group": HOME,
    });
    let free = json!({
        "public_ip": "203.0.113.2", "allocation_id": "eipalloc-2", "public_ipv4_pool": "amazon",
        "network_border_group": HOME, "instance_id": "",
    });
    let pool = |ip: &str, id: &str, pool: &str| {
        let columns = json!({
            "public_ip": ip, "allocation_id": id, "association_id": "eipassoc-9", "network_interface_id": "eni-9",
            "public_ipv4_pool": pool,
        });
        (table, row(A, id, None, columns))
    };
    let stopped = json!({
        "public_ip": "203.0.113.8", "allocation_id": "eipalloc-8", "association_id": "eipassoc-8",
        "public_ipv4_pool": "amazon",
        "network_interface_id": "eni-8", "instance_id": "i-8", "service_managed": "alb",
    });
    let outpost = json!({
        "customer_owned_ip": "198.51.100.9", "customer_owned_ipv4_pool": "ipv4pool-coip-1",
        "allocation_id": "eipalloc-9",
        "association_id": "eipassoc-9",
    });
    vec![
        (table, row(A, "eipalloc-1", Some("front"), used)),
        (table, row(A, "eipalloc-2", None, free)),
        pool("203.0.113.3", "eipalloc-3", "ipv4pool-ec2-1"),
        pool("203.0.113.4", "eipalloc-4", "ipam-pool-byoip"),
        pool("203.0.113.5", "eipalloc-5", "ipam-pool-amazon"),
        pool("203.0.113.6", "eipalloc-6", "ipam-pool-elsewhere"),
        (table, row(B, "eipalloc-8", None, stopped)),
        (table, row(B, "eipalloc-9", None, outpost)),
        ("ec2_ipam_pools", row(B, "ipam-pool-byoip", None, json!({"public_ip_source": "byoip"}))),
        ("ec2_ipam_pools", row(B, "ipam-pool-amazon", None, json!({"public_ip_source": "amazon"}))),
    ]
}

fn bearers() -> Vec<(&'static str, Value)> {
    let web = json!({
        "public_ip_address": "203.0.113.1", "ipv6_address": "2600:1f00::1", "state": {"Name": "running"},
    });
    let front = json!({
        "association": {"PublicIp": "203.0.113.1", "AllocationId": "eipalloc-1", "IpOwnerId": A},
        "attachment": {"InstanceId": "i-1"}, "status": "in-use",
        "private_ip_addresses": [
            {"PrivateIpAddress": "10.0.0.1", "Association": {"PublicIp": "203.0.113.1", "AllocationId": "eipalloc-1"}},
            {"PrivateIpAddress": "10.0.0.2", "Association": {"PublicIp": "203.0.113.20", "IpOwnerId": "amazon"}},
            {"PrivateIpAddress": "10.0.0.3"},
        ],
        "ipv6_addresses": [{"Ipv6Address": "2600:1f00::1"}, {"Ipv6Address": "fd00::1"}],
        "ipv6_prefixes": [{"Ipv6Prefix": "2600:1f00:0:1::/80"}],
        "private_ip_address": "10.0.0.1",
    });
    let balancer = json!({
        "association": {"PublicIp": "203.0.113.30", "IpOwnerId": "amazon-elb"}, "status": "in-use",
        "requester_managed": true, "ipv6_addresses": [],
    });
    let left = json!({
        "status": "available", "requester_managed": false, "interface_type": "interface", "description": "left",
        "vpc_id": "vpc-1", "subnet_id": "subnet-1", "private_ip_address": "10.0.0.9", "requester_id": "",
    });
    let managed =
        json!({"status": "available", "operator": {"Managed": true, "Principal": "eks"}, "requester_id": "77"});
    let nat = json!({
        "state": "available",
        "nat_gateway_addresses": [
            {"PublicIp": "203.0.113.40", "AllocationId": "eipalloc-40", "NetworkInterfaceId": "eni-40"},
        ],
    });
    let gone = json!({"state": "deleted", "nat_gateway_addresses": [{"PublicIp": "203.0.113.41"}]});
    let inside = json!({"state": "available", "nat_gateway_addresses": [{"PrivateIp": "10.0.0.7"}]});
    let vpn = json!({
        "state": "available",
        "vgw_telemetry": [
            {"OutsideIpAddress": "203.0.113.50"}, {"OutsideIpAddress": "10.9.0.1"}, {"OutsideIpAddress": "odd"},
        ],
    });
    let volume = |state: &str| {
        json!({
            "state": state, "size": 8, "volume_type": "gp3", "create_time": "2026-11-18T13:00:00Z", "encrypted": false,
        })
    };
    vec![
        ("ec2_instances", row(A, "i-1", Some("web"), web)),
        ("ec2_instances", row(B, "i-8", None, json!({"state": {"Name": "stopped"}}))),
        ("ec2_network_interfaces", row(A, "eni-1", Some("front interface"), front)),
        ("ec2_network_interfaces", row(B, "eni-30", None, balancer)),
        ("ec2_network_interfaces", row(B, "eni-60", Some("left"), left)),
        ("ec2_network_interfaces", row(B, "eni-61", None, managed)),
        ("ec2_nat_gateways", row(B, "nat-1", Some("out"), nat)),
        ("ec2_nat_gateways", row(B, "nat-2", None, gone)),
        ("ec2_nat_gateways", row(B, "nat-3", None, inside)),
        ("ec2_vpn_connections", row(B, "vpn-1", None, vpn)),
        ("ec2_volumes", row(A, "vol-1", Some("old"), volume("available"))),
        ("ec2_volumes", row(A, "vol-2", None, volume("in-use"))),
    ]
}

fn builder(question: &Question) -> FactsBuilder {
    let builder = FactsBuilder::new(question.reads);
    estate().into_iter().fold(builder, |builder, (table, row)| builder.row(table, row))
}

fn ask_with(name: &str, options: impl Fn(Options) -> Options) -> Vec<Value> {
    let question = question(name);
    let facts = builder(question).facts();
    plain((question.answer)(&facts, &options(Options::defaults(question))))
}

fn ask(name: &str) -> Vec<Value> {
    ask_with(name, |options| options)
}

/// The rows without their region: the account, then the values.
fn plain(rows: Vec<AnswerRow>) -> Vec<Value> {
    let row = |row: AnswerRow| {
        assert_eq!(row.region.as_deref(), Some(HOME));
        let mut values = vec![json!(row.account_id)];
        values.extend(row.values);
        Value::Array(values)
    };
    rows.into_iter().map(row).collect()
}

#[test]
fn every_row_has_the_columns_of_its_question() {
    for question in QUESTIONS {
        let facts: Facts = builder(question).facts();
        for row in (question.answer)(&facts, &Options::defaults(question)) {
            assert_eq!(row.values.len(), question.columns.len(), "{}", question.name);
            assert!(row.collected_at.is_some(), "{}", question.name);
        }
    }
}

#[test]
fn public_addresses_are_found_on_all_that_bears_them() {
    let expected = [
        json!([A, "2600:1f00:0:1::/80", "ipv6 prefix", ["eni-1", "i-1"], "front interface"]),
        json!([A, "2600:1f00::1", "ipv6", ["eni-1", "i-1"], "web"]),
        json!([A, "203.0.113.1", "elastic", ["eipalloc-1", "eni-1", "i-1"], "front"]),
        json!([A, "203.0.113.2", "elastic", ["eipalloc-2"], null]),
        json!([A, "203.0.113.20", "auto-assigned", ["eni-1", "i-1"], "front interface"]),
        json!([A, "203.0.113.3", "elastic", ["eipalloc-3", "eni-9"], null]),
        json!([A, "203.0.113.4", "elastic", ["eipalloc-4", "eni-9"], null]),
        json!([A, "203.0.113.5", "elastic", ["eipalloc-5", "eni-9"], null]),
        json!([A, "203.0.113.6", "elastic", ["eipalloc-6", "eni-9"], null]),
        json!([B, "198.51.100.9", "customer-owned", ["eipalloc-9"], null]),
        json!([B, "203.0.113.30", "auto-assigned", ["eni-30"], null]),
        json!([B, "203.0.113.40", "elastic", ["eni-40", "nat-1"], "out"]),
        json!([B, "203.0.113.50", "vpn tunnel", ["vpn-1"], null]),
        json!([B, "203.0.113.8", "elastic", ["eipalloc-8", "eni-8", "i-8"], null]),
    ];
    let mut rows = ask("public-addresses");
    rows.sort_by_key(|row| (row[0].to_string(), row[1].as_str().unwrap().to_owned()));
    let mut expected = expected.to_vec();
    expected.sort_by_key(|row| (row[0].to_string(), row[1].as_str().unwrap().to_owned()));
    assert_eq!(rows, expected);
}

#[test]
fn the_account_of_an_address_is_the_owner_of_what_bears_it() {
    let question = question("public-addresses");
    let association = json!({"association": {"PublicIp": "203.0.113.1"}, "owner_id": B});
    let facts =
        FactsBuilder::new(question.reads).row("ec2_network_interfaces", row(A, "eni-1", None, association)).facts();
    let rows = (question.answer)(&facts, &Options::default());
    assert_eq!(plain(rows), [json!([B, "203.0.113.1", "auto-assigned", ["eni-1"], null])]);
}

#[test]
fn brought_addresses_cost_nothing_and_those_of_an_unseen_pool_are_unclear() {
    // A: in use are .1, .5 and the secondary .20; idle is .2; .3 and .4 were brought; .6 has a pool that nobody sees.
    // B: in use are the balancer and the VPN tunnel; idle is .8, whose instance is stopped; the gateway's elastic
    // address was not seen.
    let expected = [json!([A, 3, 1, 2, 1, 10.95, 3.65, 14.6]), json!([B, 2, 1, 1, 1, 7.3, 3.65, 10.95])];
    assert_eq!(ask("public-ipv4-cost"), expected);
    let twice = ask_with("public-ipv4-cost", |options| options.with("price", "0.01"));
    assert_eq!(twice[0], json!([A, 3, 1, 2, 1, 21.9, 7.3, 29.2]));
}

#[test]
fn elastic_addresses_that_could_not_be_read_make_their_cost_unclear() {
    let question = question("public-ipv4-cost");
    let interface = json!({"association": {"PublicIp": "203.0.113.1", "AllocationId": "eipalloc-1"}});
    let facts = FactsBuilder::new(question.reads)
        .row("ec2_network_interfaces", row(A, "eni-1", None, interface))
        .status(A, HOME, "ec2_addresses", Status::Denied)
        .facts();
    let rows = plain((question.answer)(&facts, &Options::defaults(question)));
    assert_eq!(rows, [json!([A, 0, 0, 0, 1, 0.0, 0.0, 0.0])]);
    let unknown = facts.cells.coverage(question.reads, &facts.selection).unknown;
    assert_eq!(unknown.iter().map(|cell| cell.table.as_str()).collect::<Vec<_>>(), ["ec2_addresses"]);
}

#[test]
fn a_selection_by_tag_still_knows_the_pool_of_an_address() {
    let question = question("public-ipv4-cost");
    let tags = [("Name".to_owned(), "web".to_owned())].into();
    let facts = builder(question).selection(RowFilter { tags, ..RowFilter::default() }).facts();
    let rows = plain((question.answer)(&facts, &Options::defaults(question)));
    assert_eq!(rows, [json!([A, 1, 0, 0, 0, 3.65, 0.0, 3.65])]);
}

#[test]
fn what_is_attached_to_nothing_is_found() {
    assert_eq!(ask("unattached-addresses"), [json!([A, "203.0.113.2", "eipalloc-2", null, "amazon", HOME, null])]);
    assert_eq!(ask("unattached-volumes"), [json!([A, "vol-1", "old", 8, "gp3", 9, false, "2026-11-18T13:00:00Z"])]);
    assert_eq!(
        ask("unattached-interfaces"),
        [
            json!([B, "eni-60", "left", false, null, "interface", "left", "vpc-1", "subnet-1", "10.0.0.9"]),
            json!([B, "eni-61", null, true, "77", null, null, null, null, null]),
        ]
    );
}
