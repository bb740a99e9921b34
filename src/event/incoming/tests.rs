use super::*;
use crate::event::{Accounts, Request};
use crate::input::parse;
use proptest::prelude::*;
use serde_json::json;

fn refusal(value: Value) -> String {
    classify(value).unwrap_err().to_string()
}

fn sample(text: &str) -> Event {
    classify(parse("event", text.as_bytes()).unwrap()).unwrap()
}

fn request(value: &Value) -> Request {
    let schema = serde_json::to_value(schemars::schema_for!(Request)).unwrap();
    jsonschema::validate(&schema, value).unwrap();
    let mut errors = ValidationErrors::new();
    let request = Request::read(value, "request", &mut errors);
    errors.into_result(request).unwrap()
}

fn sent(text: &str) -> Request {
    match sample(text) {
        Event::Request(value) => request(&value),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_samples_of_requests_are_read() {
    let on_demand = sent(include_str!("../../../events/on-demand.json"));
    let Accounts::Named(ids) = &on_demand.accounts else { panic!("{on_demand:?}") };
    assert_eq!(ids.len(), 4);
    assert_eq!(sent(include_str!("../../../events/all-accounts.json")), Request::of(Accounts::All));
    let by_tag = sent(include_str!("../../../events/by-tag.json"));
    assert_eq!(by_tag.tags["tier"], "gold");
    assert!(by_tag.regions.is_some() && by_tag.resources.is_some());
    assert!(sent(include_str!("../../../events/scheduler.json")).scheduled_at.is_some());
}

#[test]
fn the_samples_of_envelopes_are_told_apart() {
    let time = "2026-11-21T03:00:00Z".parse().unwrap();
    let scheduled = sample(include_str!("../../../events/scheduled-rule.json"));
    assert_eq!(scheduled, Event::Scheduled { rule: "rolecall-nightly".to_owned(), time });
    let Event::Custom { id, detail } = sample(include_str!("../../../events/custom-event.json")) else { panic!() };
    assert_eq!(id, "7bf73129-1428-4cd3-a780-95db273d1602");
    assert!(request(&detail).narrows());
    let Event::Queue(messages) = sample(include_str!("../../../events/sqs-batch.json")) else { panic!() };
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].message_id, "059f36b4-87a3-44ab-83d2-661975830a7d");
    for message in &messages {
        request(&parse("message", message.body.as_bytes()).unwrap());
    }
}

#[test]
fn notifications_of_sns_are_requests() {
    let Event::Topic(messages) = sample(include_str!("../../../events/sns.json")) else { panic!() };
    assert_eq!(messages[0].message_id, "95df01b4-ee98-5cb9-9903-4c221d41eb5e");
    request(&parse("message", messages[0].body.as_bytes()).unwrap());
    let record = |source: &str, sns: Value| json!({ "EventSource": source, "Sns": sns });
    let whole = || json!({ "MessageId": "x", "Message": "{}" });
    let queue = json!({ "eventSource": "aws:sqs", "messageId": "x", "body": "{}" });
    let told: Vec<String> = [
        vec![record("aws:sns", whole()), queue.clone()],
        vec![queue, record("aws:sns", whole())],
        vec![record("aws:s3", whole())],
        vec![record("aws:sns", json!({}))],
        vec![record("aws:sns", json!({ "MessageId": "x".repeat(101), "Message": "" }))],
        vec![json!({ "EventSource": "aws:sns" })],
        vec![json!({ "EventSource": "aws:sns", "Sns": [] })],
    ]
    .into_iter()
    .map(|records| refusal(json!({ "Records": records })))
    .collect();
    insta::assert_snapshot!(told.join("\n---\n"));
}

fn scheduled_event() -> Value {
    json!({"detail-type": "Scheduled Event", "source": "aws.events", "time": "2026-11-21T03:00:00Z", "detail": {}})
}

