//! The environment that a command runs in: variables, profiles, proxies, certificates, regions.
//!
//! Whatever it is, a command ends with 0, 1 or 2, with one message, and never with a panic.

mod causes;
mod hostile;
mod loopback;
mod network;

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::command::{CommandOutput, rolecall, run_command};
use crate::fixture::write_registry;

/// Returns a command on a registry of one account, without retries.
fn on_registry(folder: &Path, arguments: &[&str]) -> Command {
    let registry = write_registry(
        folder,
        &[json!({ "account_id": "111122223333", "external_id": "an-external-id-hR7tQz2LmX9vKp4w" })],
    );
    let mut command = rolecall(arguments);
    command.args(["--registry", &registry]).env("ROLECALL_ATTEMPTS", "1").env("HOME", folder);
    command.env("ROLECALL_STS_PATIENCE", "1ms");
    command
}

/// Returns `rolecall run` with the credentials of the environment.
fn run(folder: &Path) -> Command {
    let out = folder.join("out").display().to_string();
    let mut command = on_registry(folder, &["run", "--accounts", "all", "--regions", "eu-west-1", "--output", &out]);
    command
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "s3cret");
    command
}

/// Asserts that a command was refused with one error of this kind, and returns its message.
fn refused(command: Command, kind: &str) -> String {
    let shown = format!("{command:?}");
    let ran = run_command(command);
    assert_orderly(&ran, &shown);
    assert_eq!(ran.code, 2, "{shown}: {ran:?}");
    let message = ran.err.strip_prefix(&format!("rolecall: {kind}\n")).unwrap_or_else(|| panic!("{shown}: {ran:?}"));
    message.trim().to_owned()
}

/// Asserts that a command ended as it should: no panic, no secret, one message.
fn assert_orderly(ran: &CommandOutput, case: &str) {
    assert!((0..=2).contains(&ran.code), "{case}: {ran:?}");
    for text in [&ran.out, &ran.err] {
        assert!(!text.contains("panicked") && !text.contains("RUST_BACKTRACE"), "{case}: {ran:?}");
        assert!(!text.contains("s3cret"), "{case}: {ran:?}");
    }
    assert!(ran.err.matches("rolecall: ").count() <= 1, "{case}: {ran:?}");
}
