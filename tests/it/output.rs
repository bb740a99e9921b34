//! What a run leaves in its output, and what it does when the output has something in it already.

use rolecall::testing::{Catalogue, schema};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

use crate::command::{manifest, rows};
use crate::emulator::emulator;

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.insert(
                    path.strip_prefix(folder).expect("below").display().to_string(),
                    std::fs::read(&path).expect("read"),
                );
            }
        }
    }
    all
}

#[test]
fn a_run_leaves_what_the_design_says_and_its_repeat_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["--accounts", "111111111111", "--regions", "eu-central-1", "--run-id", "once"];
    let first = emulator().run(folder.path(), &arguments);
    assert_eq!(first.code, 0, "{first:?}");
    let before = files(folder.path());
    let manifest = manifest(folder.path(), "once");
    let dt = manifest["plan"]["dt"].as_str().expect("a date");
    let attempt = manifest["plan"]["attempt"].as_str().expect("an attempt");
    let names: Vec<String> = before.keys().map(|key| key.replace(dt, "<date>").replace(attempt, "<attempt>")).collect();
    insta::assert_snapshot!(names.join("\n"));
    let second = emulator().run(folder.path(), &arguments);
    assert_eq!(second.response(), first.response());
    assert_eq!(files(folder.path()), before);
    let other = emulator().run(folder.path(), &["--accounts", "222222222222", "--run-id", "once"]);
    assert!(other.code == 2 && other.err.starts_with("rolecall: RunIdTaken"), "{other:?}");
}

#[test]
fn documents_fit_their_schemas() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = emulator().run(
        folder.path(),
        &["--accounts", "111111111111,333333333333", "--regions", "eu-*,me-south-9", "--run-id", "fits"],
    );
    let documents = [
        ("response", ran.response()),
        ("manifest", manifest(folder.path(), "fits")),
        ("registry", emulator().facts["registry"].clone()),
    ];
    for (name, document) in documents {
        let (_, schema) = schema::all().into_iter().find(|(known, _)| *known == name).expect("a schema");
        let validator = jsonschema::validator_for(&serde_json::to_value(&schema).expect("JSON")).expect("a schema");
        let problems: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{name}: {problems:?}");
    }
    let manifest = manifest(folder.path(), "fits");
    let ledger = rows(folder.path(), &manifest, "ledger");
    let disabled: Vec<&Value> = ledger.iter().filter(|row| row["status"] == "region_disabled").collect();
    assert!(!disabled.is_empty() && disabled.iter().all(|row| row["region"] == "me-south-9"), "{disabled:?}");
}

#[test]
fn a_plan_without_a_manifest_is_gone_on_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["--accounts", "111111111111", "--resources", "accounts", "--run-id", "begun"];
    assert_eq!(emulator().run(folder.path(), &arguments).code, 0);
    let run = folder.path().join("runs/begun");
    let plan: Value = serde_json::from_slice(&std::fs::read(run.join("plan.json")).expect("a plan")).expect("JSON");
    // As if the run had died before its shard was committed.
    std::fs::remove_file(run.join("manifest.json")).expect("removed");
    std::fs::remove_file(run.join("shards/0.json")).expect("removed");
    assert_eq!(emulator().run(folder.path(), &arguments).code, 0);
    let resumed = manifest(folder.path(), "begun");
    assert_eq!(resumed["plan"], plan);
    assert_ne!(resumed["attempts"]["0"], plan["attempt"]);
    // As if it had died between its shard and itself: nothing is asked again.
    let shard = std::fs::read(run.join("shards/0.json")).expect("a shard");
    std::fs::remove_file(run.join("manifest.json")).expect("removed");
    assert_eq!(emulator().run(folder.path(), &arguments).code, 0);
    assert_eq!(manifest(folder.path(), "begun"), resumed);
    assert_eq!(std::fs::read(run.join("shards/0.json")).expect("a shard"), shard);
}

#[test]
fn an_empty_table_has_a_file_and_every_row_its_opening_columns() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = emulator().run(
        folder.path(),
        &["--accounts", "111111111111", "--regions", "eu-central-1", "--resources", "ec2_vpcs", "--run-id", "few"],
    );
    assert_eq!(
        ran.response()["records"],
        json!({ "ec2_vpcs": rows(folder.path(), &manifest(folder.path(), "few"), "ec2_vpcs").len() })
    );
    let manifest = manifest(folder.path(), "few");
    let tables: Vec<&str> = manifest["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| file["table"].as_str().expect("a table"))
        .collect();
    assert_eq!(tables.len(), Catalogue::get().expect("a catalogue").tables().len() + 1, "{tables:?}");
    for row in rows(folder.path(), &manifest, "ec2_vpcs") {
        for column in [
            "run_id",
            "account_id",
            "account_alias",
            "partition",
            "region",
            "id",
            "arn",
            "owner_id",
            "tags",
            "collected_at",
        ] {
            assert!(row.get(column).is_some(), "{column} is missing in {row}");
        }
    }
}
