//! Estates that try to make a verdict lie, hang or swell.

use serde_json::{Value, json};

use super::super::dns_verdict::DnsVerdict;
use super::super::{AskedRecords, holder_reads, zone_reads};
use super::corpus::{every_table, judged, record, zone_row};
use crate::answers::facts::{Facts, FactsBuilder};
use crate::inventory::Status;

const A: &str = "111111111111";

fn estate(zones: &[Value], records: &[(usize, String)]) -> FactsBuilder {
    let tables = every_table();
    let mut builder =
        FactsBuilder::new(&[holder_reads(&tables), zone_reads(&tables)].concat()).account(A, "eu-central-1");
    for zone in zones {
        builder = builder.row("route53_hosted_zones", zone_row(zone));
    }
    for (zone, line) in records {
        builder = builder.row("route53_records", record(&zones[*zone], line));
    }
    builder
}

fn public(name: &str) -> Value {
    json!({ "account": A, "id": format!("Z{}", name.len()), "name": name, "servers": ["ns-1.awsdns-01.com"] })
}

/// Name, target and verdict of each row.
fn verdicts(facts: &Facts, asked: &AskedRecords) -> Vec<(String, String, DnsVerdict)> {
    judged(facts, &every_table(), asked).into_iter().map(|row| (row.name, row.target, row.verdict)).collect()
}

fn all(facts: &Facts) -> Vec<(String, String, DnsVerdict)> {
    verdicts(facts, &AskedRecords::default())
}

fn enabled(builder: FactsBuilder, regions: &Value) -> FactsBuilder {
    builder.row("accounts", json!({ "account_id": A, "region": "global", "id": A, "regions": regions }))
}

#[test]
fn a_long_chain_is_followed_to_its_end_and_a_long_loop_is_broken() {
    const LENGTH: usize = 20_000;
    let link = |at: usize, next: usize| (0, format!("c{at} CNAME c{next}.example.com."));
    let mut records: Vec<(usize, String)> = (0..LENGTH).map(|at| link(at, at + 1)).collect();
    records.push((0, format!("c{LENGTH} A 192.0.2.1")));
    let ends = all(&estate(&[public("example.com.")], &records).facts());
    assert!(ends.len() == LENGTH + 1 && ends.iter().all(|(.., verdict)| *verdict == DnsVerdict::Foreign));
    records[LENGTH] = link(LENGTH, 0);
    let ends = all(&estate(&[public("example.com.")], &records).facts());
    assert!(ends.len() == LENGTH + 1 && ends.iter().all(|(.., verdict)| *verdict == DnsVerdict::Broken));
}

#[test]
fn a_region_in_which_nobody_asked_is_unknown_unless_it_is_known_to_be_disabled() {
    let records = [(0, "here A 52.28.1.1".to_owned()), (0, "there A 44.195.9.9".to_owned())];
    let of = |builder: FactsBuilder| all(&builder.facts()).into_iter().map(|(.., verdict)| verdict).collect::<Vec<_>>();
    let plain = || estate(&[public("example.com.")], &records);
    assert_eq!(of(plain()), [DnsVerdict::Takeable, DnsVerdict::Unknown], "nobody knows the enabled regions");
    let region = |name: &str, status: &str| json!({ "RegionName": name, "OptInStatus": status });
    let both = json!([region("eu-central-1", "opted-in"), region("us-east-1", "opt-in-not-required")]);
    assert_eq!(of(enabled(plain(), &both)), [DnsVerdict::Takeable, DnsVerdict::Unknown]);
    let one = json!([region("eu-central-1", "opted-in"), region("us-east-1", "not-opted-in")]);
    assert_eq!(of(enabled(plain(), &one)), [DnsVerdict::Takeable, DnsVerdict::Takeable]);
    let by_account = json!([{ "RegionName": "eu-central-1", "RegionOptStatus": "ENABLED" }, { "RegionName": "us-east-1", "RegionOptStatus": "DISABLED" }]);
    assert_eq!(of(enabled(plain(), &by_account)), [DnsVerdict::Takeable, DnsVerdict::Takeable]);
    for status in [Status::Partial, Status::Throttled, Status::RegionDisabled, Status::NotStarted] {
        let struck = enabled(plain(), &one).status(A, "eu-central-1", "ec2_addresses", status);
        assert_eq!(of(struck), [DnsVerdict::Unknown, DnsVerdict::Takeable], "{status:?}");
    }
    let unsupported = enabled(plain(), &one).status(A, "eu-central-1", "ec2_vpn_connections", Status::Unsupported);
    assert_eq!(of(unsupported), [DnsVerdict::Takeable, DnsVerdict::Takeable]);
}

#[test]
fn a_name_has_its_own_records_or_the_wildcard_that_answers_for_it() {
    let records = ["www A 192.0.2.1", "*.apps A 192.0.2.2", "own.apps A 192.0.2.3"].map(|line| (0, line.to_owned()));
    let facts = estate(&[public("example.com.")], &records).facts();
    let of = |name: &str| {
        let rows = verdicts(&facts, &AskedRecords::named(name).unwrap());
        rows.into_iter().map(|(name, ..)| name).collect::<Vec<_>>()
    };
    assert_eq!(of("WWW.Example.COM"), ["www.example.com."]);
    assert_eq!(of("any.apps.example.com."), ["*.apps.example.com."]);
    assert_eq!(of("own.apps.example.com"), ["own.apps.example.com."]);
    assert_eq!(of("\\052.apps.example.com"), ["*.apps.example.com."]);
    assert!(of("apps.example.com").is_empty() && of("example.com").is_empty());
    assert!(AskedRecords::named("a..b").is_err() && AskedRecords::named("").is_err());
}

#[test]
fn odd_values_are_broken_and_end_nothing() {
    let lines = ["a A nonsense", "b CNAME .", "c CNAME a..b.", "d MX 10", "e AAAA fe80::1%eth0", "f A 1.2.3"];
    let facts = estate(&[public("example.com.")], &lines.map(|line| (0, line.to_owned()))).facts();
    let broken = all(&facts).into_iter().filter(|(.., verdict)| *verdict == DnsVerdict::Broken).count();
    assert_eq!(broken, 5, "{:?}", all(&facts));
}

#[test]
fn the_same_facts_give_the_same_rows() {
    // Both ends of each chain say the same, so the order of the records decides which one a row tells.
    let of = |at: usize| {
        [
            format!("h{at} A 192.0.2.{at}"),
            format!("h{at} AAAA 2001:db8::{at:x}"),
            format!("c{at} CNAME h{at}.example.com."),
        ]
    };
    let records: Vec<(usize, String)> = (1..100).flat_map(of).map(|line| (0, line)).collect();
    let facts = estate(&[public("example.com.")], &records).facts();
    let told = || -> Vec<String> {
        judged(&facts, &every_table(), &AskedRecords::default()).into_iter().map(|row| row.reason).collect()
    };
    let first = told();
    assert!(first.iter().any(|reason| reason.contains("192.0.2.7")), "{first:?}");
    for _ in 0..10 {
        assert_eq!(told(), first);
    }
}
