//! The deployed function for requests over HTTP, on the emulated AWS: a run is asked for, carried out from the queue by the
//! other function, and reported to the principal that asked. Each function has its own role, which IAM checks.

use rolecall::testing::Store;
use serde_json::{Value, json};

use crate::emulator::emulator;
use crate::fixture::PATIENCE;
use crate::function::{sample, wait_for_object};

const OTHER: &str = "arn:aws:sts::999999999999:assumed-role/other/session";

fn post(body: &Value) -> Value {
    let mut event = sample("http-start.json");
    event["body"] = json!(body.to_string());
    event
}

fn get(run_id: &str) -> Value {
    let mut event = sample("http-read.json");
    let path = format!("/runs/{run_id}");
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event
}

fn answered(events: &[Value]) -> Vec<(u64, Value)> {
    let answers = emulator().invoke_http(events).into_iter();
    let read = |answer: Value| {
        assert!(answer["error"].is_null(), "{answer}");
        let (status, body) = (answer["payload"]["statusCode"].as_u64(), answer["payload"]["body"].as_str());
        (status.expect("a status"), serde_json::from_str(body.expect("a body")).expect("JSON"))
    };
    answers.map(read).collect()
}

fn wait_for(key: &str) {
    wait_for_object(&format!("s3://{}/{key}", emulator().fact("results_bucket")));
}

#[test]
fn a_run_is_asked_for_over_http_and_reported() {
    let known = json!({ "run_id": "over-http", "accounts": ["111111111111"], "resources": ["accounts"] });
    let unknown = json!({ "run_id": "over-http-unknown", "accounts": ["123456789012"] });
    let accepted = answered(&[post(&known), post(&unknown)]);
    for (status, answer) in &accepted {
        assert_eq!((*status, &answer["state"]), (202, &json!("accepted")), "{answer}");
    }
    wait_for("runs/over-http/manifest.json");
    wait_for("runs/over-http-unknown/refused.json");
    let mut of_another = get("over-http");
    of_another["requestContext"]["authorizer"]["iam"]["userArn"] = json!(OTHER);
    let mut told = answered(&[get("over-http"), get("over-http-unknown"), of_another, post(&known)]);
    let (status, committed) = told.remove(0);
    assert_eq!(
        (status, &committed["state"], &committed["response"]["status"]),
        (200, &json!("committed"), &json!("complete"))
    );
    let (_, failed) = told.remove(0);
    assert_eq!((&failed["state"], &failed["error"]["type"]), (&json!("failed"), &json!("InvalidRequest")), "{failed}");
    assert!(
        failed["error"]["problems"][0].as_str().is_some_and(|problem| problem.contains("123456789012")),
        "{failed}"
    );
    assert_eq!(told.remove(0).0, 404);
    assert_eq!(told.remove(0), accepted[0]);
    // Under the name of a refused request nothing is carried out.
    let (status, again) = answered(&[post(&unknown)]).remove(0);
    assert_eq!((status, &again["error"]["type"]), (409, &json!("RunIdTaken")), "{again}");
    assert!(again["error"].to_string().contains("give it another run id"), "{again}");
    // Whoever may send to the queue switches nothing on that the settings switch off.
    let of = |body: Value| json!({ "messageId": body.to_string(), "eventSource": "aws:sqs", "body": body.to_string() });
    let batch =
        json!({ "Records": [of(json!({ "changes_of": "over-http" })), of(json!({ "report_of": "over-http" }))] });
    assert_eq!(emulator().invoke(&[batch])[0]["payload"], json!({ "batchItemFailures": [] }));
    for document in ["changes.json", "report.html"] {
        let uri = format!("s3://{}/runs/over-http/{document}", emulator().fact("results_bucket"));
        assert!(emulator().object(&uri).is_none(), "{document}");
    }
}

/// A queue delivers a refused message again, when its request may be valid, and the caller may have asked under another name.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_is_not_carried_out_later() {
    let (output, run_id) = (format!("s3://{}", emulator().fact("results_bucket")), "over-http-refused");
    let store = Store::open(&output, &emulator().backend(), PATIENCE, None).expect("opened");
    let request = json!({ "run_id": run_id, "accounts": ["111111111111"], "resources": ["accounts"] });
    let at = "2026-11-21T03:00:00Z";
    let documents = [
        ("asked", json!({ "principal": OTHER, "request": request, "asked_at": at })),
        ("refused", json!({ "type": "InvalidRequest", "message": "unknown account", "refused_at": at })),
    ];
    for (name, document) in documents {
        let key = format!("runs/{run_id}/{name}.json");
        store.put_if_absent(&key, document.to_string().into()).await.expect("written");
    }
    let of = |run_id: &str| {
        let body = json!({ "run_id": run_id, "accounts": ["111111111111"], "resources": ["accounts"] });
        json!({ "messageId": run_id, "eventSource": "aws:sqs", "body": body.to_string() })
    };
    let batch = json!({ "Records": [of(run_id), of("over-http-not-refused")] });
    let told = tokio::task::block_in_place(|| emulator().invoke(&[batch])).remove(0);
    assert_eq!(told["payload"]["batchItemFailures"], json!([{ "itemIdentifier": run_id }]), "{told}");
    assert_eq!(store.read(&format!("runs/{run_id}/plan.json")).await.expect("read"), None);
}

/// Whoever may invoke a function writes the event himself: what it says of a caller is believed in one function only.
#[test]
fn each_function_answers_its_own_events_alone() {
    let refused = emulator().invoke(&[get("over-http"), post(&json!({ "accounts": "all" }))]);
    for answer in refused.into_iter().chain(emulator().invoke_http(&[json!({ "accounts": "all" }), sample("sns.json")]))
    {
        assert_eq!(answer["payload"]["errorType"], "InvalidRequest", "{answer}");
        assert!(answer["payload"]["errorMessage"].as_str().is_some_and(|message| message.contains("ROLECALL_HTTP")));
    }
}

#[test]
fn a_notification_of_sns_is_a_request() {
    let mut event = sample("sns.json");
    let request = json!({ "accounts": ["111111111111"], "resources": ["accounts"] });
    event["Records"][0]["Sns"]["Message"] = json!(request.to_string());
    let told = emulator().invoke(&[event.clone(), event]);
    for answer in &told {
        assert_eq!(answer["payload"][0]["run_id"], "95df01b4-ee98-5cb9-9903-4c221d41eb5e", "{answer}");
        assert_eq!(answer["payload"][0]["status"], "complete", "{answer}");
    }
    assert_eq!(told[0], told[1]);
}
