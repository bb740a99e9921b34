use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::event::{Event, classify};

const USER: &str = "arn:aws:iam::111122223333:user/team/anna";

fn event(method: &str, path: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": { "host": "abc.lambda-url.eu-central-1.on.aws", "content-type": "application/json" },
        "requestContext": {
            "accountId": "111122223333", "apiId": "abc", "domainName": "abc.lambda-url.eu-central-1.on.aws",
            "authorizer": { "iam": { "accountId": "111122223333", "userArn": USER } },
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x" },
            "requestId": "4e5ae8ad-3b1a-4a35-8a4c-3a3b36a3a5d5", "routeKey": "$default", "stage": "$default",
        },
        "body": "{\"accounts\": \"all\"}", "isBase64Encoded": false,
    })
}

fn read(event: &Value) -> HttpRequest {
    match classify(event.clone()).unwrap() {
        Event::Http(request) => *request,
        other => panic!("{other:?}"),
    }
}

fn route(method: &str, path: &str) -> HttpRoute {
    read(&event(method, path)).route()
}

#[test]
fn paths_and_methods_are_told_apart() {
    let x = || "x".parse().unwrap();
    assert_eq!(route("POST", "/runs"), HttpRoute::Start);
    assert_eq!(route("POST", "/runs/"), HttpRoute::Start);
    assert_eq!(route("GET", "/runs/x"), HttpRoute::Read(x()));
    for method in ["GET", "PUT", "post", "HEAD", "OPTIONS", "DELETE"] {
        assert_eq!(route(method, "/runs"), HttpRoute::NotAllowed("POST"), "{method}");
    }
    for method in ["POST", "PATCH", "HEAD", "DELETE", "get"] {
        assert_eq!(route(method, "/runs/x"), HttpRoute::NotAllowed("GET"), "{method}");
    }
    let long = format!("/runs/{}", "x".repeat(100_000));
    for path in
        ["", "/", "/run", "/runsx", "/RUNS", "//runs", "/runs//x", "/runs/a/b", "/runs/../x", "/runs/a%20b", &long]
    {
        assert_eq!(route("GET", path), HttpRoute::NotFound, "{path}");
    }
}

#[test]
fn the_stage_of_an_api_is_no_part_of_the_path() {
    let staged = |path: &str, stage: &str| {
        let mut event = event("POST", path);
        event["requestContext"]["stage"] = json!(stage);
        event["requestContext"]["domainName"] = json!("abc.execute-api.eu-central-1.amazonaws.com");
        let request = read(&event);
        (request.root, request.path)
    };
    let parts = |root: &str, path: &str| (root.to_owned(), path.to_owned());
    assert_eq!(staged("/prod/runs", "prod"), parts("/prod", "/runs"));
    assert_eq!(staged("/runs", "prod"), parts("", "/runs"));
    assert_eq!(staged("/products", "prod"), parts("", "/products"));
    assert_eq!(staged("/$default/runs", "$default"), parts("", "/$default/runs"));
    assert_eq!(staged("//runs", ""), parts("/", "/runs"));
    let mut own_domain = event("POST", "/prod/runs");
    own_domain["requestContext"]["stage"] = json!("prod");
    own_domain["requestContext"]["domainName"] = json!("api.example.com");
    assert_eq!((read(&own_domain).root, read(&own_domain).path), parts("", "/runs"));
}

#[test]
fn the_principal_is_the_one_that_iam_has_authorized() {
    let principal = |arn: Value| {
        let mut event = event("GET", "/runs/x");
        event["requestContext"]["authorizer"]["iam"]["userArn"] = arn;
        // What a caller writes into headers and body proves nothing.
        event["headers"]["x-amzn-principal"] = json!("arn:aws:iam::111122223333:user/other");
        read(&event).principal
    };
    assert_eq!(principal(json!(USER)).as_deref(), Some(USER));
    let role = "arn:aws:sts::111122223333:assumed-role/deployer";
    assert_eq!(principal(json!(format!("{role}/one"))).as_deref(), Some(role));
    assert_eq!(principal(json!(format!("{role}/other"))).as_deref(), Some(role));
    for none in
        [json!(null), json!(7), json!(""), json!("anonymous"), json!("arn:aws:sts::111122223333:assumed-role/x")]
    {
        assert_eq!(principal(none.clone()), None, "{none}");
    }
    let mut open = event("GET", "/runs/x");
    open["requestContext"].as_object_mut().unwrap().remove("authorizer");
    assert_eq!(read(&open).principal, None);
    // The claims of another authorizer are none of IAM.
    open["requestContext"]["authorizer"] = json!({ "jwt": { "claims": { "userArn": USER } }, "userArn": USER });
    assert_eq!(read(&open).principal, None);
}

#[test]
fn bodies_are_texts_or_base64() {
    let body = |body: Value, is_base64: Value| {
        let mut event = event("POST", "/runs");
        event["body"] = body;
        event["isBase64Encoded"] = is_base64;
        read(&event).body
    };
    assert_eq!(body(json!("{}"), json!(false)), Some(b"{}".to_vec()));
    assert_eq!(body(json!("e30="), json!(true)), Some(b"{}".to_vec()));
    assert_eq!(body(json!("/w=="), json!(true)), Some(vec![0xff]));
    assert_eq!(body(json!("no base64"), json!(true)), None);
    assert_eq!(body(json!(null), json!(false)), Some(Vec::new()));
}

#[test]
fn other_events_are_not_taken_for_requests_over_http() {
    let refused = |change: fn(&mut Value)| {
        let mut event = event("POST", "/runs");
        change(&mut event);
        classify(event).unwrap_err().to_string()
    };
    let told = [
        refused(|event| event["version"] = json!("1.0")),
        refused(|event| drop(event.as_object_mut().unwrap().remove("version"))),
        refused(|event| event["requestContext"] = json!("x")),
        refused(|event| event["requestContext"] = json!({})),
        refused(|event| event["requestContext"]["http"] = json!({ "method": 7 })),
        refused(|event| event["accounts"] = json!("all")),
        refused(|event| event["Records"] = json!([])),
        refused(|event| event["step"] = json!("plan")),
    ];
    insta::assert_snapshot!(told.join("\n---\n"));
}

proptest! {
    #[test]
    fn any_event_is_read_or_refused(
        method in any::<String>(), path in any::<String>(), stage in any::<String>(), body in any::<String>(), arn in any::<String>(),
    ) {
        let mut event = event(&method, &path);
        event["requestContext"]["stage"] = json!(stage);
        event["requestContext"]["authorizer"]["iam"]["userArn"] = json!(arn);
        event["isBase64Encoded"] = json!(body.len() % 2 == 0);
        event["body"] = json!(body);
        if let Ok(Event::Http(request)) = classify(event) {
            // A name that is found is one that a run can have.
            if let HttpRoute::Read(run_id) = request.route() {
                prop_assert!(request.path.contains(run_id.as_str()));
            }
        }
    }
}
