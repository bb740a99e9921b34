//! Detects the shape of an event by the fields that mark it, never by guessing.
//!
//! An event with only some of a shape's marks, or with those of two shapes, is refused.
//!
//! **Invariant:** does not read the request in the event.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::http::{HttpRequest, REQUEST_CONTEXT, http};
use super::step::{STEP, Step, step};
use crate::domain::Arn;
use crate::input::{Fields, ValidationErrors, kind, quoted};

/// The field that marks a batch of SQS or of SNS.
const RECORDS: &str = "Records";
/// The source of SNS's records.
const SNS: &str = "aws:sns";

/// The maximum number of messages in an SQS batch.
const MAX_RECORDS: usize = 10_000;
/// The maximum length of a message's id in characters. SQS's ids have 36.
const MAX_MESSAGE_ID: usize = 100;

/// The fields that mark an EventBridge event: it has all of them, and no other shape has any.
const ENVELOPE: [&str; 3] = ["detail-type", "source", "detail"];

/// An event, by its shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A request that is not read yet.
    Request(Value),
    /// An EventBridge rule or schedule that fired without a request. It runs the default request.
    Scheduled {
        /// The name of the rule or schedule, or `scheduled` if the event does not name it.
        rule: String,
        /// The time for which it fired.
        time: Timestamp,
    },
    /// Any other EventBridge event. Its detail is a request.
    Custom {
        /// The event's id, which is the same in every delivery.
        id: String,
        /// The request, which is not read yet.
        detail: Value,
    },
    /// A batch of SQS messages, each with a request.
    Queue(Vec<Message>),
    /// Notifications of SNS, each with a request. SNS sends one at a time.
    Topic(Vec<Message>),
    /// A request over HTTP.
    Http(Box<HttpRequest>),
    /// A step of a state machine.
    Step(Step),
}

/// One message of SQS or SNS. Its body is a request that is not read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// AWS's id of the message, the same in every delivery. `batchItemFailures` of SQS uses it too.
    pub message_id: String,
    /// The body as it was sent.
    pub body: String,
}

/// Returns the event by its shape, or the reasons why it has none of the known shapes.
pub fn classify(value: Value) -> Result<Event, ValidationErrors> {
    let Value::Object(mut event) = value else {
        let what = format!("is {}: it must be a JSON object, such as {{\"accounts\": \"all\"}}", kind(&value));
        return Err(ValidationErrors::one("event", what));
    };
    let batch = event.contains_key(RECORDS);
    let envelope = ENVELOPE.iter().any(|mark| event.contains_key(*mark));
    let request = event.contains_key("accounts");
    let over_http = event.contains_key(REQUEST_CONTEXT);
    if event.contains_key(STEP) && !batch && !envelope && !request && !over_http {
        return step(&Value::Object(event)).map(Event::Step);
    }
    if over_http && !batch && !envelope && !request && !event.contains_key(STEP) {
        return http(&Value::Object(event)).map(|request| Event::Http(Box::new(request)));
    }
    match (batch, envelope || over_http, request) {
        (true, false, false) => records(&event),
        (false, true, false) if !over_http => event_bridge(&mut event),
        (false, false, _) => Ok(Event::Request(Value::Object(event))),
        _ => Err(ValidationErrors::one(
            "event",
            "bears the marks of two shapes at once (of `accounts`: a request, `detail-type`, `source`, `detail`: \
             an EventBridge event, `Records`: an SQS batch or SNS, `requestContext`: HTTP, `step`: a step): send one of them alone",
        )),
    }
}

fn event_bridge(event: &mut Map<String, Value>) -> Result<Event, ValidationErrors> {
    let mut errors = ValidationErrors::new();
    for mark in ENVELOPE.iter().filter(|mark| !event.contains_key(**mark)) {
        let what =
            "is missing: an EventBridge event bears `detail-type`, `source` and `detail`; a request bears none of them";
        errors.push(format!("event.{mark}"), what);
    }
    let detail = event.remove("detail").unwrap_or_default();
    let envelope = Value::Object(std::mem::take(event));
    let Some(fields) = Fields::of(&envelope, "event", &mut errors) else {
        return Err(errors);
    };
    let detail_type = fields.string("detail-type", &mut errors).unwrap_or_default();
    let source = fields.string("source", &mut errors).unwrap_or_default();
    if !errors.is_empty() {
        return Err(errors);
    }
    match (detail_type == "Scheduled Event", source) {
        // The source of EventBridge rules is `aws.events`. EventBridge Scheduler sends `aws.scheduler` if the schedule
        // has no input.
        (true, "aws.events" | "aws.scheduler") => scheduled(&fields, &detail, errors),
        (true, _) | (false, "aws.events" | "aws.scheduler") => {
            let what = format!(
                "bears the marks of a scheduled event only in part (detail-type {}, source {}): \
                 send a custom event under a detail-type and a source of your own",
                quoted(detail_type),
                quoted(source)
            );
            Err(ValidationErrors::one("event", what))
        }
        (false, _) => {
            let id = required_text(&fields, "id", &mut errors);
            errors.into_result(Event::Custom { id, detail })
        }
    }
}

