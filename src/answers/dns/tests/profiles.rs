//! Zones and forwarding rules that VPCs see through a profile.

use serde_json::{Value, json};

use super::super::{AskedRecords, holder_reads, zone_reads};
use super::corpus::{every_table, judged, record, zone_row};
use crate::answers::facts::FactsBuilder;

const ACCOUNT: &str = "111111111111";

/// The verdicts of two names in a zone that `vpc-a` sees by itself, with these resources in a profile of `vpc-a`.
fn verdicts(resources: &[&str]) -> Vec<String> {
    let tables = every_table();
    let zone = |id: &str, name: &str, vpcs: Value| json!({ "account": ACCOUNT, "id": id, "name": name, "vpcs": vpcs });
    let corp = zone("ZCORP", "corp.example.", json!(["vpc-a"]));
    let other = zone("ZOTHER", "other.example.", json!(["vpc-b"]));
    let here = |id: &str, columns: Value| {
        let mut row = json!({ "account_id": ACCOUNT, "region": "eu-west-1", "id": id });
        row.as_object_mut().unwrap().extend(columns.as_object().unwrap().clone());
        row
    };
    let rule = here("rslvr-rr-1", json!({ "domain_name": "onprem.corp.example.", "rule_type": "FORWARD" }));
    let association = here("rpassoc-1", json!({ "profile_id": "rp-1", "resource_id": "vpc-a" }));
    let mut builder = FactsBuilder::new(&[holder_reads(&tables), zone_reads(&tables)].concat())
        .row("accounts", json!({ "account_id": ACCOUNT, "region": "global", "id": ACCOUNT }))
        .row("route53_hosted_zones", zone_row(&corp))
        .row("route53_hosted_zones", zone_row(&other))
        .row("route53_records", record(&corp, "a CNAME db.onprem.corp.example."))
        .row("route53_records", record(&corp, "b CNAME www.other.example."))
        .row("route53_records", record(&other, "elsewhere CNAME vendor.test."))
        .row("route53resolver_rules", rule)
        .row("route53profiles_associations", association);
    for arn in resources {
        let resource = here(&format!("rpr-{arn}"), json!({ "profile_id": "rp-1", "resource_arn": arn }));
        builder = builder.row("route53profiles_resource_associations", resource);
    }
    let facts = builder.facts();
    let rows = judged(&facts, &tables, &AskedRecords::default());
    let of_corp = rows.iter().filter(|row| row.hosted_zone_id == "ZCORP");
    of_corp.map(|row| format!("{} {}", row.target, row.verdict.name())).collect()
}

#[test]
fn a_profile_shows_its_rules_and_zones_to_its_vpcs() {
    let rule = "arn:aws:route53resolver:eu-west-1:111111111111:resolver-rule/rslvr-rr-1";
    let zone = "arn:aws:route53:::hostedzone/ZOTHER";
    assert_eq!(verdicts(&[]), ["db.onprem.corp.example. broken", "www.other.example. foreign"]);
    assert_eq!(verdicts(&[rule]), ["db.onprem.corp.example. foreign", "www.other.example. foreign"]);
    assert_eq!(verdicts(&[rule, zone]), ["db.onprem.corp.example. foreign", "www.other.example. broken"]);
}
