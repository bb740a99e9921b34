//! What a text can mean, and what is refused.

use super::*;

fn refused(text: &str) -> String {
    Query::parse(text).unwrap_err()
}

#[test]
fn what_has_no_known_form_is_refused() {
    for text in [
        "?!",
        "",
        " ",
        "*",
        "-",
        ".",
        "=",
        "=value",
        "10.0.0.0/33",
        "10.0.0.256",
        "1.2.3",
        "2001:db8::/129",
        "fe80::zz",
        "::1%eth0",
        "arn:aws",
        "https://www.example.com/",
        "0a:1b:2c:3d:4e:5f",
        "arn:::::",
        "10.0.0.0/x",
        "a\0b",
        "\u{202e}prod",
        "<script>",
        "{}",
        "\u{7}",
    ] {
        assert!(Query::parse(text).is_err(), "{text:?} was read as {:?}", Query::parse(text));
    }
    assert!(Query::parse(&"a".repeat(10_000)).is_err());
    assert!(Query::parse(&"a.".repeat(5_000)).is_err());
    insta::assert_snapshot!(refused("?!"), @r#"`?!` is nothing that can be looked for. Tried: IPv4 or IPv6 address, range (CIDR), id, ARN, tag (key=value), account id, account name or alias, DNS name."#);
    insta::assert_snapshot!(refused("\u{1b}[31m\u{202e}x"), @r#"`\u{1b}[31m\u{202e}x` is nothing that can be looked for. Tried: IPv4 or IPv6 address, range (CIDR), id, ARN, tag (key=value), account id, account name or alias, DNS name."#);
    assert!(refused(&"a".repeat(10_000)).len() < 400);
}

#[test]
fn a_term_reads_only_what_can_hold_it() {
    let tables = |text: &str| {
        let reads = reads(&[Query::parse(text).unwrap()]);
        reads.iter().map(|read| read.table).filter(|table| !reach_tables().contains(table)).collect::<Vec<_>>()
    };
    assert_eq!(tables("vol-0123456789abcdef0"), ["ec2_volumes"]);
    assert_eq!(tables("tgw-rtb-0123456789abcdef0"), ["ec2_transit_gateway_route_tables"]);
    let below_route_table = [
        "ec2_transit_gateway_prefix_list_references",
        "ec2_transit_gateway_route_table_associations",
        "ec2_transit_gateway_route_table_propagations",
        "ec2_transit_gateway_routes",
    ];
    assert_eq!(tables("tgw-rtb-0123456789abcdef0/10.0.0.0/8"), below_route_table);
    assert_eq!(tables("/hostedzone/Z0123456789ABCDEF"), ["route53_hosted_zones"]);
    assert_eq!(tables("Z0123456789ABCDEF/a=b.example.com./A/x y"), ["route53_records"]);
    assert_eq!(tables("arn:aws:route53:::healthcheck/x"), ["route53_health_checks"]);
    assert_eq!(tables("arn:aws:s3:::bucket"), ["s3_buckets"]);
    assert_eq!(tables("arn:aws:sqs:eu-west-1:111122223333:queue"), Vec::<&str>::new());
    assert_eq!(tables("arn:aws-cn:ec2::111122223333:ipam-pool/ipam-pool-1"), ["ec2_ipam_pools"]);
    assert_eq!(tables(A), ["accounts"]);
    assert_eq!(tables("acme prod"), ["accounts"]);
    assert!(tables("10.0.0.1").contains(&"route53_records") && !tables("10.0.0.0/8").contains(&"route53_records"));
    assert!(
        !tables("10.0.0.1").contains(&"route53_hosted_zones")
            && tables("example.com").contains(&"route53_hosted_zones")
    );
    assert!(!tables("env=prod").contains(&"route53_records") && tables("env=prod").contains(&"route53_health_checks"));
}

/// The tables that tell whether the internet reaches something.
fn reach_tables() -> Vec<&'static str> {
    crate::answers::reach::Reachability::RULES.iter().map(|read| read.table).collect()
}

#[test]
fn a_name_needs_the_records_of_every_account() {
    let reads = reads(&[Query::parse("www.example.com").unwrap()]);
    let records = reads.iter().find(|read| read.table == "route53_records").unwrap();
    assert_eq!(records.role, crate::answers::facts::Role::Context);
    assert_eq!(records.columns, ["alias_target", "hosted_zone_id", "name_decoded", "resource_records", "type"]);
}

#[test]
fn each_table_is_read_once() {
    let texts = ["10.0.0.1", "10.0.0.0/8", "www.example.com", "a=b", "i-1", A];
    let terms: Vec<Query> = texts.iter().map(|text| Query::parse(text).unwrap()).collect();
    let tables: Vec<&str> = reads(&terms).iter().map(|read| read.table).collect();
    let once: std::collections::BTreeSet<&str> = tables.iter().copied().collect();
    assert_eq!(once.len(), tables.len());
}

#[test]
fn the_same_text_twice_is_one_term() {
    let facts = estate::facts();
    assert_eq!(found(&facts, &["eni-1", "eni-2", "eni-1"]), found(&facts, &["eni-1", "eni-2"]));
}
