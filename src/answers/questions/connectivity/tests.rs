//! Checks each question about connectivity on a small estate: what it finds, what it does not, and what is unknown.

use serde_json::{Value, json};

use super::super::{Options, find};
use crate::answers::facts::{Facts, FactsBuilder};
use crate::inventory::Status;

const A: &str = "111122223333";
const B: &str = "444455556666";
const R: &str = "eu-west-1";

fn estate(question: &str) -> FactsBuilder {
    FactsBuilder::new(find(question).unwrap().reads)
}

/// A row of an account in the usual region, with these further values.
fn of(account: &str, id: &str, more: Value) -> Value {
    let mut row = json!({"account_id": account, "region": R, "id": id});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

/// The rows of an answer in order: account, region, and the values of these columns.
fn ask(question: &str, facts: &Facts, columns: &[&str]) -> Vec<Value> {
    let question = find(question).unwrap();
    let at = |name: &&str| question.columns.iter().position(|column| column.name == *name).unwrap();
    let rows = (question.answer)(facts, &Options::defaults(question));
    let mut rows: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            assert_eq!(row.values.len(), question.columns.len());
            let own = columns.iter().map(|column| row.values[at(column)].clone());
            [json!(row.account_id), json!(row.region)].into_iter().chain(own).collect()
        })
        .collect();
    rows.sort_by_key(Value::to_string);
    rows
}

#[test]
fn routes_without_their_target() {
    let routes = json!([
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active", "Origin": "CreateRouteTable"},
        {"DestinationCidrBlock": "10.9.0.0/16", "VpcPeeringConnectionId": "pcx-1", "State": "blackhole", "Origin": "CreateRoute"},
        {"DestinationIpv6CidrBlock": "::/0", "NatGatewayId": "nat-1", "State": "blackhole", "Origin": "CreateRoute"},
    ]);
    let gateway = |destination: &str, state: &str, attachments: Value| {
        let more = json!({
            "destination_cidr_block": destination, "state": state, "type": "static", "transit_gateway_attachments": attachments,
            "transit_gateway_route_table_id": "tgw-rtb-1", "transit_gateway_id": "tgw-1",
        });
        of(B, &format!("tgw-rtb-1/{destination}"), more)
    };
    let attached =
        json!([{"TransitGatewayAttachmentId": "tgw-attach-1", "ResourceId": "vpc-9", "ResourceType": "vpc"}]);
    let facts = estate("blackhole-routes")
        .row("ec2_route_tables", of(A, "rtb-1", json!({"routes": routes, "vpc_id": "vpc-1", "tags": {"Name": "main"}})))
        .row("ec2_transit_gateway_routes", gateway("10.1.0.0/16", "active", attached.clone()))
        .row("ec2_transit_gateway_routes", gateway("10.2.0.0/16", "blackhole", attached))
        .row("ec2_transit_gateway_routes", gateway("10.3.0.0/16", "blackhole", Value::Null))
        .facts();
    let columns = ["route_table_id", "name", "vpc_id", "destination", "target", "origin"];
    assert_eq!(
        ask("blackhole-routes", &facts, &columns),
        [
            json!([A, R, "rtb-1", "main", "vpc-1", "10.9.0.0/16", "pcx-1", "CreateRoute"]),
            json!([A, R, "rtb-1", "main", "vpc-1", "::/0", "nat-1", "CreateRoute"]),
            json!([B, R, "tgw-rtb-1", null, null, "10.2.0.0/16", "tgw-attach-1", "static"]),
            json!([B, R, "tgw-rtb-1", null, null, "10.3.0.0/16", null, "static"]),
        ]
    );
}

fn peering(account: &str, region: &str, id: &str, state: &str) -> Value {
    json!({
        "account_id": account, "owner_id": A, "region": region, "id": id, "expiration_time": "2026-12-01T00:00:00Z",
        "arn": format!("arn:aws:ec2:eu-west-1:{A}:vpc-peering-connection/{id}"),
        "status": {"Code": state, "Message": "why"},
        "requester_vpc_info": {"OwnerId": A, "Region": R, "VpcId": "vpc-1"},
        "accepter_vpc_info": {"OwnerId": B, "Region": "us-east-1", "VpcId": "vpc-2"},
    })
}

