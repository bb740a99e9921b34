//! Zones of random record sets. The tools of `tests/exports` read them too.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::zones::{ONE, add, builder, with};
use super::{exported, keep};
use crate::answers::export::{export_bind, export_octodns};
use crate::answers::facts::Facts;

const KINDS: &[&str] = &[
    "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB",
    "TLSA", "TXT", "NEW",
];

/// Labels, some of which no host has.
const LABELS: &[&str] = &[
    "a",
    "B",
    "\\052",
    "\\100",
    "_x",
    "a\\056b",
    "\\057",
    "$INCLUDE",
    "\\044ORIGIN",
    "\\073",
    "\\042",
    "\\134",
    "\\303\\244",
    "\\000",
    "(",
    "1",
    "10",
    "xn--bcher-kva",
    "sub",
    "w",
    "'",
    "\\040",
];

/// Parts of values, right and wrong, of every type.
const PARTS: &[&str] = &[
    "192.0.2.1",
    "2001:db8::1",
    "10",
    "0",
    "65536",
    "-1",
    ".",
    "ns.example.com.",
    "ns.below.example.com",
    "a..b",
    "\\052.x.",
    "\"v=spf1 -all\"",
    "\"\"",
    "\"\\\"\"",
    "\"\\\\\"",
    "\"a;b\"",
    "\"\\303\\244\"",
    "\"",
    "issue",
    "is-sue",
    "\"ca.example\"",
    "alpn=h2",
    "alpn=\"h2,h3\"",
    "port=443",
    "mandatory=port",
    "no-default-alpn",
    "ipv4hint=192.0.2.1",
    "ech=AAAA",
    "key9=x",
    "key1=x",
    "dohpath=/q{?dns}",
    "\"U\"",
    "\"!^.*$!sip:a@b!\"",
    "\"!(.*)!\\\\2!\"",
    "E2D3C916",
    "zz",
    "E2D3C916F6DEEAC73294E8268FB5885044A833FC5459588F4A9184CFC41A5766",
    "\n$INCLUDE /etc/passwd",
    "; x",
    "$TTL",
    "\\",
    "\u{e4}",
];

fn record() -> impl Strategy<Value = Value> {
    let name = prop::collection::vec(select(LABELS), 0..3);
    // Mostly the form that the type has, so that many values are taken.
    let value = prop::collection::vec(select(PARTS), 1..7).prop_map(|parts| parts.join(" "));
    let values = prop::collection::vec(value, 1..3);
    let ttl = select(vec![0, 300, i64::from(i32::MAX), -1, i64::MAX]);
    (name, select(KINDS), values, any::<prop::sample::Index>(), ttl).prop_map(|(name, kind, values, form, ttl)| {
        let name = name.iter().map(|label| format!("{label}.")).collect::<String>() + "example.com.";
        let values: Vec<String> = match kind {
            "A" => vec!["192.0.2.1".to_owned(), values.concat()],
            "CNAME" | "NS" | "PTR" => {
                values.iter().filter_map(|value| value.split(' ').next().map(str::to_owned)).collect()
            }
            "MX" => values.iter().map(|value| format!("10 {}", value.split(' ').next().unwrap_or_default())).collect(),
            "HTTPS" | "SVCB" => values.iter().map(|value| format!("1 svc.example.com. {value}")).collect(),
            "NAPTR" => values
                .iter()
                .map(|value| format!("100 10 \"U\" \"E2U+sip\" {} .", value.split(' ').next().unwrap_or_default()))
                .collect(),
            "DS" => values.iter().map(|value| format!("1 8 2 {value}")).collect(),
            _ => values,
        };
        let values: Vec<Value> = values.iter().map(|value| json!({ "Value": value })).collect();
        let mut columns = json!({ "resource_records": values, "ttl": ttl });
        match form.index(12) {
            0 => columns["set_identifier"] = json!("one\n@ IN NS x."),
            1 => columns["weight"] = json!(5),
            2 => {
                columns["resource_records"] = Value::Null;
                columns["alias_target"] =
                    json!({ "HostedZoneId": "Z9", "DNSName": "d.cloudfront.net.", "EvaluateTargetHealth": false });
            }
            _ => {}
        }
        with(ONE, "Z1", &name, kind, columns)
    })
}

fn estate(rows: Vec<Value>, has_start: bool) -> Facts {
    let estate = match has_start {
        true => add(builder(), ONE, "Z1", "example.com.", &[]),
        false => builder().row("route53_hosted_zones", super::zones::zone(ONE, "Z1", "example.com.", &["vpc-1"])),
    };
    let unique = |(at, mut row): (usize, Value)| {
        row["id"] = json!(format!("Z1/{at:03}"));
        row
    };
    rows.into_iter().enumerate().map(unique).fold(estate, |estate, row| estate.row("route53_records", row)).facts()
}

#[test]
fn no_record_set_breaks_a_file() {
    let mut runner = TestRunner::deterministic();
    let zones = (prop::collection::vec(record(), 1..12), any::<bool>());
    for number in 0..120 {
        let (rows, has_start) = zones.new_tree(&mut runner).unwrap().current();
        let sets = rows.len() + if has_start { 2 } else { 0 };
        let facts = estate(rows, has_start);
        let (files, _) = exported(&facts, export_bind);
        let document: Value = serde_json::from_str(&files["zones.json"]).unwrap();
        let zone = &document["zones"][0];
        let text = &files[zone["file"].as_str().unwrap()];
        for line in text.lines().filter(|line| !line.starts_with(';')) {
            let is_ours = line.starts_with("$ORIGIN example.com.") || line == "$TTL 300" || line.contains(" IN ");
            assert!(is_ours && !line.contains("/etc/passwd\n"), "{line}");
        }
        // Every record set is in the file, or in the list of what it does not have, or in both in part.
        let (written, left_out) = (zone["record_sets"].as_u64().unwrap(), zone["left_out"].as_array().unwrap().len());
        assert!(written as usize + left_out >= sets, "{text}");
        keep(&format!("bind-random-{number:03}"), &files);
        exported(&facts, export_octodns);
    }
}
