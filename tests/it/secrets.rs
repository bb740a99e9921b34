//! No credential, external ID or token reaches any output at any log level.

use crate::command::{manifest, rows, run_command};
use crate::emulator::emulator;

#[test]
fn no_secret_is_in_any_file_or_log_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = emulator().rolecall(&[
        "run",
        "--accounts",
        "all",
        "--regions",
        "eu-central-1",
        "--run-id",
        "quiet",
        "-vv",
        "--format",
        "ndjson",
        "--output",
    ]);
    command.arg(folder.path()).env("ROLECALL_LOG", "trace").env("RUST_LOG", "trace");
    let ran = run_command(command);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("account done"), "nothing was logged");
    let mut all = format!("{}{}", ran.out, ran.err);
    let manifest = manifest(folder.path(), "quiet");
    for entry in ["plan.json", "manifest.json", "shards/0.json"] {
        all.push_str(&std::fs::read_to_string(folder.path().join("runs/quiet").join(entry)).expect("text"));
    }
    for file in manifest["files"].as_array().expect("files") {
        for row in rows(folder.path(), &manifest, file["table"].as_str().expect("a table")) {
            all.push_str(&row.to_string());
        }
    }
    for target in emulator().facts["registry"]["targets"].as_array().expect("targets") {
        let secret = target["external_id"].as_str().expect("an external ID");
        assert!(!all.contains(secret), "the output has an external ID");
    }
    for mark in ["ASIA", "SessionToken", "SecretAccessKey", "x-amz-security-token", "X-Amz-Signature", "Signature="] {
        assert!(!all.contains(mark), "the output has {mark}");
    }
    let plan = std::fs::read_to_string(folder.path().join("runs/quiet/plan.json")).expect("text");
    assert!(!plan.contains("role/"), "the plan holds a role ARN");
}
