//! What a check could not verify is a gap, and the target is not enabled.

use serde_json::{Value, json};

use super::checks::{BACKEND_ROLE, findings, target};
use crate::command::run_command;
use crate::fixture::{BACKEND, Fixture, account_with, until, write_registry};
use crate::sim::{Account, Fault, FaultKind, Service as Of, Times, World, account_id, external_id};

/// A simulated AWS with one customer, whose role trusts `backend_role`.
async fn one_customer(template: Account, change: impl FnOnce(&mut World)) -> Fixture {
    Fixture::start(1, template, |world| {
        world.role(BACKEND, "rolecall-backend", None);
        let role = world.account(&account_id(0)).roles.get_mut("rolecall-inventory").expect("a role");
        role.trusts = vec![BACKEND_ROLE.to_owned()];
        change(world);
    })
    .await
}

/// Checks the customer and returns its result.
fn check_one(fixture: &Fixture, arguments: &[&str]) -> (i32, Value) {
    let mut command = fixture.rolecall(&["check", "--backend-role", BACKEND_ROLE, "--wait", "0s", "--json"]);
    command.args(arguments);
    let checked = tokio::task::block_in_place(|| run_command(command));
    (checked.code, target(&checked.response(), &account_id(0)).clone())
}

/// A type without resources is probed with an id that does not exist. Only an error about the id shows that it may be read.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_service_does_not_allow_a_read() {
    let fixture = one_customer(account_with(1, 0, 0), |_| {}).await;
    let arguments = ["--resources", "route53_*", "--regions", "eu-central-1"];
    let (code, checked) = check_one(&fixture, &arguments);
    assert_eq!((code, &checked["verdict"]), (0, &json!("ready")), "{checked}");
    for (status, error) in [(500, "InternalError"), (503, "ServiceUnavailable"), (403, "SignatureDoesNotMatch")] {
        fixture.sim.clear_faults();
        fixture.sim.add_fault(Fault::error(status, error).operation("ListResourceRecordSets"));
        let (code, checked) = check_one(&fixture, &arguments);
        assert_eq!((code, &checked["verdict"]), (1, &json!("gaps")), "{error}: {checked}");
        assert!(findings(&checked).contains("it is unknown for 1 types"), "{checked}");
    }
}

/// The regions that globs select are unknown if AWS lists none.
#[tokio::test(flavor = "multi_thread")]
async fn globs_of_regions_that_cannot_be_listed_are_a_gap() {
    let fixture = one_customer(account_with(1, 1, 2), |_| {}).await;
    let arguments = ["--resources", "ec2_vpcs", "--regions", "me-*"];
    let (code, checked) = check_one(&fixture, &arguments);
    assert_eq!(
        (code, &checked["verdict"]),
        (1, &json!("gaps")),
        "no region matches, so nothing is answered: {checked}"
    );
    assert!(findings(&checked).contains("matches: me-*"), "{checked}");
    for listing in [FaultKind::Denied, FaultKind::Empty200, FaultKind::error(403, "AuthFailure")] {
        fixture.sim.clear_faults();
        fixture.sim.add_fault(Fault::new(FaultKind::Denied).operation("ListRegions"));
        fixture.sim.add_fault(Fault::new(listing.clone()).operation("DescribeRegions"));
        let (code, checked) = check_one(&fixture, &arguments);
        assert_eq!((code, &checked["verdict"]), (1, &json!("gaps")), "{listing:?}: {checked}");
        let vpcs = checked["types"].as_array().expect("types").iter().find(|row| row["table"] == "ec2_vpcs");
        let regions = &vpcs.expect("a row")["regions"];
        assert!(
            regions["region_disabled"].is_null() && regions.to_string().contains("\"*\""),
            "{listing:?}: {checked}"
        );
        assert!(!findings(&checked).contains("enabled in this account"), "{listing:?}: {checked}");
        // Regions that are named in full need no list.
        let (_, checked) = check_one(&fixture, &["--resources", "ec2_vpcs", "--regions", "eu-central-1"]);
        assert!(!checked["types"].to_string().contains("\"*\""), "{listing:?}: {checked}");
    }
}

