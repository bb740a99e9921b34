//! Organizations that cannot be listed, or not in time: the last listing stands in, and nobody claims what is not known.

use std::time::Duration;

use rolecall::testing::{ErrorKind, Response};
use serde_json::json;

use super::{
    MANAGEMENT, PROD, REGION, SANDBOX, SECRET, ask, create, entry, fixture, join, listing, member, request, run,
    status, write,
};
use crate::command::{manifest, run_command};
use crate::fixture::{Fixture, assert_complete};
use crate::sim::{Fault, FaultKind, ROOT, Service, SimOrganization};

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_cannot_be_listed_keeps_its_accounts() {
    let fixture = fixture(6, json!({})).await;
    // Without any listing there is nothing to run, and the refusal says why.
    let denied = || Fault::new(FaultKind::Denied).service(Service::Organizations);
    let fault = fixture.sim.add_fault(denied());
    let refused = fixture.run(request("none"), None).await.expect_err("no account is known");
    assert!(refused.message.contains("the organization acme could not be listed: AccessDenied"), "{}", refused.message);
    // It is no mistake of the request, so that another attempt is made.
    assert_eq!(refused.kind, ErrorKind::RegistryUnreadable);
    fixture.sim.lift(fault);
    assert_complete(&run(&fixture, "first").await);
    for (run_id, fault) in [
        ("denied", denied()),
        ("endless", Fault::new(FaultKind::RepeatToken).operation("ListAccountsForParent")),
        ("garbage", Fault::new(FaultKind::Garbage).operation("ListRoots")),
        ("refused", Fault::new(FaultKind::Denied).service(Service::Sts).account(MANAGEMENT)),
    ] {
        let fault = fixture.sim.add_fault(fault);
        fixture.sim.change(|world| join(world, &member(6), ROOT));
        let response = run(&fixture, run_id).await;
        fixture.sim.lift(fault);
        assert_eq!(response.accounts.planned, 6, "{run_id}");
        assert_eq!(response.accounts.complete, 6, "{run_id}");
        assert_eq!(status(&response), "partial", "{run_id}: an account may be missing");
        let told = listing(&response);
        assert!(told["error"].is_string() && told["listed_at"].is_string(), "{run_id}: {told}");
        assert!(told.get("joined").is_none() && told.get("left").is_none(), "{run_id}: {told}");
        assert!(!told.to_string().contains(SECRET), "{told}");
    }
    // The failures did not count as listings.
    let response = run(&fixture, "again").await;
    assert_complete(&response);
    assert_eq!(listing(&response)["joined"], json!([member(6)]));
    // A request that names its accounts asks for no others, so none is missing.
    let fault = fixture.sim.add_fault(denied());
    let mut named = request("named");
    named["accounts"] = json!([member(2)]);
    assert_complete(&fixture.run(named.clone(), None).await.expect("a response"));
    // Unless one of them is unknown, which may be for the listing alone.
    fixture.sim.change(|world| join(world, &member(7), ROOT));
    named["run_id"] = "unknown".into();
    named["accounts"] = json!([member(2), member(7)]);
    named["skip_unknown"] = true.into();
    let response = fixture.run(named, None).await.expect("a response");
    assert_eq!((status(&response), response.accounts.complete), (json!("partial"), 1));
    assert_eq!(response.unknown_accounts.len(), 1);
    // The text for people says it, and the exit code too.
    let out = fixture.out().display().to_string();
    let mut command = fixture.rolecall(&["run", "--accounts", "all", "--regions", REGION, "--resources", "ec2_vpcs"]);
    command.args(["--output", &out]);
    let told = tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ends");
    assert!(told.code == 1 && told.out.contains("organization acme could not be listed: AccessDenied"), "{told:?}");
    fixture.sim.lift(fault);
}

