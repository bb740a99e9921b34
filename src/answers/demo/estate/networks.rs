//! The networks of the estate, with their subnets, routes and network ACLs.
//!
//! Planted: a network that overlaps another on the same transit gateway, one that overlaps another without a
//! connection, an IPv6 range that two networks have, routes into nothing, a network ACL that keeps the internet out, a
//! subnet without room.
//!
//! **Invariant:** a network that only refers to another does not build it, so that no two refer to each other in
//! circles.

use serde_json::Value;

use super::super::accounts::{
    ACME_NETWORK, ACME_SHOP, DemoAccount, FRANKFURT, GLOBEX_DEV, GLOBEX_PROD, INITECH_CORE, INITECH_LAB, VIRGINIA,
};
use super::super::world::{AclRule, DemoNetwork, peering_id, to, transit_id};

const SHOP_ONLY: &[&DemoAccount] = &[&ACME_SHOP];

/// Only the partner's range may reach the partner's subnet, and only HTTPS.
const PARTNER_RULES: &[AclRule] = &[(100, "198.51.100.0/24", (443, 443), true), (110, "10.0.0.0/8", (0, 65535), true)];

/// A route whose target is gone.
fn dead(mut route: Value) -> Value {
    route["State"] = "blackhole".into();
    route
}

fn to_internet(network: &DemoNetwork) -> Value {
    to("0.0.0.0/0", "GatewayId", &network.igw_id())
}

fn to_nat(network: &DemoNetwork, name: &str) -> Value {
    to("0.0.0.0/0", "NatGatewayId", &network.id_of("nat", name))
}

fn to_backbone(region: &'static str) -> Value {
    to("10.0.0.0/8", "TransitGatewayId", &transit_id(ACME_NETWORK.at(region)))
}

/// The way out and the way in of Acme.
pub(super) fn hub() -> DemoNetwork {
    let hub = DemoNetwork::new(ACME_NETWORK.at(FRANKFURT), "hub", "10.10.0.0/16").internet();
    let gone = hub.id_of("pcx", "branch");
    let out = to_internet(&hub);
    let nat = to_nat(&hub, "hub-nat-a");
    hub.subnet("public-a", "10.10.0.0/24", 'a')
        .subnet("public-b", "10.10.1.0/24", 'b')
        .subnet("private-a", "10.10.10.0/24", 'a')
        .subnet("transit-a", "10.10.255.0/28", 'a')
        .table("public", &["public-a", "public-b"], vec![out, to_backbone(FRANKFURT)])
        .table(
            "private",
            &["private-a", "transit-a"],
            vec![nat, to_backbone(FRANKFURT), dead(to("192.168.50.0/24", "VpcPeeringConnectionId", &gone))],
        )
}

/// Subnets that Acme's network account shares with the shop.
pub(super) fn shared() -> DemoNetwork {
    let backbone = to("0.0.0.0/0", "TransitGatewayId", &transit_id(ACME_NETWORK.at(FRANKFURT)));
    DemoNetwork::new(ACME_NETWORK.at(FRANKFURT), "shared", "10.30.0.0/16")
        .subnet("shared-a", "10.30.0.0/22", 'a')
        .shared_with(SHOP_ONLY)
        .subnet("shared-b", "10.30.4.0/22", 'b')
        .shared_with(SHOP_ONLY)
        .subnet("core-a", "10.30.16.0/24", 'a')
        .table("shared", &["shared-a", "shared-b"], vec![backbone])
}

/// Overlaps the shop, and is on the same transit gateway.
pub(super) fn legacy() -> DemoNetwork {
    DemoNetwork::new(ACME_NETWORK.at(FRANKFURT), "legacy", "10.20.128.0/17")
        .subnet("legacy-a", "10.20.128.0/24", 'a')
        .subnet("transit-a", "10.20.255.0/28", 'a')
        .table("legacy", &["legacy-a"], vec![to_backbone(FRANKFURT)])
}

pub(super) fn hub_us() -> DemoNetwork {
    let hub = DemoNetwork::new(ACME_NETWORK.at(VIRGINIA), "hub-us", "10.11.0.0/16").internet();
    let out = to_internet(&hub);
    hub.subnet("public-a", "10.11.0.0/24", 'a').subnet("transit-a", "10.11.255.0/28", 'a').table(
        "public",
        &["public-a"],
        vec![out, to_backbone(VIRGINIA)],
    )
}

/// The network that has 10.20.4.17.
pub(super) fn shop() -> DemoNetwork {
    let shop =
        DemoNetwork::new(ACME_SHOP.at(FRANKFURT), "shop", "10.20.0.0/16").ipv6("2a05:d014:1a2b:2000::/56").internet();
    let other = DemoNetwork::new(ACME_SHOP.at(VIRGINIA), "shop-us", "10.21.0.0/16");
    let to_us = to("10.21.0.0/16", "VpcPeeringConnectionId", &peering_id(&shop, &other));
    let out = vec![to_internet(&shop), to("::/0", "GatewayId", &shop.igw_id()), to_us.clone()];
    let partner = vec![to_internet(&shop)];
    let app = vec![to_nat(&shop, "shop-nat"), to_backbone(FRANKFURT), to_us];
    shop.subnet("public-a", "10.20.4.0/24", 'a')
        .subnet("public-b", "10.20.5.0/24", 'b')
        .subnet("partner-a", "10.20.48.0/24", 'a')
        .subnet("app-a", "10.20.16.0/24", 'a')
        .subnet("app-b", "10.20.17.0/24", 'b')
        .subnet("db-a", "10.20.32.0/26", 'a')
        .subnet("pods-a", "10.20.40.0/28", 'a')
        .subnet("transit-a", "10.20.63.0/28", 'a')
        .table("public", &["public-a", "public-b"], out)
        .table("partner", &["partner-a"], partner)
        .table("app", &["app-a", "app-b", "pods-a"], app)
        .acl("partner", &["partner-a"], PARTNER_RULES)
}

