use serde_json::json;

use super::zones::{ONE, add, builder, estate, record, with};
use super::{exported, keep, shown};
use crate::answers::export::export_bind;

#[test]
fn zones_become_master_files() {
    let (files, summary) = exported(&estate(), export_bind);
    keep("bind-golden", &files);
    insta::assert_snapshot!(shown(&files, &summary));
}

#[test]
fn a_zone_whose_servers_have_no_address_gets_others() {
    let estate = builder()
        .row("route53_hosted_zones", super::zones::zone(ONE, "Z1", "example.com.", &[]))
        .row(
            "route53_records",
            record("Z1", "example.com.", "NS", &["ns.example.com.", "ns.below.example.com.", "a..b"]),
        )
        .row("route53_records", record("Z1", "below.example.com.", "NS", &["ns.below.example.com."]))
        .row("route53_records", record("Z1", "ns.below.example.com.", "A", &["192.0.2.7"]));
    let (files, _) = exported(&estate.facts(), export_bind);
    keep("bind-servers", &files);
    insta::assert_snapshot!(files["zones/example.com.z1.zone"]);
}

#[test]
fn what_a_customer_names_stays_in_its_line_and_its_folder() {
    let hostile = "\\056\\056\\057\\056\\056\\057etc.example.";
    let estate = add(builder(), ONE, "Z1", hostile, &[]);
    let text = "x\n@ IN NS evil.example.\u{2028}\r$INCLUDE /etc/passwd";
    let name = format!("a\\012$INCLUDE.{hostile}");
    let estate = estate
        .row("route53_records", record("Z1", &name, "TXT", &["\"a\n$INCLUDE /etc/passwd\""]))
        .row("route53_records", record("Z1", &format!("\\044INCLUDE.{hostile}"), "A", &["192.0.2.1\n$INCLUDE x"]))
        .row(
            "route53_records",
            with(
                ONE,
                "Z1",
                &name,
                "A",
                json!({ "set_identifier": text, "weight": 1, "resource_records": [{ "Value": text }] }),
            ),
        );
    let (files, summary) = exported(&estate.facts(), export_bind);
    keep("bind-hostile", &files);
    let (path, text) = files.iter().find(|(path, _)| path.ends_with(".zone")).unwrap();
    assert_eq!(path.split('/').collect::<Vec<_>>().len(), 2, "{path}");
    for line in text.lines() {
        assert!(!line.starts_with("$INCLUDE") && !line.contains("IN NS evil") || line.starts_with(';'), "{line}");
    }
    // The label that looks like a directive is escaped, and the routed record set is one line.
    assert!(text.contains("\\$INCLUDE 300 IN") || text.contains("; refused: \\$INCLUDE"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("; weighted")).count(), 1);
    assert_eq!(summary.written, ["1 zone file"]);
}
