//! Checks each question on a small estate and the one before it: what it finds, what it leaves out, and what is unknown.

use serde_json::{Value, json};

use crate::answers::facts::{Change, ChangedRow, EarlierFacts, Facts, FactsBuilder};
use crate::answers::questions::{Options, find};
use crate::inventory::Status;

const A: &str = "111122223333";
const B: &str = "444455556666";
const R: &str = "eu-west-1";

fn rows(name: &str, facts: &Facts) -> Vec<Value> {
    let question = find(name).unwrap();
    let rows = (question.answer)(facts, &Options::defaults(question));
    let row = |row: crate::answers::questions::AnswerRow| {
        assert_eq!(row.values.len(), question.columns.len());
        Value::Array([json!(row.account_id), json!(row.region)].into_iter().chain(row.values).collect())
    };
    rows.into_iter().map(row).collect()
}

fn changed(account_id: &str, table: &'static str, id: &str, change: Change) -> ChangedRow {
    ChangedRow {
        run_id: "two".into(),
        account_id: account_id.into(),
        region: R.into(),
        table,
        id: id.into(),
        arn: None,
        name: None,
        change,
        previous_run_id: "one".into(),
        previous_collected_at: None,
        collected_at: None,
        members: (change == Change::Changed).then(|| json!({ "ttl": { "before": 60, "after": 300 } })),
    }
}

fn with_changes(changes: Vec<ChangedRow>) -> Facts {
    let mut facts = FactsBuilder::new(&[]).account(A, R).facts();
    facts.earlier = Some(EarlierFacts { changes, facts: None });
    facts
}

#[test]
fn changes_are_counted_by_account_region_and_table() {
    let facts = with_changes(vec![
        changed(A, "ec2_vpcs", "vpc-1", Change::Added),
        changed(A, "ec2_vpcs", "vpc-2", Change::Added),
        changed(A, "ec2_subnets", "subnet-1", Change::Changed),
        changed(B, "ec2_vpcs", "vpc-3", Change::Removed),
    ]);
    let expected =
        [json!([A, R, "ec2_subnets", 0, 0, 1]), json!([A, R, "ec2_vpcs", 2, 0, 0]), json!([B, R, "ec2_vpcs", 0, 1, 0])];
    assert_eq!(rows("changes-by-account", &facts), expected);
    assert!(rows("changes-by-account", &with_changes(Vec::new())).is_empty());
    let nothing_before = FactsBuilder::new(&[]).account(A, R).facts();
    assert!(rows("changes-by-account", &nothing_before).is_empty(), "what was not compared did not change");
}

#[test]
fn records_that_changed_are_told_with_their_members() {
    let facts = with_changes(vec![
        changed(A, "route53_records", "Z1/www.example.com./A", Change::Changed),
        changed(A, "route53_records", "Z1/old.example.com./A", Change::Removed),
        changed(A, "route53_hosted_zones", "Z1", Change::Changed),
    ]);
    let found = rows("records-changed", &facts);
    assert_eq!(found.len(), 2, "zones are no records: {found:?}");
    assert_eq!((&found[0][4], &found[0][5]["ttl"]["after"]), (&json!("changed"), &json!(300)));
    assert_eq!((&found[1][4], &found[1][5]), (&json!("removed"), &Value::Null));
}

/// A subnet with a route to the internet, a group that lets everybody in if it is open, and an interface with an address.
fn network(is_open: bool) -> FactsBuilder {
    let row = |id: &str, more: Value| {
        let mut row = json!({ "account_id": A, "region": R, "id": id, "tags": {} });
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let off = json!({ "InternetGatewayBlockMode": "off" });
    let entry = |egress: bool| json!({ "CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 100 });
    let ranges = if is_open { json!([{ "CidrIp": "0.0.0.0/0" }]) } else { json!([{ "CidrIp": "203.0.113.7/32" }]) };
    let rule = json!([{ "FromPort": 443, "ToPort": 443, "IpProtocol": "tcp", "IpRanges": ranges }]);
    FactsBuilder::new(find("new-public-exposure").unwrap().reads)
        .row("ec2_vpcs", row("vpc-1", json!({ "block_public_access_states": off })))
        .row("ec2_subnets", row("subnet-1", json!({ "vpc_id": "vpc-1", "block_public_access_states": off })))
        .row(
            "ec2_route_tables",
            row(
                "rtb-1",
                json!({ "vpc_id": "vpc-1", "associations": [{ "SubnetId": "subnet-1" }],
            "routes": [{ "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active" }] }),
            ),
        )
        .row(
            "ec2_network_acls",
            row(
                "acl-1",
                json!({ "associations": [{ "SubnetId": "subnet-1" }],
            "entries": [entry(false), entry(true)] }),
            ),
        )
        .row("ec2_security_groups", row("sg-1", json!({ "ip_permissions": rule })))
}

fn interface(builder: FactsBuilder) -> FactsBuilder {
    let association = json!({ "PublicIp": "52.0.0.1" });
    builder.row(
        "ec2_network_interfaces",
        json!({ "account_id": A, "region": R, "id": "eni-1", "tags": { "Name": "web" }, "vpc_id": "vpc-1",
                "subnet_id": "subnet-1", "groups": [{ "GroupId": "sg-1" }], "association": association,
                "interface_type": "interface",
                "private_ip_addresses": [{ "PrivateIpAddress": "10.0.0.5", "Association": association }] }),
    )
}

fn since(before: FactsBuilder, now: FactsBuilder) -> Vec<Value> {
    let mut facts = now.facts();
    facts.earlier = Some(EarlierFacts { changes: Vec::new(), facts: Some(Box::new(before.facts())) });
    let verdict = |row: Value| json!([row[2], row[6], row[7]]);
    rows("new-public-exposure", &facts).into_iter().map(verdict).collect()
}

#[test]
fn what_became_reachable_is_found() {
    let opened = since(interface(network(false)), interface(network(true)));
    assert_eq!(opened, [json!(["eni-1", true, "new"])], "its group was opened");
    let made = since(network(true), interface(network(true)));
    assert_eq!(made, [json!(["eni-1", false, "new"])], "it was not there");
    assert!(since(interface(network(true)), interface(network(true))).is_empty(), "it was reached before");
    assert!(since(interface(network(true)), interface(network(false))).is_empty(), "it is reached no more");
    assert!(since(interface(network(false)), interface(network(false))).is_empty());
}

#[test]
fn what_was_not_seen_on_one_side_is_unknown() {
    let denied = |builder: FactsBuilder, table: &str| builder.status(A, R, table, Status::Denied);
    let unseen = since(denied(network(true), "ec2_network_interfaces"), interface(network(true)));
    assert_eq!(unseen, [json!(["eni-1", null, "unknown"])], "nobody looked before");
    let before = denied(interface(network(false)), "ec2_security_groups");
    let stale = since(before, interface(network(true)));
    assert!(stale.iter().all(|row| row[2] != "new" || row[1] == true), "{stale:?}");
    let mut facts = interface(network(true)).facts();
    facts.earlier = None;
    assert!(rows("new-public-exposure", &facts).is_empty(), "nothing is compared");
}
