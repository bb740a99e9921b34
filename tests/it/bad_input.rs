//! Invalid input: one message that says what to do, exit code 2, and no output.

use std::path::Path;

use serde_json::json;

use crate::command::{CommandOutput, rolecall, run_command};
use crate::emulator::emulator;
use crate::fixture::write_registry;

/// Writes a registry of two targets, one of them disabled, and returns its path.
fn registry(folder: &Path) -> String {
    let targets = [
        json!({ "account_id": "111111111111", "external_id": "an-external-id-hR7tQz2LmX9vKp4w" }),
        json!({ "account_id": "222222222222", "external_id": "another-external-id-w4pKv9XmL2zQt7Rh", "enabled": false }),
    ];
    write_registry(folder, &targets)
}

/// Runs an event from a file without credentials and asserts that it is refused. A refusal needs no credentials.
fn refused(event: &[u8]) -> CommandOutput {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("event.json");
    std::fs::write(&path, event).expect("written");
    let out = folder.path().join("out");
    let arguments =
        ["run", "--registry", &registry(folder.path()), "--event", path.to_str().expect("a path"), "--output"];
    let mut command = rolecall(&arguments);
    command.arg(&out);
    let ran = run_command(command);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(ran.out, "");
    assert!(!out.exists(), "something was written");
    ran
}

#[test]
fn invalid_events_are_refused() {
    let events: &[(&str, &str)] = &[
        ("an empty body", ""),
        ("not JSON", "{accounts: all"),
        ("an unknown field", r#"{"acounts":"all"}"#),
        ("empty lists", r#"{"accounts":[],"regions":[],"resources":[],"exclude":[]}"#),
        ("a resource glob that matches nothing", r#"{"accounts":"all","resources":["ec2_*","sqs_*"]}"#),
        ("the same account twice", r#"{"accounts":["111111111111","111111111111"]}"#),
        ("an account that is not in the registry", r#"{"accounts":["123456789012"]}"#),
        ("a region that is none in form", r#"{"accounts":"all","regions":["europe","mars-*"]}"#),
        (
            "a role ARN and an external ID",
            r#"{"accounts":"all","role_arn":"arn:aws:iam::1:role/x","external_id":"s3cr3t"}"#,
        ),
        ("a disabled target named in full", r#"{"accounts":["222222222222"]}"#),
        ("an unknown exclude", r#"{"accounts":"all","exclude":["123456789012"]}"#),
        ("a selection of no target", r#"{"accounts":"all","tags":{"tier":"gold"}}"#),
        ("a format that there is not", r#"{"accounts":"all","format":"csv"}"#),
        (
            "everything at once",
            r#"{"accounts":["1","222222222222"],"regions":["x"],"resources":["nope"],"exclude":["123456789012"],"foo":1}"#,
        ),
    ];
    let mut messages = String::new();
    for (name, event) in events {
        messages.push_str(&format!("# {name}\n{}\n", refused(event.as_bytes()).err));
    }
    assert!(!messages.contains("s3cr3t"));
    insta::assert_snapshot!(messages);
}

#[test]
fn invalid_registries_are_refused() {
    let mut messages = String::new();
    for (name, registry) in [
        ("0 targets", r#"{"version":1,"targets":[]}"#),
        ("not JSON", "[targets]"),
        (
            "many problems",
            r#"{"version":1,"targets":[{"account_id":"111111111111","external_id":"x"},{"account_id":"12","external_id":"abcd","role":"y"},{"account_id":"333333333333","role_arn":"arn:aws-cn:iam::333333333333:role/r","external_id":null}]}"#,
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("targets.json");
        std::fs::write(&path, registry).expect("written");
        let mut command = rolecall(&["run", "--accounts", "all", "--registry"]);
        command.arg(&path).arg("--output").arg(folder.path().join("out"));
        let ran = run_command(command);
        assert_eq!(ran.code, 2);
        assert!(!folder.path().join("out").exists());
        messages.push_str(&format!("# {name}\n{}\n", ran.err));
    }
    insta::assert_snapshot!(messages);
}

/// Runs a valid request in the environment that `set` makes, and asserts that the run fails.
fn run_in_environment(set: impl FnOnce(&mut std::process::Command)) -> CommandOutput {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let mut command = rolecall(&["run", "--accounts", "all", "--registry", &registry(folder.path()), "--output"]);
    command.arg(&out).env("AWS_REGION", "eu-central-1");
    set(&mut command);
    let ran = run_command(command);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(!out.exists(), "something was written");
    ran
}

#[test]
fn missing_and_expired_credentials_and_unreachable_endpoint() {
    let none = run_in_environment(|_| {});
    assert!(none.err.starts_with("rolecall: NoCredentials\n"), "{none:?}");
    // The port is bound, and no process listens on it.
    let unused_port = tokio::net::TcpSocket::new_v4().expect("a socket");
    unused_port.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let unreachable = run_in_environment(|command| {
        let unused_port = unused_port.local_addr().expect("an address");
        command.env("AWS_ENDPOINT_URL", format!("http://{unused_port}")).env("ROLECALL_ATTEMPTS", "2");
        command.env("AWS_ACCESS_KEY_ID", "999999999999").env("AWS_SECRET_ACCESS_KEY", "test");
    });
    assert!(unreachable.err.starts_with("rolecall: EndpointUnreachable\n"), "{unreachable:?}");
    let wrong = run_in_environment(|command| {
        command.env("AWS_ENDPOINT_URL", emulator().fact("endpoint"));
        command
            .env("AWS_ACCESS_KEY_ID", "ASIANOBODYKNOWSTHIS1")
            .env("AWS_SECRET_ACCESS_KEY", "wrong")
            .env("AWS_SESSION_TOKEN", "gone");
    });
    assert!(wrong.err.starts_with("rolecall: InvalidCredentials\n"), "{wrong:?}");
    let settings = run_in_environment(|command| {
        command.env("ROLECALL_CALL_TIMEOUT", "soon").env("ROLECALL_IN_FLIGHT", "none");
    });
    insta::assert_snapshot!(settings.err);
}

#[test]
fn unwritable_output_is_refused_before_any_customer_is_called() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a-file");
    std::fs::write(&file, "in the way").expect("written");
    let mut command =
        emulator().rolecall(&["run", "--accounts", "111111111111", "--resources", "accounts", "-v", "--output"]);
    command.arg(file.join("out"));
    let ran = run_command(command);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("rolecall: OutputNotWritable\n") && !ran.err.contains("account done"), "{ran:?}");
    let missing = run_without_settings();
    assert!(missing.err.starts_with("rolecall: InvalidSettings\n"), "{missing:?}");
}

fn run_without_settings() -> CommandOutput {
    run_command(rolecall(&["run", "--accounts", "all"]))
}
