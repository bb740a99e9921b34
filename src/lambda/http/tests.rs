use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::aws::Backend;
use crate::domain::Format;
use crate::engine::RecordedRun;
use crate::event::{Event, classify};
use crate::settings::{Runtime, Settings};

const ANNA: &str = "arn:aws:iam::111122223333:user/anna";
const BERT: &str = "arn:aws:sts::111122223333:assumed-role/platform/bert";

/// A function for requests over HTTP, with its output in a folder and a queue that keeps what it gets.
struct Front {
    engine: Engine,
    folder: tempfile::TempDir,
    sent: Arc<Mutex<Vec<Value>>>,
}

#[expect(clippy::disallowed_methods, reason = "the credentials of a test's own queue")]
fn config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("999999999999", "test", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

impl Front {
    async fn start() -> Self {
        let (listener, sent) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Arc::default());
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(keep_messages(listener, Arc::clone(&sent)));
        Self::with_queue_at(&endpoint, sent)
    }

    fn with_queue_at(endpoint: &str, sent: Arc<Mutex<Vec<Value>>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            output: Some(folder.path().display().to_string()),
            continue_queue: Some(format!("{endpoint}/999999999999/rolecall-requests")),
            ..Settings::default()
        };
        let backend = Backend::from_config(config(endpoint), &settings);
        Self { engine: Engine::new(backend, settings, Runtime::Lambda), folder, sent }
    }

    async fn ask(&self, who: Option<&str>, call: &str, body: &str) -> (u64, Value) {
        self.ask_within(Duration::from_secs(900), who, call, body).await
    }

    async fn ask_within(&self, time: Duration, who: Option<&str>, call: &str, body: &str) -> (u64, Value) {
        let (method, path) = call.split_once(' ').unwrap();
        let event = json!({
            "version": "2.0", "rawPath": path, "rawQueryString": path.split_once('?').map_or("", |(_, query)| query),
            "requestContext": {
                "authorizer": { "iam": { "userArn": who } }, "http": { "method": method }, "requestId": "an-id-of-aws",
                "stage": "prod", "apiId": "abc", "domainName": "abc.execute-api.eu-central-1.amazonaws.com",
            },
            "body": body, "isBase64Encoded": false,
        });
        let Event::Http(request) = classify(event).unwrap() else { panic!("{call}") };
        let event = answer(&self.engine, *request, Instant::now() + time).await;
        assert_eq!(
            (&event["headers"]["content-type"], &event["isBase64Encoded"]),
            (&json!("application/json"), &json!(false))
        );
        let answered = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        (event["statusCode"].as_u64().unwrap(), answered)
    }

    fn sent(&self) -> Vec<Value> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }

    /// Carries out what was asked for, as far as a folder shows it.
    async fn commit(&self, run_id: &str) {
        let run = RecordedRun {
            run_id: run_id.parse().unwrap(),
            started_at: "2026-11-21T03:00:00Z".parse().unwrap(),
            ended_at: "2026-11-21T03:01:00Z".parse().unwrap(),
            format: Format::Ndjson,
            accounts: vec![("111122223333".parse().unwrap(), None)],
            pages: Vec::new(),
            ledger: Vec::new(),
        };
        self.engine.record(run).await.unwrap();
    }

    fn document(&self, key: &str) -> std::path::PathBuf {
        self.folder.path().join(key)
    }
}

/// Lambda would end the function without an answer, and the caller would get AWS's error without an id.
#[tokio::test]
async fn a_queue_that_never_answers_is_answered_before_the_time_ends() {
    let never = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let front = Front::with_queue_at(&format!("http://{}", never.local_addr().unwrap()), Arc::default());
    let time = TIME_TO_ANSWER + Duration::from_millis(500);
    let body = r#"{ "run_id": "unsent", "accounts": ["111122223333"] }"#;
    let (status, answered) = front.ask_within(time, Some(ANNA), "POST /runs", body).await;
    assert_eq!((status, &answered["error"]["type"]), (500, &json!("OutOfTime")), "{answered}");
    assert!(answered.to_string().contains("an-id-of-aws"), "{answered}");
}

/// A queue: answers every message, and keeps its body.
async fn keep_messages(listener: TcpListener, sent: Arc<Mutex<Vec<Value>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(keep_message(stream, Arc::clone(&sent)));
    }
}

async fn keep_message(mut stream: TcpStream, sent: Arc<Mutex<Vec<Value>>>) {
    let mut read = Vec::new();
    while stream.read_buf(&mut read).await.is_ok_and(|bytes| bytes > 0) {
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some(message) = text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str::<Value>(body).ok())
        else {
            continue;
        };
        sent.lock().unwrap().push(serde_json::from_str(message["MessageBody"].as_str().unwrap()).unwrap());
        let body = r#"{"MessageId": "x", "MD5OfMessageBody": "x"}"#;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0";
        let _ = stream.write_all(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
        read.clear();
    }
}

