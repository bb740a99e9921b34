//! Checks each question about DNS on a small estate: what it finds, what it does not, and what is unknown.

use serde_json::{Value, json};

use super::super::{Options, find};
use crate::answers::facts::{Facts, FactsBuilder, RowFilter};
use crate::inventory::Status;

const A: &str = "111122223333";
const B: &str = "444455556666";
const R: &str = "eu-west-1";
const ZONES: &str = "route53_hosted_zones";
const RECORDS: &str = "route53_records";
const ASSOCIATIONS: &str = "route53_zone_associations";

fn estate(question: &str) -> FactsBuilder {
    FactsBuilder::new(find(question).unwrap().reads).account(A, R).account(B, R)
}

/// The rows of an answer in order: account, and the values of these columns.
fn ask(question: &str, facts: &Facts, columns: &[&str]) -> Vec<Value> {
    let question = find(question).unwrap();
    let at = |name: &&str| question.columns.iter().position(|column| column.name == *name).unwrap();
    let rows = (question.answer)(facts, &Options::defaults(question));
    let mut rows: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            assert_eq!((row.values.len(), row.region.as_deref()), (question.columns.len(), Some("global")));
            let own = columns.iter().map(|column| row.values[at(column)].clone());
            [json!(row.account_id)].into_iter().chain(own).collect()
        })
        .collect();
    rows.sort_by_key(Value::to_string);
    rows
}

fn private_zone(account: &str, id: &str, vpcs: Value) -> Value {
    json!({
        "account_id": account, "region": "global", "id": id, "name": "corp.example.", "config": {"PrivateZone": true},
        "vpcs": vpcs,
    })
}

fn association(account: &str, owner: &Value, zone: &str, vpc: &str) -> Value {
    let owner_id = owner["OwningAccount"].as_str().or(owner["OwningService"].as_str());
    json!({
        "account_id": account, "owner_id": owner_id, "region": R, "id": format!("{vpc}/{zone}"), "hosted_zone_id": zone,
        "name": "corp.example.", "owner": owner, "vpc_id": vpc,
    })
}

fn vpc(account: &str, id: &str) -> Value {
    json!({"account_id": account, "region": R, "id": id})
}

const PRIVATE: [&str; 6] = ["hosted_zone_id", "zone_owner", "vpc_id", "vpc_region", "vpc_account_id", "in_estate"];

fn private_zones() -> FactsBuilder {
    let seen = |ids: &[&str]| ids.iter().map(|id| json!({"VPCId": id, "VPCRegion": R})).collect::<Value>();
    let public = json!({"account_id": A, "region": "global", "id": "Z9", "name": "example.com.", "config": {"PrivateZone": false}});
    estate("private-zones")
        .row("ec2_vpcs", vpc(A, "vpc-a"))
        .row("ec2_vpcs", vpc(B, "vpc-b"))
        .row(ZONES, public)
        .row(ZONES, private_zone(A, "Z1", seen(&["vpc-a", "vpc-x"])))
        .row(ZONES, private_zone(A, "Z2", Value::Null))
        .row(ASSOCIATIONS, association(A, &json!({"OwningAccount": A}), "Z1", "vpc-a"))
        .row(ASSOCIATIONS, association(B, &json!({"OwningAccount": A}), "Z1", "vpc-b"))
        .row(ASSOCIATIONS, association(B, &json!({"OwningAccount": "777788889999"}), "Z3", "vpc-b"))
        .row(ASSOCIATIONS, association(B, &json!({"OwningService": "efs.amazonaws.com"}), "Z4", "vpc-b"))
}

#[test]
fn private_zones_and_who_sees_them() {
    assert_eq!(
        ask("private-zones", &private_zones().facts(), &PRIVATE),
        [
            json!([A, "Z1", A, "vpc-a", R, A, true]),
            json!([A, "Z1", A, "vpc-b", R, B, true]),
            json!([A, "Z1", A, "vpc-x", R, null, false]),
            json!([A, "Z2", A, null, null, null, null]),
            json!([B, "Z4", "efs.amazonaws.com", "vpc-b", R, B, true]),
            json!(["777788889999", "Z3", "777788889999", "vpc-b", R, B, true]),
        ]
    );
}

#[test]
fn a_vpc_that_may_be_in_an_unknown_account_is_neither_in_nor_out() {
    let rows = |region: &str| {
        let facts = private_zones().status(B, region, "ec2_vpcs", Status::Denied).facts();
        ask("private-zones", &facts, &["hosted_zone_id", "vpc_id", "in_estate"])
    };
    assert_eq!(rows(R)[2], json!([A, "Z1", "vpc-x", null]));
    assert_eq!(rows("*")[2], json!([A, "Z1", "vpc-x", null]));
    assert_eq!(rows("us-east-1")[2], json!([A, "Z1", "vpc-x", false]), "no VPC of that region is sought elsewhere");
}

#[test]
fn a_selected_account_has_its_zones_and_those_that_its_vpcs_see() {
    let only_b = RowFilter { accounts: Some([B.to_owned()].into()), ..RowFilter::default() };
    let rows = ask("private-zones", &private_zones().selection(only_b).facts(), &["hosted_zone_id", "vpc_id"]);
    assert_eq!(rows, [json!([A, "Z1", "vpc-b"]), json!([B, "Z4", "vpc-b"]), json!(["777788889999", "Z3", "vpc-b"])]);
}

