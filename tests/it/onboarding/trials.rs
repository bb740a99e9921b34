//! `rolecall trust`: roles are tried again without the external ID, and the targets of open ones are disabled.

use serde_json::{Value, json};

use super::checks::{BACKEND_ROLE, target};
use crate::command::{CommandOutput, run_command};
use crate::fixture::{BACKEND, Fixture, account_with, until};
use crate::sim::{Fault, FaultKind, Service as Of, World, account_id};

/// A simulated AWS with customers whose roles trust `backend_role` and require their external IDs.
async fn customers(count: usize, change: impl FnOnce(&mut World)) -> Fixture {
    Fixture::start(count, account_with(0, 0, 0), |world| {
        world.role(BACKEND, "rolecall-backend", None);
        for number in 0..count {
            let role = world.account(&account_id(number)).roles.get_mut("rolecall-inventory").expect("a role");
            role.trusts = vec![BACKEND_ROLE.to_owned()];
        }
        change(world);
    })
    .await
}

/// Lets everybody in the role's trust in without an external ID.
fn open(world: &mut World, number: usize) {
    let role = world.account(&account_id(number)).roles.get_mut("rolecall-inventory");
    role.expect("a role").external_id = None;
}

fn try_trust(fixture: &Fixture, arguments: &[&str]) -> CommandOutput {
    let mut command = fixture.rolecall(&["trust", "--backend-role", BACKEND_ROLE]);
    command.args(arguments);
    tokio::task::block_in_place(|| run_command(command))
}

fn registry(fixture: &Fixture) -> Value {
    let path = fixture.folder.path().join("targets.json");
    serde_json::from_slice(&std::fs::read(path).expect("a registry")).expect("JSON")
}

fn write(fixture: &Fixture, registry: &Value) {
    std::fs::write(fixture.folder.path().join("targets.json"), registry.to_string()).expect("written");
}

/// Returns whether the registry has the target enabled.
fn is_enabled(fixture: &Fixture, number: usize) -> bool {
    let registry = registry(fixture);
    let targets = registry["targets"].as_array().expect("targets");
    let found = targets.iter().find(|target| target["account_id"] == account_id(number)).expect("a target");
    found["enabled"] != json!(false)
}

