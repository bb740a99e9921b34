//! Links to other networks: peerings and VPNs.
//!
//! **Invariant:** both sides of a peering see it.

use serde_json::{Value, json};

use super::super::accounts::Site;
use super::super::ids::id;
use super::super::rows::DemoRows;
use super::DemoNetwork;

fn side(network: &DemoNetwork) -> Value {
    let ipv6: Vec<Value> = network.ipv6.iter().map(|range| json!({ "Ipv6CidrBlock": range })).collect();
    json!({
        "CidrBlock": network.cidr,
        "CidrBlockSet": [{ "CidrBlock": network.cidr }],
        "Ipv6CidrBlockSet": ipv6,
        "OwnerId": network.site.account_id(),
        "PeeringOptions": { "AllowDnsResolutionFromRemoteVpc": false },
        "Region": network.site.region,
        "VpcId": network.id(),
    })
}

/// The id of the peering between two networks.
pub(in super::super) fn peering_id(requester: &DemoNetwork, accepter: &DemoNetwork) -> String {
    id("pcx", &format!("{} {}", requester.id(), accepter.id()))
}

/// Writes a peering in this state, with AWS's message, and returns its id.
pub(in super::super) fn peering(
    rows: &mut DemoRows,
    requester: &DemoNetwork,
    accepter: &DemoNetwork,
    (code, message): (&str, &str),
) -> String {
    let peering_id = peering_id(requester, accepter);
    let mut columns = json!({
        "vpc_peering_connection_id": peering_id,
        "requester_vpc_info": side(requester),
        "accepter_vpc_info": side(accepter),
        "status": { "Code": code, "Message": message },
        "owner_id": requester.site.account_id(),
        "tags": requester.site.tags(&format!("{}-{}", requester.name, accepter.name)),
    });
    if code == "pending-acceptance" {
        columns["expiration_time"] = "2026-11-30T11:00:00Z".into();
    }
    let (one, other) = (requester.site, accepter.site);
    let table = "ec2_vpc_peering_connections";
    if one.region == other.region && one.account != other.account {
        rows.add_for(&[one.account, other.account], one, table, columns);
    } else {
        rows.add(one, table, columns.clone());
        if one.account == other.account {
            rows.add(other, table, columns);
        } else {
            rows.add_for(&[other.account], other, table, columns);
        }
    }
    peering_id
}

/// Writes a customer gateway and a VPN to it from this VPN gateway. `tunnels` has each tunnel's outside address and
/// status.
pub(in super::super) fn vpn(
    rows: &mut DemoRows,
    site: Site,
    (name, address, gateway_id): (&str, &str, &str),
    tunnels: &[(&str, &str)],
) {
    let customer_gateway_id = id("cgw", &site.unique(name));
    let customer_gateway = json!({
        "customer_gateway_id": customer_gateway_id,
        "state": "available",
        "type": "ipsec.1",
        "ip_address": address,
        "bgp_asn": "65010",
        "device_name": name,
        "tags": site.tags(name),
    });
    rows.add(site, "ec2_customer_gateways", customer_gateway);
    // The counters of the telemetry move from night to night.
    let routes = i64::try_from(11 + rows.night % 3).unwrap_or_default();
    let telemetry = |(outside, status): &(&str, &str)| {
        json!({
            "OutsideIpAddress": outside,
            "Status": status,
            "StatusMessage": if *status == "UP" { format!("{routes} BGP ROUTES") } else { "IPSEC IS DOWN".to_owned() },
            "AcceptedRouteCount": if *status == "UP" { routes } else { 0 },
            "LastStatusChange": if *status == "UP" { "2026-11-02T04:11:09Z" } else { "2026-11-24T19:42:51Z" },
        })
    };
    let options = |(outside, _): &(&str, &str)| {
        let number = super::super::ids::number(outside, 250) / 4 * 4;
        json!({ "OutsideIpAddress": outside, "TunnelInsideCidr": format!("169.254.100.{number}/30") })
    };
    let columns = json!({
        "vpn_connection_id": id("vpn", &site.unique(name)),
        "customer_gateway_id": customer_gateway_id,
        "vpn_gateway_id": gateway_id,
        "state": "available",
        "type": "ipsec.1",
        "category": "VPN",
        "gateway_association_state": "associated",
        "options": {
            "EnableAcceleration": false,
            "StaticRoutesOnly": false,
            "LocalIpv4NetworkCidr": "0.0.0.0/0",
            "RemoteIpv4NetworkCidr": "0.0.0.0/0",
            "OutsideIpAddressType": "PublicIpv4",
            "TunnelInsideIpVersion": "ipv4",
            "TunnelOptions": tunnels.iter().map(options).collect::<Vec<_>>(),
        },
        "routes": [],
        "vgw_telemetry": tunnels.iter().map(telemetry).collect::<Vec<_>>(),
        "tags": site.tags(name),
    });
    rows.add(site, "ec2_vpn_connections", columns);
}
