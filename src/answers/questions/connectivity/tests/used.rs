//! Checks the questions about what uses what: NAT gateways and default VPCs.

use serde_json::json;

use super::{A, B, R, ask, estate, of};
use crate::inventory::Status;

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

/// A VPC of somebody else has its owner's route tables.
#[test]
fn nat_gateways_in_a_vpc_that_nobody_saw_are_unknown() {
    let gateway = of(A, "nat-1", json!({"vpc_id": "vpc-9", "state": "available"}));
    let facts = estate("unused-nat-gateways").row("ec2_nat_gateways", gateway).facts();
    assert_eq!(ask("unused-nat-gateways", &facts, &["id", "verdict"]), [json!([A, R, "nat-1", "unknown"])]);
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