fn scheduled(fields: &Fields<'_>, detail: &Value, mut errors: ValidationErrors) -> Result<Event, ValidationErrors> {
    let says_nothing = match detail {
        Value::Object(detail) => detail.is_empty(),
        // EventBridge Scheduler writes the empty object as text.
        Value::String(detail) => detail == "{}",
        _ => false,
    };
    if !says_nothing {
        let what = "is not empty, though a scheduled event runs the function's default request: \
            give the schedule's target a request as its constant input instead";
        errors.push("event.detail", what);
    }
    let text = required_text(fields, "time", &mut errors);
    let time = text.parse::<Timestamp>().unwrap_or_else(|_| {
        if !text.is_empty() {
            errors.push("event.time", format!("{} is no time such as 2026-11-21T03:00:00Z", quoted(&text)));
        }
        Timestamp::UNIX_EPOCH
    });
    let arn = fields.get("resources").and_then(|resources| resources.get(0)).and_then(Value::as_str);
    let rule = arn.and_then(rule_name).unwrap_or_else(|| "scheduled".to_owned());
    errors.into_result(Event::Scheduled { rule, time })
}

/// Returns the name in the ARN of a rule or schedule: `nightly` of
/// `arn:aws:events:eu-west-1:111122223333:rule/bus/nightly`.
fn rule_name(arn: &str) -> Option<String> {
    let arn: Arn = arn.parse().ok()?;
    let (kind, _) = arn.resource.split_once('/')?;
    (matches!(kind, "rule" | "schedule") && !arn.name().is_empty()).then(|| arn.name().to_owned())
}

fn records(event: &Map<String, Value>) -> Result<Event, ValidationErrors> {
    let mut errors = ValidationErrors::new();
    for name in event.keys().filter(|name| *name != RECORDS) {
        errors.push(crate::input::field_path("event", name), "does not belong beside records: `Records` stands alone");
    }
    let Some(Value::Array(records)) = event.get(RECORDS) else {
        errors.push("event.Records", "must be a list, as SQS and SNS send it");
        return Err(errors);
    };
    if records.len() > MAX_RECORDS {
        let what = format!("has {} entries: SQS sends at most {MAX_RECORDS} in a batch", records.len());
        errors.push("event.Records", what);
        return Err(errors);
    }
    if records.is_empty() {
        errors.push("event.Records", "is an empty list: AWS never sends one");
    }
    let is_of_topic = |record: &Value| record.get("EventSource").and_then(Value::as_str) == Some(SNS);
    let read = if records.iter().any(is_of_topic) { notification } else { message };
    let messages: Vec<Message> = records
        .iter()
        .enumerate()
        .filter_map(|(index, record)| read(record, &format!("event.Records[{index}]"), &mut errors))
        .collect();
    let is_topic = records.iter().any(is_of_topic);
    errors.into_result(if is_topic { Event::Topic(messages) } else { Event::Queue(messages) })
}

fn message(record: &Value, place: &str, errors: &mut ValidationErrors) -> Option<Message> {
    let fields = Fields::of(record, place, errors)?;
    if fields.get("eventSource").and_then(Value::as_str) != Some("aws:sqs") {
        let named = fields.get("eventSource").or_else(|| fields.get("EventSource"));
        let from = match named.and_then(Value::as_str) {
            Some(source) if source != "aws:sqs" => quoted(source),
            _ => "a source that it does not name (no eventSource)".to_owned(),
        };
        let what = format!("comes from {from}: records are taken from SQS and SNS alone; send them through a queue");
        errors.push(place, what);
        return None;
    }
    let message_id = message_id(&fields, "messageId", errors);
    let body = fields.string("body", errors);
    if fields.get("body").is_none() {
        errors.push(fields.path_of("body"), "is missing: an SQS message has one");
    }
    Some(Message { message_id, body: body?.to_owned() })
}

/// Reads a notification of SNS, which spells its fields with capital letters.
fn notification(record: &Value, place: &str, errors: &mut ValidationErrors) -> Option<Message> {
    let record = Fields::of(record, place, errors)?;
    if record.get("EventSource").and_then(Value::as_str) != Some(SNS) {
        errors.push(place, "is no notification of SNS, unlike another record beside it: send them apart");
        return None;
    }
    let Some(notification) = record.get("Sns") else {
        errors.push(record.path_of("Sns"), "is missing: AWS always sends it");
        return None;
    };
    let fields = Fields::of(notification, &record.path_of("Sns"), errors)?;
    let message_id = message_id(&fields, "MessageId", errors);
    let body = required_text(&fields, "Message", errors);
    Some(Message { message_id, body })
}

fn message_id(fields: &Fields<'_>, name: &str, errors: &mut ValidationErrors) -> String {
    let message_id = required_text(fields, name, errors);
    if message_id.len() > MAX_MESSAGE_ID {
        errors.push(fields.path_of(name), format!("is longer than {MAX_MESSAGE_ID} characters"));
    }
    message_id
}

/// Reads a string that is mandatory. If it is missing, records an error and returns an empty string.
fn required_text(fields: &Fields<'_>, name: &str, errors: &mut ValidationErrors) -> String {
    match fields.get(name) {
        None => errors.push(fields.path_of(name), "is missing: AWS always sends it"),
        Some(Value::String(text)) if text.is_empty() => {
            errors.push(fields.path_of(name), "is empty: AWS always fills it")
        }
        Some(_) => {}
    }
    fields.string(name, errors).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
