//! What security groups, prefix lists and network ACLs let in.

use serde_json::{Value, json};

use super::estate::{entry, ports};
use super::{B, Estate};

fn traffic(traffic: &[&str]) -> (Option<bool>, Vec<String>) {
    (Some(!traffic.is_empty()), traffic.iter().map(|text| (*text).to_owned()).collect())
}

#[test]
fn an_open_interface_names_group_address_and_port() {
    let exposure = Estate::open().exposure();
    assert_eq!(exposure.public, Some(true));
    assert_eq!((exposure.allowed_by, exposure.addresses), (vec!["sg-1".to_owned()], vec!["3.4.5.6".to_owned()]));
    assert_eq!((exposure.traffic[0].to_string(), exposure.reason), ("tcp 22".to_owned(), ""));
}

#[test]
fn a_rule_counts_if_its_ranges_are_most_of_the_internet() {
    let by = |sources: &[&str]| Estate::open().rules(&[Estate::rule("tcp", 22, 22, sources)]).public();
    assert_eq!(by(&["0.0.0.0/1", "128.0.0.0/1"]), Some(true));
    assert_eq!(by(&["1.0.0.0/8", "8.0.0.0/5", "16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/2", "128.0.0.0/2"]), Some(true));
    assert_eq!(by(&["128.0.0.0/1"]), Some(false));
    assert_eq!(by(&["10.0.0.0/8", "52.1.2.3/32"]), Some(false));
    assert_eq!(by(&["::/0"]), Some(false), "it has no IPv6 address");
    assert_eq!(by(&[]), Some(false), "the other source is a security group");
}

#[test]
fn rules_of_several_groups_count_together_where_their_ports_meet() {
    let both = json!([{"GroupId": "sg-1"}, {"GroupId": "sg-2"}]);
    let exposure = Estate::open()
        .rules(&[Estate::rule("tcp", 20, 30, &["64.0.0.0/2"])])
        .row("ec2_security_groups", "sg-2", json!({"ip_permissions": [Estate::rule("-1", 0, 0, &["128.0.0.0/1"])]}))
        .with("ec2_network_interfaces", json!({ "groups": both }))
        .exposure();
    assert_eq!((exposure.public, exposure.allowed_by), (Some(true), vec!["sg-1".to_owned(), "sg-2".to_owned()]));
    assert_eq!(exposure.traffic.iter().map(ToString::to_string).collect::<Vec<_>>(), ["tcp 20-30"]);
}

#[test]
fn protocols_without_ports_and_ipv6_count() {
    let by = |rule: Value, ipv6: bool| {
        let estate = Estate::open().rules(&[rule]);
        if ipv6 { estate.ipv6("2a05:d018::1") } else { estate }.traffic()
    };
    assert_eq!(by(Estate::rule("-1", 0, 0, &["0.0.0.0/0"]), false), traffic(&["all"]));
    assert_eq!(by(Estate::rule("icmp", 8, 0, &["0.0.0.0/0"]), false), traffic(&["icmp 8"]));
    assert_eq!(by(Estate::rule("50", -1, -1, &["0.0.0.0/0"]), false), traffic(&["50"]));
    assert_eq!(by(Estate::rule("udp", 0, 65535, &["::/0"]), true), traffic(&["udp"]));
    assert_eq!(by(Estate::rule("tcp", 443, 443, &["2000::/3"]), true), traffic(&["tcp 443"]));
    assert_eq!(by(Estate::rule("tcp", 443, 443, &["0.0.0.0/0"]), true), traffic(&[]));
    let private = Estate::open().rules(&[Estate::rule("tcp", 443, 443, &["::/0"])]).ipv6("fd00::1");
    assert_eq!(private.public(), Some(false));
    let own_range = json!({"ipv6_cidr_block_association_set": [
        {"Ipv6CidrBlock": "2a05:d018::/64", "Ipv6AddressAttribute": "private"}]});
    let unannounced = Estate::open().rules(&[Estate::rule("tcp", 443, 443, &["::/0"])]).ipv6("2a05:d018::1");
    assert_eq!(unannounced.with("ec2_subnets", own_range).public(), Some(false));
}