pub(super) fn shop_us() -> DemoNetwork {
    let shop_us = DemoNetwork::new(ACME_SHOP.at(VIRGINIA), "shop-us", "10.21.0.0/16").internet();
    let other = DemoNetwork::new(ACME_SHOP.at(FRANKFURT), "shop", "10.20.0.0/16");
    let home = to("10.20.0.0/16", "VpcPeeringConnectionId", &peering_id(&other, &shop_us));
    let out = vec![to_internet(&shop_us), home];
    shop_us.subnet("public-a", "10.21.0.0/24", 'a').subnet("app-a", "10.21.16.0/24", 'a').table(
        "public",
        &["public-a"],
        out,
    )
}

pub(super) fn platform() -> DemoNetwork {
    let platform = DemoNetwork::new(GLOBEX_PROD.at(FRANKFURT), "platform", "10.40.0.0/16").internet();
    let dev = DemoNetwork::new(GLOBEX_DEV.at(FRANKFURT), "dev", "10.41.0.0/16");
    let to_dev = to("10.41.0.0/16", "VpcPeeringConnectionId", &peering_id(&platform, &dev));
    let (out, nat) = (to_internet(&platform), to_nat(&platform, "platform-nat"));
    platform
        .subnet("public-a", "10.40.0.0/24", 'a')
        .subnet("app-a", "10.40.16.0/20", 'a')
        .subnet("app-b", "10.40.32.0/20", 'b')
        .table("public", &["public-a"], vec![out])
        .table("app", &["app-a", "app-b"], vec![nat, to_dev])
}

pub(super) fn analytics() -> DemoNetwork {
    let analytics = DemoNetwork::new(GLOBEX_PROD.at(VIRGINIA), "analytics", "10.50.0.0/16").internet();
    let out = to_internet(&analytics);
    analytics.subnet("public-a", "10.50.0.0/24", 'a').table("public", &["public-a"], vec![out])
}

/// One of its routes leads to a NAT gateway that was deleted.
pub(super) fn dev() -> DemoNetwork {
    let dev = DemoNetwork::new(GLOBEX_DEV.at(FRANKFURT), "dev", "10.41.0.0/16").internet();
    let platform = DemoNetwork::new(GLOBEX_PROD.at(FRANKFURT), "platform", "10.40.0.0/16");
    let home = to("10.40.0.0/16", "VpcPeeringConnectionId", &peering_id(&platform, &dev));
    let (out, nat) = (to_internet(&dev), dead(to_nat(&dev, "dev-nat")));
    dev.subnet("public-a", "10.41.0.0/24", 'a')
        .subnet("app-a", "10.41.16.0/24", 'a')
        .table("public", &["public-a"], vec![out])
        .table("app", &["app-a"], vec![nat, home])
}

/// Overlaps the platform, and is connected to nothing.
pub(super) fn sandbox() -> DemoNetwork {
    DemoNetwork::new(GLOBEX_DEV.at(FRANKFURT), "sandbox", "10.40.128.0/17").subnet("sandbox-a", "10.40.128.0/24", 'a')
}

pub(super) fn plant() -> DemoNetwork {
    let plant = DemoNetwork::new(INITECH_CORE.at(FRANKFURT), "plant", "10.60.0.0/16").ipv6("fd12:3456:7800:6000::/56");
    let vpn = to("172.20.0.0/16", "GatewayId", &plant.id_of("vgw", ""));
    plant.subnet("floor-a", "10.60.0.0/22", 'a').subnet("office-a", "10.60.8.0/24", 'a').table(
        "plant",
        &["floor-a", "office-a"],
        vec![vpn],
    )
}

/// Its account cuts every network of the region off from the internet.
pub(super) fn plant_us() -> DemoNetwork {
    let plant = DemoNetwork::new(INITECH_CORE.at(VIRGINIA), "plant-us", "10.61.0.0/16").internet().blocked();
    let out = to_internet(&plant);
    plant.subnet("public-a", "10.61.0.0/24", 'a').table("public", &["public-a"], vec![out])
}

/// Has the IPv6 range of the plant.
pub(super) fn lab() -> DemoNetwork {
    let lab =
        DemoNetwork::new(INITECH_LAB.at(FRANKFURT), "lab", "10.62.0.0/16").ipv6("fd12:3456:7800:6000::/56").internet();
    let out = to_internet(&lab);
    lab.subnet("bench-a", "10.62.0.0/24", 'a').table("bench", &["bench-a"], vec![out])
}

/// Its subnets leave no room for another.
pub(super) fn annex() -> DemoNetwork {
    DemoNetwork::new(INITECH_LAB.at(VIRGINIA), "annex", "10.63.0.0/24").subnet("annex-a", "10.63.0.0/25", 'a').subnet(
        "annex-b",
        "10.63.0.128/25",
        'b',
    )
}