#[test]
fn connections_that_are_not_established() {
    let attachment = |id: &str, kind: &str, state: &str| {
        let more = json!({
            "resource_owner_id": A, "owner_id": A, "resource_type": kind, "resource_id": "vpc-1", "state": state,
            "transit_gateway_owner_id": B, "transit_gateway_id": "tgw-1", "creation_time": "2026-11-01T00:00:00Z",
            "arn": format!("arn:aws:ec2:eu-west-1:{A}:transit-gateway-attachment/{id}"),
        });
        of(B, id, more)
    };
    let gateway_peering = of(
        A,
        "tgw-attach-9",
        json!({
            "state": "rejected", "status": {"Code": "rejected", "Message": ""}, "creation_time": "2026-11-02T00:00:00Z",
            "requester_tgw_info": {"TransitGatewayId": "tgw-a", "OwnerId": A, "Region": R},
            "accepter_tgw_info": {"TransitGatewayId": "tgw-b", "OwnerId": B, "Region": "us-east-1"},
        }),
    );
    let endpoint = |id: &str, state: &str| {
        let more = json!({
            "vpc_id": "vpc-1", "service_name": "com.amazonaws.vpce.x", "state": state, "creation_timestamp": "2026-11-03T00:00:00Z",
        });
        of(A, id, more)
    };
    let mut rows = estate("pending-connections")
        .row("ec2_vpc_peering_connections", peering(B, "us-east-1", "pcx-1", "pending-acceptance"))
        .row("ec2_vpc_peering_connections", peering(A, R, "pcx-1", "pending-acceptance"))
        .row("ec2_vpc_peering_connections", peering(A, R, "pcx-2", "active"))
        .row("ec2_vpc_peering_connections", peering(A, R, "pcx-3", "deleted"))
        .row("ec2_vpc_peering_connections", peering(B, "us-east-1", "pcx-4", "expired"))
        .row("ec2_transit_gateway_peering_attachments", gateway_peering);
    for (id, kind, state) in
        [("1", "vpc", "pendingAcceptance"), ("2", "vpc", "available"), ("9", "peering", "rejected")]
    {
        rows = rows.row("ec2_transit_gateway_attachments", attachment(&format!("tgw-attach-{id}"), kind, state));
    }
    for (id, state) in [("vpce-1", "PendingAcceptance"), ("vpce-2", "available"), ("vpce-3", "failed")] {
        rows = rows.row("ec2_vpc_endpoints", endpoint(id, state));
    }
    let columns = [
        "id",
        "state",
        "message",
        "since",
        "expires",
        "requester_id",
        "accepter_account_id",
        "accepter_region",
        "accepter_id",
    ];
    let (us, expires) = ("us-east-1", "2026-12-01T00:00:00Z");
    assert_eq!(
        ask("pending-connections", &rows.facts(), &columns),
        [
            json!([A, R, "pcx-1", "pending-acceptance", "why", null, expires, "vpc-1", B, us, "vpc-2"]),
            json!([A, R, "pcx-4", "expired", "why", null, expires, "vpc-1", B, us, "vpc-2"]),
            json!([
                A,
                R,
                "tgw-attach-1",
                "pendingAcceptance",
                null,
                "2026-11-01T00:00:00Z",
                null,
                "vpc-1",
                B,
                R,
                "tgw-1"
            ]),
            json!([A, R, "tgw-attach-9", "rejected", null, "2026-11-02T00:00:00Z", null, "tgw-a", B, us, "tgw-b"]),
            json!([
                A,
                R,
                "vpce-1",
                "PendingAcceptance",
                null,
                "2026-11-03T00:00:00Z",
                null,
                "vpc-1",
                null,
                R,
                "com.amazonaws.vpce.x"
            ]),
            json!([
                A,
                R,
                "vpce-3",
                "failed",
                null,
                "2026-11-03T00:00:00Z",
                null,
                "vpc-1",
                null,
                R,
                "com.amazonaws.vpce.x"
            ]),
        ]
    );
}

