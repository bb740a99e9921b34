//! Edits of the registry: concurrent writers lose nothing, and a failed edit changes nothing.

use std::path::Path;

use serde_json::{Value, json};

use crate::command::{CommandOutput, rolecall, run_command};
use crate::emulator::emulator;

fn targets(registry: &str, arguments: &[&str]) -> CommandOutput {
    let mut command = rolecall(&["targets"]);
    command.args(arguments).env("ROLECALL_REGISTRY", registry).env("AWS_REGION", "eu-central-1");
    run_command(command)
}

fn in_bucket(registry: &str, arguments: &[&str]) -> CommandOutput {
    let mut command = emulator().rolecall(&["targets"]);
    command.args(arguments).env_remove("ROLECALL_BACKEND_ROLE").env("ROLECALL_REGISTRY", registry);
    run_command(command)
}

/// Starts ten processes, each of which adds a target.
fn add_ten_concurrently(add: impl Fn(&str) -> CommandOutput + Sync) {
    std::thread::scope(|scope| {
        let adding: Vec<_> = (0..10)
            .map(|number| {
                let add = &add;
                scope.spawn(move || add(&format!("90000000000{number}")))
            })
            .collect();
        for added in adding {
            let added = added.join().expect("it ends");
            assert_eq!(added.code, 0, "{added:?}");
        }
    });
}

fn ids(listed: &CommandOutput) -> Vec<String> {
    let listed = listed.response();
    let mut ids: Vec<String> = listed
        .as_array()
        .expect("targets")
        .iter()
        .map(|target| target["account_id"].as_str().expect("an id").to_owned())
        .collect();
    ids.sort();
    ids
}

#[test]
fn ten_concurrent_writers_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("targets.json").display().to_string();
    let bucket = format!("s3://{}/ten-writers/targets.json", emulator().fact("registry_bucket"));
    add_ten_concurrently(|account| targets(&file, &["add", account]));
    add_ten_concurrently(|account| in_bucket(&bucket, &["add", account]));
    let all: Vec<String> = (0..10).map(|number| format!("90000000000{number}")).collect();
    assert_eq!(ids(&targets(&file, &["list", "--json"])), all);
    assert_eq!(ids(&in_bucket(&bucket, &["list", "--json"])), all);
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "something was left behind");
}

fn registry(folder: &Path, text: &str) -> String {
    let path = folder.join("targets.json");
    std::fs::write(&path, text).expect("written");
    path.display().to_string()
}

#[test]
fn registry_is_listed_and_edited() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = registry(
        folder.path(),
        r#"{"version":1,"defaults":{"regions":["eu-*"]},"targets":[
            {"account_id":"111122223333","external_id":"a-secret-id-hR7tQz2LmX9vKp4w","name":"acme","tags":{"tier":"gold"}}]}"#,
    );
    let mut transcript = String::new();
    for arguments in [
        &["add", "444455556666", "--customer", "globex", "--regions", "eu-*,us-east-1", "--tags", "tier=silver"][..],
        &[
            "add",
            "777788889999",
            "--no-external-id",
            "--role-arn",
            "arn:aws:iam::777788889999:role/team/x",
            "--enabled",
        ],
        &["list"],
        &["disable", "111122223333", "444455556666"],
        &["enable", "111122223333"],
        &["remove", "777788889999"],
        &["list"],
        &["add", "111122223333"],
        &["add", "123456789012", "--role-arn", "arn:aws:iam::999999999999:role/x"],
        &["enable", "123456789012", "000000000000"],
        &["add", "123456789012", "--tags", "nonsense"],
    ] {
        let ran = targets(&file, arguments);
        transcript.push_str(&format!("$ targets {}\n{}{}-> {}\n\n", arguments.join(" "), ran.out, ran.err, ran.code));
    }
    assert!(!transcript.contains("a-secret-id-hR7tQz2LmX9vKp4w"));
    insta::with_settings!({ filters => vec![(folder.path().to_str().expect("a path"), "[folder]")] }, {
        insta::assert_snapshot!(transcript);
    });
}

