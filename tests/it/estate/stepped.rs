//! The recording of changes by the function: as steps of a state machine, and as a message to its own queue.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rolecall::lambda::{Function, Invocation};
use serde_json::{Value, json};

use super::changed::{NIGHTS, demo};
use super::recorded::{diff, plan_in_parts, recorded_rows, sorted};

/// A function over an output in a folder.
async fn function(output: &Path, more: &[(&str, &str)]) -> Function {
    let output = output.display().to_string();
    let variables: Vec<(String, String)> = [("ROLECALL_OUTPUT", output.as_str()), ("AWS_REGION", "eu-central-1")]
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Function::start(|name| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())).await
}

/// An invocation with hours left, or with none.
fn invocation(has_time: bool) -> Invocation {
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(10_000_000_000);
    Invocation { request_id: "a-request".into(), deadline: if has_time { far } else { SystemTime::UNIX_EPOCH } }
}

async fn step(function: &Function, event: Value) -> Value {
    function.handle(event.to_string().as_bytes(), invocation(true)).await.expect("a response")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_of_a_machine_record_all_parts() {
    let folder = demo();
    let output = folder.path().join("demo");
    let parts = plan_in_parts(&output, NIGHTS[4]);
    let off = function(&output, &[]).await;
    let listed = json!({ "step": "changes", "run_id": NIGHTS[4] });
    let answered = step(&off, listed.clone()).await;
    assert_eq!((&answered["recording"], &answered["parts"]), (&json!(false), &json!(0)));
    let machine = function(&output, &[("ROLECALL_CHANGES", "yes")]).await;
    let left = step(&machine, listed.clone()).await;
    assert_eq!((&left["recording"], &left["parts"]), (&json!(true), &json!(parts)));
    let items = std::fs::read(left["items"]["key"].as_str().expect("a key")).expect("the list");
    let items: Vec<Value> = serde_json::from_slice(&items).expect("JSON");
    assert_eq!(items.len(), parts);
    // The last part is given up, and an attempt at the first one is repeated.
    for item in items[..parts - 1].iter().chain(&items[..1]) {
        let part = json!({ "step": "changes_part", "run_id": item["run_id"], "part": item["part"] });
        assert_eq!(step(&machine, part).await, json!({}));
    }
    assert_eq!(step(&machine, listed.clone()).await["parts"], 1);
    let ended = step(&machine, json!({ "step": "changes_end", "run_id": NIGHTS[4] })).await;
    assert_eq!((&ended["status"], &ended["parts_recorded"]), (&json!("recorded"), &json!(parts)));
    assert_eq!(sorted(&recorded_rows(&output, NIGHTS[4])), diff(&output, NIGHTS[3], NIGHTS[4]));
    assert_eq!(step(&machine, listed).await["parts"], 0);
    let unknown = json!({ "step": "changes_part", "run_id": NIGHTS[4], "part": "no-such-part" });
    let refused = machine.handle(unknown.to_string().as_bytes(), invocation(true)).await.expect_err("it is refused");
    assert!(refused.message.contains("no part of this name"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_on_with_what_the_time_did_not_suffice_for() {
    let folder = demo();
    let output = folder.path().join("demo");
    let machine = function(&output, &[("ROLECALL_CHANGES", "yes")]).await;
    let part = json!({ "step": "changes_part", "run_id": NIGHTS[4], "part": "0" });
    let late = machine.handle(part.to_string().as_bytes(), invocation(false)).await.expect_err("it is late");
    assert!(late.message.contains("the time ended"), "{late}");
    let body = json!({ "changes_of": NIGHTS[4] }).to_string();
    let batch = json!({ "Records": [{ "messageId": "m", "body": body, "eventSource": "aws:sqs" }] });
    let done = step(&machine, batch.clone()).await;
    assert_eq!(done["batchItemFailures"], json!([]));
    let rows = sorted(&recorded_rows(&output, NIGHTS[4]));
    assert_eq!(rows, diff(&output, NIGHTS[3], NIGHTS[4]));
    assert_eq!(step(&machine, batch).await["batchItemFailures"], json!([]), "a message may come twice");
    let unknown = json!({ "changes_of": "no-such-run" }).to_string();
    let batch = json!({ "Records": [{ "messageId": "m", "body": unknown, "eventSource": "aws:sqs" }] });
    assert_eq!(step(&machine, batch).await["batchItemFailures"][0]["itemIdentifier"], "m");
}
