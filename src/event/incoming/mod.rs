//! Tells the shapes of an event apart, by their own marks and never by guessing: what bears only a
//! part of a shape's marks, or those of two shapes, is refused. The request within is not read here.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::step::{STEP, Step, step};
use crate::domain::Arn;
use crate::input::{Fields, ValidationErrors, kind, quoted};

/// The mark of an SQS batch.
const RECORDS: &str = "Records";

/// The marks of an EventBridge event: it bears all of them, and nothing else bears one.
const ENVELOPE: [&str; 3] = ["detail-type", "source", "detail"];

/// An event, as what it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A request, as it was sent.
    Request(Value),
    /// An EventBridge rule or schedule that fired without a request of its own.
    Scheduled {
        /// The rule's name, or `scheduled`.
        rule: String,
        /// The time that it fired for.
        time: Timestamp,
    },
    /// Any other EventBridge event, whose detail is a request.
    Custom {
        /// The event's id: the same in every delivery.
        id: String,
        /// The request.
        detail: Value,
    },
    /// A batch of SQS messages.
    Queue(Vec<Message>),
    /// A step of a state machine.
    Step(Step),
}

/// One message of an SQS batch; its body is a request, not read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The id by which SQS knows the message, also in `batchItemFailures`.
    pub message_id: String,
    /// The body as it was sent.
    pub body: String,
}

/// What the event is, or why it is none that rolecall knows.
pub fn classify(value: Value) -> Result<Event, ValidationErrors> {
    let Value::Object(mut event) = value else {
        let what = format!("is {}: it must be a JSON object, such as {{\"accounts\": \"all\"}}", kind(&value));
        return Err(ValidationErrors::one("event", what));
    };
    let batch = event.contains_key(RECORDS);
    let envelope = ENVELOPE.iter().any(|mark| event.contains_key(*mark));
    let request = event.contains_key("accounts");
    if event.contains_key(STEP) && !batch && !envelope && !request {
        return step(&Value::Object(event)).map(Event::Step);
    }
    match (batch, envelope, request) {
        (true, false, false) => queue(&event),
        (false, true, false) => event_bridge(&mut event),
        (false, false, _) => Ok(Event::Request(Value::Object(event))),
        _ => Err(ValidationErrors::one(
            "event",
            "bears the marks of two shapes at once (of `accounts`: a request, `detail-type`, `source`, `detail`: \
             an EventBridge event, `Records`: an SQS batch): send one of them alone",
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
        // EventBridge rules call themselves `aws.events`, EventBridge Scheduler without an input of its own
        // `aws.scheduler`.
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

/// `nightly` of `arn:aws:events:eu-west-1:111122223333:rule/bus/nightly`.
fn rule_name(arn: &str) -> Option<String> {
    let arn: Arn = arn.parse().ok()?;
    let (kind, _) = arn.resource.split_once('/')?;
    (matches!(kind, "rule" | "schedule") && !arn.name().is_empty()).then(|| arn.name().to_owned())
}

fn queue(event: &Map<String, Value>) -> Result<Event, ValidationErrors> {
    let mut errors = ValidationErrors::new();
    for name in event.keys().filter(|name| *name != RECORDS) {
        errors.push(crate::input::field_path("event", name), "does not belong in an SQS batch: `Records` stands alone");
    }
    let Some(Value::Array(records)) = event.get(RECORDS) else {
        errors.push("event.Records", "must be a list, as SQS sends it");
        return Err(errors);
    };
    if records.is_empty() {
        errors.push("event.Records", "is an empty list: SQS never sends one");
    }
    let messages: Vec<Message> = records
        .iter()
        .enumerate()
        .filter_map(|(index, record)| message(record, &format!("event.Records[{index}]"), &mut errors))
        .collect();
    errors.into_result(Event::Queue(messages))
}

fn message(record: &Value, place: &str, errors: &mut ValidationErrors) -> Option<Message> {
    let fields = Fields::of(record, place, errors)?;
    if fields.get("eventSource").and_then(Value::as_str) != Some("aws:sqs") {
        // SNS alone spells the field with a capital letter.
        let named = fields.get("eventSource").or_else(|| fields.get("EventSource"));
        let from = match named.and_then(Value::as_str) {
            Some(source) if source != "aws:sqs" => quoted(source),
            _ => "a source that it does not name (no eventSource)".to_owned(),
        };
        let what = format!("comes from {from}: records are taken from SQS alone; send them through a queue");
        errors.push(place, what);
        return None;
    }
    let message_id = required_text(&fields, "messageId", errors);
    let body = fields.string("body", errors);
    if fields.get("body").is_none() {
        errors.push(fields.path_of("body"), "is missing: an SQS message has one");
    }
    Some(Message { message_id, body: body?.to_owned() })
}

/// A text that must be there; empty, with a problem, where it is not.
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
