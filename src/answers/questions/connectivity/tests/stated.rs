//! Checks the questions that repeat what AWS says of a state: routes, connections, tunnels, endpoints.

use serde_json::{Value, json};

use super::{A, B, R, ask, estate, of};

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
