use super::zones::{ONE, add, alias, builder, estate, record};
use super::{exported, keep, shown};
use crate::answers::export::export_octodns;

#[test]
fn zones_become_files_of_octodns() {
    let (files, summary) = exported(&estate(), export_octodns);
    keep("octodns-golden", &files);
    insta::assert_snapshot!(shown(&files, &summary));
}

#[test]
fn what_octodns_cannot_have_is_planned_against_nothing() {
    let mut estate = add(builder(), ONE, "Z1", "odd.example.", &[]);
    estate = add(estate, ONE, "Z2", "\\056\\056/x.example.", &[]);
    estate = add(estate, ONE, "Z3", "a/../b.example.", &[]);
    estate = add(estate, ONE, "Z4", "(x.example.", &[]);
    let estate = estate
        .row("route53_records", record("Z1", "\\303\\244.odd.example.", "A", &["192.0.2.1"]))
        .row("route53_records", record("Z1", "bad.odd.example.", "MX", &["mail.example.com"]))
        .row("route53_records", record("Z1", "up.odd.example.", "A", &["192.0.2.1"]))
        .row("route53_records", alias("Z1", "far.odd.example.", "A", ("Z9", "www.elsewhere.example.")));
    let (files, summary) = exported(&estate.facts(), export_octodns);
    keep("octodns-odd", &files);
    assert!(files.keys().all(|path| !path.starts_with("route53/")), "{:?}", files.keys());
    insta::assert_snapshot!(shown(&files, &summary));
}