fn change(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut document);
    std::fs::write(path, document.to_string()).unwrap();
}

#[tokio::test]
async fn a_run_is_accepted_and_reported_until_it_is_committed() {
    let front = Front::start().await;
    let request = r#"{"run_id": "mine", "accounts": "all"}"#;
    let mut answers = vec![front.ask(Some(ANNA), "POST /runs", request).await];
    assert_eq!(front.sent(), [json!({ "run_id": "mine", "accounts": "all" })]);
    answers.push(front.ask(Some(ANNA), "GET /runs/mine", "").await);
    // The same request again is the same run.
    assert_eq!(front.ask(Some(ANNA), "POST /runs", request).await, answers[0]);
    assert_eq!(front.sent().len(), 1);
    front.commit("mine").await;
    let manifest = front.document("runs/mine/manifest.json");
    change(&manifest, |manifest| manifest["plan"]["request"]["run_id"] = json!("mine"));
    answers.push(front.ask(Some(ANNA), "GET /runs/mine", "").await);
    // Without a manifest it is planned; with a lease somebody works at it.
    let document: Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    std::fs::write(front.document("runs/mine/plan.json"), document["plan"].to_string()).unwrap();
    std::fs::remove_file(&manifest).unwrap();
    std::fs::remove_file(front.document("runs/mine/shards/0.json")).unwrap();
    answers.push(front.ask(Some(ANNA), "GET /runs/mine", "").await);
    let lease = json!({ "run_id": "mine", "shard": "0", "holder": "0badcafe", "since": "2026-11-21T03:00:00Z",
                        "expires_at": "2999-11-21T03:01:00Z", "duration_ms": 60_000, "renewals": 0, "released": false });
    std::fs::create_dir_all(front.document("leases/mine")).unwrap();
    std::fs::write(front.document("leases/mine/0.json"), lease.to_string()).unwrap();
    answers.push(front.ask(Some(ANNA), "GET /runs/mine", "").await);
    let states: Vec<&Value> = answers.iter().map(|(_, answer)| &answer["state"]).collect();
    assert_eq!(states, ["accepted", "accepted", "committed", "planned", "running"]);
    // A new resource type changes no answer.
    answers[2].1["response"]["records"] = json!({});
    let folder = front.folder.path().display().to_string();
    insta::with_settings!({ filters => [(folder.as_str(), "[out]"), (r#""asked_at": "[^"]*""#, r#""asked_at": "[time]""#)] }, {
        insta::assert_snapshot!(serde_json::to_string_pretty(&answers).unwrap());
    });
}

#[tokio::test]
async fn a_run_without_a_name_is_named_by_the_request() {
    let front = Front::start().await;
    let (status, accepted) = front.ask(Some(ANNA), "POST /runs", r#"{"accounts": ["111122223333"]}"#).await;
    assert_eq!(
        (status, &accepted["run_id"], &accepted["location"]),
        (202, &json!("an-id-of-aws"), &json!("/runs/an-id-of-aws"))
    );
    // A client follows the location on the host that it called, where the stage is part of the path.
    let (_, accepted) = front.ask(Some(ANNA), "POST /prod/runs", r#"{"run_id": "staged", "accounts": "all"}"#).await;
    assert_eq!(accepted["location"], "/prod/runs/staged");
    assert_eq!(front.sent()[0], json!({ "run_id": "an-id-of-aws", "accounts": ["111122223333"] }));
}

#[tokio::test]
async fn nobody_reads_or_takes_the_run_of_another_principal() {
    let front = Front::start().await;
    let request = |run_id: &str| format!(r#"{{"run_id": "{run_id}", "accounts": "all"}}"#);
    assert_eq!(front.ask(Some(ANNA), "POST /runs", &request("annas")).await.0, 202);
    front.commit("others").await;
    front.sent();
    let unknown = front.ask(Some(BERT), "GET /runs/unknown", "").await;
    assert_eq!(unknown.0, 404);
    // Neither the run of another caller, nor one of the schedule, nor one that a request of the same name could claim.
    for run_id in ["annas", "others", "others.r1"] {
        assert_eq!(front.ask(Some(BERT), &format!("GET /runs/{run_id}"), "").await, unknown, "{run_id}");
    }
    for run_id in ["annas", "others"] {
        let (status, told) = front.ask(Some(BERT), "POST /runs", &request(run_id)).await;
        assert_eq!((status, &told["error"]["type"]), (409, &json!("RunIdTaken")), "{run_id}");
    }
    // A caller's other request does not get the name of its first one.
    let other = r#"{"run_id": "annas", "accounts": ["111122223333"]}"#;
    assert_eq!(front.ask(Some(ANNA), "POST /runs", other).await.0, 409);
    assert_eq!(front.sent(), Vec::<Value>::new());
    // A run of another request that took the name meanwhile is not the caller's.
    assert_eq!(
        front.ask(Some(BERT), "POST /runs", r#"{"run_id": "raced", "accounts": ["111122223333"]}"#).await.0,
        202
    );
    front.commit("raced").await;
    let (_, told) = front.ask(Some(BERT), "GET /runs/raced", "").await;
    assert_eq!((&told["state"], &told["response"]), (&json!("failed"), &Value::Null), "{told}");
    // Two sessions of one role are one principal.
    let session = BERT.replace("/bert", "/another");
    assert_eq!(front.ask(Some(&session), "GET /runs/raced", "").await.0, 200);
}

#[tokio::test]
async fn a_request_that_is_refused_later_is_reported_as_failed() {
    let front = Front::start().await;
    let request = json!({ "run_id": "later", "accounts": ["111122223333"] });
    front.ask(Some(ANNA), "POST /runs", &request.to_string()).await;
    let error = Error::new(ErrorKind::InvalidRequest, "request.accounts: account 111122223333 is not in the registry");
    // A request of another sender under this name says nothing about this one.
    let other = json!({ "run_id": "later", "accounts": "all" });
    front.engine.record_refusal(RequestDraft::read(&other, "request"), &error).await;
    assert_eq!(front.ask(Some(ANNA), "GET /runs/later", "").await.1["state"], "accepted");
    // What may pass is no refusal.
    let passing = Error::new(ErrorKind::RegistryUnreadable, "the registry cannot be read");
    front.engine.record_refusal(RequestDraft::read(&request, "request"), &passing).await;
    assert_eq!(front.ask(Some(ANNA), "GET /runs/later", "").await.1["state"], "accepted");
    front.engine.record_refusal(RequestDraft::read(&request, "request"), &error).await;
    let (status, told) = front.ask(Some(ANNA), "GET /runs/later", "").await;
    assert_eq!((status, &told["state"]), (200, &json!("failed")));
    assert_eq!(told["error"], json!({ "type": "InvalidRequest", "problems": [error.message] }));
}

#[tokio::test]
async fn every_refusal_is_an_answer_that_names_every_problem() {
    let front = Front::start().await;
    let mut told = Vec::new();
    let problems = r#"{"run_id": "scheduled-x", "acounts": "all", "resources": ["ec2_moons"], "regions": ["mars-*"],
        "scheduled_at": "2026-11-21T03:00:00Z", "inline": true}"#;
    for (who, call, body) in [
        (None, "GET /runs/x", ""),
        (Some("anonymous"), "POST /runs", r#"{"accounts": "all"}"#),
        (Some(ANNA), "GET /", ""),
        (Some(ANNA), "GET /runs", ""),
        (Some(ANNA), "DELETE /runs/x", ""),
        (Some(ANNA), "POST /runs", ""),
        (Some(ANNA), "POST /runs", "{"),
        (Some(ANNA), "POST /runs", "[]"),
        (Some(ANNA), "POST /runs", r#"{"accounts": "all", "accounts": "all"}"#),
        (Some(ANNA), "POST /runs", problems),
        (Some(ANNA), "POST /runs", r#"{"run_id": "x.r1", "accounts": "all", "role_arn": "arn:aws:iam::1:role/x"}"#),
    ] {
        let (status, answer) = front.ask(who, call, body).await;
        told.push(format!("{call} {status} {}", serde_json::to_string_pretty(&answer).unwrap()));
    }
    let accounts: Vec<String> = (0..20_000).map(|number| format!("{number:012}")).collect();
    let (status, answer) = front.ask(Some(ANNA), "POST /runs", &json!({ "accounts": accounts }).to_string()).await;
    told.push(format!("POST /runs {status} {answer}"));
    let path = front.document("runs/x/asked.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "{").unwrap();
    let (status, answer) = front.ask(Some(ANNA), "GET /runs/x", "").await;
    // The caller learns nothing of the place of the output.
    assert!(!answer.to_string().contains(&front.folder.path().display().to_string()), "{answer}");
    told.push(format!("GET /runs/x {status} {answer}"));
    assert_eq!(front.sent(), Vec::<Value>::new());
    insta::assert_snapshot!(told.join("\n"));
}