#[test]
fn schedules_are_named_after_their_rule() {
    let names = [
        (json!(["arn:aws:events:eu-west-1:111122223333:rule/nightly"]), "nightly"),
        (json!(["arn:aws:events:eu-west-1:111122223333:rule/a-bus/nightly"]), "nightly"),
        (json!(["arn:aws:scheduler:eu-west-1:111122223333:schedule/default/nightly"]), "nightly"),
        (json!(["arn:aws:events:eu-west-1:111122223333:rule/"]), "scheduled"),
        (json!(["nightly"]), "scheduled"),
        (json!([]), "scheduled"),
        (Value::Null, "scheduled"),
    ];
    for (resources, name) in names {
        let mut event = scheduled_event();
        event["resources"] = resources;
        let Event::Scheduled { rule, .. } = classify(event).unwrap() else { panic!() };
        assert_eq!(rule, name);
    }
}

#[test]
fn a_schedule_of_the_scheduler_without_an_input_is_a_scheduled_event() {
    let mut event = scheduled_event();
    event["source"] = json!("aws.scheduler");
    event["detail"] = json!("{}");
    assert!(matches!(classify(event), Ok(Event::Scheduled { .. })));
}

#[test]
fn what_bears_marks_in_part_is_refused() {
    let with = |name: &str, value: Value| {
        let mut event = scheduled_event();
        event[name] = value;
        event
    };
    let wrong = [
        json!(null),
        json!("{\"accounts\": \"all\"}"),
        json!([{"accounts": "all"}]),
        json!({"detail-type": "Inventory Requested"}),
        json!({"source": "mine", "detail": {"accounts": "all"}}),
        json!({"accounts": "all", "detail": {}}),
        json!({"accounts": "all", "Records": []}),
        json!({"detail-type": "x", "source": "y", "detail": {}, "Records": []}),
        json!({"detail-type": "x", "source": "mine", "detail": {"accounts": "all"}}),
        json!({"detail-type": "x", "source": 7, "detail": {"accounts": "all"}}),
        json!({"detail-type": "x", "source": "mine", "detail": {"accounts": "all"}, "id": ""}),
        json!({"detail-type": "x", "source": "aws.events", "detail": {"accounts": "all"}, "id": "1"}),
        with("source", json!("mine")),
        with("detail", json!({"accounts": ["111122223333"]})),
        with("time", json!("yesterday")),
        with("time", json!("")),
        with("time", json!(17)),
    ];
    insta::assert_snapshot!(wrong.map(refusal).join("\n"), @r#"
    event: is null: it must be a JSON object, such as {"accounts": "all"}
    event: is a text: it must be a JSON object, such as {"accounts": "all"}
    event: is a list: it must be a JSON object, such as {"accounts": "all"}
    event.source: is missing: an EventBridge event bears `detail-type`, `source` and `detail`; a request bears none of them
    event.detail: is missing: an EventBridge event bears `detail-type`, `source` and `detail`; a request bears none of them
    event.detail-type: is missing: an EventBridge event bears `detail-type`, `source` and `detail`; a request bears none of them
    event: bears the marks of two shapes at once (of `accounts`: a request, `detail-type`, `source`, `detail`: an EventBridge event, `Records`: an SQS batch or SNS, `requestContext`: HTTP, `step`: a step): send one of them alone
    event: bears the marks of two shapes at once (of `accounts`: a request, `detail-type`, `source`, `detail`: an EventBridge event, `Records`: an SQS batch or SNS, `requestContext`: HTTP, `step`: a step): send one of them alone
    event: bears the marks of two shapes at once (of `accounts`: a request, `detail-type`, `source`, `detail`: an EventBridge event, `Records`: an SQS batch or SNS, `requestContext`: HTTP, `step`: a step): send one of them alone
    event.id: is missing: AWS always sends it
    event.source: is a number: it must be a text, in quotes
    event.id: is empty: AWS always fills it
    event: bears the marks of a scheduled event only in part (detail-type `x`, source `aws.events`): send a custom event under a detail-type and a source of your own
    event: bears the marks of a scheduled event only in part (detail-type `Scheduled Event`, source `mine`): send a custom event under a detail-type and a source of your own
    event.detail: is not empty, though a scheduled event runs the function's default request: give the schedule's target a request as its constant input instead
    event.time: `yesterday` is no time such as 2026-11-21T03:00:00Z
    event.time: is empty: AWS always fills it
    event.time: is a number: it must be a text, in quotes
    "#);
    let mut without_time = scheduled_event();
    without_time.as_object_mut().unwrap().remove("time");
    insta::assert_snapshot!(refusal(without_time), @"event.time: is missing: AWS always sends it");
}

#[test]
fn records_of_anything_but_sqs_and_sns_are_refused() {
    let sqs = json!({"eventSource": "aws:sqs", "messageId": "1", "body": "{}"});
    let wrong = [
        json!({"Records": []}),
        json!({"Records": {}}),
        json!({"Records": [sqs, {"eventSource": "aws:s3", "s3": {}}]}),
        json!({"Records": [{"EventSource": "aws:sns", "Sns": {}}]}),
        json!({"Records": [{"EventSource": "aws:sqs", "messageId": "1", "body": "{}"}]}),
        json!({"Records": [{"messageId": "1", "body": "{}"}, 1]}),
        json!({"Records": [{"eventSource": "aws:sqs"}, {"eventSource": "aws:sqs", "messageId": 1, "body": {}}]}),
        json!({"Records": [sqs], "run_id": "x"}),
    ];
    insta::assert_snapshot!(wrong.map(refusal).join("\n"), @r"
    event.Records: is an empty list: AWS never sends one
    event.Records: must be a list, as SQS and SNS send it
    event.Records[1]: comes from `aws:s3`: records are taken from SQS and SNS alone; send them through a queue
    event.Records[0].Sns.MessageId: is missing: AWS always sends it
    event.Records[0].Sns.Message: is missing: AWS always sends it
    event.Records[0]: comes from a source that it does not name (no eventSource): records are taken from SQS and SNS alone; send them through a queue
    event.Records[0]: comes from a source that it does not name (no eventSource): records are taken from SQS and SNS alone; send them through a queue
    event.Records[1]: is a number: it must be an object, {...}
    event.Records[0].messageId: is missing: AWS always sends it
    event.Records[0].body: is missing: an SQS message has one
    event.Records[1].messageId: is a number: it must be a text, in quotes
    event.Records[1].body: is an object: it must be a text, in quotes
    event.run_id: does not belong beside records: `Records` stands alone
    ");
}

#[test]
fn anything_else_is_a_request_to_be_read() {
    for value in [json!({}), json!({"accounts": "all"}), json!({"acounts": "all"}), json!({"records": []})] {
        assert_eq!(classify(value.clone()), Ok(Event::Request(value)));
    }
}

fn any_event() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<u32>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "{}",
            "Scheduled Event",
            "aws.events",
            "aws:sqs",
            "aws:s3",
            "all",
            "2026-11-21T03:00:00Z",
            "arn:aws:events:eu-west-1:111122223333:rule/a/b",
            "::::::/"
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        let name = prop::sample::select(vec![
            "Records",
            "detail-type",
            "source",
            "detail",
            "id",
            "time",
            "resources",
            "eventSource",
            "messageId",
            "requestContext",
            "Sns",
            "body",
            "accounts",
            "other",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..8)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn an_event_is_what_its_marks_say(value in any_event()) {
        let has = |name: &str| value.get(name).is_some();
        match classify(value.clone()) {
            Ok(Event::Step(_)) => prop_assert!(value.get("step").is_some()),
            Err(errors) => prop_assert!(!errors.is_empty()),
            Ok(Event::Request(request)) => {
                prop_assert!(!has("Records") && ENVELOPE.iter().all(|mark| !has(mark)));
                prop_assert_eq!(request, value);
            }
            Ok(Event::Custom { id, detail }) => {
                prop_assert_eq!(value["id"].as_str(), Some(id.as_str()));
                prop_assert_eq!(&value["detail"], &detail);
            }
            Ok(Event::Scheduled { .. }) => prop_assert_eq!(&value["detail-type"], "Scheduled Event"),
            Ok(Event::Http(_)) => prop_assert!(has("requestContext") && !has("Records") && !has("accounts")),
            Ok(Event::Queue(messages) | Event::Topic(messages)) => prop_assert_eq!(value["Records"].as_array().map(Vec::len), Some(messages.len())),
        }
    }
}
