//! The samples and schemas in `events/`: schemas are up to date, and samples match them and can be planned.

use rolecall::testing::{Event, Planning, Step, classify, parse, schema};
use serde_json::Value;
use std::path::{Path, PathBuf};

use crate::command::run_command;
use crate::emulator::{emulator, root};

fn samples() -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(root().join("events")).expect("events").map(|entry| entry.expect("an entry").path());
    let mut samples: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            (path.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read(&path).expect("read"))
        })
        .collect();
    samples.sort();
    samples
}

/// Returns the requests in an event.
fn requests(event: &[u8]) -> Vec<Value> {
    match classify(parse("event", event).expect("JSON")).expect("a known event") {
        Event::Request(value) => vec![value],
        Event::Custom { detail, .. } => vec![detail],
        Event::Scheduled { .. } => vec![],
        Event::Step(Step::Plan { what: Planning::Request { request, .. }, .. }) => vec![request],
        Event::Step(_) => vec![],
        Event::Http(request) => match request.body.filter(|_| request.method == "POST") {
            Some(body) => vec![parse("body", &body).expect("JSON")],
            None => vec![],
        },
        Event::Queue(messages) | Event::Topic(messages) => {
            messages.iter().map(|message| parse("body", message.body.as_bytes()).expect("JSON")).collect()
        }
    }
}

#[test]
fn schemas_are_up_to_date() {
    for (name, schema) in schema::all() {
        let file = root().join("events/schema").join(format!("{name}.schema.json"));
        let existing = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(existing == schema::text(&schema), "{} is not up to date: run `make generate`", file.display());
    }
}

#[test]
fn the_events_that_are_sent_match_their_schemas() {
    let schemas = schema::all();
    for name in ["run-committed", "changed"] {
        let notice = &schemas.iter().find(|(known, _)| *known == name).expect("a schema").1;
        let validator = jsonschema::validator_for(&serde_json::to_value(notice).expect("JSON")).expect("a schema");
        let sample = std::fs::read(root().join(format!("events/sent/{name}.json"))).expect("a sample");
        let sample: Value = serde_json::from_slice(&sample).expect("JSON");
        let problem = validator.iter_errors(&sample["detail"]).next();
        assert!(validator.is_valid(&sample["detail"]), "{name}: {problem:?}");
    }
}

#[test]
fn samples_match_the_schema_and_can_be_planned() {
    let request =
        serde_json::to_value(&schema::all().into_iter().find(|(name, _)| *name == "request").expect("a schema").1);
    let validator = jsonschema::validator_for(&request.expect("JSON")).expect("a schema");
    let samples = samples();
    let names: Vec<&str> = samples.iter().map(|(name, _)| name.as_str()).collect();
    insta::assert_debug_snapshot!(names);
    for (name, event) in &samples {
        for request in requests(event) {
            assert!(validator.is_valid(&request), "{name}: {request}");
        }
        // Only the function executes the steps of the state machine, and answers questions over HTTP.
        if name.starts_with("step-") || name == "http-read.json" {
            continue;
        }
        // The command line plans one request at a time, so each body of a batch is planned separately.
        let folder = tempfile::tempdir().expect("a folder");
        let path = root().join("events").join(name);
        let mut events = vec![path];
        if name == "sqs-batch.json" {
            events = requests(event)
                .iter()
                .enumerate()
                .map(|(place, body)| write_event(folder.path(), place, body))
                .collect();
        }
        for path in events {
            let mut command = emulator().rolecall(&["plan", "--json", "--event", path.to_str().expect("a path")]);
            command.env("ROLECALL_DEFAULT_REQUEST", r#"{"accounts":"all"}"#);
            let planned = run_command(command);
            assert_eq!(planned.code, 0, "{name}: {planned:?}");
        }
    }
}

fn write_event(folder: &Path, place: usize, body: &Value) -> PathBuf {
    let path = folder.join(format!("{place}.json"));
    std::fs::write(&path, body.to_string()).expect("written");
    path
}
