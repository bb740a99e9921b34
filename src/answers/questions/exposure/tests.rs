//! Checks each question on a small estate: what it finds, what it leaves out, and what is unknown.

use serde_json::{Value, json};

use crate::answers::facts::{Facts, FactsBuilder};
use crate::answers::questions::{Options, find};
use crate::answers::reach::Reachability;
use crate::inventory::Status;

const A: &str = "111122223333";
const B: &str = "444455556666";
const R: &str = "eu-west-1";

/// A row of an account, with further columns.
fn row(account: &str, id: &str, more: Value) -> Value {
    let mut row = json!({"account_id": account, "region": R, "id": id, "tags": {}});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

/// The values of these columns of every row.
fn answer(name: &str, facts: &Facts, columns: &[&str]) -> Vec<Value> {
    let question = find(name).unwrap();
    let place = |name: &&str| question.columns.iter().position(|column| column.name == *name).unwrap();
    let rows = (question.answer)(facts, &Options::defaults(question));
    let values = |row: crate::answers::questions::AnswerRow| {
        assert_eq!((row.values.len(), row.region.as_deref()), (question.columns.len(), Some(R)));
        Value::Array(columns.iter().map(|column| row.values[place(column)].clone()).collect())
    };
    rows.into_iter().map(values).collect()
}

/// A VPC with a public and a private subnet, each with a network ACL that allows everything.
fn network(name: &str) -> FactsBuilder {
    let off = json!({"InternetGatewayBlockMode": "off"});
    let subnet = json!({"vpc_id": "vpc-1", "block_public_access_states": off});
    let table = |subnet: &str, gateway: &str| {
        json!({
            "vpc_id": "vpc-1",
            "associations": [{"SubnetId": subnet}],
            "routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway, "State": "active"}],
        })
    };
    let entry = |egress: bool| json!({"CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 100});
    let acl = json!({
        "associations": [{"SubnetId": "subnet-public"}, {"SubnetId": "subnet-private"}],
        "entries": [entry(false), entry(true)],
    });
    FactsBuilder::new(find(name).unwrap().reads)
        .row("ec2_vpcs", row(A, "vpc-1", json!({"block_public_access_states": off})))
        .row("ec2_subnets", row(A, "subnet-public", subnet.clone()))
        .row("ec2_subnets", row(A, "subnet-private", subnet))
        .row("ec2_route_tables", row(A, "rtb-1", table("subnet-public", "igw-1")))
        .row("ec2_route_tables", row(A, "rtb-2", table("subnet-private", "vgw-1")))
        .row("ec2_network_acls", row(A, "acl-1", acl))
}

fn group(id: &str, sources: &[&str]) -> Value {
    let ranges: Vec<Value> =
        sources.iter().filter(|text| text.contains('.')).map(|text| json!({"CidrIp": text})).collect();
    let lists: Vec<Value> =
        sources.iter().filter(|text| text.starts_with("pl-")).map(|text| json!({"PrefixListId": text})).collect();
    let rule = json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 23, "IpRanges": ranges, "PrefixListIds": lists});
    row(A, id, json!({"group_name": "ssh", "vpc_id": "vpc-1", "ip_permissions": [rule]}))
}

fn interface(id: &str, subnet: &str, groups: &[&str]) -> Value {
    let groups: Vec<Value> = groups.iter().map(|group| json!({"GroupId": group})).collect();
    let address = json!({"PublicIp": "3.4.5.6"});
    row(A, id, json!({"subnet_id": subnet, "vpc_id": "vpc-1", "groups": groups, "association": address}))
}

#[test]
fn open_groups_are_told_by_what_they_reach() {
    let columns = ["group_id", "protocol", "from_port", "to_port", "cidr", "used_by", "verdict"];
    let facts = network("open-security-groups")
        .row("ec2_security_groups", group("sg-closed", &["10.0.0.0/8"]))
        .row("ec2_security_groups", group("sg-halves", &["0.0.0.0/1", "128.0.0.0/1"]))
        .row("ec2_security_groups", group("sg-list", &["pl-0123456789abcdef0"]))
        .row("ec2_security_groups", group("sg-open", &["0.0.0.0/0"]))
        .row("ec2_security_groups", group("sg-unused", &["0.0.0.0/0"]))
        .row("ec2_network_interfaces", interface("eni-1", "subnet-public", &["sg-open", "sg-closed"]))
        .row("ec2_network_interfaces", interface("eni-2", "subnet-private", &["sg-open", "sg-halves"]))
        .row("ec2_network_interfaces", interface("eni-3", "subnet-public", &["sg-list"]))
        .facts();
    assert_eq!(
        answer("open-security-groups", &facts, &columns),
        [
            json!(["sg-halves", "tcp", 22, 23, "0.0.0.0/1, 128.0.0.0/1", [], "shielded"]),
            json!(["sg-list", "tcp", 22, 23, "pl-0123456789abcdef0", [], "unknown"]),
            json!(["sg-open", "tcp", 22, 23, "0.0.0.0/0", ["eni-1"], "open"]),
            json!(["sg-unused", "tcp", 22, 23, "0.0.0.0/0", [], "unused"]),
        ]
    );
}

#[test]
fn groups_that_are_open_together_are_both_rows() {
    let facts = network("open-security-groups")
        .row("ec2_security_groups", group("sg-1", &["64.0.0.0/2"]))
        .row("ec2_security_groups", group("sg-2", &["128.0.0.0/1"]))
        .row("ec2_security_groups", group("sg-3", &["128.0.0.0/1"]))
        .row("ec2_network_interfaces", interface("eni-1", "subnet-public", &["sg-1", "sg-2"]))
        .row("ec2_network_interfaces", interface("eni-2", "subnet-public", &["sg-3"]))
        .facts();
    assert_eq!(
        answer("open-security-groups", &facts, &["group_id", "cidr", "used_by", "verdict"]),
        [json!(["sg-1", "64.0.0.0/2", ["eni-1"], "open"]), json!(["sg-2", "128.0.0.0/1", ["eni-1"], "open"])]
    );
}

/// A group may be shared with an account that has interfaces where nobody else sees them.
#[test]
fn an_open_group_is_unknown_if_an_account_that_sees_it_was_not_answered() {
    let shared = |account: &str| {
        let mut shared = group("sg-shared", &["0.0.0.0/0"]);
        shared["account_id"] = json!(account);
        shared["owner_id"] = json!(A);
        shared["arn"] = json!(format!("arn:aws:ec2:{R}:{A}:security-group/sg-shared"));
        shared
    };
    let estate = || {
        let rows = [A, B].map(|account| ("ec2_security_groups", shared(account)));
        rows.into_iter().fold(network("open-security-groups"), |estate, (table, row)| estate.row(table, row))
    };
    let verdict = |facts: &Facts| answer("open-security-groups", facts, &["group_id", "verdict"]);
    assert_eq!(verdict(&estate().facts()), [json!(["sg-shared", "unused"])]);
    let denied = estate().status(B, R, "ec2_network_interfaces", Status::Denied);
    assert_eq!(verdict(&denied.facts()), [json!(["sg-shared", "unknown"])]);
}

#[test]
fn an_open_group_is_unknown_where_its_use_or_the_way_was_not_seen() {
    let verdicts = |account: &str, table: &str, subnet: &str| {
        let facts = network("open-security-groups")
            .row("ec2_subnets", row(B, "subnet-public", json!({"owner_id": A, "vpc_id": "vpc-1"})))
            .row("ec2_security_groups", group("sg-open", &["0.0.0.0/0"]))
            .row("ec2_security_groups", group("sg-unused", &["0.0.0.0/0"]))
            .row("ec2_network_interfaces", interface("eni-1", subnet, &["sg-open"]))
            .account(B, R)
            .status(account, R, table, Status::Denied)
            .facts();
        let rows = answer("open-security-groups", &facts, &["verdict"]);
        rows.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(A, "ec2_network_interfaces", "subnet-public"), ["unknown", "unknown"]);
    assert_eq!(verdicts(B, "ec2_network_interfaces", "subnet-public"), ["open", "unknown"], "B has a shared subnet");
    assert_eq!(verdicts(A, "ec2_network_acls", "subnet-public"), ["unknown", "unused"]);
    assert_eq!(verdicts(A, "ec2_network_acls", "subnet-private"), ["shielded", "unused"], "the route is certain");
    assert_eq!(verdicts(A, "ec2_security_groups", "subnet-public"), ["unknown", "unknown"]);
}

#[test]
fn exposed_instances_say_where_and_by_what() {
    let instance = |id: &str, subnet: &str, group: &str| {
        let interface = json!({
            "SubnetId": subnet, "VpcId": "vpc-1", "Groups": [{"GroupId": group}], "Association": {"PublicIp": "3.4.5.6"}
        });
        row(A, id, json!({"state": {"Name": "running"}, "subnet_id": subnet, "network_interfaces": [interface]}))
    };
    let facts = network("exposed-instances")
        .row("ec2_security_groups", group("sg-open", &["0.0.0.0/0"]))
        .row("ec2_security_groups", group("sg-closed", &["10.0.0.0/8"]))
        .row("ec2_instances", instance("i-1", "subnet-public", "sg-open"))
        .row("ec2_instances", instance("i-2", "subnet-private", "sg-open"))
        .row("ec2_instances", instance("i-3", "subnet-public", "sg-closed"))
        .row("ec2_instances", instance("i-4", "subnet-public", "sg-of-somebody"))
        .row("ec2_instances", row(A, "i-5", json!({"state": {"Name": "terminated"}})))
        .facts();
    let columns = ["instance_id", "state", "addresses", "ports", "allowed_by", "verdict", "reason"];
    let unseen = "a security group or one of its prefix lists is not known";
    assert_eq!(
        answer("exposed-instances", &facts, &columns),
        [
            json!(["i-1", "running", ["3.4.5.6"], ["tcp 22-23"], ["sg-open"], "reachable", null]),
            json!(["i-4", "running", ["3.4.5.6"], [], [], "unknown", unseen]),
        ]
    );
}

#[test]
fn public_snapshots_are_listed() {
    let snapshot = json!({"volume_size": 8, "encrypted": false, "start_time": "2026-01-02T03:04:05Z"});
    let facts = FactsBuilder::new(find("public-snapshots").unwrap().reads)
        .row("ec2_public_snapshots", row(A, "snap-1", snapshot))
        .facts();
    assert_eq!(
        answer("public-snapshots", &facts, &["snapshot_id", "name", "volume_size", "encrypted", "start_time"]),
        [json!(["snap-1", null, 8, false, "2026-01-02T03:04:05Z"])]
    );
}

#[test]
fn public_images_are_told_from_private_ones() {
    let image = |id: &str, public: Value| row(A, id, json!({"name": "base", "public": public, "state": "available"}));
    let facts = FactsBuilder::new(find("public-images").unwrap().reads)
        .row("ec2_images", image("ami-1", json!(true)))
        .row("ec2_images", image("ami-2", json!(false)))
        .row("ec2_images", image("ami-3", Value::Null))
        .facts();
    assert_eq!(
        answer("public-images", &facts, &["image_id", "image_name", "state"]),
        [json!(["ami-1", "base", "available"])]
    );
}

#[test]
fn what_was_denied_is_in_the_coverage() {
    for (name, table) in [("public-images", "ec2_images"), ("public-snapshots", "ec2_public_snapshots")] {
        let reads = find(name).unwrap().reads;
        let facts = FactsBuilder::new(reads).account(A, R).status(B, R, table, Status::Denied).facts();
        let unknown = facts.cells.coverage(reads, &facts.selection).unknown;
        assert_eq!(unknown.iter().map(|cell| (&*cell.account_id, &*cell.table)).collect::<Vec<_>>(), [(B, table)]);
    }
}

#[test]
fn instances_are_read_with_every_column_that_reach_needs() {
    let reads = find("exposed-instances").unwrap().reads;
    let columns = reads.iter().find(|read| read.table == "ec2_instances").unwrap().columns;
    assert!(Reachability::INSTANCE_COLUMNS.iter().all(|column| columns.contains(column)));
}
