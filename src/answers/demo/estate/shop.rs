//! Acme's shop account: what the internet reaches, and what it only seems to reach.
//!
//! Planted: 10.20.4.17, which another instance has on the last night; groups that are open, shielded by a network ACL,
//! shielded by the lack of a route, and used by nothing; a prefix list that is most of the internet; an elastic address
//! that moves; instances that come and go; a subnet without room.
//!
//! **Invariant:** the tests name what each line is for.

use super::super::accounts::{ACME_SHOP, FRANKFURT};
use super::super::rows::DemoRows;
use super::super::world::{
    DemoHost, DemoInterface, DemoNetwork, GroupRule, endpoint, flow_log, gateway_endpoint, group, nat, peering,
    prefix_list,
};
use super::networks::{shared, shop, shop_us};

pub(super) fn write(rows: &mut DemoRows) {
    let (shop, shop_us) = (shop(), shop_us());
    shop.write(rows);
    shop_us.write(rows);
    nat(rows, &shop, ("shop-nat", "public-a"), ("10.20.4.8", "3.66.14.2"));
    flow_log(rows, shop.site, &shop.id(), None);
    peering(rows, &shop, &shop_us, ("active", "Active"));
    gateway_endpoint(rows, &shop, "s3", &["app", "public"]);
    let ssm = DemoInterface::new(&shop, "app-a", "shop-ssm", "10.20.16.200").groups(&["app"]);
    endpoint(rows, "ssm", ssm);
    groups(rows, &shop);
    public_hosts(rows, &shop);
    queue(rows, &shop);
    private_hosts(rows, &shop);
    guests(rows);
    abroad(rows, &shop_us);
}

fn tcp(port: i64, source: &str) -> GroupRule {
    ("tcp", (port, port), source.to_owned())
}

fn groups(rows: &mut DemoRows, shop: &DemoNetwork) {
    let most = prefix_list(rows, ACME_SHOP.at(FRANKFURT), "everyone", &["0.0.0.0/1", "128.0.0.0/1"]);
    let web = shop.group_id("web");
    let app = shop.group_id("app");
    group(rows, shop, ("web", "The shop's front"), &[tcp(443, "0.0.0.0/0"), tcp(443, "::/0"), tcp(80, "0.0.0.0/0")]);
    group(rows, shop, ("feed", "Feeds for everybody, through a prefix list"), &[tcp(8080, &most)]);
    group(rows, shop, ("partner", "Partners, whom the network ACL narrows"), &[tcp(8443, "0.0.0.0/0")]);
    group(rows, shop, ("ftp", "Uploads of former partners"), &[tcp(21, "0.0.0.0/0")]);
    group(rows, shop, ("queue", "The queue, for one partner"), &[tcp(5671, "198.51.100.0/24")]);
    group(rows, shop, ("app", "The shop's back"), &[tcp(8080, &web), tcp(443, &app)]);
    group(rows, shop, ("db", "The shop's database"), &[tcp(5432, &app)]);
    group(rows, shop, ("spare", "Kept for the next release"), &[tcp(443, "10.20.0.0/16")]);
    // Somebody opened it in the third night.
    let mut admin = vec![tcp(22, "203.0.113.0/24")];
    if rows.night >= 3 {
        admin.push(tcp(22, "0.0.0.0/0"));
    }
    group(rows, shop, ("admin", "Administration"), &admin);
}

fn public_hosts(rows: &mut DemoRows, shop: &DemoNetwork) {
    let name = if rows.night < 5 { "shop-web-blue" } else { "shop-web-green" };
    let launched = if rows.night < 5 { "2026-07-06T08:15:00Z" } else { "2026-11-24T15:02:11Z" };
    let web =
        DemoInterface::new(shop, "public-a", name, "10.20.4.17").groups(&["web"]).elastic("shop-web", "52.28.64.17");
    DemoHost::new(web).kind("m7g.large").launched(launched).write(rows);
    let web = DemoInterface::new(shop, "public-b", "shop-web-2", "10.20.5.18")
        .groups(&["web"])
        .elastic("shop-web-2", "3.120.181.40")
        .ipv6("2a05:d014:1a2b:2001::18");
    DemoHost::new(web).kind("m7g.large").write(rows);
    let feed = DemoInterface::new(shop, "public-a", "shop-feed", "10.20.4.30").groups(&["feed"]).public("3.121.10.8");
    DemoHost::new(feed).write(rows);
    let partner =
        DemoInterface::new(shop, "partner-a", "shop-partner", "10.20.48.9").groups(&["partner"]).public("3.121.10.9");
    DemoHost::new(partner).write(rows);
}

/// The elastic address of the queue moves to the second instance in the third night.
fn queue(rows: &mut DemoRows, shop: &DemoNetwork) {
    let holder = if rows.night < 3 { "shop-queue-1" } else { "shop-queue-2" };
    for (name, address) in [("shop-queue-1", "10.20.5.41"), ("shop-queue-2", "10.20.5.42")] {
        let interface = DemoInterface::new(shop, "public-b", name, address).groups(&["queue"]);
        let interface = if name == holder { interface.elastic("shop-queue", "52.28.65.20") } else { interface };
        DemoHost::new(interface).write(rows);
    }
}

fn private_hosts(rows: &mut DemoRows, shop: &DemoNetwork) {
    let mut hosts = vec![("app-a", "shop-app-1", "10.20.16.11", "app"), ("app-b", "shop-app-2", "10.20.17.12", "app")];
    hosts.push(("db-a", "shop-db-1", "10.20.32.10", "db"));
    hosts.push(("app-a", "shop-admin", "10.20.16.5", "admin"));
    // One worker goes in the third night, another comes in the second.
    if rows.night < 3 {
        hosts.push(("app-a", "shop-worker-1", "10.20.16.31", "app"));
    }
    if rows.night >= 2 {
        hosts.push(("app-b", "shop-worker-2", "10.20.17.32", "app"));
    }
    for (subnet, name, address, group) in hosts {
        DemoHost::new(DemoInterface::new(shop, subnet, name, address).groups(&[group])).write(rows);
    }
    let pods = (5..=13).map(|last| format!("10.20.40.{last}")).collect();
    let node = DemoInterface::new(shop, "pods-a", "shop-node-1", "10.20.40.4").groups(&["app"]).secondary(pods);
    DemoHost::new(node).kind("m7g.xlarge").write(rows);
}

/// What the shop runs in the subnets that are shared with it.
fn guests(rows: &mut DemoRows) {
    let shared = shared().used_by(&ACME_SHOP);
    group(rows, &shared, ("reports", "Reports"), &[tcp(443, "10.0.0.0/8")]);
    let reports = DemoInterface::new(&shared, "shared-a", "shop-reports", "10.30.0.50").groups(&["reports"]);
    DemoHost::new(reports).write(rows);
}

/// The shop in the other region. Only one of its subnets has a flow log.
fn abroad(rows: &mut DemoRows, shop_us: &DemoNetwork) {
    group(rows, shop_us, ("web", "The shop's front"), &[tcp(443, "198.51.100.0/24")]);
    let web = DemoInterface::new(shop_us, "public-a", "shop-us-web", "10.21.0.17")
        .groups(&["web"])
        .elastic("shop-us-web", "44.195.60.3");
    DemoHost::new(web).write(rows);
    flow_log(rows, shop_us.site, &shop_us.subnet_id("app-a"), None);
}
