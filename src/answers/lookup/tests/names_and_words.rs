//! DNS names and accounts.

use super::*;

#[test]
fn a_name_is_its_records_and_what_they_lead_to() {
    let facts = estate::facts();
    insta::assert_debug_snapshot!(found(&facts, &["www.example.com"]), @r#"
    [
        "is route53_records Z1/www.example.com./CNAME www.example.com.",
        "bears ec2_addresses eipalloc-1 198.51.100.20",
        "bears ec2_instances i-1 198.51.100.20",
        "bears ec2_instances i-1 2001:db8:0:100::5",
        "bears ec2_network_interfaces eni-1 198.51.100.20",
        "bears ec2_network_interfaces eni-1 2001:db8:0:100::5",
    ]
    "#);
    assert_eq!(found(&facts, &["WWW.Example.COM."]), found(&facts, &["www.example.com"]));
    insta::assert_debug_snapshot!(found(&facts, &["front.example.com"]), @r#"
    [
        "is route53_records Z1/front.example.com./A front.example.com.",
        "is route53_records Z1/front.example.com./AAAA front.example.com.",
        "bears ec2_addresses eipalloc-1 198.51.100.20",
        "bears ec2_instances i-1 198.51.100.20",
        "bears ec2_instances i-1 2001:db8:0:100::5",
        "bears ec2_network_interfaces eni-1 198.51.100.20",
        "bears ec2_network_interfaces eni-1 2001:db8:0:100::5",
        "names route53_records Z1/app.example.com./A front.example.com.",
        "names route53_records Z1/example.com./HTTPS front.example.com.",
        "names route53_records Z1/example.com./MX front.example.com.",
        "names route53_records Z1/www.example.com./CNAME Front.Example.com",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["app.example.com"]), @r#"
    [
        "is route53_records Z1/app.example.com./A app.example.com.",
        "bears ec2_addresses eipalloc-1 198.51.100.20",
        "bears ec2_instances i-1 198.51.100.20",
        "bears ec2_network_interfaces eni-1 198.51.100.20",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["example.com"]), @r#"
    [
        "is route53_hosted_zones Z1 example.com.",
        "is route53_records Z1/example.com./HTTPS example.com.",
        "is route53_records Z1/example.com./MX example.com.",
        "is route53_records Z1/example.com./NS example.com.",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["ns-1.awsdns-1.com", "policy.example.com"]), @r#"
    [
        "names route53_records Z1/example.com./NS ns-1.awsdns-1.com.",
        "bears route53_traffic_policy_instances b7c5e1b2-0000-4000-8000-000000000000 policy.example.com.",
    ]
    "#);
}

#[test]
fn resources_have_names_of_their_own() {
    let facts = estate::facts();
    insta::assert_debug_snapshot!(found(&facts, &["api.example.com"]), @r#"
    [
        "is route53_records Z1/api.example.com./CNAME api.example.com.",
        "bears ec2_vpc_endpoints vpce-1 vpce-1-abc.execute-api.eu-west-1.vpce.amazonaws.com",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["ip-10-20-4-17.eu-west-1.compute.internal"]), @r#"
    [
        "bears ec2_instances i-1 ip-10-20-4-17.eu-west-1.compute.internal",
        "bears ec2_network_interfaces eni-1 ip-10-20-4-17.eu-west-1.compute.internal",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["ec2.example.com"]), @r#"
    [
        "is route53_records Z1/ec2.example.com./CNAME ec2.example.com.",
        "bears ec2_addresses eipalloc-2 198.51.100.99",
        "bears ec2_nat_gateways nat-1 198.51.100.99",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com"]), @r#"
    [
        "bears ec2_vpc_endpoints vpce-1 *.vpce-1.s3.eu-west-1.vpce.amazonaws.com",
    ]
    "#);
    insta::assert_debug_snapshot!(found(&facts, &["x.cvpn-endpoint-1.prod.clientvpn.eu-west-1.amazonaws.com"]), @r#"
    [
        "bears ec2_client_vpn_endpoints cvpn-endpoint-1 *.cvpn-endpoint-1.prod.clientvpn.eu-west-1.amazonaws.com",
    ]
    "#);
}

#[test]
fn loops_end_and_wildcards_answer_for_names_without_records() {
    let facts = estate::facts();
    assert_eq!(
        found(&facts, &["a.loop.example.com"]),
        [
            "is route53_records Z1/a.loop.example.com./CNAME a.loop.example.com.",
            "names route53_records Z1/b.loop.example.com./CNAME a.loop.example.com.",
        ]
    );
    let bearers = |name: &str| found(&facts, &[name]).into_iter().filter(|row| row.starts_with("bears")).count();
    assert_eq!((bearers("any.wild.example.com"), bearers("own.wild.example.com")), (3, 0));
    assert_eq!(
        found(&facts, &["\\052.wild.example.com"])[0],
        "is route53_records Z1/*.wild.example.com./A *.wild.example.com."
    );
}

#[test]
fn an_alias_leads_to_its_own_zone_and_type() {
    let facts = FactsBuilder::new(&[])
        .row("route53_records", alias("Z1", "app.example.com.", "A", "\\052.Front.example.com.", "/hostedzone/Z1"))
        .row("route53_records", record("Z1", "*.front.example.com.", "A", &["10.0.0.1"]))
        .row("route53_records", record("Z1", "*.front.example.com.", "AAAA", &["2001:db8::1"]))
        .row("route53_records", record("Z2", "*.front.example.com.", "A", &["10.0.0.2"]))
        .row("ec2_addresses", row(A, "eu-west-1", "eipalloc-1", json!({"public_ip": "10.0.0.1"})))
        .row("ec2_addresses", row(A, "eu-west-1", "eipalloc-2", json!({"public_ip": "10.0.0.2"})))
        .row("ec2_network_interfaces", row(A, "eu-west-1", "eni-1", json!({"ipv6_address": "2001:db8::1"})))
        .facts();
    assert_eq!(
        found(&facts, &["app.example.com"]),
        ["is route53_records Z1/app.example.com./A app.example.com.", "bears ec2_addresses eipalloc-1 10.0.0.1",]
    );
}

#[test]
fn accounts_are_found_by_id_alias_and_name() {
    let facts = estate::facts();
    assert_eq!(found(&facts, &[A]), [format!("is accounts {A} -")]);
    assert_eq!(found(&facts, &["1111-2222-3333"]), found(&facts, &[A]));
    assert_eq!(found(&facts, &[B]), [format!("is accounts {B} -")], "an account of the estate without a row");
    assert_eq!(found(&facts, &["999999999999"]), Vec::<String>::new());
    assert_eq!(found(&facts, &["Acme-Prod"]), [format!("is accounts {A} acme-prod")]);
    assert_eq!(found(&facts, &["acme test"]), [format!("is accounts {B} Acme Test")]);
    assert_eq!(found(&facts, &["web"]), Vec::<String>::new(), "a bare word is no tag");
}

#[test]
fn names_are_compared_as_dns_does() {
    let same = |one: &str, other: &str| super::super::names::normal(one) == super::super::names::normal(other);
    assert!(same("www.Example.com.", "\\167ww.example.COM"));
    assert!(same("\\052.example.com", "*.example.com."));
    assert!(same("a\\056b.c", "a\\.b.c.") && !same("a\\056b.c", "a.b.c"));
    assert!(same("a\\134056b.", "a\\\\056b") && !same("\u{c9}.com", "\u{e9}.com"));
    for text in ["", ".", "..", ".a", "a..b", &"a".repeat(64), &"a.".repeat(200), "a\\.", &"\\141".repeat(64)] {
        let is_name = super::super::names::normal(text).is_some();
        assert_eq!(is_name, text == "a\\.", "{text}");
    }
}
