//! Globex: a production platform and what its developers keep.
//!
//! Planted: an open bastion, an instance that was made again under its name, a network whose region was throttled on
//! the last night, a peering that failed and one that waits, a flow log that delivers nothing, a network without one, a
//! default VPC that is in use.
//!
//! **Invariant:** the throttled region is the only place where an open group cannot be judged.

use serde_json::json;

use super::super::accounts::{GLOBEX_DEV, VIRGINIA};
use super::super::rows::DemoRows;
use super::super::world::{
    DemoHost, DemoInterface, DemoNetwork, GroupRule, endpoint, flow_log, gateway_endpoint, group, nat, peering,
};
use super::networks::{analytics, dev, platform, sandbox};

pub(super) fn write(rows: &mut DemoRows) {
    for network in [platform(), analytics(), dev(), sandbox()] {
        network.write(rows);
    }
    let (platform, dev) = (platform(), dev());
    nat(rows, &platform, ("platform-nat", "public-a"), ("10.40.0.8", "3.67.91.4"));
    peering(rows, &platform, &dev, ("active", "Active"));
    let overlap = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";
    peering(rows, &sandbox(), &platform, ("failed", overlap));
    let pending = "Pending Acceptance by 444455556666";
    peering(rows, &dev, &analytics(), ("pending-acceptance", pending));
    flow_log(rows, platform.site, &platform.id(), None);
    flow_log(rows, analytics().site, &analytics().id(), None);
    let problem = "LogDestination arn:aws:s3:::globex-flow-logs is undeliverable";
    flow_log(rows, dev.site, &dev.id(), Some(problem));
    gateway_endpoint(rows, &platform, "s3", &["app"]);
    gateway_endpoint(rows, &platform, "dynamodb", &["app"]);
    production(rows, &platform);
    throttled(rows, &analytics());
    development(rows, &dev);
    default_in_use(rows);
}

fn tcp(port: i64, source: &str) -> GroupRule {
    ("tcp", (port, port), source.to_owned())
}

fn production(rows: &mut DemoRows, platform: &DemoNetwork) {
    let ssh = platform.group_id("ssh");
    group(rows, platform, ("ssh", "Bastion"), &[tcp(22, "0.0.0.0/0")]);
    group(rows, platform, ("api", "The API"), &[tcp(8080, "10.40.0.0/15"), tcp(22, &ssh)]);
    let sts = DemoInterface::new(platform, "app-a", "platform-sts", "10.40.16.200").groups(&["api"]);
    endpoint(rows, "sts", sts);
    let bastion = DemoInterface::new(platform, "public-a", "globex-bastion", "10.40.0.10")
        .groups(&["ssh"])
        .elastic("globex-bastion", "18.185.40.22");
    DemoHost::new(bastion).launched("2025-01-20T12:00:00Z").write(rows);
    let api = DemoInterface::new(platform, "app-a", "globex-api-1", "10.40.16.21").groups(&["api"]);
    let api = DemoHost::new(api).kind("c7g.large");
    // Somebody replaced it between the third night and the fourth.
    if rows.night >= 4 {
        api.again("2026-11-23T17:40:09Z").write(rows)
    } else {
        api.write(rows)
    };
    let api = DemoInterface::new(platform, "app-b", "globex-api-2", "10.40.32.22").groups(&["api"]);
    let host = DemoHost::new(api).kind("c7g.large");
    // Its tags change in the fourth night.
    let mut tags = platform.site.tags("globex-api-2");
    if rows.night >= 4 {
        tags["release"] = "2026.11".into();
    }
    host.tags(tags).write(rows);
}

fn throttled(rows: &mut DemoRows, analytics: &DemoNetwork) {
    group(rows, analytics, ("notebook", "Notebooks"), &[tcp(8888, "0.0.0.0/0")]);
    let notebook = DemoInterface::new(analytics, "public-a", "globex-notebook", "10.50.0.30")
        .groups(&["notebook"])
        .public("3.91.120.61");
    DemoHost::new(notebook).kind("r7g.large").write(rows);
    // Nothing uses these. After the last night that is no longer certain.
    group(rows, analytics, ("trial", "A trial that ended"), &[tcp(443, "10.50.0.0/16")]);
    nat(rows, analytics, ("analytics-nat", "public-a"), ("10.50.0.8", "3.91.120.62"));
}

fn development(rows: &mut DemoRows, dev: &DemoNetwork) {
    group(rows, dev, ("ci", "Builds"), &[tcp(443, "10.40.0.0/15")]);
    let runner = DemoInterface::new(dev, "app-a", "globex-ci-1", "10.41.16.11").groups(&["ci"]);
    DemoHost::new(runner).kind("c7i.xlarge").write(rows);
    // Nobody gave it a name, an owner or an environment.
    let scratch = DemoInterface::new(dev, "app-a", "scratch", "10.41.16.77").groups(&["ci"]);
    DemoHost::new(scratch).kind("t3.micro").tags(json!({})).write(rows);
    let old = DemoInterface::new(dev, "app-a", "globex-ci-old", "10.41.16.12").groups(&["ci"]);
    DemoHost::new(old).launched("2025-06-02T09:00:00Z").stopped("2026-03-14 16:20:05 GMT").write(rows);
}

/// The default VPC of the other region is in use.
fn default_in_use(rows: &mut DemoRows) {
    let network = DemoNetwork::default_of(GLOBEX_DEV.at(VIRGINIA));
    let jenkins = DemoInterface::new(&network, "default-a", "globex-jenkins", "172.31.16.44").public("54.208.77.14");
    DemoHost::new(jenkins).kind("t3.large").launched("2023-08-01T14:00:00Z").write(rows);
}