fn zone(account: &str, id: &str, name: &str, servers: &[&str]) -> Value {
    json!({
        "account_id": account, "region": "global", "id": id, "name": name, "config": {"PrivateZone": false},
        "delegation_set": {"NameServers": servers},
    })
}

fn ns(name: &str, servers: &[&str], is_private: bool) -> Value {
    let values: Vec<Value> = servers.iter().map(|server| json!({"Value": server})).collect();
    json!({
        "account_id": A, "region": "global", "id": format!("Z0/{name}/NS"), "name": name, "type": "NS", "resource_records": values,
        "hosted_zone_id": "Z0", "hosted_zone_name": "example.com.", "private_zone": is_private,
    })
}

fn delegations() -> FactsBuilder {
    estate("delegations")
        .row(ZONES, zone(A, "Z0", "example.com.", &["ns-1.awsdns-1.com"]))
        .row(ZONES, zone(B, "Z1", "good.example.com.", &["ns-1.awsdns-1.com", "ns-2.awsdns-2.net"]))
        .row(ZONES, zone(B, "Z2", "bad.example.com.", &["ns-3.awsdns-3.com", "ns-4.awsdns-4.net"]))
        .row(ZONES, zone(A, "Z3", "good.example.com.", &["ns-5.awsdns-5.com"]))
        .row(RECORDS, ns("example.com.", &["ns-9.awsdns-9.com"], false))
        .row(RECORDS, ns("good.example.com.", &["NS-2.awsdns-2.net.", "ns-1.awsdns-1.com."], false))
        .row(RECORDS, ns("Bad.example.com.", &["ns-3.awsdns-3.com.", "ns-9.awsdns-9.net."], false))
        .row(RECORDS, ns("foreign.example.com.", &["ns1.elsewhere.example."], false))
}

#[test]
fn delegations_to_other_name_servers() {
    let columns = [
        "hosted_zone_id",
        "name",
        "name_servers",
        "child_account_id",
        "child_zone_id",
        "child_name_servers",
        "verdict",
    ];
    let row = |verdict: &str| {
        let (given, set) = (["ns-3.awsdns-3.com", "ns-9.awsdns-9.net"], ["ns-3.awsdns-3.com", "ns-4.awsdns-4.net"]);
        json!([A, "Z0", "Bad.example.com.", given, B, "Z2", set, verdict])
    };
    assert_eq!(ask("delegations", &delegations().facts(), &columns), [row("mismatched")]);
    for (account, table) in [(A, ZONES), (B, ZONES), (A, RECORDS)] {
        let denied = delegations().status(account, "global", table, Status::Denied).facts();
        assert_eq!(ask("delegations", &denied, &columns), [row("unknown")]);
    }
    let elsewhere = delegations().status(B, "global", RECORDS, Status::Denied).facts();
    assert_eq!(ask("delegations", &elsewhere, &columns), [row("mismatched")], "the parent's records were read");
}

#[test]
fn a_zone_whose_name_servers_could_not_be_read_is_unknown() {
    let mut child = zone(A, "Z1", "new.example.com.", &[]);
    child["delegation_set"] = Value::Null;
    let facts = estate("delegations")
        .row(ZONES, zone(A, "Z0", "example.com.", &["ns-1.awsdns-1.com"]))
        .row(ZONES, child)
        .row(RECORDS, ns("new.example.com.", &["ns-3.awsdns-3.com."], false))
        .row(RECORDS, ns("example.com.", &["ns-3.awsdns-3.com."], true))
        .facts();
    assert_eq!(ask("delegations", &facts, &["child_zone_id", "verdict"]), [json!([A, "Z1", "unknown"])]);
}

fn checks() -> FactsBuilder {
    let check = |account: &str, id: &str, config: Value| json!({"account_id": account, "region": "global", "id": id, "health_check_config": config});
    let web = json!({"Type": "HTTPS", "FullyQualifiedDomainName": "www.example.com"});
    let record = json!({"account_id": B, "region": "global", "id": "Z1/www/A", "health_check_id": "used"});
    estate("unused-health-checks")
        .row("route53_health_checks", check(A, "used", web.clone()))
        .row("route53_health_checks", check(A, "idle", web.clone()))
        .row("route53_health_checks", check(A, "part", web))
        .row("route53_health_checks", check(A, "sum", json!({"Type": "CALCULATED", "ChildHealthChecks": ["part"]})))
        .row(RECORDS, record)
}

#[test]
fn health_checks_that_nothing_uses() {
    let columns = ["id", "type", "target", "verdict"];
    let rows = |verdict: &str| {
        [json!([A, "idle", "HTTPS", "www.example.com", verdict]), json!([A, "sum", "CALCULATED", null, verdict])]
    };
    assert_eq!(ask("unused-health-checks", &checks().facts(), &columns), rows("unused"));
    for (account, table) in [(A, RECORDS), (B, RECORDS), (A, "route53_health_checks")] {
        let denied = checks().status(account, "global", table, Status::Denied).facts();
        assert_eq!(ask("unused-health-checks", &denied, &columns), rows("unknown"));
    }
}
