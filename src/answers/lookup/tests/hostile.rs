//! Values that nobody expects, and addresses in any place.

use proptest::prelude::*;

use super::*;
use crate::answers::searched::{TABLES, ValueForm};

#[test]
fn odd_values_are_passed_over() {
    let long = "a".repeat(10_000);
    let mut builder = FactsBuilder::new(&[]);
    let odd = [
        "",
        "\0",
        "\u{202e}10.0.0.1",
        "10.0.0.0/99",
        "10.0.0.1/",
        "::/0/0",
        "[",
        "{",
        "[[[[",
        "{\"a\":",
        "999.1.1.1",
        "..",
        "\\",
        long.as_str(),
    ];
    for (number, value) in odd.into_iter().enumerate() {
        let id = |prefix: &str| format!("{prefix}-{number}");
        builder = builder
            .row(
                "ec2_subnets",
                row(A, "eu-west-1", &id("subnet"), json!({"cidr_block": value, "tags": {value: value}})),
            )
            .row(
                "ec2_network_interfaces",
                row(
                    A,
                    "eu-west-1",
                    &id("eni"),
                    json!({
                        "private_ip_address": value, "private_dns_name": value, "private_ip_addresses": value,
                        "attachment": value,
                    }),
                ),
            )
            .row("route53_records", record("Z1", value, "CNAME", &[value]))
            .row("route53_records", alias("Z2", value, "A", value, value))
            .row("route53_records", record("Z3", value, "MX", &[value]));
    }
    let facts = builder.facts();
    for text in ["10.0.0.1", "::1", "10.0.0.0/8", "a.example.com", "a=b", "i-1", "acme"] {
        assert_eq!(found(&facts, &[text]), Vec::<String>::new(), "{text}");
    }
    let tag = format!("{}={}", &long[..2000], "x");
    assert_eq!(
        found(&facts, &[&tag, "\u{202e}10.0.0.1=\u{202e}10.0.0.1"]),
        ["tagged ec2_subnets subnet-2 \u{202e}10.0.0.1=\u{202e}10.0.0.1"]
    );
}

#[test]
fn long_chains_end() {
    let mut builder = FactsBuilder::new(&[]);
    for number in 0..200 {
        builder = builder.row(
            "route53_records",
            record("Z1", &format!("n{number}.example.com."), "CNAME", &[&format!("n{}.example.com.", number + 1)]),
        );
    }
    let facts = builder
        .row("route53_records", record("Z1", "n9.example.com.", "A", &["10.0.0.1"]))
        .row("ec2_addresses", row(A, "eu-west-1", "eipalloc-1", json!({"public_ip": "10.0.0.1"})))
        .facts();
    assert_eq!(
        found(&facts, &["n0.example.com"]),
        ["is route53_records Z1/n0.example.com./CNAME n0.example.com.", "bears ec2_addresses eipalloc-1 10.0.0.1"]
    );
}

/// Puts a text at a path of a member.
fn planted(path: &str, text: &str) -> Value {
    match path.split_once('.') {
        Some((first, rest)) => json!({first: [planted(rest, text)]}),
        None if path.is_empty() => json!(text),
        None => json!({path: text}),
    }
}

/// The places that hold a kind of member: the number of the table, the column, the path.
fn places(is_kind: fn(ValueForm) -> bool) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut places = Vec::new();
    for table in TABLES {
        for column in table.columns {
            let members = column.members.iter().filter(|(_, kind)| is_kind(*kind));
            places.extend(members.map(|(path, _)| (table.table, column.column, *path)));
        }
    }
    places
}

fn written(address: std::net::IpAddr, form: u8) -> String {
    match (address, form) {
        (std::net::IpAddr::V4(address), 0) => format!("::ffff:{address}"),
        (std::net::IpAddr::V4(address), 1) => format!("{}", address.to_ipv6_mapped()).to_uppercase(),
        (std::net::IpAddr::V4(address), 2) => {
            let [a, b, c, d] = address.octets();
            format!("0:0:0:0:0:ffff:{a:02x}{b:02x}:{c:02x}{d:02x}")
        }
        (std::net::IpAddr::V6(address), 0) => address.to_string().to_uppercase(),
        (std::net::IpAddr::V6(address), 1) => {
            address.segments().iter().map(|part| format!("{part:04x}")).collect::<Vec<_>>().join(":")
        }
        _ => address.to_string(),
    }
}

fn address() -> impl Strategy<Value = std::net::IpAddr> {
    let v4 = any::<u32>().prop_map(|bits| std::net::Ipv4Addr::from_bits(bits).into());
    let v6 = any::<u128>().prop_map(|bits| std::net::Ipv6Addr::from_bits(bits).into());
    prop_oneof![v4, v6]
}

proptest! {
    #[test]
    fn an_address_that_was_planted_anywhere_is_found(
        address in address(), place in any::<prop::sample::Index>(), form in 0..4_u8, asked in 0..4_u8, others in 0..9_usize,
    ) {
        let places = places(|kind| kind == ValueForm::Address);
        let (table, column, path) = places[place.index(places.len())];
        let facts = FactsBuilder::new(&[])
            .row(table, row(A, "eu-west-1", "x-0", json!({})))
            .row(table, row(A, "eu-west-1", "x-1", json!({column: planted(path, &written(address, form))})))
            .facts();
        let range = format!("{address}/{}", if address.is_ipv4() { 20 } else { 70 });
        let mut texts = vec![written(address, asked), range];
        texts.extend((0..others).map(|other| format!("192.0.2.{other}")));
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let address = address.to_canonical();
        prop_assert_eq!(found(&facts, &texts[..1]), [format!("bears {table} x-1 {address}")]);
        let all = found(&facts, &texts);
        let has = |relation: &str| all.contains(&format!("{relation} {table} x-1 {address}"));
        prop_assert!(has("bears") && has("inside"));
    }

    #[test]
    fn a_name_that_was_planted_anywhere_is_found(
        labels in proptest::collection::vec("[A-Za-z0-9_-]{1,20}", 2..5), place in any::<prop::sample::Index>(), dot in any::<bool>(),
    ) {
        let name = labels.join(".");
        prop_assume!(name.bytes().any(|byte| byte.is_ascii_alphabetic()) && !name.starts_with("arn"));
        let places = places(|kind| kind == ValueForm::Name);
        let (table, column, path) = places[place.index(places.len())];
        let text = if dot { format!("{}.", name.to_uppercase()) } else { name.to_lowercase() };
        let facts = FactsBuilder::new(&[])
            .row(table, row(A, "eu-west-1", "x-1", json!({column: planted(path, &text)})))
            .facts();
        prop_assert_eq!(found(&facts, &[&name]), [format!("bears {table} x-1 {text}")]);
    }

    #[test]
    fn no_text_makes_it_fail(text in any::<String>(), other in ".{0,40}") {
        let facts = FactsBuilder::new(&[])
            .row("route53_records", record("Z1", &other, "CNAME", &[&text]))
            .row("route53_records", alias("Z1", &text, "A", &other, "Z1"))
            .row("ec2_network_interfaces", row(A, "eu-west-1", &text, json!({"private_ip_addresses": [{"PrivateIpAddress": other}]})))
            .facts();
        let terms: Vec<Query> = [&text, &other].into_iter().filter_map(|text| Query::parse(text).ok()).collect();
        look_up(&facts, &terms);
    }
}
