//! The state machine on the emulated AWS, with the deployed function in its steps.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::driver::cells;
use crate::command::run_command;
use crate::emulator::emulator;
use crate::function::fetch;

/// Deploys the state machine on the emulated AWS and returns its ARN.
fn deploy_machine(more: &[&str]) -> String {
    let arguments = [&["--batch-size", "1", "--max-concurrency", "2"], more].concat();
    let deployed = emulator().run_script("fleet.py", &arguments, &emulator().facts);
    deployed["state_machine_arn"].as_str().expect("an ARN").to_owned()
}

/// Returns the ARN of the state machine for the deployed function. The first caller deploys it.
fn machine() -> &'static str {
    static MACHINE: OnceLock<String> = OnceLock::new();
    MACHINE.get_or_init(|| deploy_machine(&[]))
}

#[test]
fn state_machine_commits_the_same_as_one_run() {
    let output = format!("s3://{}", emulator().fact("results_bucket"));
    let what =
        ["--accounts", "all", "--regions", "eu-central-1", "--resources", "ec2_vpcs,ec2_subnets,route53_*,accounts"];
    let command = |arguments: &[&str]| {
        let mut command = emulator().rolecall(arguments);
        command.env("ROLECALL_STATE_MACHINE", machine());
        command.args(["--output", &output]);
        command
    };
    let start = || {
        let mut started = command(&["run", "--fleet", "--json", "--run-id", "by-machine"]);
        started.args(what);
        run_command(started)
    };
    let by_machine = start();
    assert_eq!(by_machine.code, 1, "two of the four customers have gaps: {by_machine:?}");
    let mut alone = command(&["run", "--json", "--run-id", "alone", "--format", "ndjson"]);
    alone.args(what);
    let alone = run_command(alone).response();
    let machines = by_machine.response();
    for member in ["status", "accounts", "cells", "records"] {
        assert_eq!(machines[member], alone[member], "{member}");
    }
    let manifest: Value = serde_json::from_slice(
        &emulator().object(&format!("{output}/runs/by-machine/manifest.json")).expect("a manifest"),
    )
    .expect("JSON");
    let shards: Vec<&String> = manifest["attempts"].as_object().expect("shards").keys().collect();
    assert_eq!(shards, ["0", "1", "2", "3", "rest"]);
    assert!(emulator().object(&format!("{output}/runs/by-machine/announced.json")).is_some());
    // Started again under the same name, the command follows the same run.
    assert_eq!(start().response(), machines);

    // A failed execution is started again under another name. Another request under a used name is refused.
    let failing =
        |account: &str| run_command(command(&["run", "--fleet", "--run-id", "failing", "--accounts", account]));
    let failed = failing("123456789012");
    assert!(failed.err.contains("has ended as FAILED: InvalidRequest"), "{failed:?}");
    let again = failing("123456789012");
    assert!(again.err.contains(":failing-") && !failed.err.contains(":failing-"), "{again:?}");
    let other = ["run", "--fleet", "--run-id", "by-machine", "--accounts", "111111111111"];
    assert!(run_command(command(&other)).err.starts_with("rolecall: RunIdTaken"));

    let status = run_command(command(&["status", "by-machine"]));
    assert_eq!(status.code, 1);
    assert!(status.out.contains("run by-machine: partial") && !status.out.contains("remaining: run"), "{status:?}");
    let resumed = run_command(command(&["resume", "by-machine"]));
    assert!(resumed.out.contains("Nothing remains of it."), "{resumed:?}");
    let unknown = run_command(command(&["status", "nobodys-run"]));
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.starts_with("rolecall: InvalidRequest"), "{unknown:?}");
    let mut nowhere = command(&["run", "--fleet", "--run-id", "x", "--accounts", "all"]);
    nowhere.env("ROLECALL_STATE_MACHINE", "arn:aws:states:eu-central-1:999999999999:stateMachine:no-such-machine");
    let nowhere = run_command(nowhere);
    assert!(nowhere.code == 2 && nowhere.err.starts_with("rolecall: FleetFailed"), "{nowhere:?}");
}

/// The function is so slow that no run finishes. The machine continues up to its bound, and another machine finishes
/// the rest by the run's name alone.
#[test]
fn state_machine_continues_up_to_its_bound() {
    // The rate limit delays the second call of an account and region beyond the run's time.
    let slow = ["ROLECALL_DEADLINE=38s", "ROLECALL_MARGIN=19s", "ROLECALL_EC2_RATE=0.1", "ROLECALL_EC2_BURST=1"];
    let slow = deploy_machine(&[&["--copy", "rolecall-slow", "ROLECALL_CONTINUATIONS=1"], &slow[..]].concat());
    let output = format!("s3://{}", emulator().fact("results_bucket"));
    let command = |arguments: &[&str], machine: &str| {
        let mut command = emulator().rolecall(arguments);
        command.env("ROLECALL_STATE_MACHINE", machine).args(["--output", &output, "--json"]);
        run_command(command)
    };
    let run = ["run", "--fleet", "--run-id", "slow", "--accounts", "111111111111,222222222222"];
    // Each of the two runs has time for two types at most.
    let types = "ec2_vpcs,ec2_subnets,ec2_volumes,ec2_instances,ec2_addresses,ec2_key_pairs";
    let what = ["--regions", "eu-central-1", "--resources", types];
    let ended = command(&[&run[..], &what[..]].concat(), &slow);
    assert_eq!(ended.response()["run_id"], "slow.r1", "{ended:?}");
    let status = command(&["status", "slow"], &slow).response();
    assert_eq!((&status["committed"], &status["next"]), (&json!(true), &json!("slow.r2")), "{status}");

    let resumed = command(&["resume", "slow", "--fleet"], machine());
    assert_eq!((resumed.code, &resumed.response()["run_id"]), (0, &json!("slow.r2")), "{resumed:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let mut answered = BTreeSet::new();
    for run_id in ["slow", "slow.r1", "slow.r2"] {
        fetch(folder.path(), run_id);
        let full = cells(folder.path(), run_id).into_iter().filter(|(_, status)| status == "ok" || status == "empty");
        full.for_each(|(cell, _)| assert!(answered.insert(cell.clone()), "{cell} was answered twice"));
    }
    assert_eq!(answered.len(), 2 * 6);
}