#[test]
fn external_id_from_a_file_is_never_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("targets.json").display().to_string();
    let secret = folder.path().join("id");
    std::fs::write(&secret, "  given-by-hand-hR7tQz2LmX9vKp4w\n").expect("written");
    let secret = secret.to_str().expect("a path");
    let added = targets(&file, &["add", "111122223333", "--external-id-file", secret]);
    assert_eq!(added.code, 0, "{added:?}");
    // Two customers may not share an external ID.
    let again = targets(&file, &["add", "444455556666", "--external-id-file", secret]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("of another customer"), "{again:?}");
    for ran in [&added, &again, &targets(&file, &["list"]), &targets(&file, &["list", "--json"])] {
        assert!(!ran.out.contains("given-by-hand") && !ran.err.contains("given-by-hand"), "{ran:?}");
    }
    let kept: Value = serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("JSON");
    assert_eq!(
        kept["targets"],
        json!([{"account_id": "111122223333", "external_id": "given-by-hand-hR7tQz2LmX9vKp4w", "enabled": false}])
    );
}

#[test]
fn invalid_registry_is_not_edited() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = r#"{"version":1,"targets":[{"account_id":"1","external_id":"abcd"}]}"#;
    let file = registry(folder.path(), text);
    let refused = targets(&file, &["add", "111122223333"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.starts_with("rolecall: InvalidRegistry"), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), text);
}

#[test]
fn backend_role_cannot_write_the_registry() {
    let registry = emulator().fact("registry_uri");
    let role = emulator().fact("backend_role_arn");
    // The profile assumes backend_role.
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config");
    let text = format!(
        "[profile own]\naws_access_key_id = {}\naws_secret_access_key = {}\n[profile backend]\nrole_arn = {role}\nsource_profile = own\n",
        emulator().fact("backend_account"),
        emulator().fact("secret")
    );
    std::fs::write(&config, text).expect("written");
    let mut command = rolecall(&["targets", "disable", "111111111111", "--registry", registry]);
    command
        .env("AWS_CONFIG_FILE", &config)
        .env("AWS_PROFILE", "backend")
        .env("AWS_REGION", emulator().fact("region"))
        .env("AWS_ENDPOINT_URL", emulator().fact("endpoint"));
    let refused = run_command(command);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.starts_with("rolecall: RegistryNotWritable") && refused.err.contains("AccessDenied"),
        "{refused:?}"
    );
}

/// The address of a registry may be mistyped. Only what adds targets makes a new one, and says so.
#[test]
fn missing_registry_is_not_an_empty_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("typo.json");
    let file = path.display().to_string();
    for arguments in
        [&["list"][..], &["remove", "111122223333"], &["enable", "111122223333"], &["disable", "111122223333"]]
    {
        let refused = targets(&file, arguments);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains("RegistryUnreadable") && refused.err.contains("does not exist"), "{refused:?}");
    }
    let policy = |which: &str| {
        let mut command = rolecall(&["policy", which]);
        command.env("ROLECALL_REGISTRY", &file).env("AWS_REGION", "eu-central-1");
        run_command(command)
    };
    let refused = policy("backend");
    assert!(refused.code == 2 && refused.err.contains("RegistryUnreadable"), "{refused:?}");
    // An operator needs this policy before there is a registry.
    let printed = policy("admin");
    assert!(printed.code == 0 && printed.err.contains("cannot be read"), "{printed:?}");
    assert!(!path.exists());
    let added = targets(&file, &["add", "111122223333"]);
    assert!(added.code == 0 && added.err.contains("a new one was made"), "{added:?}");
    let more = targets(&file, &["add", "444455556666"]);
    assert_eq!((more.code, more.err.as_str()), (0, ""), "{more:?}");
}

#[test]
fn an_account_that_is_named_twice_is_counted_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("targets.json").display().to_string();
    for account in ["111122223333", "444455556666"] {
        assert_eq!(targets(&file, &["add", account]).code, 0);
    }
    let twice = ["111122223333", "111122223333"];
    for (command, text) in [
        ("enable", "1 targets enabled"),
        ("enable", "0 targets enabled"),
        ("disable", "1 targets disabled"),
        ("remove", "1 targets removed"),
    ] {
        let edited = targets(&file, &[&[command], &twice[..]].concat());
        assert!(edited.code == 0 && edited.out.starts_with(text), "{edited:?}");
        assert!(!edited.out.contains("2 already"), "{edited:?}");
    }
}
