//! The trust chain on the emulated AWS: which roles can be assumed, and what the ledger reports otherwise.

use rolecall::testing::{Catalogue, Reach};
use serde_json::{Value, json};

use crate::command::{manifest, rows};
use crate::emulator::emulator;
use crate::fixture::write_registry;

const FEW: &[&str] =
    &["--regions", "eu-central-1,ap-southeast-2", "--resources", "ec2_vpcs,ec2_subnets,route53_*,accounts"];

fn statuses(ledger: &[Value]) -> Vec<String> {
    let mut statuses: Vec<String> =
        ledger.iter().map(|row| format!("{} {} {}", row["region"], row["table"], row["status"])).collect();
    let all = statuses.len();
    statuses.sort();
    statuses.dedup();
    assert_eq!(statuses.len(), all, "a cell has two rows");
    statuses
}

/// Runs over one account and returns the exit code, the response and the ledger.
fn run_one(target: Value) -> (i32, Value, Vec<Value>) {
    run_one_within(5, target)
}

fn run_one_within(runs: u32, target: Value) -> (i32, Value, Vec<Value>) {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = write_registry(folder.path(), std::slice::from_ref(&target));
    let out = folder.path().join("out");
    let mut arguments = vec!["--registry", &registry, "--accounts", target["account_id"].as_str().expect("an id")];
    arguments.extend(FEW);
    let ran = emulator().run(&out, &arguments);
    let response = ran.response();
    let manifest = manifest(&out, response["run_id"].as_str().expect("a run"));
    let mut ledger = rows(&out, &manifest, "ledger");
    // On a busy machine STS may not answer an attempt in its time.
    if runs > 1 && ledger.iter().any(|row| row["table"] == "trust" && row["status"] == "timed_out") {
        return run_one_within(runs - 1, target);
    }
    // The role is tried without its external ID if it let the run in with it.
    let tried: Vec<Value> = ledger.extract_if(.., |row| row["table"] == "trust").collect();
    let let_in = response["failures"][0]["stage"] != "assume";
    assert_eq!(tried.len(), usize::from(let_in), "{tried:?}");
    assert!(tried.iter().all(|row| row["status"] == "empty" && row["request_id"].is_string()), "{tried:?}");
    for secret in [&target["external_id"]] {
        if let Some(secret) = secret.as_str() {
            assert!(
                !ran.out.contains(secret) && !ran.err.contains(secret) && !json!(ledger).to_string().contains(secret)
            );
        }
    }
    (ran.code, response, ledger)
}

#[test]
fn correct_external_id_is_let_in() {
    let (code, response, ledger) = run_one(emulator().target("111111111111").clone());
    assert_eq!((code, &response["status"]), (0, &json!("complete")));
    let tables = Catalogue::get().expect("a catalogue").tables();
    let dns = tables.iter().filter(|table| table.entry.table.starts_with("route53_"));
    let dns: usize = dns.map(|table| if table.entry.reach == Reach::Global { 1 } else { 2 }).sum();
    assert_eq!(statuses(&ledger).len(), 2 * 2 + dns + 1);
    assert!(response["records"]["route53_records"].as_u64().expect("a count") > 300);
}

#[test]
fn wrong_external_id_is_denied_in_every_cell() {
    let (code, response, ledger) = run_one(emulator().target("333333333333").clone());
    assert_eq!((code, &response["status"]), (2, &json!("failed")));
    assert!(ledger.iter().all(|row| row["status"] == "denied" && row["error_code"] == "AccessDenied"), "{ledger:?}");
    assert!(ledger.iter().all(|row| row["request_id"].is_string()));
    assert_eq!(response["failures"][0]["stage"], "assume");
    insta::assert_snapshot!(statuses(&ledger).join("\n"));
}

#[test]
fn missing_role_and_role_that_trusts_another_are_denied() {
    let missing = json!({ "account_id": "555555555555", "external_id": "some-external-id" });
    for target in [missing, emulator().facts["stranger"].clone()] {
        let (code, _, ledger) = run_one(target);
        assert_eq!(code, 2);
        assert!(
            ledger.iter().all(|row| row["status"] == "denied" && row["error_code"] == "AccessDenied"),
            "{ledger:?}"
        );
    }
}

#[test]
fn missing_permission_is_denied_and_the_rest_answered() {
    let (code, response, ledger) = run_one(emulator().target("444444444444").clone());
    assert_eq!((code, &response["status"]), (1, &json!("partial")));
    for row in &ledger {
        let dns = row["table"].as_str().expect("a table").starts_with("route53_");
        assert_eq!(row["status"] == "denied", dns, "{row}");
        if row["table"] == "route53_records" {
            assert_eq!(row["parent"], "route53_hosted_zones");
        }
    }
}

#[test]
fn unknown_account_is_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let refused = emulator().run(&out, &["--accounts", "111111111111,123456789012"]);
    assert_eq!(refused.code, 2);
    insta::assert_snapshot!(refused.err, @r#"
    rolecall: InvalidRequest
      request.accounts: account 123456789012 is not in the registry: add it there, or say "skip_unknown": true
    "#);
    assert!(!out.exists());
    let skipped =
        emulator().run(&out, &["--accounts", "111111111111,123456789012", "--skip-unknown", "--resources", "accounts"]);
    assert_eq!(skipped.code, 0);
    assert_eq!(skipped.response()["unknown_accounts"], json!(["123456789012"]));
}

#[test]
fn backend_account_without_its_role_is_denied() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command =
        emulator().rolecall(&["run", "--json", "--accounts", "111111111111", "--resources", "accounts", "--output"]);
    command.arg(folder.path()).env_remove("ROLECALL_BACKEND_ROLE");
    let ran = crate::command::run_command(command);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.response()["cells"], json!({ "denied": 1 }));
}
