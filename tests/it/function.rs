//! The deployed function on the emulated AWS: every kind of event, and two deliveries of one event.

use rolecall::testing::{
    Backend, Engine, RequestDraft, RunIdSource, RunRequest, Runtime, Settings, StopCondition, backend_role,
};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::command::{manifest, run_command};
use crate::emulator::{emulator, root};
use crate::fixture::{PATIENCE, ProgressCounter, ledger, until};
use crate::stores::config;

pub(crate) fn sample(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(root().join("events").join(name)).expect("a sample")).expect("JSON")
}

/// Downloads a run's manifest and the files that it names from the results bucket, and returns the manifest.
pub(crate) fn fetch(folder: &Path, run_id: &str) -> Value {
    let fetch = |keys: &[String]| {
        let bucket = emulator().fact("results_bucket");
        let uris: Vec<String> = keys.iter().map(|key| format!("s3://{bucket}/{key}")).collect();
        for (key, bytes) in keys.iter().zip(emulator().objects(&uris)) {
            let target = folder.join(key);
            std::fs::create_dir_all(target.parent().expect("a folder")).expect("made");
            std::fs::write(target, bytes.unwrap_or_else(|| panic!("{key} is not there"))).expect("written");
        }
    };
    fetch(&[format!("runs/{run_id}/manifest.json")]);
    let manifest = manifest(folder, run_id);
    let files = manifest["files"].as_array().expect("files").iter();
    fetch(&files.map(|file| file["key"].as_str().expect("a key").to_owned()).collect::<Vec<_>>());
    manifest
}

