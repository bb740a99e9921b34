//! The zones of the tests.

use serde_json::{Value, json};

use crate::answers::export::exported_zone_reads;
use crate::answers::facts::{Facts, FactsBuilder};
use crate::catalogue::Catalogue;
use crate::inventory::Status;

pub(super) const ONE: &str = "111122223333";
pub(super) const OTHER: &str = "444455556666";

/// A builder whose answers read what exports of zones read.
pub(super) fn builder() -> FactsBuilder {
    let catalogue = Catalogue::get().unwrap();
    let collected = catalogue.tables().iter().map(|table| table.entry.table).collect();
    FactsBuilder::new(&exported_zone_reads(&collected))
}

/// A zone, private if VPCs see it.
pub(super) fn zone(account: &str, id: &str, name: &str, vpcs: &[&str]) -> Value {
    let seen: Vec<Value> = vpcs.iter().map(|vpc| json!({ "VPCId": vpc, "VPCRegion": "eu-central-1" })).collect();
    json!({
        "account_id": account, "region": "global", "id": id, "name": name,
        "config": { "PrivateZone": !vpcs.is_empty() }, "vpcs": seen,
        "delegation_set": { "NameServers": ["ns-1.awsdns-00.com", "ns-2.awsdns-00.net"] },
    })
}

/// A record set with further columns.
pub(super) fn with(account: &str, zone: &str, name: &str, kind: &str, columns: Value) -> Value {
    let set = columns["set_identifier"].as_str().map_or(String::new(), |set| format!("/{set}"));
    let mut row = json!({
        "account_id": account, "region": "global", "id": format!("{zone}/{name}/{kind}{set}"), "name": name, "type": kind,
        "hosted_zone_id": zone, "ttl": 300,
    });
    for (column, value) in columns.as_object().unwrap() {
        row[column] = value.clone();
    }
    row
}

/// A record set.
pub(super) fn record(zone: &str, name: &str, kind: &str, values: &[&str]) -> Value {
    let values: Vec<Value> = values.iter().map(|value| json!({ "Value": value })).collect();
    with(ONE, zone, name, kind, json!({ "resource_records": values }))
}

pub(super) fn alias(zone: &str, name: &str, kind: &str, target: (&str, &str)) -> Value {
    let target = json!({ "HostedZoneId": target.0, "DNSName": target.1, "EvaluateTargetHealth": true });
    with(ONE, zone, name, kind, json!({ "alias_target": target, "ttl": null }))
}

/// Adds a zone with its SOA and NS record sets.
pub(super) fn add(estate: FactsBuilder, account: &str, id: &str, name: &str, vpcs: &[&str]) -> FactsBuilder {
    let values = |values: &[&str]| -> Vec<Value> { values.iter().map(|value| json!({ "Value": value })).collect() };
    let start = "ns-1.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400";
    let servers = ["ns-1.awsdns-00.com.", "ns-2.awsdns-00.net."];
    estate
        .row("route53_hosted_zones", zone(account, id, name, vpcs))
        .row(
            "route53_records",
            with(account, id, name, "SOA", json!({ "resource_records": values(&[start]), "ttl": 900 })),
        )
        .row(
            "route53_records",
            with(account, id, name, "NS", json!({ "resource_records": values(&servers), "ttl": 172_800 })),
        )
}

