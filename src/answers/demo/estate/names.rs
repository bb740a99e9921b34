//! The names of Globex and Initech, and health checks.
//!
//! Planted: a health check that no record uses, a private zone that another account's network sees, a network that may
//! be associated and is not.
//!
//! **Invariant:** nothing of Acme is here.

use serde_json::{Value, json};

use super::super::accounts::{
    ACME_NETWORK, ACME_SHOP, DemoAccount, GLOBEX_DEV, GLOBEX_PROD, INITECH_CORE, INITECH_LAB,
};
use super::super::ids::{uuid, zone_id};
use super::super::rows::DemoRows;
use super::super::world::{DemoZone, record, routed};
use super::networks::{dev, plant, platform, sandbox};
use crate::inventory::GLOBAL;

/// The health check of the shop's payments.
pub(super) const PAY_CHECK: &str = "shop-pay";
const API_CHECK: &str = "globex-api";
const UNUSED_CHECK: &str = "globex-old-site";

/// The id of a health check.
pub(super) fn health_check_id(name: &str) -> String {
    uuid(name)
}

pub(super) fn write(rows: &mut DemoRows) {
    globex(rows);
    initech(rows);
    health_check(rows, &ACME_SHOP, PAY_CHECK, "52.28.64.17");
    health_check(rows, &GLOBEX_PROD, API_CHECK, "18.185.40.22");
    health_check(rows, &GLOBEX_PROD, UNUSED_CHECK, "192.0.2.90");
    let zone = DemoZone::public(&ACME_NETWORK, "acme.example").id();
    let logging = json!({
        "aws_id": uuid("acme.example"),
        "id": uuid("acme.example"),
        "hosted_zone_id": zone,
        "cloud_watch_logs_log_group_arn": "arn:aws:logs:us-east-1:111122223333:log-group:/aws/route53/acme.example",
    });
    rows.add(ACME_NETWORK.at(GLOBAL), "route53_query_logging_configs", logging);
    let set_id = zone_id("globex delegation set").replacen('Z', "N", 1);
    let set = json!({
        "aws_id": format!("/delegationset/{set_id}"),
        "id": set_id,
        "caller_reference": uuid("globex delegation set"),
        "name_servers": super::super::ids::name_servers("globex delegation set"),
    });
    rows.add(GLOBEX_PROD.at(GLOBAL), "route53_reusable_delegation_sets", set);
}

fn globex(rows: &mut DemoRows) {
    let child =
        DemoZone::public(&GLOBEX_DEV, "dev.globex.example").records([record("ci", "A", 300, &["54.208.77.14"])]);
    let api = |address: &'static str| record("api", "A", 60, &[address]);
    let check = health_check_id(API_CHECK);
    let records: Vec<Value> = vec![
        record("bastion", "A", 300, &["18.185.40.22"]),
        routed(api("18.185.40.22"), "primary", json!({ "failover": "PRIMARY", "health_check_id": check })),
        routed(api("192.0.2.44"), "secondary", json!({ "failover": "SECONDARY" })),
        record("notebook", "A", 300, &["3.91.120.61"]),
        child.delegation("dev"),
    ];
    DemoZone::public(&GLOBEX_PROD, "globex.example").records(records).write(rows);
    child.write(rows);
    let corporate = DemoZone::private(&GLOBEX_PROD, "corp.globex.example", &[&platform(), &dev()]);
    let zone_id = corporate.id();
    let records = [record("api", "A", 60, &["10.40.16.21", "10.40.32.22"]), record("ci", "A", 60, &["10.41.16.11"])];
    corporate.records(records).write(rows);
    let sandbox = sandbox();
    let authorization = json!({
        "id": format!("{zone_id}/{}", sandbox.id()),
        "vpc_region": sandbox.site.region,
        "vpc_id": sandbox.id(),
        "hosted_zone_id": zone_id,
        "hosted_zone_name": "corp.globex.example.",
    });
    rows.add(GLOBEX_PROD.at(GLOBAL), "route53_vpc_association_authorizations", authorization);
}

fn initech(rows: &mut DemoRows) {
    let records = [record("portal", "A", 300, &["34.199.5.61"]), record("vpn", "A", 300, &["198.51.100.7"])];
    DemoZone::public(&INITECH_CORE, "initech.example").records(records).write(rows);
    let records = [record("erp", "A", 60, &["10.60.8.20"]), record("scada", "A", 60, &["10.60.0.15"])];
    DemoZone::private(&INITECH_CORE, "plant.initech.internal", &[&plant()]).records(records).write(rows);
    let records = [record("desk", "A", 300, &["18.197.3.50"])];
    DemoZone::public(&INITECH_LAB, "lab.initech.example").records(records).write(rows);
}

fn health_check(rows: &mut DemoRows, account: &'static DemoAccount, name: &str, address: &str) {
    let site = account.at(GLOBAL);
    let columns = json!({
        "aws_id": health_check_id(name),
        "id": health_check_id(name),
        "caller_reference": name,
        "health_check_version": 1,
        "health_check_config": {
            "IPAddress": address, "Port": 443, "Type": "HTTPS", "ResourcePath": "/health", "RequestInterval": 30,
            "FailureThreshold": 3, "MeasureLatency": false, "Inverted": false, "Disabled": false, "EnableSNI": true,
        },
        "tags": site.tags(name),
    });
    rows.add(site, "route53_health_checks", columns);
}
