//! The event about the changes of an account: what the bus gets, and what it gets again.
//!
//! The bus is a server of this test. It takes calls of PutEvents, and refuses single entries as EventBridge does.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use rolecall::testing::schema;
use serde_json::{Value, json};

use super::changed::{NIGHTS, demo};
use super::recorded::recording;
use crate::command::run_command;
use crate::fixture::{BACKEND, BACKEND_SECRET, files_below};

/// A call of PutEvents: its entries, and its size in bytes.
type BusCall = (Vec<Value>, usize);

/// A bus that remembers its calls, and refuses the events about some accounts.
struct Bus {
    endpoint: String,
    calls: Arc<Mutex<Vec<BusCall>>>,
    refused: Arc<Mutex<BTreeSet<String>>>,
}

impl Bus {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let (calls, refused) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(BTreeSet::new())));
        let (own_calls, own_refused) = (calls.clone(), refused.clone());
        // It ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (calls, refused) = (own_calls.clone(), own_refused.clone());
                std::thread::spawn(move || while answer(&stream, &calls, &refused).is_some() {});
            }
        });
        Self { endpoint, calls, refused }
    }

    fn refuse(&self, accounts: &[&str]) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        *refused = accounts.iter().map(|account| (*account).to_owned()).collect();
    }

    /// The calls since the last time.
    fn take(&self) -> Vec<BusCall> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Answers one request of a connection. `None` if there is none.
fn answer(stream: &TcpStream, calls: &Mutex<Vec<BusCall>>, refused: &Mutex<BTreeSet<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request: Value = serde_json::from_slice(&body).ok()?;
    let entries = request["Entries"].as_array()?.clone();
    let refused = refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let outcome = |entry: &Value| {
        let is_refused = refused.iter().any(|account| detail(entry)["account_id"] == account.as_str());
        match is_refused {
            true => json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "later" }),
            false => json!({ "EventId": "an-id" }),
        }
    };
    let outcomes: Vec<Value> = entries.iter().map(outcome).collect();
    let failed = outcomes.iter().filter(|outcome| outcome.get("ErrorCode").is_some()).count();
    calls.lock().unwrap_or_else(PoisonError::into_inner).push((entries, length));
    let body = json!({ "FailedEntryCount": failed, "Entries": outcomes }).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    stream.write_all((head + &body).as_bytes()).ok()
}

fn detail(entry: &Value) -> Value {
    serde_json::from_str(entry["Detail"].as_str().expect("a detail")).expect("JSON")
}

fn record(output: &Path, night: &str, bus: &Bus) -> (Value, String) {
    let mut command: Command = recording(output, night);
    command
        .env("ROLECALL_EVENT_BUS", "customers")
        .env("AWS_ENDPOINT_URL_EVENTBRIDGE", &bus.endpoint)
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", BACKEND)
        .env("AWS_SECRET_ACCESS_KEY", BACKEND_SECRET);
    let told = run_command(command);
    (told.response()["changes"].clone(), told.err)
}

/// The accounts of entries, each once.
fn accounts(calls: &[BusCall]) -> Vec<String> {
    let entries = calls.iter().flat_map(|(entries, _)| entries);
    let mut accounts: Vec<String> =
        entries.map(|entry| detail(entry)["account_id"].as_str().expect("an account").to_owned()).collect();
    accounts.sort();
    accounts
}

