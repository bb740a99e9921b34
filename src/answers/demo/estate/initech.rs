//! Initech: a plant behind VPNs, and a lab.
//!
//! Planted: a tunnel that goes down in the last night, an open group behind blocked public access, instances that
//! answer IMDSv1, have no name or stay stopped, an open lab.
//!
//! **Invariant:** the lab could not be entered in the fourth night, so nothing of it changes then.

use serde_json::json;

use super::super::rows::DemoRows;
use super::super::world::{
    DemoHost, DemoInterface, DemoNetwork, GroupRule, client_vpn, endpoint, flow_log, group, vpn, vpn_gateway,
};
use super::networks::{annex, lab, plant, plant_us};

pub(super) fn write(rows: &mut DemoRows) {
    let (plant, plant_us, lab) = (plant(), plant_us(), lab());
    for network in [&plant, &plant_us, &lab, &annex()] {
        network.write(rows);
        flow_log(rows, network.site, &network.id(), None);
    }
    let gateway = vpn_gateway(rows, &plant);
    let second = if rows.night >= 5 { "DOWN" } else { "UP" };
    vpn(rows, plant.site, ("plant-vienna", "198.51.100.7", &gateway), &[("3.68.10.21", "UP"), ("3.68.10.77", second)]);
    vpn(rows, plant.site, ("plant-graz", "198.51.100.90", &gateway), &[("3.68.11.4", "UP"), ("3.68.11.9", "UP")]);
    client_vpn(rows, &plant, "office-a", "10.250.0.0/22");
    core(rows, &plant);
    shielded(rows, &plant_us);
    research(rows, &lab);
}

fn tcp(port: i64, source: &str) -> GroupRule {
    ("tcp", (port, port), source.to_owned())
}

fn core(rows: &mut DemoRows, plant: &DemoNetwork) {
    group(rows, plant, ("erp", "ERP"), &[tcp(443, "10.60.0.0/16"), tcp(443, "172.20.0.0/16")]);
    let erp = DemoInterface::new(plant, "office-a", "initech-erp", "10.60.8.20").groups(&["erp"]);
    DemoHost::new(erp).kind("m6i.2xlarge").launched("2025-10-09T05:30:00Z").write(rows);
    let scada = DemoInterface::new(plant, "floor-a", "initech-scada", "10.60.0.15").groups(&["erp"]);
    DemoHost::new(scada).kind("m6i.large").with_imdsv1().write(rows);
    let ssm = DemoInterface::new(plant, "office-a", "plant-ssm", "10.60.8.200").groups(&["erp"]);
    endpoint(rows, "ssm", ssm);
}

/// Open, with a public address and a route, in a region whose settings block the internet.
fn shielded(rows: &mut DemoRows, plant_us: &DemoNetwork) {
    group(rows, plant_us, ("portal", "Portal for suppliers"), &[tcp(443, "0.0.0.0/0")]);
    let portal = DemoInterface::new(plant_us, "public-a", "initech-portal", "10.61.0.30")
        .groups(&["portal"])
        .elastic("initech-portal", "34.199.5.61");
    DemoHost::new(portal).write(rows);
}

fn research(rows: &mut DemoRows, lab: &DemoNetwork) {
    group(rows, lab, ("remote", "Remote desktops"), &[("tcp", (3389, 3389), "0.0.0.0/0".to_owned())]);
    let desk = DemoInterface::new(lab, "bench-a", "lab-desk", "10.62.0.11").groups(&["remote"]).public("18.197.3.50");
    DemoHost::new(desk).kind("g5.xlarge").with_imdsv1().unencrypted().write(rows);
    let gpu = DemoInterface::new(lab, "bench-a", "lab-gpu", "10.62.0.12");
    DemoHost::new(gpu).kind("g5.4xlarge").stopped("2025-12-19 18:00:41 GMT").write(rows);
    let tags = json!({ "owner": "research" });
    let bench = DemoInterface::new(lab, "bench-a", "lab-bench", "10.62.0.13");
    DemoHost::new(bench).kind("c7i.large").tags(tags).write(rows);
}