/// If it were replaced, no run would report who has joined since.
#[tokio::test(flavor = "multi_thread")]
async fn a_kept_listing_that_cannot_be_read_is_not_replaced() {
    let fixture = fixture(4, json!({})).await;
    assert_complete(&run(&fixture, "first").await);
    let kept = fixture.out().join("organizations/acme.json");
    let aside = kept.with_extension("aside");
    std::fs::rename(&kept, &aside).expect("moved");
    std::fs::create_dir(&kept).expect("made");
    fixture.sim.change(|world| join(world, &member(6), ROOT));
    assert!(listing(&run(&fixture, "unread").await).get("joined").is_none());
    // If the organization cannot be listed either, nothing stands in for it, and the run says so.
    let fault = fixture.sim.add_fault(Fault::new(FaultKind::Denied).service(Service::Organizations));
    let refused = fixture.run(request("neither"), None).await.expect_err("no account is known").to_string();
    assert!(
        refused.contains("could not be listed") && refused.contains("Nor can its last listing be read"),
        "{refused}"
    );
    fixture.sim.lift(fault);
    std::fs::remove_dir(&kept).expect("removed");
    std::fs::rename(&aside, &kept).expect("moved back");
    assert_eq!(listing(&run(&fixture, "again").await)["joined"], json!([member(6)]));
}