fn results(report: &Value) -> Vec<&str> {
    let targets = report["targets"].as_array().expect("targets");
    targets.iter().map(|target| target["result"].as_str().expect("a result")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn open_roles_are_found_and_disabled_on_request() {
    let fixture = customers(3, |_| {}).await;
    let before = registry(&fixture);
    let refused = try_trust(&fixture, &["--json", "--disable"]);
    assert_eq!((refused.code, results(&refused.response())), (0, vec!["refused"; 3]), "{refused:?}");
    fixture.sim.change(|world| open(world, 1));
    let found = try_trust(&fixture, &["--json"]);
    assert_eq!((found.code, results(&found.response())), (1, vec!["refused", "open", "refused"]), "{found:?}");
    assert_eq!(registry(&fixture), before, "without --disable nothing is written");
    let shown = try_trust(&fixture, &[]);
    assert_eq!(shown.code, 1);
    for part in ["OPEN", "REFUSED", "the role lets us in without an external ID", "sts:ExternalId", "--disable"] {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    let disabled = try_trust(&fixture, &["--json", "--disable"]);
    assert_eq!((disabled.code, &disabled.response()["disabled"]), (1, &json!([account_id(1)])), "{disabled:?}");
    assert_eq!([0, 1, 2].map(|number| is_enabled(&fixture, number)), [true, false, true]);
    for output in [&refused, &found, &shown, &disabled] {
        for number in 0..3 {
            let id = format!("ext-{}", account_id(number));
            assert!(!output.out.contains(&id) && !output.err.contains(&id), "{output:?}");
        }
    }
    // A disabled target is tried by nobody, and reported if it is named.
    fixture.sim.reset_counts();
    let again = try_trust(&fixture, &["--json"]);
    assert_eq!((again.code, results(&again.response())), (0, vec!["refused", "refused"]));
    let named = try_trust(&fixture, &["--json", "--accounts", &account_id(1)]);
    assert_eq!((named.code, results(&named.response())), (1, vec!["not_tried"]), "{named:?}");
    let tried = |number: usize| {
        let calls = fixture.sim.log_of(Of::Sts, "AssumeRole");
        calls.iter().filter(|call| call.target.as_deref() == Some(&account_id(number))).count()
    };
    assert_eq!([0, 1, 2].map(tried), [2, 0, 2], "once with the external ID and once without");
}

/// Only what was seen to be open is disabled.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_is_neither_refused_nor_disabled() {
    let fixture = customers(1, |world| open(world, 0)).await;
    for (kind, result) in [
        (FaultKind::Denied, "not_entered"),
        (FaultKind::ScpDenied, "not_entered"),
        (FaultKind::error(500, "InternalFailure"), "unknown"),
        (FaultKind::error(400, "ExpiredToken"), "unknown"),
        (FaultKind::Garbage, "unknown"),
        (FaultKind::Empty200, "unknown"),
    ] {
        let fault = Fault::new(kind.clone()).account(&account_id(0)).operation("AssumeRole");
        let id = fixture.sim.add_fault(fault);
        let tried = try_trust(&fixture, &["--json", "--disable"]);
        assert_eq!((tried.code, results(&tried.response())), (1, vec![result]), "{kind:?}: {tried:?}");
        assert!(is_enabled(&fixture, 0), "{kind:?}");
        fixture.sim.lift(id);
    }
    // The role lets in only those who send no external ID: it refuses the registered one, and is open all the same.
    fixture.sim.add_fault(
        Fault::new(FaultKind::Denied).operation("AssumeRole").account(&account_id(0)).parameter("ExternalId"),
    );
    let tried = try_trust(&fixture, &["--json", "--disable"]);
    assert_eq!((tried.code, results(&tried.response())), (1, vec!["open"]), "{tried:?}");
    assert!(!is_enabled(&fixture, 0));
    assert!(tried.err.contains("no target of the registry is enabled any more"), "{tried:?}");
}

/// Another person edits the registry during the trial.
#[tokio::test(flavor = "multi_thread")]
async fn targets_that_were_changed_meanwhile_stay_enabled() {
    let fixture = customers(4, |world| (0..4).for_each(|number| open(world, number))).await;
    let held = fixture.sim.add_fault(Fault::new(FaultKind::Held).account(&account_id(3)).operation("AssumeRole"));
    let command = fixture.rolecall(&["trust", "--backend-role", BACKEND_ROLE, "--json", "--disable"]);
    let trial = tokio::task::spawn_blocking(move || run_command(command));
    let edit = async {
        until("the trial of the last target", || fixture.sim.fired(held) > 0).await;
        let mut edited = registry(&fixture);
        edited["targets"][0]["external_id"] = json!("an-external-id-of-its-own");
        edited["targets"][1]["name"] = json!("renamed");
        edited["targets"].as_array_mut().expect("targets").remove(2);
        write(&fixture, &edited);
        fixture.sim.lift(held);
    };
    let (tried, ()) = tokio::join!(trial, edit);
    let tried = tried.expect("it ends");
    let report = tried.response();
    assert_eq!((tried.code, results(&report)), (1, vec!["open"; 4]), "{tried:?}");
    assert_eq!(report["disabled"], json!([account_id(1), account_id(3)]), "{report}");
    assert_eq!(report["changed_meanwhile"], json!([account_id(0), account_id(2)]), "{report}");
    assert_eq!([0, 1, 3].map(|number| is_enabled(&fixture, number)), [true, false, false]);
    assert_eq!(registry(&fixture)["targets"][1]["name"], "renamed", "the other edit is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_without_an_external_id_are_not_tried() {
    let fixture = customers(2, |_| {}).await;
    let mut edited = registry(&fixture);
    edited["targets"][0]["external_id"] = Value::Null;
    edited["targets"][1]["role_arn"] = Value::Null;
    edited["targets"][1]["external_id"] = Value::Null;
    write(&fixture, &edited);
    let tried = try_trust(&fixture, &["--json"]);
    assert_eq!((tried.code, results(&tried.response())), (1, vec!["not_tried"; 2]), "nothing was refused: {tried:?}");
    let reason = target(&tried.response(), &account_id(0))["reason"].clone();
    assert_eq!(reason, "the registry says that its role requires no external ID");
    let wrong = try_trust(&fixture, &["--accounts", "123456789012", "--tags", "no-pair"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("--tags") && wrong.err.contains("123456789012"), "{wrong:?}");
}