#[test]
fn tunnels_without_a_connection() {
    let tunnel = |address: &str, status: &str| {
        json!({
            "OutsideIpAddress": address, "Status": status, "StatusMessage": "IPSEC IS DOWN",
            "LastStatusChange": "2026-11-20T10:00:00+00:00",
        })
    };
    let connection = |id: &str, state: &str, tunnels: Value| {
        of(
            A,
            id,
            json!({"state": state, "vgw_telemetry": tunnels, "customer_gateway_id": "cgw-1", "vpn_gateway_id": "vgw-1"}),
        )
    };
    let one = json!([tunnel("203.0.113.1", "UP"), tunnel("203.0.113.2", "DOWN")]);
    let facts = estate("vpn-tunnels-down")
        .row("ec2_vpn_connections", connection("vpn-1", "available", one))
        .row("ec2_vpn_connections", connection("vpn-2", "available", json!([tunnel("203.0.113.3", "UP")])))
        .row("ec2_vpn_connections", connection("vpn-3", "deleted", json!([tunnel("203.0.113.4", "DOWN")])))
        .facts();
    let columns = ["id", "outside_ip_address", "status_message", "last_status_change", "tunnels_up"];
    assert_eq!(
        ask("vpn-tunnels-down", &facts, &columns),
        [json!([A, R, "vpn-1", "203.0.113.2", "IPSEC IS DOWN", "2026-11-20T10:00:00Z", 1])]
    );
}

