//! What the nights have, and what changes between them.

use super::*;

#[test]
fn the_address_has_another_holder_on_tuesday() {
    let holder = |night: usize| {
        let instances = rows(night, "ec2_instances");
        let holders = instances.iter().filter(|row| row["private_ip_address"] == "10.20.4.17");
        holders.map(|row| text(&row["tags"], "Name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(NIGHTS[3].started_at.to_string(), "2026-11-24T03:00:00Z");
    assert_eq!((1..=4).flat_map(holder).collect::<BTreeSet<_>>(), BTreeSet::from(["shop-web-blue".to_owned()]));
    assert_eq!(holder(5), ["shop-web-green"]);
}

#[test]
fn nights_differ_where_planted() {
    let instance = |night: usize, name: &str| named(rows(night, "ec2_instances"), name);
    let has = |name: &str| (1..=5).filter(|night| instance(*night, name).is_some()).collect::<Vec<_>>();
    assert_eq!(has("shop-worker-1"), [1, 2]);
    assert_eq!(has("shop-worker-2"), [2, 3, 4, 5]);
    assert_eq!(has("globex-api-1"), [1, 2, 3, 4, 5]);
    assert_eq!(instance(1, "globex-api-1").unwrap()["id"], instance(3, "globex-api-1").unwrap()["id"]);
    assert_ne!(instance(3, "globex-api-1").unwrap()["id"], instance(4, "globex-api-1").unwrap()["id"]);
    assert_eq!(has("lab-desk"), [1, 2, 3, 5], "the lab could not be entered in the fourth night");
    assert_eq!(has("globex-notebook"), [1, 2, 3, 4], "its region was throttled in the fifth night");
    let queue = |night: usize| {
        let address = named(rows(night, "ec2_addresses"), "shop-queue").unwrap();
        text(address, "private_ip_address")
    };
    assert_eq!([1, 2, 3, 4, 5].map(queue), ["10.20.5.41", "10.20.5.41", "10.20.5.42", "10.20.5.42", "10.20.5.42"]);
    let old = |night: usize| named(rows(night, "ec2_addresses"), "shop-old").is_some();
    assert_eq!([1, 2, 3, 4, 5].map(old), [true, true, false, false, false]);
}

#[test]
fn some_resources_change_in_nothing_but_their_measures() {
    let subnet = |night: usize| named(rows(night, "ec2_subnets"), "platform-app-a").unwrap().clone();
    let free: Vec<i64> = (1..=5).map(|night| subnet(night)["available_ip_address_count"].as_i64().unwrap()).collect();
    assert_eq!(free, [4086, 4083, 4087, 4084, 4088]);
    let rest = |night: usize| {
        let mut subnet = subnet(night);
        for column in ["available_ip_address_count", "collected_at"] {
            subnet.as_object_mut().unwrap().remove(column);
        }
        subnet
    };
    assert!((2..=5).all(|night| rest(night) == rest(1)));
}

#[test]
fn the_same_call_returns_the_same_estate() {
    let other = nights(&tables());
    assert!(NIGHTS.iter().zip(&other).all(|(one, other)| one.rows == other.rows && one.cells == other.cells));
}

#[test]
fn what_was_not_answered_is_planted() {
    let unknown: Vec<(usize, String, String, usize)> = (1..)
        .zip(NIGHTS.iter())
        .flat_map(|(number, night)| {
            let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
            for cell in night.cells.iter().filter(|cell| !cell.status.is_answered()) {
                let key = (cell.account_id.clone(), format!("{} {}", cell.region, cell.status.name()));
                *counts.entry(key).or_default() += 1;
            }
            counts.into_iter().map(move |((account, what), cells)| (number, account, what, cells))
        })
        .filter(|(_, _, what, _)| !what.starts_with("global"))
        .collect();
    let short: Vec<String> = unknown
        .iter()
        .map(|(night, account, what, cells)| {
            format!("{night} {account} {what} {}", if *cells > 9 { "all" } else { "few" })
        })
        .collect();
    assert_eq!(
        short,
        [
            "1 555566667777 eu-central-1 denied few",
            "2 555566667777 eu-central-1 denied few",
            "3 555566667777 eu-central-1 denied few",
            "4 555566667777 eu-central-1 denied few",
            "4 555566667777 us-east-1 scp_denied few",
            "4 888899990000 * denied all",
            "5 444455556666 us-east-1 throttled all",
            "5 555566667777 eu-central-1 denied few",
            "5 555566667777 us-east-1 scp_denied few",
        ]
    );
}