/// A zone with everything that Route 53 takes, two more of its name, a reverse zone of less than an octet, and one that
/// could not be read.
pub(super) fn estate() -> Facts {
    let mut estate = builder();
    estate = add(estate, ONE, "Z1", "example.com.", &[]);
    estate = add(estate, ONE, "Z2", "example.com.", &["vpc-a", "vpc-b"]);
    estate = add(estate, OTHER, "Z3", "example.com.", &[]);
    estate = add(estate, ONE, "Z4", "0\\05725.2.0.192.in-addr.arpa.", &[]);
    estate = estate.row("route53_hosted_zones", zone(OTHER, "Z5", "denied.example.", &[]));
    let row = |estate: FactsBuilder, row: Value| estate.row("route53_records", row);
    for (name, kind, values) in PLAIN {
        estate = row(estate, record("Z1", &format!("{name}example.com."), kind, values));
    }
    let routed = |id: &str, columns: Value| {
        let mut routed = record("Z1", "pay.example.com.", "A", &["192.0.2.8"]);
        routed["set_identifier"] = json!(id);
        routed["id"] = json!(format!("Z1/pay/{id}"));
        for (column, value) in columns.as_object().unwrap() {
            routed[column] = value.clone();
        }
        routed
    };
    estate = row(estate, alias("Z1", "example.com.", "A", ("Z2FDTNDATAQYW2", "d1.cloudfront.net.")));
    estate = row(estate, alias("Z1", "start.example.com.", "AAAA", ("Z1", "www.example.com.")));
    estate = row(estate, routed("first\nIN A 192.0.2.66", json!({ "weight": 90, "health_check_id": "abc" })));
    estate = row(estate, routed("second", json!({ "weight": 10 })));
    estate = row(estate, record("Z2", "db.example.com.", "A", &["10.0.0.9"]));
    estate = row(estate, record("Z4", "1.0\\05725.2.0.192.in-addr.arpa.", "PTR", &["www.example.com"]));
    let vpc =
        |id: &str, range: &str| json!({ "account_id": ONE, "region": "eu-central-1", "id": id, "cidr_block": range });
    let estate = estate.row("ec2_vpcs", vpc("vpc-a", "10.0.0.0/16")).row("ec2_vpcs", vpc("vpc-b", "10.1.0.0/16"));
    estate.status(OTHER, "global", "route53_records", Status::Denied).facts()
}

/// Record sets that everybody gets: the name before `example.com.`, the type and the values.
const PLAIN: &[(&str, &str, &[&str])] = &[
    ("www.", "A", &["192.0.2.1", "192.0.2.2"]),
    ("www.", "AAAA", &["2001:DB8::1"]),
    ("\\052.", "A", &["192.0.2.3"]),
    ("a\\100b.", "TXT", &["\"at\""]),
    ("_dmarc.", "TXT", &["\"v=DMARC1; p=none\""]),
    ("", "TXT", &["\"v=spf1 -all\"", "\"quote \\\" octal \\303\\244\" \"second\""]),
    ("", "SPF", &["\"v=spf1 -all\""]),
    ("", "CAA", &["0 issue \"amazon.com\""]),
    ("", "MX", &["10 mail.example.com", "0 ."]),
    ("short.", "CNAME", &["www.example.com"]),
    ("sub.", "NS", &["ns.elsewhere.example"]),
    ("sub.", "DS", &["1 8 2 E2D3C916F6DEEAC73294E8268FB5885044A833FC5459588F4A9184CFC41A5766"]),
    ("\\052.wild.", "NS", &["ns.elsewhere.example."]),
    ("_sip._tcp.", "SRV", &["10 5 5060 www.example.com."]),
    ("n.", "NAPTR", &["100 10 \"U\" \"E2U+sip\" \"!^.*$!sip:info@example.com!\" ."]),
    ("h.", "HTTPS", &["1 . alpn=\"h2,h3\" ipv4hint=192.0.2.1"]),
    ("s.", "SVCB", &["0 www.example.com."]),
    ("_443._tcp.", "TLSA", &["3 1 1 0c72ac70b745ac19998811b131d662c9ac69dbdbe7cb23e5b514b56664c5d3d6"]),
    ("ssh.", "SSHFP", &["4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789"]),
    ("bad.", "CAA", &["0 is-sue \"x\"", "0 issue \"ok\""]),
    ("both.", "CNAME", &["www.example.com."]),
    ("both.", "TXT", &["\"other data\""]),
    ("10.", "A", &["192.0.2.10"]),
    ("9.", "A", &["192.0.2.9"]),
];
