//! Acme's names: one record set for each verdict, delegations that are right and wrong, and a split horizon.
//!
//! **Invariant:** every address of a record is either somebody's in the estate or planted as nobody's.

use super::super::accounts::{ACME_NETWORK, ACME_SHOP};
use super::super::rows::DemoRows;
use super::super::world::{DemoZone, alias, record, routed};
use super::names::{PAY_CHECK, health_check_id};
use super::networks::{shared, shop, shop_us};

pub(super) fn write(rows: &mut DemoRows) {
    let public = DemoZone::public(&ACME_SHOP, "shop.acme.example").records(shop_public());
    let legacy =
        DemoZone::public(&ACME_SHOP, "legacy.acme.example").records([record("www", "A", 300, &["52.28.64.17"])]);
    let parent = DemoZone::public(&ACME_NETWORK, "acme.example");
    let zone_id = parent.id();
    let parent = parent
        .records(held(rows.night, &zone_id))
        .records(not_held(&zone_id))
        .records(elsewhere())
        .records(delegations(&public));
    parent.write(rows);
    public.write(rows);
    legacy.write(rows);
    DemoZone::private(&ACME_SHOP, "shop.acme.example", &[&shop(), &shop_us()]).records(shop_private()).write(rows);
    let reverse = [record("17.4", "PTR", 300, &["api.shop.acme.example."])];
    DemoZone::private(&ACME_SHOP, "20.10.in-addr.arpa", &[&shop()]).records(reverse).write(rows);
    let reports = [record("reports", "A", 300, &["10.30.0.50"])];
    DemoZone::private(&ACME_NETWORK, "acme.internal", &[&shared(), &shop()]).records(reports).write(rows);
}

/// Verdict `held`.
fn held(night: usize, zone_id: &str) -> Vec<serde_json::Value> {
    // Its time to live changes in the fourth night.
    let ttl = if night >= 4 { 60 } else { 300 };
    vec![
        record("@", "A", 300, &["3.120.181.40"]),
        record("www", "A", ttl, &["52.28.64.17", "3.120.181.40"]),
        record("www", "AAAA", 300, &["2A05:D014:1A2B:2001:0:0:0:18"]),
        record("*.apps", "A", 300, &["3.121.10.8"]),
        record("store", "CNAME", 300, &["www.acme.example."]),
        alias("start", zone_id, "www.acme.example."),
        record("bastion", "CNAME", 300, &["ec2-52-28-65-20.eu-central-1.compute.amazonaws.com."]),
        record("_sip._tcp", "SRV", 300, &["10 5 5061 www.acme.example."]),
        record("us", "A", 300, &["44.195.60.3"]),
        record("@", "TXT", 300, &["\"v=spf1 -all\""]),
        record("@", "CAA", 300, &["0 issue \"amazon.com\""]),
    ]
}

/// Verdicts `takeable`, `unheld`, `unknown` and `broken`.
fn not_held(zone_id: &str) -> Vec<serde_json::Value> {
    vec![
        // Its elastic address was released in the third night.
        record("old", "A", 300, &["3.122.77.9"]),
        record("assets", "CNAME", 300, &["acme-assets-old.s3-website.eu-central-1.amazonaws.com."]),
        record("app", "CNAME", 300, &["acme-app.eu-central-1.elasticbeanstalk.com."]),
        record("v6", "AAAA", 300, &["2a05:d014:1a2b:2001::99"]),
        // Its region is the one that was throttled.
        record("notebook", "A", 300, &["54.146.20.9"]),
        record("typo", "CNAME", 300, &["wwww.acme.example."]),
        record("left", "CNAME", 300, &["right.acme.example."]),
        record("right", "CNAME", 300, &["left.acme.example."]),
        record("former", "MX", 300, &["10 mx.acme.example."]),
        alias("nowhere", zone_id, "none.acme.example."),
    ]
}

/// Verdict `foreign`.
fn elsewhere() -> Vec<serde_json::Value> {
    vec![
        record("docs", "CNAME", 300, &["acme.docs-host.example."]),
        record("@", "MX", 300, &["10 inbound.mail-host.example.", "20 backup.mail-host.example."]),
        record("status", "A", 300, &["192.0.2.80"]),
        record("_c1.www", "CNAME", 300, &["_d2.xlfgrmvvlj.acm-validations.aws."]),
    ]
}

/// A delegation that is right, one that differs from its zone, one to nobody, and one outside of AWS.
fn delegations(shop: &DemoZone) -> Vec<serde_json::Value> {
    let stale: &[&str] =
        &["ns-77.awsdns-09.com.", "ns-600.awsdns-11.net.", "ns-1100.awsdns-09.org.", "ns-1800.awsdns-33.co.uk."];
    let nobody: &[&str] =
        &["ns-90.awsdns-11.com.", "ns-700.awsdns-23.net.", "ns-1200.awsdns-22.org.", "ns-1900.awsdns-45.co.uk."];
    vec![
        shop.delegation("shop"),
        record("legacy", "NS", 172_800, stale),
        record("gone", "NS", 172_800, nobody),
        record("partners", "NS", 172_800, &["ns1.partner-dns.example.", "ns2.partner-dns.example."]),
    ]
}

/// What the internet sees of the shop's names.
fn shop_public() -> Vec<serde_json::Value> {
    let pay = |address: &'static str| record("pay", "A", 60, &[address]);
    let check = health_check_id(PAY_CHECK);
    vec![
        record("api", "A", 300, &["52.28.64.17"]),
        record("origin", "A", 300, &["10.20.4.17"]),
        routed(pay("52.28.64.17"), "first", serde_json::json!({ "weight": 90, "health_check_id": check })),
        routed(pay("3.120.181.40"), "second", serde_json::json!({ "weight": 10 })),
    ]
}

/// What the shop's networks see of the same names.
fn shop_private() -> Vec<serde_json::Value> {
    vec![
        record("api", "A", 60, &["10.20.4.17"]),
        record("db", "CNAME", 60, &["db-1.shop.acme.example."]),
        record("db-1", "A", 60, &["10.20.32.10"]),
        record("cache", "A", 60, &["10.20.32.60"]),
        record("printer", "A", 60, &["192.168.7.7"]),
        record("node", "CNAME", 60, &["ip-10-20-16-11.eu-central-1.compute.internal."]),
    ]
}