/// Nobody moves because the registry is edited.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_the_exclusions_makes_nobody_join_or_leave() {
    let fixture = fixture(4, json!({})).await;
    let accounts = |response: &Response| {
        let listing = listing(response);
        (listing["accounts"].clone(), listing.get("joined").cloned(), listing.get("left").cloned())
    };
    assert_eq!(accounts(&run(&fixture, "first").await), (json!(4), None, None));
    write(&fixture, &json!({ "version": 1, "organizations": [entry(json!({ "exclude": [member(1)] }))] }));
    assert_eq!(accounts(&run(&fixture, "excluded").await), (json!(3), None, None));
    write(&fixture, &json!({ "version": 1, "organizations": [entry(json!({}))] }));
    fixture.sim.change(|world| join(world, &member(6), ROOT));
    assert_eq!(accounts(&run(&fixture, "included").await), (json!(5), Some(json!([member(6)])), None));
    // Of a unit that is taken out and in again, nobody knows who was in it.
    write(&fixture, &json!({ "version": 1, "organizations": [entry(json!({ "exclude": [PROD] }))] }));
    let (left, ..) = accounts(&run(&fixture, "without-a-unit").await);
    assert!(left.as_u64() < Some(5), "{left}");
    write(&fixture, &json!({ "version": 1, "organizations": [entry(json!({}))] }));
    assert_eq!(accounts(&run(&fixture, "with-the-unit").await), (json!(5), None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_of_another_organization_stands_in_for_none() {
    let fixture = fixture(4, json!({})).await;
    assert_complete(&run(&fixture, "first").await);
    let fault = fixture.sim.add_fault(Fault::new(FaultKind::Denied).service(Service::Organizations));
    for changed in [
        json!({ "management_role_arn": "arn:aws:iam::100000000000:role/other" }),
        json!({ "management_role_arn": null }),
        json!({ "ous": [PROD] }),
        json!({ "exclude": [SANDBOX] }),
        json!({ "name": "globex" }),
    ] {
        write(&fixture, &json!({ "version": 1, "organizations": [entry(changed.clone())] }));
        fixture.sim.reset_counts();
        fixture.run(request("other"), None).await.expect_err("its accounts are unknown");
        let assumed = fixture.sim.counts().assumed;
        assert!(assumed.keys().all(|account| account == MANAGEMENT), "{changed}: {assumed:?}");
    }
    // Excluded accounts are not entered, whatever the last listing has.
    write(&fixture, &json!({ "version": 1, "organizations": [entry(json!({ "exclude": [member(3)] }))] }));
    let response = run(&fixture, "excluded").await;
    assert_eq!((response.accounts.planned, status(&response)), (3, json!("partial")));
    fixture.sim.lift(fault);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_is_not_listed_in_time_stops_no_other_customer() {
    let fixture = fixture(3, json!({})).await;
    create_alone(&fixture);
    for kind in [FaultKind::Throttle, FaultKind::Hang] {
        let run_id = format!("{kind:?}").to_lowercase();
        let fault = fixture.sim.add_fault(Fault::new(kind).service(Service::Organizations));
        let response = fixture.run(request(&run_id), Some(Duration::from_secs(120))).await.expect("a response");
        fixture.sim.lift(fault);
        assert_eq!((response.accounts.planned, response.accounts.complete), (1, 1), "{run_id}");
        assert_eq!(status(&response), "partial", "{run_id}");
        let told = listing(&response)["error"].as_str().expect("why").to_owned();
        assert!(told.contains("its listing took longer than"), "{run_id}: {told}");
    }
}

/// Adds a customer that is in no organization.
fn create_alone(fixture: &Fixture) {
    fixture.sim.change(|world| create(world, &member(90)));
    let target = json!({ "account_id": member(90), "external_id": SECRET, "customer": "acme" });
    write(fixture, &json!({ "version": 1, "targets": [target], "organizations": [entry(json!({}))] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_moved_belongs_to_the_organization_that_lists_it_now() {
    const OTHER: &str = "100000000001";
    let fixture = fixture(4, json!({})).await;
    assert_complete(&run(&fixture, "before").await);
    fixture.sim.change(|world| {
        world.organizations.get_mut(MANAGEMENT).expect("an organization").accounts.remove(&member(1));
        world.account(OTHER);
        world.role(OTHER, "rolecall-organization", Some(SECRET));
        world.organizations.insert(OTHER.to_owned(), SimOrganization::default());
        world.organizations.get_mut(OTHER).expect("an organization").add(&member(1), ROOT);
    });
    let lister = format!("arn:aws:iam::{OTHER}:role/rolecall-organization");
    let globex = json!({ "name": "globex", "management_role_arn": lister, "resources": ["accounts"] });
    write(&fixture, &json!({ "version": 1, "organizations": [entry(json!({})), entry(globex)] }));
    // The first organization's last listing still has it.
    let fault = fixture.sim.add_fault(Fault::new(FaultKind::Denied).service(Service::Sts).account(MANAGEMENT));
    let response = run(&fixture, "moved").await;
    fixture.sim.lift(fault);
    assert_eq!(response.accounts.complete, 4);
    let names: Vec<&str> = response.organizations.iter().map(|listing| listing.name.as_str()).collect();
    assert_eq!(names, ["acme", "globex"]);
    let manifest = manifest(&fixture.out(), "moved");
    let planned = manifest["plan"]["accounts"].as_array().expect("accounts");
    let moved = planned.iter().find(|account| account["account_id"] == member(1)).expect("planned");
    assert_eq!((&moved["organization"], &moved["resources"]), (&json!("globex"), &json!(["accounts"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_called_offboarded_while_the_members_are_unknown() {
    let fixture = fixture(4, json!({})).await;
    assert_complete(&run(&fixture, "first").await);
    let rows = crate::command::rows(&fixture.out(), &manifest(&fixture.out(), "first"), "ec2_vpcs");
    let row = rows.iter().find(|row| row["account_id"] == member(0)).expect("a VPC");
    let vpc = row["id"].as_str().expect("an id").to_owned();
    // Another unit is excluded since: the last listing does not say who is in it.
    write(&fixture, &json!({ "version": 1, "organizations": [entry(json!({ "exclude": ["ou-abcd-wrong000"] }))] }));
    for question in ["where", "history"] {
        let found = ask(&fixture, &[question, &vpc]).await.response();
        assert_eq!(found["rows"][0]["offboarded"], json!(null), "{question}: {}", found["rows"][0]);
    }
    // No unit has this id, which a plan says.
    let command = fixture.rolecall(&["plan", "--accounts", "all"]);
    let told = tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ends");
    assert!(told.code == 0 && told.err.contains("ou-abcd-wrong000"), "{told:?}");
}
