//! Checks which overlaps are found, how they are connected, and that many equal ranges stay few rows.

use serde_json::{Value, json};

use super::tests::{A, B, HOME, question, row, vpc};
use crate::answers::facts::{FactsBuilder, RowFilter};
use crate::answers::questions::{AnswerRow, Options};
use crate::inventory::Status;

const C: &str = "777788889999";
const NAME: &str = "overlapping-networks";

fn builder(rows: impl IntoIterator<Item = (&'static str, Value)>) -> FactsBuilder {
    let builder = FactsBuilder::new(question(NAME).reads);
    rows.into_iter().fold(builder, |builder, (table, row)| builder.row(table, row))
}

fn ask(builder: FactsBuilder, default_vpcs: &str) -> Vec<AnswerRow> {
    let options = Options::defaults(question(NAME)).with("default-vpcs", default_vpcs);
    let rows = (question(NAME).answer)(&builder.facts(), &options);
    for row in &rows {
        assert_eq!(row.values.len(), question(NAME).columns.len());
        assert!(row.collected_at.is_some() && row.account_id.is_none());
    }
    rows
}

/// Verdict, ranges, VPCs, what connects them, and the number of pairs, in order.
fn short(rows: &[AnswerRow]) -> Vec<String> {
    let line = |row: &AnswerRow| {
        let text = |at: usize| row.values[at].as_str().unwrap_or("-");
        let tail: Vec<String> = row.values[11..].iter().map(Value::to_string).collect();
        format!("{} {} {} {} {} {}", text(0), text(1), text(2), text(5), text(9), tail.join(" "))
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.sort();
    lines
}

fn peering(account: &str, id: &str, one: &str, other: &str, status: &str) -> (&'static str, Value) {
    let columns = json!({
        "requester_vpc_info": {"VpcId": one}, "accepter_vpc_info": {"VpcId": other}, "status": {"Code": status},
    });
    ("ec2_vpc_peering_connections", row(account, id, columns))
}

fn attachment(account: &str, gateway: &str, vpc: &str, state: &str) -> (&'static str, Value) {
    let columns = json!({"transit_gateway_id": gateway, "vpc_id": vpc, "state": state});
    ("ec2_transit_gateway_vpc_attachments", row(account, &format!("attach-{gateway}-{vpc}"), columns))
}

fn default_vpc(account: &str, id: &str) -> (&'static str, Value) {
    let mut vpc = vpc(account, id, &["172.31.0.0/16"]);
    vpc["is_default"] = json!(true);
    ("ec2_vpcs", vpc)
}

#[test]
fn overlaps_are_found_in_all_ranges_and_connected_ones_come_first() {
    let mut sixth = vpc(C, "vpc-6", &["192.168.0.0/24"]);
    sixth["ipv6_cidr_block_association_set"] =
        json!([{"Ipv6CidrBlock": "2600::/56", "Ipv6CidrBlockState": {"State": "associated"}}]);
    let mut seventh = vpc(C, "vpc-7", &["192.168.1.0/24"]);
    seventh["ipv6_cidr_block_association_set"] =
        json!([{"Ipv6CidrBlock": "2600:0:0:10::/60", "Ipv6CidrBlockState": {"State": "associated"}}]);
    let mut left = vpc(A, "vpc-8", &["10.128.0.0/16"]);
    left["cidr_block_association_set"]
        .as_array_mut()
        .unwrap()
        .push(json!({"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "disassociated"}}));
    let mut seen_by_b = vpc(B, "vpc-1", &["10.0.0.0/16"]);
    seen_by_b["owner_id"] = json!(A);
    let rows = ask(
        builder([
            ("ec2_vpcs", vpc(A, "vpc-1", &["10.0.0.0/16"])),
            ("ec2_vpcs", seen_by_b),
            ("ec2_vpcs", vpc(B, "vpc-2", &["192.168.64.0/24", "10.0.7.0/24", "nonsense"])),
            ("ec2_vpcs", vpc(B, "vpc-3", &["10.0.0.0/20"])),
            ("ec2_vpcs", vpc(C, "vpc-4", &["10.0.0.0/16"])),
            ("ec2_vpcs", sixth),
            ("ec2_vpcs", seventh),
            ("ec2_vpcs", left),
            peering(A, "pcx-1", "vpc-1", "vpc-2", "active"),
            peering(B, "pcx-1", "vpc-1", "vpc-2", "active"),
            peering(A, "pcx-2", "vpc-1", "vpc-3", "deleted"),
            attachment(A, "tgw-1", "vpc-1", "available"),
            attachment(A, "tgw-1", "vpc-4", "available"),
            attachment(A, "tgw-1", "vpc-3", "deleting"),
        ]),
        "no",
    );
    insta::assert_snapshot!(short(&rows).join("\n"), @r#"
    connected 10.0.0.0/16 10.0.0.0/16 vpc-1 vpc-4 ["tgw-1"] 2 1
    connected 10.0.0.0/16 10.0.7.0/24 vpc-1 vpc-2 ["pcx-1"] 2 1
    separate 10.0.0.0/16 10.0.0.0/20 vpc-1 vpc-3 [] 2 1
    separate 10.0.0.0/16 10.0.0.0/20 vpc-4 vpc-3 [] 2 1
    separate 10.0.0.0/16 10.0.7.0/24 vpc-4 vpc-2 [] 2 1
    separate 10.0.0.0/20 10.0.7.0/24 vpc-3 vpc-2 [] 2 1
    separate 2600::/56 2600:0:0:10::/60 vpc-6 vpc-7 [] 2 1
    "#);
}

#[test]
fn peered_transit_gateways_connect() {
    let estate = |state: &str| {
        let columns = json!({
            "requester_tgw_info": {"TransitGatewayId": "tgw-1"}, "accepter_tgw_info": {"TransitGatewayId": "tgw-2"},
            "state": state,
        });
        builder([
            ("ec2_vpcs", vpc(A, "vpc-1", &["10.0.0.0/16"])),
            ("ec2_vpcs", vpc(B, "vpc-2", &["10.0.0.0/16"])),
            attachment(A, "tgw-1", "vpc-1", "available"),
            attachment(B, "tgw-2", "vpc-2", "available"),
            ("ec2_transit_gateway_peering_attachments", row(A, "tgw-attach-1", columns)),
        ])
    };
    let rows = ask(estate("available"), "no");
    assert_eq!(short(&rows), [r#"connected 10.0.0.0/16 10.0.0.0/16 vpc-1 vpc-2 ["tgw-attach-1"] 2 1"#]);
    assert_eq!(short(&ask(estate("deleted"), "no")), ["separate 10.0.0.0/16 10.0.0.0/16 vpc-1 vpc-2 [] 2 1"]);
    let unread = estate("deleted").status(C, HOME, "ec2_transit_gateway_peering_attachments", Status::Denied);
    assert_eq!(short(&ask(unread, "no")), ["unknown 10.0.0.0/16 10.0.0.0/16 vpc-1 vpc-2 [] 2 1"]);
}

#[test]
fn connections_that_could_not_be_read_make_a_pair_unknown() {
    let estate =
        || builder([("ec2_vpcs", vpc(A, "vpc-1", &["10.0.0.0/16"])), ("ec2_vpcs", vpc(B, "vpc-2", &["10.0.0.0/16"]))]);
    let denied = |builder: FactsBuilder, account: &str| {
        builder.status(account, HOME, "ec2_vpc_peering_connections", Status::Denied)
    };
    let verdict = |builder: FactsBuilder| ask(builder, "no")[0].values[0].as_str().unwrap().to_owned();
    assert_eq!(verdict(estate()), "separate");
    assert_eq!(verdict(denied(estate(), A)), "separate", "the other account would see a peering");
    assert_eq!(verdict(denied(denied(estate(), A), B)), "unknown");
}

#[test]
fn default_vpcs_among_themselves_are_left_out_unless_they_are_connected() {
    let estate = || {
        builder([
            default_vpc(A, "vpc-1"),
            default_vpc(B, "vpc-2"),
            default_vpc(C, "vpc-3"),
            ("ec2_vpcs", vpc(C, "vpc-4", &["172.31.16.0/20"])),
            peering(A, "pcx-1", "vpc-1", "vpc-2", "active"),
        ])
    };
    let rows = ask(estate(), "no");
    insta::assert_snapshot!(short(&rows).join("\n"), @r#"
    connected 172.31.0.0/16 172.31.0.0/16 vpc-1 vpc-2 ["pcx-1"] 2 1
    separate 172.31.0.0/16 172.31.16.0/20 vpc-1 vpc-4 [] 2 1
    separate 172.31.0.0/16 172.31.16.0/20 vpc-2 vpc-4 [] 2 1
    separate 172.31.0.0/16 172.31.16.0/20 vpc-3 vpc-4 [] 2 1
    "#);
    assert_eq!(ask(estate(), "yes").len(), rows.len() + 2);
}

#[test]
fn a_selection_needs_one_vpc_of_a_pair() {
    let selection = RowFilter { accounts: Some([A.to_owned()].into()), ..RowFilter::default() };
    let rows = builder([
        ("ec2_vpcs", vpc(A, "vpc-1", &["10.0.0.0/16"])),
        ("ec2_vpcs", vpc(B, "vpc-2", &["10.0.0.0/16"])),
        ("ec2_vpcs", vpc(C, "vpc-3", &["10.0.0.0/16"])),
    ]);
    let rows = ask(rows.selection(selection), "no");
    let others: Vec<&str> = rows.iter().map(|row| row.values[9].as_str().unwrap()).collect();
    assert_eq!(others, ["vpc-2", "vpc-3"]);
}

/// The counted classes must give what the pairs one by one give.
#[test]
fn many_equal_ranges_are_counted() {
    let accounts = [A, B, C];
    let mut rows: Vec<(&'static str, Value)> = Vec::new();
    for number in 0..2_000 {
        rows.push(default_vpc(accounts[number % 3], &format!("vpc-default-{number}")));
    }
    for number in 0..300 {
        rows.push(("ec2_vpcs", vpc(accounts[number % 3], &format!("vpc-{number}"), &["10.0.0.0/16"])));
        if number < 20 {
            rows.push(attachment(A, "tgw-1", &format!("vpc-{number}"), "available"));
        }
    }
    rows.push(("ec2_vpcs", vpc(A, "vpc-small", &["10.0.1.0/24"])));
    rows.push(peering(A, "pcx-1", "vpc-100", "vpc-200", "active"));
    rows.push(peering(A, "pcx-2", "vpc-5", "vpc-small", "active"));
    let found = ask(builder(rows.clone()), "no");
    let groups: Vec<AnswerRow> = found.iter().filter(|row| row.values[5].is_null()).cloned().collect();
    // 300 VPCs are 44,850 pairs. 20 of them are on one gateway, which are 190 pairs, and two are peered.
    assert_eq!(
        short(&groups),
        [
            "connected 10.0.0.0/16 10.0.0.0/16 - - [] 300 91",
            "separate 10.0.0.0/16 10.0.0.0/16 - - [] 300 44659",
            "separate 10.0.0.0/16 10.0.1.0/24 - - [] 301 299",
        ]
    );
    assert_eq!(found.len(), 3 + 100 + 1);
    // The listed pairs are the first ones, whatever connects them.
    let listed: Vec<(&str, &str)> = found
        .iter()
        .filter(|row| row.values[1] == "10.0.0.0/16" && row.values[2] == "10.0.0.0/16")
        .filter_map(|row| Some((row.values[5].as_str()?, row.values[9].as_str()?)))
        .collect();
    let mut on_gateway: Vec<String> = (0..20).map(|number| format!("vpc-{number}")).collect();
    on_gateway.sort_by_key(|vpc| (vpc[4..].parse::<usize>().unwrap() % 3, vpc.clone()));
    let pairs =
        on_gateway.iter().enumerate().flat_map(|(at, one)| on_gateway[at + 1..].iter().map(move |other| (one, other)));
    let expected: Vec<(&str, &str)> = pairs.map(|(one, other)| (one.as_str(), other.as_str())).take(100).collect();
    assert_eq!(listed, expected);
    let groups = ask(builder(rows), "yes").into_iter().filter(|row| row.values[1] == "172.31.0.0/16");
    assert_eq!(short(&groups.collect::<Vec<_>>()), ["separate 172.31.0.0/16 172.31.0.0/16 - - [] 2000 1999000"]);
}

#[test]
fn everything_that_connects_two_vpcs_is_named() {
    let peered = |id: &str| {
        let columns = json!({
            "requester_tgw_info": {"TransitGatewayId": "tgw-1"}, "accepter_tgw_info": {"TransitGatewayId": "tgw-2"},
            "state": "available",
        });
        ("ec2_transit_gateway_peering_attachments", row(A, id, columns))
    };
    let estate = builder([
        ("ec2_vpcs", vpc(A, "vpc-1", &["10.0.0.0/16"])),
        ("ec2_vpcs", vpc(B, "vpc-2", &["10.0.0.0/16"])),
        attachment(A, "tgw-1", "vpc-1", "available"),
        attachment(A, "tgw-3", "vpc-1", "available"),
        attachment(B, "tgw-2", "vpc-2", "modifying"),
        attachment(B, "tgw-3", "vpc-2", "available"),
        peered("tgw-attach-1"),
        peered("tgw-attach-2"),
        peering(A, "pcx-1", "vpc-2", "vpc-1", "active"),
    ]);
    let names = r#"["pcx-1","tgw-3","tgw-attach-1","tgw-attach-2"]"#;
    assert_eq!(short(&ask(estate, "no")), [format!("connected 10.0.0.0/16 10.0.0.0/16 vpc-1 vpc-2 {names} 2 1")]);
}

/// AWS allows no VPC with ranges that overlap, but it would be no pair.
#[test]
fn a_vpc_is_no_pair_with_itself() {
    let many = (0..20).map(|number| ("ec2_vpcs", vpc(A, &format!("vpc-{number}"), &["10.0.0.0/16", "10.0.1.0/24"])));
    let pairs: u64 = ask(builder(many), "no")
        .iter()
        .filter(|row| row.values[1] != row.values[2])
        .map(|row| row.values[13].as_u64().unwrap())
        .sum();
    assert_eq!(pairs, 20 * 19);
}