/// A role may be limited to some zones: the first five are asked about.
#[tokio::test(flavor = "multi_thread")]
async fn several_zones_are_asked_about() {
    let fixture = one_customer(account_with(1, 7, 2), |_| {}).await;
    let arguments = ["--resources", "route53_records", "--regions", "eu-central-1"];
    let (code, checked) = check_one(&fixture, &arguments);
    assert_eq!((code, &checked["verdict"]), (0, &json!("ready")), "{checked}");
    assert_eq!(fixture.sim.log_of(Of::Route53, "ListResourceRecordSets").len(), 5);
    assert!(findings(&checked).contains("note: reads of single resources"), "{checked}");
    let denied = Fault::new(FaultKind::Denied).operation("ListResourceRecordSets").times(Times::Only(3));
    fixture.sim.add_fault(denied);
    let (code, checked) = check_one(&fixture, &arguments);
    assert_eq!((code, &checked["verdict"]), (1, &json!("gaps")), "{checked}");
}

/// A role that the check could not judge is not ready.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_whose_policies_cannot_be_read_is_not_ready() {
    let fixture = one_customer(account_with(1, 1, 2), |_| {}).await;
    let arguments = ["--resources", "ec2_vpcs", "--regions", "eu-central-1"];
    for failure in
        [FaultKind::Throttle, FaultKind::error(500, "ServiceFailure"), FaultKind::Garbage, FaultKind::Empty200]
    {
        fixture.sim.clear_faults();
        fixture.sim.add_fault(Fault::new(failure.clone()).account(&account_id(0)).operation("GetRole"));
        let (code, checked) = check_one(&fixture, &arguments);
        assert_eq!((code, &checked["verdict"]), (1, &json!("gaps")), "{failure:?}: {checked}");
        assert!(findings(&checked).contains("gap: the role's own policies could not be read"), "{checked}");
    }
}

/// A target that changed during the check is not enabled, and the exit code says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_changes_during_the_check_is_not_enabled() {
    let fixture = one_customer(account_with(1, 1, 2), |_| {}).await;
    let registry = |external_id: &str, enabled: bool| {
        let target = json!({ "account_id": account_id(0), "external_id": external_id, "enabled": enabled });
        write_registry(fixture.folder.path(), &[target])
    };
    let given = external_id(&account_id(0));
    registry(&given, false);
    let held = fixture.sim.add_fault(Fault::new(FaultKind::Held).operation("DescribeVpcs"));
    let mut command = fixture.rolecall(&["check", "--backend-role", BACKEND_ROLE, "--enable", "--json"]);
    command.args(["--resources", "ec2_vpcs", "--regions", "eu-central-1", "--wait", "0s"]);
    let checking = tokio::task::spawn_blocking(|| run_command(command));
    until("the check to read", || fixture.sim.fired(held) > 0).await;
    registry("changed-meanwhile-hR7tQz2LmX9vKp4w", false);
    fixture.sim.lift(held);
    let checked = checking.await.expect("it ends");
    let report = checked.response();
    assert_eq!(target(&report, &account_id(0))["verdict"], "ready", "{report}");
    assert_eq!((&report["enabled"], &report["changed_meanwhile"]), (&json!([]), &json!([account_id(0)])), "{report}");
    assert_eq!(checked.code, 1, "{checked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_enabled_without_the_attempts_that_the_role_should_refuse() {
    let fixture = one_customer(account_with(1, 1, 2), |_| {}).await;
    let command = fixture.rolecall(&["check", "--backend-role", BACKEND_ROLE, "--enable", "--no-negative"]);
    let refused = tokio::task::block_in_place(|| run_command(command));
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("--no-negative"), "{refused:?}");
}