#[test]
fn nat_gateways_without_a_route() {
    let gateway =
        |account: &str, id: &str, vpc: &str, state: &str| of(account, id, json!({"vpc_id": vpc, "state": state}));
    let routes =
        |id: &str| json!({"routes": [{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": id, "State": "active"}]});
    let facts = estate("unused-nat-gateways")
        .row("ec2_vpcs", of(A, "vpc-1", json!({})))
        .row("ec2_vpcs", of(B, "vpc-2", json!({})))
        .row("ec2_nat_gateways", gateway(A, "nat-used", "vpc-1", "available"))
        .row("ec2_nat_gateways", gateway(A, "nat-idle", "vpc-1", "available"))
        .row("ec2_nat_gateways", gateway(A, "nat-gone", "vpc-1", "deleted"))
        .row("ec2_nat_gateways", gateway(A, "nat-in-b", "vpc-2", "available"))
        .row("ec2_nat_gateways", gateway(B, "nat-b-used-before", "vpc-2", "available"))
        .row("ec2_nat_gateways", gateway(B, "nat-b", "vpc-2", "available"))
        .row("ec2_route_tables", of(A, "rtb-1", routes("nat-used")))
        .row("ec2_route_tables", of(B, "rtb-2", routes("nat-b-used-before")))
        .status(B, R, "ec2_route_tables", Status::Denied)
        .facts();
    assert_eq!(
        ask("unused-nat-gateways", &facts, &["id", "verdict"]),
        [json!([A, R, "nat-idle", "unused"]), json!([A, R, "nat-in-b", "unknown"]), json!([B, R, "nat-b", "unknown"]),]
    );
}

#[test]
fn endpoints_of_one_service() {
    let endpoint = |account: &str, id: &str, service: Option<&str>, vpc: &str, state: &str| {
        let more = json!({
            "service_name": service, "service_network_arn": "arn:sn", "vpc_endpoint_type": "Interface", "vpc_id": vpc, "state": state,
        });
        of(account, id, more)
    };
    let s3 = Some("com.amazonaws.eu-west-1.s3");
    let facts = estate("endpoints-by-service")
        .row("ec2_vpc_endpoints", endpoint(A, "vpce-2", s3, "vpc-1", "available"))
        .row("ec2_vpc_endpoints", endpoint(A, "vpce-1", s3, "vpc-1", "available"))
        .row("ec2_vpc_endpoints", endpoint(B, "vpce-3", s3, "vpc-2", "pending"))
        .row("ec2_vpc_endpoints", endpoint(B, "vpce-4", s3, "vpc-2", "Deleted"))
        .row("ec2_vpc_endpoints", endpoint(B, "vpce-5", None, "vpc-2", "available"))
        .facts();
    assert_eq!(
        ask("endpoints-by-service", &facts, &["service_name", "endpoints", "account_ids", "vpc_ids", "ids"]),
        [
            json!([null, R, "arn:sn", 1, [B], ["vpc-2"], ["vpce-5"]]),
            json!([
                null,
                R,
                "com.amazonaws.eu-west-1.s3",
                3,
                [A, B],
                ["vpc-1", "vpc-2"],
                ["vpce-1", "vpce-2", "vpce-3"]
            ]),
        ]
    );
}

/// An estate of VPCs with two subnets and one interface each, of which these are logged.
fn logged(ids: &[&str]) -> FactsBuilder {
    let mut estate = estate("missing-flow-logs");
    for vpc in ["1", "2"] {
        estate = estate
            .row("ec2_vpcs", of(A, &format!("vpc-{vpc}"), json!({"is_default": false, "cidr_block": "10.0.0.0/16"})));
        for subnet in ["a", "b"] {
            let more = json!({"vpc_id": format!("vpc-{vpc}")});
            estate = estate.row("ec2_subnets", of(A, &format!("subnet-{vpc}{subnet}"), more));
        }
        let more = json!({"vpc_id": format!("vpc-{vpc}"), "subnet_id": format!("subnet-{vpc}a")});
        estate = estate.row("ec2_network_interfaces", of(A, &format!("eni-{vpc}"), more));
    }
    for id in ids {
        let more = json!({"resource_id": id, "flow_log_status": "ACTIVE"});
        estate = estate.row("ec2_flow_logs", of(A, &format!("fl-{id}"), more));
    }
    estate
}

fn verdicts(estate: FactsBuilder) -> Vec<Value> {
    let rows = ask("missing-flow-logs", &estate.facts(), &["id", "verdict"]);
    rows.into_iter().map(|row| json!([row[2], row[3]])).collect()
}

#[test]
fn vpcs_without_flow_logs() {
    let both = |first: &str, second: &str| vec![json!(["vpc-1", first]), json!(["vpc-2", second])];
    assert_eq!(verdicts(logged(&[])), both("missing", "missing"));
    assert_eq!(verdicts(logged(&["vpc-1"])), [json!(["vpc-2", "missing"])]);
    assert_eq!(verdicts(logged(&["subnet-1b", "tgw-1"])), both("partial", "missing"));
    assert_eq!(verdicts(logged(&["subnet-1a", "subnet-1b"])), [json!(["vpc-2", "missing"])]);
    assert_eq!(verdicts(logged(&["eni-2"])), [json!(["vpc-1", "missing"])]);
}

#[test]
fn flow_logs_that_nobody_could_list_are_unknown() {
    let denied = |ids: &[&str], table: &str| verdicts(logged(ids).status(A, R, table, Status::Denied));
    let (one, two) = (json!(["vpc-1", "unknown"]), json!(["vpc-2", "unknown"]));
    assert_eq!(
        denied(&["vpc-1"], "ec2_flow_logs"),
        std::slice::from_ref(&two),
        "it had a flow log when it was last answered"
    );
    assert_eq!(denied(&[], "ec2_flow_logs"), [one.clone(), two.clone()]);
    assert_eq!(denied(&["subnet-1a", "subnet-1b"], "ec2_subnets"), [one.clone(), json!(["vpc-2", "missing"])]);
    assert_eq!(denied(&["subnet-x"], "ec2_subnets"), [one.clone(), two], "the subnet may be of either");
    assert_eq!(denied(&["eni-1"], "ec2_network_interfaces"), [one, json!(["vpc-2", "missing"])]);
    let participant = of(B, "eni-b", json!({"vpc_id": "vpc-1", "subnet_id": "subnet-1a"}));
    let shared = logged(&[]).row("ec2_network_interfaces", participant).status(B, R, "ec2_flow_logs", Status::Failed);
    assert_eq!(verdicts(shared), [json!(["vpc-1", "unknown"]), json!(["vpc-2", "missing"])]);
}

#[test]
fn default_vpcs_with_interfaces() {
    let vpc = |account: &str, id: &str, is_default: bool| {
        of(account, id, json!({"is_default": is_default, "cidr_block": "172.31.0.0/16"}))
    };
    let interface = |id: &str, vpc: &str, instance: Option<&str>| {
        of(A, id, json!({"vpc_id": vpc, "attachment": instance.map(|id| json!({"InstanceId": id}))}))
    };
    let facts = estate("default-vpcs-in-use")
        .row("ec2_vpcs", vpc(A, "vpc-used", true))
        .row("ec2_vpcs", vpc(A, "vpc-empty", true))
        .row("ec2_vpcs", vpc(A, "vpc-own", false))
        .row("ec2_vpcs", vpc(B, "vpc-b", true))
        .row("ec2_network_interfaces", interface("eni-1", "vpc-used", Some("i-1")))
        .row("ec2_network_interfaces", interface("eni-2", "vpc-used", Some("i-1")))
        .row("ec2_network_interfaces", interface("eni-3", "vpc-used", None))
        .row("ec2_network_interfaces", interface("eni-4", "vpc-own", None))
        .status(B, R, "ec2_network_interfaces", Status::Denied)
        .facts();
    assert_eq!(
        ask("default-vpcs-in-use", &facts, &["id", "interfaces", "instances", "verdict"]),
        [json!([A, R, "vpc-used", 3, 1, "in_use"]), json!([B, R, "vpc-b", null, null, "unknown"])]
    );
}

fn group(account: &str, id: &str, name: &str, vpc: &str, named: &[&str]) -> Value {
    let pairs: Vec<Value> = named.iter().map(|id| json!({"GroupId": id, "UserId": account})).collect();
    of(
        account,
        id,
        json!({"group_name": name, "vpc_id": vpc, "ip_permissions": [{"IpProtocol": "-1", "UserIdGroupPairs": pairs}]}),
    )
}

fn groups() -> FactsBuilder {
    estate("unused-security-groups")
        .row("ec2_security_groups", group(A, "sg-default", "default", "vpc-1", &[]))
        .row("ec2_security_groups", group(A, "sg-worn", "web", "vpc-1", &[]))
        .row("ec2_security_groups", group(A, "sg-named", "named", "vpc-1", &[]))
        .row("ec2_security_groups", group(A, "sg-self", "self", "vpc-1", &["sg-self"]))
        .row("ec2_security_groups", group(A, "sg-idle", "idle", "vpc-3", &["sg-named"]))
        .row("ec2_network_interfaces", of(A, "eni-1", json!({"groups": [{"GroupId": "sg-worn", "GroupName": "web"}]})))
        .account(B, R)
}

fn group_verdicts(estate: FactsBuilder) -> Vec<Value> {
    let rows = ask("unused-security-groups", &estate.facts(), &["id", "verdict"]);
    rows.into_iter().map(|row| json!([row[2], row[3]])).collect()
}

#[test]
fn groups_that_nothing_uses() {
    assert_eq!(group_verdicts(groups()), [json!(["sg-idle", "unused"]), json!(["sg-self", "unused"])]);
    let referred = groups().row("ec2_security_groups", group(B, "sg-b", "default", "vpc-2", &["sg-self"]));
    assert_eq!(group_verdicts(referred), [json!(["sg-idle", "unused"])]);
}

#[test]
fn groups_that_somebody_unseen_may_use_are_unknown() {
    let (idle, own) = (json!(["sg-idle", "unknown"]), json!(["sg-self", "unknown"]));
    for table in ["ec2_network_interfaces", "ec2_security_groups", "ec2_vpc_peering_connections"] {
        assert_eq!(group_verdicts(groups().status(A, R, table, Status::Denied)), [idle.clone(), own.clone()]);
    }
    let denied = || groups().status(B, R, "ec2_security_groups", Status::Denied);
    assert_eq!(
        group_verdicts(denied()),
        [json!(["sg-idle", "unused"]), json!(["sg-self", "unused"])],
        "B cannot refer to them"
    );
    let info = |account: &str, vpc: &str| json!({"OwnerId": account, "Region": R, "VpcId": vpc});
    let peered = json!({"requester_vpc_info": info(B, "vpc-2"), "accepter_vpc_info": info(A, "vpc-1")});
    let peered = denied().row("ec2_vpc_peering_connections", of(A, "pcx-1", peered));
    assert_eq!(group_verdicts(peered), [json!(["sg-idle", "unused"]), own.clone()]);
    let attached = |support: &str| {
        let more = json!({"transit_gateway_id": "tgw-1", "vpc_id": "vpc-1"});
        denied().row("ec2_transit_gateway_vpc_attachments", of(A, "tgw-attach-1", more)).row(
            "ec2_transit_gateways",
            of(A, "tgw-1", json!({"options": {"SecurityGroupReferencingSupport": support}})),
        )
    };
    assert_eq!(group_verdicts(attached("enable")), [json!(["sg-idle", "unused"]), own]);
    assert_eq!(group_verdicts(attached("disable")), [json!(["sg-idle", "unused"]), json!(["sg-self", "unused"])]);
}
