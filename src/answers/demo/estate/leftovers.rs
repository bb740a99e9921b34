//! What is left over and costs money, and what lies open for everybody.
//!
//! Planted: addresses, volumes and interfaces that nothing uses; old snapshots and images; public ones; an elastic
//! address that is released in the third night, while a record still points at it.
//!
//! **Invariant:** each has a neighbour that is in use, new or private.

use serde_json::json;

use super::super::accounts::{
    ACME_NETWORK, ACME_SHOP, FRANKFURT, GLOBEX_DEV, GLOBEX_PROD, INITECH_LAB, Site, VIRGINIA,
};
use super::super::ids::{id, uuid};
use super::super::rows::DemoRows;
use super::super::world::{DemoInterface, DemoVolume, elastic, image, public_snapshot, snapshot, volume};
use super::networks::shop;

/// The day of each night, as names of backups have it.
const DAYS: [&str; 5] = ["20261121", "20261122", "20261123", "20261124", "20261125"];

pub(super) fn write(rows: &mut DemoRows) {
    let shop_site = ACME_SHOP.at(FRANKFURT);
    elastic(rows, shop_site, "shop-launch", "18.184.33.7");
    if rows.night < 3 {
        elastic(rows, shop_site, "shop-old", "3.122.77.9");
    }
    DemoInterface::new(&shop(), "public-a", "shop-spare-card", "10.20.4.99").groups(&["web"]).write(rows);
    volumes(rows);
    backups(rows, shop_site);
    let globex = GLOBEX_PROD.at(FRANKFURT);
    snapshot(rows, globex, "platform-before-migration", "2024-04-02T21:00:00Z");
    snapshot(rows, GLOBEX_PROD.at(VIRGINIA), "analytics-2024", "2024-02-05T21:00:00Z");
    image(rows, GLOBEX_PROD.at(VIRGINIA), ("analytics-base-2024-01", "2024-01-15T10:00:00Z"), (false, None));
    image(rows, ACME_NETWORK.at(FRANKFURT), ("legacy-base-2024-04", "2024-04-22T10:00:00Z"), (false, None));
    snapshot(rows, GLOBEX_DEV.at(VIRGINIA), "jenkins-weekly", "2026-11-16T02:00:00Z");
    public_snapshot(rows, INITECH_LAB.at(FRANKFURT), "lab-dataset", "2026-08-30T11:20:00Z");
    snapshot(rows, INITECH_LAB.at(FRANKFURT), "lab-results", "2026-10-28T11:20:00Z");
    image(rows, shop_site, ("shop-web-2023-02", "2023-02-17T10:00:00Z"), (false, Some("2024-01-08T09:00:00Z")));
    image(rows, shop_site, ("shop-web-2026-11", "2026-11-03T10:00:00Z"), (false, Some("2026-11-24T15:02:11Z")));
    image(rows, GLOBEX_DEV.at(FRANKFURT), ("globex-toolbox", "2026-09-14T10:00:00Z"), (true, None));
    for (site, name) in [(shop_site, "shop-deploy"), (globex, "globex-ops"), (GLOBEX_DEV.at(FRANKFURT), "globex-ci")] {
        key_pair(rows, site, name);
    }
}

fn volumes(rows: &mut DemoRows) {
    let loose = |key: &'static str, size: i64, is_encrypted: bool, site: Site| DemoVolume {
        key,
        zone: 'a',
        size,
        is_encrypted,
        created: "2025-09-11T13:00:00Z",
        instance: None,
        tags: site.tags(key),
    };
    let (shop, dev) = (ACME_SHOP.at(FRANKFURT), GLOBEX_DEV.at(FRANKFURT));
    volume(rows, shop, &loose("shop-db-restore", 500, true, shop));
    let mut orphan = loose("ci-cache", 200, false, dev);
    orphan.tags = json!({});
    volume(rows, dev, &orphan);
}

/// The database's backups: one a night, of which three are kept, and one from long ago that nobody removed.
fn backups(rows: &mut DemoRows, site: Site) {
    snapshot(rows, site, "shop-db-before-upgrade", "2024-11-03T22:00:00Z");
    let newest = rows.night.min(DAYS.len());
    for day in &DAYS[newest.saturating_sub(3)..newest] {
        let started = format!("{}-{}-{}T01:00:00Z", &day[..4], &day[4..6], &day[6..]);
        snapshot(rows, site, &format!("shop-db-{day}"), &started);
    }
}

fn key_pair(rows: &mut DemoRows, site: Site, name: &str) {
    let columns = json!({
        "key_pair_id": id("key", &site.unique(name)),
        "key_name": name,
        "key_type": "ed25519",
        "key_fingerprint": uuid(name),
        "create_time": "2026-02-10T08:00:00Z",
        "tags": site.tags(name),
    });
    rows.add(site, "ec2_key_pairs", columns);
}