/// Waits until the deployed function has written an object.
#[expect(clippy::disallowed_methods, reason = "another process is waited for, by tests without a runtime too")]
pub(crate) fn wait_for_object(uri: &str) {
    let until = Instant::now() + PATIENCE;
    while emulator().object(uri).is_none() {
        assert!(Instant::now() < until, "{uri} was never written");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A run of the backend is interrupted. The deployed function receives the rest from its queue and completes it.
#[tokio::test(flavor = "multi_thread")]
async fn rest_of_a_run_is_completed_by_the_queue() {
    let settings = Settings {
        registry: Some(emulator().fact("registry_uri").to_owned()),
        output: Some(format!("s3://{}", emulator().fact("results_bucket"))),
        format: Some("ndjson".into()),
        continue_queue: Some(emulator().fact("queue_url").to_owned()),
        continuations: 1,
        // So slow that the interrupt comes first. The function has rates of its own.
        ec2_rate: 0.5,
        ec2_burst: Some(1.0),
        // The emulated AWS is slow while other tests deploy.
        margin: Some(PATIENCE),
        connect_timeout: PATIENCE,
        call_timeout: PATIENCE,
        operation_timeout: 2 * PATIENCE,
        account_budget: 2 * PATIENCE,
        ..Settings::default()
    };
    let backend = Backend::from_config(
        config(emulator().fact("endpoint"), emulator().fact("region"), emulator().fact("backend_account")),
        &settings,
    );
    let role = backend_role(&backend, emulator().fact("backend_role_arn"));
    let engine = Engine::new(backend.with_credentials(role), settings, Runtime::Lambda);
    let request =
        json!({ "run_id": "handed-on", "accounts": "all", "regions": ["eu-*"], "resources": ["ec2_s*", "ec2_v*"] });
    let (seen, stop) = (Arc::new(ProgressCounter::default()), CancellationToken::new());
    let draft = RequestDraft::read(&request, "request");
    let order = RunRequest {
        until: StopCondition { stop: stop.clone(), deadline: None },
        observer: seen.clone(),
        ..RunRequest::new(draft, RunIdSource::Invocation("an-invocation".into()))
    };
    let end = async {
        until("the first cells", || seen.open_cells() > 0).await;
        stop.cancel();
    };
    let (response, ()) = tokio::join!(engine.run(order), end);
    let response = response.expect("a response");
    assert!(response.remaining.is_some(), "{:?}", response.cells);
    let folder = tempfile::tempdir().expect("a folder");
    let key = format!("s3://{}/runs/handed-on.r1/manifest.json", emulator().fact("results_bucket"));
    tokio::task::block_in_place(|| wait_for_object(&key));
    let manifest = tokio::task::block_in_place(|| fetch(folder.path(), "handed-on.r1"));
    assert_eq!(manifest["resumes"], "handed-on");
    assert!(manifest["remaining"].is_null(), "{}", manifest["remaining"]);
}

#[test]
fn two_deliveries_of_one_event_leave_one_run() {
    let event = json!({ "run_id": "twice", "accounts": ["111111111111", "222222222222"], "regions": ["eu-*"] });
    let answers = emulator().invoke(&[event.clone(), event.clone()]);
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
    assert_eq!(
        ledger(folder.path(), "twice").len() as u64,
        manifest["cells"].as_object().expect("cells").values().map(|n| n.as_u64().expect("n")).sum::<u64>()
    );
    // A third, late delivery returns the existing manifest.
    let again = emulator().invoke(std::slice::from_ref(&event));
    assert_eq!(again[0]["payload"], answers[0]["payload"]);
    // Another request under the same name would get a response to a different request.
    let other = emulator().invoke(&[json!({ "run_id": "twice", "accounts": "all" })]);
    assert_eq!(other[0]["payload"]["errorType"], "RunIdTaken");
}

#[test]
fn every_kind_of_event_is_processed() {
    let custom = {
        let mut event = sample("custom-event.json");
        event["detail"]["resources"] = json!(["ec2_vpcs"]);
        event
    };
    let answers = emulator().invoke(&[
        json!({ "accounts": ["111111111111"], "resources": ["accounts"], "run_id": "direct" }),
        sample("scheduled-rule.json"),
        custom,
        json!({ "scheduled_at": "2026-11-21T04:00:00Z", "accounts": ["222222222222"], "resources": ["ec2_vpcs"] }),
    ]);
    assert!(answers.iter().all(|answer| answer["error"].is_null()), "{answers:?}");
    let run_ids: Vec<&str> =
        answers.iter().map(|answer| answer["payload"]["run_id"].as_str().expect("a run")).collect();
    let event_id = sample("custom-event.json")["id"].as_str().expect("an id").to_owned();
    assert_eq!(run_ids, ["direct", "rolecall-nightly-20261121T030000Z", &event_id, "scheduled-20261121T040000Z"]);
    let latest: Value = serde_json::from_slice(
        &emulator().object(&format!("s3://{}/latest.json", emulator().fact("results_bucket"))).expect("latest.json"),
    )
    .expect("JSON");
    assert_eq!(latest["run_id"], "rolecall-nightly-20261121T030000Z", "only a run of the whole fleet moves it");
}

/// A principal with an invoker's permissions is faster than the schedule, sends whatever it likes, and is refused
/// whatever it must not have. The scheduled run collects its own request.
#[test]
fn an_invoker_reads_no_record_and_suppresses_no_scheduled_run() {
    let now = jiff::Timestamp::now();
    let (hour, name) = (jiff::SignedDuration::from_hours(1), now.strftime("%Y%m%dT%H%M%SZ"));
    let schedule =
        json!({ "scheduled_at": now, "accounts": ["111111111111", "222222222222"], "resources": ["accounts"] });
    let act = |payloads: &[Value], keys: &[String]| {
        let input = json!({ "facts": emulator().facts, "payloads": payloads, "keys": keys });
        emulator().run_script("invoker.py", &[], &input)
    };
    let with = |field: &str, value: Value| {
        let mut request = schedule.clone();
        request[field] = value;
        request
    };
    let named = |run_id: String| {
        let mut request = with("run_id", json!(run_id));
        request.as_object_mut().expect("an object").remove("scheduled_at");
        request
    };
    let scheduled_event = |time: jiff::Timestamp| {
        let mut event = sample("scheduled-rule.json");
        event["time"] = json!(time);
        event
    };
    let before = act(
        &[
            // Claims that are refused.
            named(format!("scheduled-{name}")),
            named(format!("scheduled-{name}.r1")),
            named(format!("rolecall-nightly-{name}")),
            with("scheduled_at", json!(now + hour)),
            scheduled_event(now + hour),
            json!({ "detail-type": "x", "source": "y", "id": format!("scheduled-{name}"), "detail": { "accounts": "all" } }),
            json!({ "step": "plan", "request": schedule, "execution": "x" }),
            json!({ "step": "reduce", "run_id": format!("scheduled-{name}") }),
            // A claim that is carried out, as a run of its own.
            with("accounts", json!(["222222222222"])),
        ],
        &[],
    );
    let responses = before["responses"].as_array().expect("responses");
    let (claim, refused) = responses.split_last().expect("responses");
    for response in refused {
        let error = response["errorType"].as_str().expect("an error");
        assert!(["InvalidRequest", "RunIdTaken"].contains(&error), "{response}");
    }
    assert_eq!(claim["run_id"], format!("scheduled-{name}"), "{claim}");

    // The scheduler delivers its event later, and twice.
    let run = emulator().invoke(std::slice::from_ref(&schedule))[0]["payload"].clone();
    assert_eq!((&run["status"], &run["accounts"]["complete"]), (&json!("complete"), &json!(2)), "{run}");
    assert!(run["run_id"].as_str().is_some_and(|id| id.starts_with(&format!("scheduled-{name}-"))), "{run}");
    assert_eq!(emulator().invoke(std::slice::from_ref(&schedule))[0]["payload"], run);

    // The records of that run are in no answer to the invoker, and in no bucket that it may read.
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = fetch(folder.path(), run["run_id"].as_str().expect("a run"));
    let mut keys = vec![format!("runs/{}/manifest.json", run["run_id"].as_str().expect("a run"))];
    keys.push(manifest["files"][0]["key"].as_str().expect("a key").to_owned());
    let after = act(&[with("inline", json!(true)), with("accounts", json!("all"))], &keys);
    assert_eq!(after["responses"][0]["errorType"], "InvalidRequest", "{after}");
    assert!(after["responses"].to_string().contains("ROLECALL_INLINE"), "{after}");
    for (attempt, outcome) in after["attempts"].as_object().expect("attempts") {
        assert!(outcome.as_str().is_some_and(|outcome| outcome.starts_with("denied: ")), "{attempt}: {outcome}");
    }
    assert_eq!(after["attempts"].as_object().expect("attempts").len(), 3 + 2 * keys.len());
}

#[test]
fn queue_batch_returns_refused_bodies_as_failures() {
    let record = |id: &str, body: &str| json!({ "messageId": id, "body": body, "eventSource": "aws:sqs" });
    let batch = json!({ "Records": [
        record("good-1", r#"{"accounts":["111111111111"],"resources":["accounts"]}"#),
        record("bad-1", r#"{"accounts":[]}"#),
        record("bad-2", "not json"),
        record("partial-1", r#"{"accounts":["333333333333"],"resources":["accounts"]}"#),
    ] });
    let answers = emulator().invoke(&[batch]);
    assert_eq!(
        answers[0]["payload"],
        json!({ "batchItemFailures": [{ "itemIdentifier": "bad-1" }, { "itemIdentifier": "bad-2" }] })
    );
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(fetch(folder.path(), "partial-1")["status"], "failed");
}

#[test]
fn request_in_the_queue_is_processed() {
    emulator().send(&json!({ "run_id": "from-the-queue", "accounts": ["111111111111"], "resources": ["accounts"] }));
    let key = format!("s3://{}/runs/from-the-queue/manifest.json", emulator().fact("results_bucket"));
    wait_for_object(&key);
}

#[test]
fn refusals_have_stable_error_types() {
    let answers = emulator().invoke(&[
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
fn backend_role_cannot_write_to_the_registry_bucket() {
    let registry = emulator().fact("registry_bucket");
    let mut command =
        emulator().rolecall(&["run", "--json", "--accounts", "111111111111", "--resources", "accounts", "--output"]);
    command.arg(format!("s3://{registry}/out"));
    let refused = run_command(command);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.starts_with("rolecall: OutputNotWritable") && refused.err.contains("AccessDenied"),
        "{refused:?}"
    );
}

/// A committed run is announced once on the event bus, however often its event is delivered.
#[tokio::test(flavor = "multi_thread")]
async fn committed_run_is_announced_once_on_the_event_bus() {
    let config = config(emulator().fact("endpoint"), emulator().fact("region"), emulator().fact("backend_account"));
    let (sqs, events) = (aws_sdk_sqs::Client::new(&config), aws_sdk_eventbridge::Client::new(&config));
    let queue =
        sqs.create_queue().queue_name("announced-runs").send().await.expect("a queue").queue_url.expect("a URL");
    let arn =
        format!("arn:aws:sqs:{}:{}:announced-runs", emulator().fact("region"), emulator().fact("backend_account"));
    let pattern = json!({ "source": ["rolecall"], "detail-type": ["rolecall run committed"],
                          "detail": { "run_id": ["announced"] } });
    events.put_rule().name("announced").event_pattern(pattern.to_string()).send().await.expect("a rule");
    let target = aws_sdk_eventbridge::types::Target::builder().id("queue").arn(arn).build().expect("a target");
    events.put_targets().rule("announced").targets(target).send().await.expect("it is set");
    let event =
        json!({ "run_id": "announced", "accounts": ["111111111111", "333333333333"], "resources": ["accounts"] });
    let answers = tokio::task::block_in_place(|| {
        let first = emulator().invoke(std::slice::from_ref(&event));
        let again = emulator().invoke(std::slice::from_ref(&event));
        assert_eq!(first[0]["payload"], again[0]["payload"]);
        first
    });
    let mut messages = Vec::new();
    let until = Instant::now() + PATIENCE;
    while messages.is_empty() && Instant::now() < until {
        let received = sqs.receive_message().queue_url(&queue).max_number_of_messages(10).wait_time_seconds(1);
        messages.extend(received.send().await.expect("an answer").messages.unwrap_or_default());
    }
    let more = sqs.receive_message().queue_url(&queue).wait_time_seconds(1).send().await.expect("an answer");
    assert_eq!((messages.len(), more.messages), (1, None), "announced once: {messages:?}");
    let announced: Value = serde_json::from_str(messages[0].body().expect("a body")).expect("JSON");
    assert_eq!(
        (&announced["source"], &announced["detail-type"]),
        (&json!("rolecall"), &json!("rolecall run committed"))
    );
    let (detail, response) = (&announced["detail"], &answers[0]["payload"]);
    for member in ["run_id", "status", "accounts", "records", "cells", "manifest"] {
        assert_eq!(detail[member], response[member], "{member}");
    }
    assert_eq!(detail["status"], "partial");
}

/// The function executes the state machine's steps. A shard that was never invoked is reported, and collected in the
/// next run of the chain.
#[test]
fn state_machine_steps_complete_a_fleet() {
    let step = |event: Value| {
        let responses = emulator().invoke_steps(&[event]);
        assert!(responses[0]["error"].is_null(), "{responses:?}");
        responses[0]["payload"].clone()
    };
    let request = json!({ "run_id": "steps", "accounts": ["111111111111", "222222222222"], "resources": ["accounts"] });
    let planned = step(json!({ "step": "plan", "request": request, "execution": "x", "batch": 1 }));
    assert_eq!((&planned["shards"], &planned["committed"]), (&json!(2), &json!(false)));
    let items = format!(
        "s3://{}/{}",
        planned["items"]["bucket"].as_str().expect("a bucket"),
        planned["items"]["key"].as_str().expect("a key")
    );
    let items: Value = serde_json::from_slice(&emulator().object(&items).expect("the list")).expect("JSON");
    assert_eq!(items, json!([{ "run_id": "steps", "shard": "0" }, { "run_id": "steps", "shard": "1" }]));
    assert_eq!(step(json!({ "step": "shard", "run_id": "steps", "shard": "0" })), json!({}));
    let reduced = step(json!({ "step": "reduce", "run_id": "steps" }));
    assert_eq!((&reduced["status"], &reduced["continue"]), (&json!("partial"), &json!(true)), "{reduced}");
    assert_eq!(reduced["accounts"]["not_started"], 1);
    // A second plan step with the same request continues with the rest.
    let again = step(json!({ "step": "plan", "request": request, "execution": "y", "batch": 1 }));
    assert_eq!(
        (&again["committed"], &again["continue"], &again["run_id"]),
        (&json!(true), &json!(true), &json!("steps"))
    );
    let rest = step(json!({ "step": "plan", "resumes": "steps", "batch": 1 }));
    assert_eq!((&rest["run_id"], &rest["shards"]), (&json!("steps.r1"), &json!(1)));
    assert_eq!(step(json!({ "step": "shard", "run_id": "steps.r1", "shard": "0" })), json!({}));
    let done = step(json!({ "step": "reduce", "run_id": "steps.r1" }));
    assert_eq!((&done["status"], &done["continue"]), (&json!("complete"), &json!(false)), "{done}");
    let nobodys = json!({ "step": "shard", "run_id": "nobodys", "shard": "0" });
    // The function for steps refuses all other events, and the function for requests refuses steps.
    let mut refused =
        emulator().invoke_steps(&[nobodys.clone(), json!({ "step": "map" }), json!({ "accounts": "all" })]);
    refused.extend(emulator().invoke(&[nobodys, json!({ "step": "reduce", "run_id": "steps" })]));
    assert!(refused.iter().all(|answer| answer["payload"]["errorType"] == "InvalidRequest"), "{refused:?}");
    for (answer, setting) in refused[2..].iter().zip(["only", "refuse", "refuse"]) {
        let message = answer["payload"]["errorMessage"].as_str().expect("a message");
        assert!(message.contains(&format!("ROLECALL_STEPS={setting}")), "{message}");
    }
}
