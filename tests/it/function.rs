//! The deployed function on the emulated AWS: every event it takes, and two deliveries of one event.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::command::{manifest, ran, rows};
use crate::emulator::{root, stage};

fn sample(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(root().join("events").join(name)).expect("a sample")).expect("JSON")
}

/// Brings a run's files out of the results bucket, by way of the command line's own answer to it.
fn fetch(folder: &Path, run_id: &str) -> Value {
    let prefix = format!("s3://{}/", stage().fact("results_bucket"));
    let fetch = |key: &str| {
        let target = folder.join(key);
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("made");
        let bytes = stage().object(&format!("{prefix}{key}"));
        std::fs::write(target, bytes.unwrap_or_else(|| panic!("{key} is not there"))).expect("written");
    };
    fetch(&format!("runs/{run_id}/manifest.json"));
    let manifest = manifest(folder, run_id);
    for file in manifest["files"].as_array().expect("files") {
        fetch(file["key"].as_str().expect("a key"));
    }
    manifest
}

fn cells_once(ledger: &[Value]) -> usize {
    let mut cells: Vec<String> =
        ledger.iter().map(|row| format!("{} {} {}", row["account_id"], row["region"], row["table"])).collect();
    cells.sort();
    cells.dedup();
    assert_eq!(cells.len(), ledger.len(), "a cell stands twice");
    cells.len()
}

#[test]
fn two_deliveries_of_one_event_leave_one_run_whole() {
    let event = json!({ "run_id": "twice", "accounts": ["111111111111", "222222222222"], "regions": ["eu-*"] });
    let answers = stage().invoke(&[event.clone(), event.clone()]);
    assert!(answers.iter().all(|answer| answer["error"].is_null()), "{answers:?}");
    assert_eq!(answers[0]["payload"], answers[1]["payload"]);
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = fetch(folder.path(), "twice");
    let attempts: Vec<&str> = manifest["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| file["key"].as_str().expect("a key").rsplit('.').nth(3).expect("an attempt"))
        .collect();
    assert!(attempts.iter().all(|attempt| *attempt == attempts[0]), "files of two attempts: {attempts:?}");
    let ledger = rows(folder.path(), &manifest, "ledger");
    assert_eq!(
        cells_once(&ledger) as u64,
        manifest["cells"].as_object().expect("cells").values().map(|n| n.as_u64().expect("n")).sum::<u64>()
    );
    // A third delivery, long after, answers with what is there.
    let again = stage().invoke(std::slice::from_ref(&event));
    assert_eq!(again[0]["payload"], answers[0]["payload"]);
    // Another request under the same name would be answered with what it did not ask for.
    let other = stage().invoke(&[json!({ "run_id": "twice", "accounts": "all" })]);
    assert_eq!(other[0]["payload"]["errorType"], "RunIdTaken");
}

#[test]
fn every_kind_of_event_is_carried_out() {
    let custom = {
        let mut event = sample("custom-event.json");
        event["detail"]["resources"] = json!(["ec2_vpcs"]);
        event
    };
    let answers = stage().invoke(&[
        json!({ "accounts": ["111111111111"], "resources": ["accounts"], "run_id": "inlined", "inline": true }),
        sample("scheduled-rule.json"),
        custom,
        json!({ "scheduled_at": "2026-11-21T04:00:00Z", "accounts": ["222222222222"], "resources": ["ec2_vpcs"] }),
    ]);
    assert!(answers.iter().all(|answer| answer["error"].is_null()), "{answers:?}");
    let run_ids: Vec<&str> =
        answers.iter().map(|answer| answer["payload"]["run_id"].as_str().expect("a run")).collect();
    let event_id = sample("custom-event.json")["id"].as_str().expect("an id").to_owned();
    assert_eq!(run_ids, ["inlined", "rolecall-nightly-20261121T030000Z", &event_id, "scheduled-20261121T040000Z"]);
    let inline = &answers[0]["payload"]["inline"]["accounts"];
    assert_eq!(
        (inline[0]["id"].as_str(), inline[0]["account_alias"].as_str()),
        (Some("111111111111"), Some("acme-prod"))
    );
    let latest: Value = serde_json::from_slice(
        &stage().object(&format!("s3://{}/latest.json", stage().fact("results_bucket"))).expect("latest.json"),
    )
    .expect("JSON");
    assert_eq!(latest["run_id"], "rolecall-nightly-20261121T030000Z", "only a run of the whole fleet moves it");
}

#[test]
fn a_batch_of_the_queue_hands_back_what_is_refused() {
    let record = |id: &str, body: &str| json!({ "messageId": id, "body": body, "eventSource": "aws:sqs" });
    let batch = json!({ "Records": [
        record("good-1", r#"{"accounts":["111111111111"],"resources":["accounts"]}"#),
        record("bad-1", r#"{"accounts":[]}"#),
        record("bad-2", "not json"),
        record("partial-1", r#"{"accounts":["333333333333"],"resources":["accounts"]}"#),
    ] });
    let answers = stage().invoke(&[batch]);
    assert_eq!(
        answers[0]["payload"],
        json!({ "batchItemFailures": [{ "itemIdentifier": "bad-1" }, { "itemIdentifier": "bad-2" }] })
    );
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(fetch(folder.path(), "partial-1")["status"], "failed");
}

#[test]
fn a_request_sent_to_the_queue_is_carried_out() {
    stage().send(&json!({ "run_id": "from-the-queue", "accounts": ["111111111111"], "resources": ["accounts"] }));
    let key = format!("s3://{}/runs/from-the-queue/manifest.json", stage().fact("results_bucket"));
    let began = Instant::now();
    while stage().object(&key).is_none() {
        assert!(began.elapsed() < Duration::from_secs(60), "the queue's request was not carried out");
        std::thread::sleep(Duration::from_millis(300));
    }
}

#[test]
fn refusals_have_stable_names() {
    let answers = stage().invoke(&[
        json!({ "accounts": [] }),
        json!({ "accounts": ["123456789012"] }),
        json!({ "accounts": "all", "role_arn": "arn:aws:iam::111111111111:role/other" }),
        json!([1]),
        json!({ "Records": [{ "eventSource": "aws:s3" }] }),
    ]);
    for answer in &answers {
        assert_eq!(answer["payload"]["errorType"], "InvalidRequest", "{answer}");
    }
    let messages: Vec<&str> =
        answers.iter().map(|answer| answer["payload"]["errorMessage"].as_str().expect("a message")).collect();
    insta::assert_snapshot!(messages.join("\n---\n"));
}

#[test]
fn the_function_reads_and_writes_in_its_buckets_only_what_it_may() {
    let registry = stage().fact("registry_bucket");
    let mut command =
        stage().rolecall(&["run", "--json", "--accounts", "111111111111", "--resources", "accounts", "--output"]);
    command.arg(format!("s3://{registry}/out"));
    let refused = ran(command);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.starts_with("rolecall: OutputNotWritable") && refused.err.contains("AccessDenied"),
        "{refused:?}"
    );
}
