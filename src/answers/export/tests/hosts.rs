use serde_json::json;

use super::zones::{ONE, add, alias, record, with};
use super::{exported, shown};
use crate::answers::export::{HOST_READS, export_hosts};
use crate::answers::facts::{FactsBuilder, RowFilter};

fn instance(id: &str, vpc: &str, name: &str, address: &str) -> serde_json::Value {
    json!({
        "account_id": ONE, "region": "eu-central-1", "id": id, "tags": { "Name": name, "env": "prod" }, "vpc_id": vpc,
        "private_ip_address": address, "private_dns_name": format!("ip-{}.eu-central-1.compute.internal", address.replace('.', "-")),
        "public_ip_address": "52.28.64.17", "public_dns_name": "ec2-52-28-64-17.eu-central-1.compute.amazonaws.com",
        "network_interfaces": [{ "Ipv6Addresses": [{ "Ipv6Address": "2001:DB8:0::1" }] }],
    })
}

fn estate() -> FactsBuilder {
    let estate = add(FactsBuilder::new(HOST_READS), ONE, "Z1", "example.com.", &[]);
    let rows = [
        record("Z1", "www.example.com.", "A", &["52.28.64.17", "192.0.2.1", "192.0.2.1"]),
        record("Z1", "WWW.example.com.", "AAAA", &["2001:db8::1", "::1"]),
        record("Z1", "\\052.example.com.", "A", &["192.0.2.2"]),
        record("Z1", "a_b.example.com.", "A", &["192.0.2.2"]),
        record("Z1", "ten.example.com.", "A", &["10.0.0.10"]),
        record("Z1", "nine.example.com.", "A", &["10.0.0.9"]),
        alias("Z1", "start.example.com.", "A", ("Z1", "www.example.com.")),
        with(
            ONE,
            "Z1",
            "pay.example.com.",
            "A",
            json!({ "weight": 1, "set_identifier": "x", "resource_records": [{ "Value": "192.0.2.3" }] }),
        ),
    ];
    let estate = rows.into_iter().fold(estate, |estate, row| estate.row("route53_records", row));
    estate
        .row("ec2_instances", instance("i-1", "vpc-a", "web-1", "10.0.0.9"))
        .row("ec2_instances", instance("i-2", "vpc-b", "web server", "10.0.0.9"))
        .row(
            "ec2_instances",
            json!({ "account_id": ONE, "region": "eu-central-1", "id": "i-3", "private_dns_name": "" }),
        )
}

#[test]
fn addresses_have_their_names_in_one_line() {
    let (files, summary) = exported(&estate().facts(), export_hosts);
    insta::assert_snapshot!(shown(&files, &summary));
}

#[test]
fn only_what_was_selected_is_in_it() {
    let selection = RowFilter { tags: [("env".to_owned(), "prod".to_owned())].into(), ..RowFilter::default() };
    let (files, _) = exported(&estate().selection(selection).facts(), export_hosts);
    insta::assert_snapshot!(files["hosts"]);
}
