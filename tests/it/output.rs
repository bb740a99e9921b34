//! The output of a run: its files, their schemas, and a second run into the same output.

use rolecall::testing::{Catalogue, schema};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

use crate::command::{manifest, rows};
use crate::emulator::emulator;
use crate::fidelity::OPENING_COLUMNS;
use crate::fixture::files_below;

fn files_with_content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |path: &Path| path.strip_prefix(folder).expect("below").display().to_string();
    files_below(folder).iter().map(|path| (name(path), std::fs::read(path).expect("read"))).collect()
}

#[test]
fn run_writes_its_files_and_a_repeat_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["--accounts", "111111111111", "--regions", "eu-central-1", "--run-id", "once"];
    let first = emulator().run(folder.path(), &arguments);
    assert_eq!(first.code, 0, "{first:?}");
    let before = files_with_content(folder.path());
    let manifest = manifest(folder.path(), "once");
    let dt = manifest["plan"]["dt"].as_str().expect("a date");
    let attempt = manifest["plan"]["attempt"].as_str().expect("an attempt");
    let day = dt.replace('-', "");
    let name = |key: &String| match key.strip_prefix("state/ndjson/") {
        Some(_) => "state/ndjson/<state>.parquet".to_owned(),
        None => key.replace(dt, "<date>").replace(attempt, "<attempt>").replace(&day, "<day>"),
    };
    let names: Vec<String> = before.keys().map(name).collect();
    insta::assert_snapshot!(names.join("\n"));
    let second = emulator().run(folder.path(), &arguments);
    assert_eq!(second.response(), first.response());
    assert_eq!(files_with_content(folder.path()), before);
    let other = emulator().run(folder.path(), &["--accounts", "222222222222", "--run-id", "once"]);
    assert!(other.code == 2 && other.err.starts_with("rolecall: RunIdTaken"), "{other:?}");
}

#[test]
fn documents_match_their_schemas() {
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
fn plan_without_a_manifest_is_continued() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["--accounts", "111111111111", "--resources", "accounts", "--run-id", "begun"];
    assert_eq!(emulator().run(folder.path(), &arguments).code, 0);
    let run = folder.path().join("runs/begun");
    let plan: Value = serde_json::from_slice(&std::fs::read(run.join("plan.json")).expect("a plan")).expect("JSON");
    // The state of a run that died before it committed its shard.
    std::fs::remove_file(run.join("manifest.json")).expect("removed");
    std::fs::remove_file(run.join("shards/0.json")).expect("removed");
    assert_eq!(emulator().run(folder.path(), &arguments).code, 0);
    let resumed = manifest(folder.path(), "begun");
    assert_eq!(resumed["plan"], plan);
    assert_ne!(resumed["attempts"]["0"], plan["attempt"]);
    // The state of a run that died between its shard and its manifest. No cell is collected again.
    let shard = std::fs::read(run.join("shards/0.json")).expect("a shard");
    std::fs::remove_file(run.join("manifest.json")).expect("removed");
    assert_eq!(emulator().run(folder.path(), &arguments).code, 0);
    assert_eq!(manifest(folder.path(), "begun"), resumed);
    assert_eq!(std::fs::read(run.join("shards/0.json")).expect("a shard"), shard);
}

#[test]
fn empty_tables_have_files_and_rows_have_opening_columns() {
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
        for column in OPENING_COLUMNS {
            assert!(row.get(column).is_some(), "{column} is missing in {row}");
        }
    }
}
