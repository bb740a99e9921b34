//! Acme's network account: the hub, the shared subnets, the transit gateways, and the plan of addresses.
//!
//! Planted: a NAT gateway that no route uses, an address that nothing uses, a transit gateway's route into nothing, an
//! attachment that nobody has accepted.
//!
//! **Invariant:** nothing of it can be reached from the internet.

use serde_json::json;

use super::super::accounts::{ACME_NETWORK, ACME_SHOP, FRANKFURT, VIRGINIA};
use super::super::ids::id;
use super::super::rows::DemoRows;
use super::super::world::{
    DemoHost, DemoInterface, attach, elastic, flow_log, group, nat, prefix_list, transit_gateway, transit_peering,
    transit_routes,
};
use super::networks::{hub, hub_us, legacy, shared, shop, shop_us};

pub(super) fn write(rows: &mut DemoRows) {
    networks(rows);
    backbone(rows);
    plan(rows);
    own_range(rows);
    let site = ACME_NETWORK.at(FRANKFURT);
    elastic(rows, site, "branch-vpn", "3.65.200.7");
    prefix_list(rows, site, "corporate", &["198.51.100.0/24"]);
}

fn networks(rows: &mut DemoRows) {
    for network in [hub(), shared(), legacy(), hub_us()] {
        network.write(rows);
    }
    let hub = hub();
    nat(rows, &hub, ("hub-nat-a", "public-a"), ("10.10.0.20", "3.65.120.10"));
    nat(rows, &hub, ("hub-nat-b", "public-b"), ("10.10.1.20", "3.65.120.11"));
    flow_log(rows, hub.site, &hub.id(), None);
    flow_log(rows, hub.site, &shared().id(), None);
    flow_log(rows, hub.site, &legacy().id(), None);
    flow_log(rows, hub_us().site, &hub_us().id(), None);
    group(
        rows,
        &hub,
        ("resolver", "DNS from the networks"),
        &[("udp", (53, 53), "10.0.0.0/8".into()), ("tcp", (53, 53), "10.0.0.0/8".into())],
    );
    let resolver = DemoInterface::new(&hub, "private-a", "hub-dns-1", "10.10.10.53").groups(&["resolver"]);
    DemoHost::new(resolver).write(rows);
    let legacy = legacy();
    let files = DemoInterface::new(&legacy, "legacy-a", "legacy-files", "10.20.128.10");
    // It still runs from an old image.
    let files = DemoHost::new(files).image("legacy-base-2024-04").kind("m6i.large");
    files.launched("2024-05-14T06:20:00Z").write(rows);
}

fn backbone(rows: &mut DemoRows) {
    let (here, there) = (ACME_NETWORK.at(FRANKFURT), ACME_NETWORK.at(VIRGINIA));
    transit_gateway(rows, here, 64520, &[&ACME_SHOP]);
    transit_gateway(rows, there, 64521, &[&ACME_SHOP]);
    transit_peering(rows, here, there, "available");
    attach(rows, here, &hub(), ("transit-a", "10.10.255.4", "available"));
    attach(rows, here, &legacy(), ("transit-a", "10.20.255.4", "available"));
    attach(rows, here, &shop(), ("transit-a", "10.20.63.4", "available"));
    attach(rows, there, &hub_us(), ("transit-a", "10.11.255.4", "available"));
    attach(rows, there, &shop_us(), ("app-a", "10.21.16.4", "pendingAcceptance"));
    transit_routes(
        rows,
        here,
        &[
            ("0.0.0.0/0", Some(&hub()), "static"),
            ("10.10.0.0/16", Some(&hub()), "propagated"),
            ("10.20.0.0/16", Some(&shop()), "propagated"),
            ("10.20.128.0/17", Some(&legacy()), "propagated"),
            ("10.99.0.0/16", None, "static"),
        ],
    );
    transit_routes(rows, there, &[("10.11.0.0/16", Some(&hub_us()), "propagated")]);
}

/// IPAM, and a range of Acme's own.
fn plan(rows: &mut DemoRows) {
    let site = ACME_NETWORK.at(FRANKFURT);
    let ipam_arn = format!("arn:aws:ec2::{}:ipam/{}", site.account_id(), id("ipam", "acme"));
    let scope_id = |kind: &str| id("ipam-scope", &format!("acme {kind}"));
    let scope_arn = |kind: &str| format!("arn:aws:ec2::{}:ipam-scope/{}", site.account_id(), scope_id(kind));
    let ipam = json!({
        "ipam_id": id("ipam", "acme"), "ipam_region": site.region, "state": "create-complete", "tier": "advanced",
        "description": "Addresses of Acme", "scope_count": 2,
        "public_default_scope_id": scope_id("public"), "private_default_scope_id": scope_id("private"),
        "operating_regions": [{ "RegionName": FRANKFURT }, { "RegionName": VIRGINIA }], "tags": site.tags("acme"),
    });
    rows.add(site, "ec2_ipams", ipam);
    for kind in ["public", "private"] {
        let scope = json!({
            "ipam_scope_id": scope_id(kind), "ipam_arn": ipam_arn, "ipam_region": site.region, "ipam_scope_type": kind,
            "is_default": true, "pool_count": i64::from(kind == "private"), "state": "create-complete",
            "tags": site.tags(kind),
        });
        rows.add(site, "ec2_ipam_scopes", scope);
    }
    let pool = json!({
        "ipam_pool_id": id("ipam-pool", "acme networks"), "ipam_scope_arn": scope_arn("private"),
        "ipam_scope_type": "private", "ipam_arn": ipam_arn, "ipam_region": site.region, "locale": site.region,
        "pool_depth": 1, "state": "create-complete", "description": "Networks in Frankfurt", "auto_import": true,
        "address_family": "ipv4", "allocation_min_netmask_length": 16, "allocation_max_netmask_length": 24,
        "allocation_default_netmask_length": 20, "tags": site.tags("networks"),
    });
    rows.add(site, "ec2_ipam_pools", pool);
}

/// A range of Acme's own, with one address in use.
fn own_range(rows: &mut DemoRows) {
    let site = ACME_NETWORK.at(FRANKFURT);
    let pool_id = id("ipv4pool-ec2", "acme");
    let range = json!({
        "cidr": "203.0.113.0/24", "description": "Range of Acme", "state": "provisioned", "pool_id": pool_id,
        "network_border_group": site.region, "asn_associations": [],
    });
    rows.add(site, "ec2_byoip_cidrs", range);
    let addresses = json!({
        "pool_id": pool_id, "description": "Range of Acme", "network_border_group": site.region,
        "pool_address_ranges": [{
            "FirstAddress": "203.0.113.0", "LastAddress": "203.0.113.255", "AddressCount": 256,
            "AvailableAddressCount": 255,
        }],
        "total_address_count": 256, "total_available_address_count": 255, "tags": site.tags("acme"),
    });
    rows.add(site, "ec2_public_ipv4_pools", addresses);
    let relay = DemoInterface::new(&hub(), "public-b", "hub-relay", "10.10.1.30").elastic("hub-relay", "203.0.113.25");
    DemoHost::new(relay.own_pool(&pool_id)).write(rows);
}
