//! On the emulated AWS: what changes between two scheduled runs arrives on the event bus, and in the table.

use std::time::Duration;

use aws_sdk_eventbridge::types::Target;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::command::run_command;
use crate::emulator::emulator;
use crate::fixture::PATIENCE;
use crate::stores::config;

/// A customer, and a region of it in which no other test collects anything.
const CUSTOMER: &str = "444444444444";
const REGION: &str = "eu-west-3";
const QUEUE: &str = "changed-accounts";

#[tokio::test(flavor = "multi_thread")]
async fn a_change_between_two_scheduled_runs_arrives_as_an_event_and_as_a_row() {
    let queue = queue().await;
    let chat = tokio::task::block_in_place(|| emulator().run_script("chat.py", &[], &json!(null)));
    let chat = chat["queue_url"].as_str().expect("a URL");
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("out").display().to_string();
    let run = |time: &str| {
        let request = json!({ "scheduled_at": time, "accounts": [CUSTOMER], "regions": [REGION],
                              "resources": ["ec2_addresses", "ec2_vpcs"] });
        let path = folder.path().join("event.json");
        std::fs::write(&path, request.to_string()).expect("written");
        let event = path.to_str().expect("a path");
        let mut command = emulator().rolecall(&["run", "--event", event, "--changes", "--output", &output, "--json"]);
        command.env("ROLECALL_EVENT_BUS", "default");
        let told = tokio::task::block_in_place(|| run_command(command));
        assert_eq!(told.code, 0, "{told:?}");
        told.response()
    };
    let first = run("2026-11-28T03:00:00Z");
    assert_eq!(first["changes"]["status"], "recorded", "{first}");
    assert_eq!(events(&queue, Duration::from_secs(2)).await, Vec::<Value>::new(), "a first run changes nothing");
    let ec2 = aws_sdk_ec2::Client::new(&config(emulator().fact("endpoint"), REGION, CUSTOMER));
    let made = ec2.allocate_address().send().await.expect("an address");
    let id = made.allocation_id().expect("an id");
    let second = run("2026-11-29T03:00:00Z");
    assert_eq!((&second["changes"]["added"], &second["changes"]["removed"]), (&json!(1), &json!(0)), "{second}");
    // The repetition of a run tells nothing again.
    let again = run("2026-11-29T03:00:00Z");
    assert_eq!(again["changes"], second["changes"]);
    let told = events(&queue, Duration::from_secs(2)).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["detail-type"], "rolecall changed");
    let detail = &told[0]["detail"];
    assert_eq!((&detail["account_id"], &detail["run_id"]), (&json!(CUSTOMER), &second["run_id"]));
    assert_eq!(detail["tables"], json!({ "ec2_addresses": { "added": 1, "removed": 0, "changed": 0 } }));
    assert_eq!(detail["resources"][0]["id"], id);
    let document: Value =
        serde_json::from_slice(&std::fs::read(detail["document"].as_str().expect("a path")).expect("it is there"))
            .expect("JSON");
    assert_eq!(document["files"][0]["rows"], 1, "the table has the row: {document}");
    let shown = events(chat, Duration::from_secs(2)).await;
    let shown: Vec<Value> =
        shown.iter().filter_map(|sent| serde_json::from_str(sent["Message"].as_str()?).ok()).collect();
    let title = format!("Account {CUSTOMER} changed");
    let own: Vec<&Value> = shown.iter().filter(|message| message["content"]["title"] == title).collect();
    assert_eq!(own.len(), 1, "{shown:?}");
    assert_eq!((&own[0]["version"], &own[0]["source"]), (&json!("1.0"), &json!("custom")));
    let description = own[0]["content"]["description"].as_str().expect("a text");
    let run_id = second["run_id"].as_str().expect("an id");
    assert!(description.starts_with(detail["summary"].as_str().expect("a text")), "{description}");
    assert!(description.contains(run_id) && !description.contains(id), "{description}");
    let [older, newer] = [&first, &second].map(|response| response["run_id"].as_str().expect("an id"));
    let diff = emulator().rolecall(&["diff", older, newer, "--output", &output, "--format", "json"]);
    let diff: Value = serde_json::from_str(&tokio::task::block_in_place(|| run_command(diff)).out).expect("JSON");
    assert_eq!((&diff["rows"][0]["id"], diff["rows"].as_array().map(Vec::len)), (&json!(id), Some(1)));
    ec2.release_address().allocation_id(id).send().await.expect("it is released");
}

/// A queue that gets the events about the customer.
async fn queue() -> String {
    let (endpoint, region) = (emulator().fact("endpoint"), emulator().fact("region"));
    let account = emulator().fact("backend_account");
    let config = config(endpoint, region, account);
    let (sqs, bus) = (aws_sdk_sqs::Client::new(&config), aws_sdk_eventbridge::Client::new(&config));
    let queue = sqs.create_queue().queue_name(QUEUE).send().await.expect("a queue").queue_url.expect("a URL");
    let pattern = json!({ "source": ["rolecall"], "detail-type": ["rolecall changed"],
                          "detail": { "account_id": [CUSTOMER] } });
    bus.put_rule().name(QUEUE).event_pattern(pattern.to_string()).send().await.expect("a rule");
    let arn = format!("arn:aws:sqs:{region}:{account}:{QUEUE}");
    let target = Target::builder().id("queue").arn(arn).build().expect("a target");
    bus.put_targets().rule(QUEUE).targets(target).send().await.expect("it is set");
    queue
}

/// The events that arrive, until none came for some time.
async fn events(queue: &str, quiet: Duration) -> Vec<Value> {
    let config = emulator().backend();
    let sqs = aws_sdk_sqs::Client::new(&config);
    let (mut found, until) = (Vec::new(), Instant::now() + PATIENCE);
    let mut last = Instant::now();
    while last.elapsed() < quiet && Instant::now() < until {
        let received = sqs.receive_message().queue_url(queue).max_number_of_messages(10).wait_time_seconds(1);
        for message in received.send().await.expect("an answer").messages.unwrap_or_default() {
            let body = message.body().expect("a body");
            found.push(serde_json::from_str(body).expect("JSON"));
            let receipt = message.receipt_handle().expect("a receipt");
            sqs.delete_message().queue_url(queue).receipt_handle(receipt).send().await.expect("deleted");
            last = Instant::now();
        }
    }
    found
}