#[test]
fn prefix_lists_count_by_their_entries() {
    const LIST: &str = "pl-0123456789abcdef0";
    let by = |list: &str| Estate::open().rules(&[Estate::rule("tcp", 22, 22, &[list])]);
    let entries =
        |cidrs: &[&str]| json!({"entries": cidrs.iter().map(|cidr| json!({"Cidr": cidr})).collect::<Vec<_>>()});
    let with = |cidrs: &[&str]| by(LIST).row("ec2_managed_prefix_lists", LIST, entries(cidrs));
    assert_eq!(with(&["0.0.0.0/1", "128.0.0.0/1"]).public(), Some(true));
    assert_eq!(with(&["10.0.0.0/8"]).public(), Some(false));
    assert_eq!(by(LIST).public(), None, "the list is of an account outside the estate");
    assert_eq!(with(&["10.0.0.0/8"]).denied(super::A, "ec2_managed_prefix_lists").public(), None);
    assert_eq!(by(LIST).row("ec2_managed_prefix_lists", LIST, json!({})).public(), None, "its entries were denied");
    assert_eq!(by("pl-4fa04526").public(), Some(false), "a list of AWS");
    let beside = Estate::open().rules(&[Estate::rule("tcp", 22, 22, &[LIST, "0.0.0.0/0"])]);
    assert_eq!(beside.public(), Some(true), "what is open stays open");
}

#[test]
fn groups_that_were_not_seen_are_unknown() {
    assert_eq!(Estate::open().without("ec2_security_groups").public(), None);
    assert_eq!(Estate::open().denied(super::A, "ec2_security_groups").public(), None);
    assert_eq!(Estate::open().denied(B, "ec2_security_groups").public(), Some(true), "another account's");
    let closed = || Estate::open().rules(&[]);
    assert_eq!(closed().public(), Some(false));
    assert_eq!(closed().denied(super::A, "ec2_security_groups").public(), None);
    let two = json!({"groups": [{"GroupId": "sg-1"}, {"GroupId": "sg-of-somebody"}]});
    assert_eq!(Estate::open().with("ec2_network_interfaces", two.clone()).public(), Some(true));
    assert_eq!(closed().with("ec2_network_interfaces", two).public(), None);
}

#[test]
fn entries_of_a_network_acl_apply_in_order_and_by_port() {
    let out = || entry(100, true, "0.0.0.0/0", "-1", "allow");
    let by = |entries: &[Value]| {
        let rules = [Estate::rule("tcp", 20, 90, &["0.0.0.0/0"])];
        Estate::open().rules(&rules).entries(entries).traffic()
    };
    assert_eq!(
        by(&[out(), ports(200, false, 0, 65535, "allow"), ports(100, false, 30, 79, "deny")]),
        traffic(&["tcp 20-29", "tcp 80-90"])
    );
    assert_eq!(by(&[out(), ports(100, false, 443, 443, "allow")]), traffic(&[]), "the group opens other ports");
    assert_eq!(by(&[out(), entry(100, false, "10.0.0.0/8", "-1", "allow")]), traffic(&[]));
    assert_eq!(
        by(&[out(), entry(99, false, "0.0.0.0/0", "-1", "deny"), entry(100, false, "0.0.0.0/0", "-1", "allow")]),
        traffic(&[])
    );
    assert_eq!(
        by(&[out(), entry(99, false, "8.8.8.8/32", "-1", "deny"), entry(100, false, "0.0.0.0/0", "6", "allow")]),
        traffic(&["tcp 20-90"])
    );
    assert_eq!(by(&[entry(100, false, "0.0.0.0/0", "-1", "allow")]), traffic(&[]), "nothing goes out");
    assert_eq!(
        by(&[entry(100, false, "0.0.0.0/0", "-1", "allow"), ports(100, true, 1024, 65535, "allow")]),
        traffic(&["tcp 20-90"])
    );
    assert_eq!(by(&[entry(100, false, "0.0.0.0/0", "-1", "allow"), ports(100, true, 80, 80, "allow")]), traffic(&[]));
}

#[test]
fn all_protocols_of_a_group_meet_those_of_the_network_acl() {
    let by = |entries: &[Value]| {
        Estate::open().rules(&[Estate::rule("-1", 0, 0, &["0.0.0.0/0"])]).entries(entries).traffic()
    };
    let out = entry(100, true, "0.0.0.0/0", "-1", "allow");
    assert_eq!(
        by(&[out.clone(), ports(1, false, 443, 443, "allow"), entry(2, false, "0.0.0.0/0", "17", "allow")]),
        traffic(&["tcp 443", "udp"])
    );
    assert_eq!(by(&[out.clone(), entry(1, false, "0.0.0.0/0", "-1", "deny")]), traffic(&[]));
}

#[test]
fn a_closed_network_acl_outweighs_an_unknown_group() {
    let estate = || Estate::open().without("ec2_security_groups");
    assert_eq!(estate().entries(&[]).public(), Some(false));
    assert_eq!(estate().without("ec2_network_acls").public(), None);
}