#[test]
fn each_account_with_changes_has_one_event() {
    let folder = demo();
    let output = folder.path().join("demo");
    let bus = Bus::start();
    for night in NIGHTS {
        record(&output, night, &bus);
    }
    let calls = bus.take();
    let notice = &schema::all().into_iter().find(|(name, _)| *name == "changed").expect("a schema").1;
    let validator = jsonschema::validator_for(&serde_json::to_value(notice).expect("JSON")).expect("a schema");
    let mut told: BTreeMap<(String, String), Value> = BTreeMap::new();
    for (entries, bytes) in &calls {
        assert!(entries.len() <= 10 && *bytes < 256 << 10, "{} entries, {bytes} bytes", entries.len());
        for entry in entries {
            let marks = ["Source", "DetailType", "EventBusName"].map(|name| entry[name].as_str());
            assert_eq!(marks, [Some("rolecall"), Some("rolecall changed"), Some("customers")]);
            let detail = detail(entry);
            let problem = validator.iter_errors(&detail).next();
            assert!(validator.is_valid(&detail), "{problem:?}");
            let text = |name: &str| detail[name].as_str().expect("a text").to_owned();
            assert!(told.insert((text("run_id"), text("account_id")), detail.clone()).is_none(), "twice: {detail}");
        }
    }
    for night in NIGHTS {
        let path = output.join(format!("runs/{night}/changes.json"));
        let changes: Value = serde_json::from_slice(&std::fs::read(&path).expect("read")).expect("JSON");
        let accounts = changes["accounts"].as_object().expect("accounts");
        for (account, counts) in accounts {
            let event =
                told.remove(&(night.to_owned(), account.clone())).unwrap_or_else(|| panic!("{night} {account}"));
            for change in ["added", "removed", "changed"] {
                assert_eq!(event[change], counts[change], "{night} {account} {change}");
                let of_tables = event["tables"].as_object().expect("tables").values();
                assert_eq!(
                    of_tables.filter_map(|table| table[change].as_u64()).sum::<u64>(),
                    counts[change].as_u64().expect("a count")
                );
            }
            let listed = event["resources"].as_array().expect("resources").len() as u64;
            let all: u64 = ["added", "removed", "changed"].iter().filter_map(|it| counts[*it].as_u64()).sum();
            assert_eq!(listed + event["omitted"].as_u64().expect("a count"), all);
            assert_eq!(event["document"], path.to_str().expect("a path"));
        }
    }
    assert!(told.is_empty(), "events without changes: {told:?}");
    // A second delivery sends nothing, and writes nothing.
    let before = files_below(&output);
    for night in NIGHTS {
        record(&output, night, &bus);
    }
    assert_eq!((accounts(&bus.take()), files_below(&output)), (Vec::new(), before));
}

#[test]
fn an_event_that_was_refused_is_told_and_sent_again_alone() {
    let folder = demo();
    let output = folder.path().join("demo");
    let bus = Bus::start();
    let all = {
        let other = demo();
        record(&other.path().join("demo"), NIGHTS[4], &bus);
        accounts(&bus.take())
    };
    assert!(all.len() > 1, "{all:?}");
    bus.refuse(&[&all[0]]);
    let (refused, _) = record(&output, NIGHTS[4], &bus);
    assert_eq!((&refused["status"], &refused["parts"]), (&json!("failed"), &refused["parts_recorded"]));
    let error = refused["error"].as_str().expect("an error");
    assert!(
        error.contains(&format!("the events of 1 of {} accounts", all.len())) && error.contains("later"),
        "{error}"
    );
    assert_eq!(accounts(&bus.take()), all);
    bus.refuse(&[]);
    let (again, _) = record(&output, NIGHTS[4], &bus);
    assert_eq!(again["status"], "recorded", "{again}");
    assert_eq!(accounts(&bus.take()), all[..1], "the others were taken");
    record(&output, NIGHTS[4], &bus);
    assert_eq!(accounts(&bus.take()), Vec::<String>::new());
}

#[test]
fn a_bus_that_is_away_costs_the_events_and_not_the_table() {
    let folder = demo();
    let output = folder.path().join("demo");
    let away = Bus { endpoint: "http://127.0.0.1:9".into(), calls: Arc::default(), refused: Arc::default() };
    let (failed, _) = record(&output, NIGHTS[4], &away);
    assert_eq!(failed["status"], "failed", "{failed}");
    assert!(failed["document"].is_string() && output.join("changes").exists());
    let bus = Bus::start();
    let (again, _) = record(&output, NIGHTS[4], &bus);
    assert_eq!(again["status"], "recorded", "{again}");
    assert!(!bus.take().is_empty());
}
