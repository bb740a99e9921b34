//! The Lambda function's face: any of its events in, the response or an error with a stable name out.
//!
//! Knows the shapes of events and how an invocation's time is counted; what a run does is `run`'s.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use lambda_runtime::Diagnostic;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::event::{Incoming, Message, Naming, Planning, Request, Step, tell_apart};
use crate::input::{Problems, parse};
use crate::metrics::Metrics;
use crate::plan::Face;
use crate::refusal::{Refusal, RefusalKind};
use crate::report::Response;
use crate::run::{Engine, Order, Unwatched};
use crate::settings::Settings;
use crate::sink::LEAST_MARGIN;

/// What Lambda says of an invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The same for every retry of an asynchronous invocation.
    pub request_id: String,
    /// When the invocation is ended.
    pub deadline: SystemTime,
}

/// The deployed function: made once, before the first event.
#[derive(Debug)]
pub struct Function {
    // A function that cannot start would be retried by Lambda without a word to whoever invokes it, so
    // settings that cannot be read are told in answer to each event.
    engine: Result<Engine, Refusal>,
    name: String,
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Self {
        Self { error_type: refusal.kind.name().into(), error_message: refusal.message }
    }
}

impl Function {
    /// Reads the settings from the environment.
    pub async fn start(get: impl Fn(&str) -> Option<String>) -> Self {
        let name = get("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        let engine = match Settings::read(get) {
            Ok(settings) => Ok(Engine::start(settings, Face::Lambda).await),
            Err(problems) => Err(Refusal::of(RefusalKind::InvalidSettings, &problems)),
        };
        Self { engine, name }
    }

    /// Carries one event out.
    pub async fn handle(&self, payload: &[u8], invocation: Invocation) -> Result<Value, Refusal> {
        let engine = self.engine.as_ref().map_err(Clone::clone)?;
        let invalid = |problems: Problems| Refusal::of(RefusalKind::InvalidRequest, &problems);
        let event = parse("event", payload).map_err(invalid)?;
        let clock = Clock::new(&invocation, &engine.settings, &self.name);
        match tell_apart(event).map_err(invalid)? {
            Incoming::Request(value) => {
                let naming = Naming::Invocation(invocation.request_id);
                let order = order(&value, "request", naming, true, clock);
                value_of(engine.run(order).await?)
            }
            Incoming::Scheduled { rule, time } => {
                let value = default_request(engine.settings.default_request.as_deref())?;
                let order = order(&value, "ROLECALL_DEFAULT_REQUEST", Naming::Rule { rule, time }, false, clock);
                value_of(engine.run(order).await?)
            }
            Incoming::Custom { id, detail } => {
                let order = order(&detail, "event.detail", Naming::Event(id), false, clock);
                value_of(engine.run(order).await?)
            }
            Incoming::Queue(messages) => value_of(batch(engine, messages, clock).await),
            // Boxed like a run, since all of one is in it.
            Incoming::Step(step) => Box::pin(carry_out(engine, step, clock)).await,
        }
    }
}

/// A step of the state machine. Only counts and places go back into its state; a shard says nothing at all, since its
/// manifest says it.
async fn carry_out(engine: &Engine, step: Step, clock: Clock<'_>) -> Result<Value, Refusal> {
    match step {
        Step::Plan { what, batch } => {
            let order = match what {
                Planning::Request { request, execution } => {
                    order(&request, "event.request", Naming::Invocation(execution), false, clock)
                }
                Planning::Remaining(run_id) => {
                    let request = engine.remaining(&run_id).await?;
                    order_of(request, Problems::default(), Naming::Invocation(String::new()), false, clock)
                }
            };
            value_of(Box::pin(engine.lay_out(order, batch)).await?)
        }
        Step::Shard { run_id, shard } => {
            let stop = CancellationToken::new();
            Box::pin(engine.one_shard(&run_id, &shard, Some(clock.deadline), stop, Arc::new(Unwatched))).await?;
            clock.metrics().shard_ended(&run_id);
            Ok(Value::Object(serde_json::Map::new()))
        }
        Step::Reduce { run_id } => value_of(Box::pin(engine.reduce(&run_id, clock.metrics())).await?),
    }
}

/// Each body is a request of its own. A refused body is a failure and ends in the dead-letter queue; a
/// partial run is none. Bodies for which no time is left are handed back.
async fn batch(engine: &Engine, messages: Vec<Message>, clock: Clock<'_>) -> SqsBatchResponse {
    let mut failures = Vec::new();
    for message in messages {
        let done = if clock.time_is_up() {
            Err("no time is left for it: it is handed back".to_owned())
        } else {
            one_message(engine, &message, clock).await.map_err(|refusal| format!("{}: {refusal}", refusal.kind.name()))
        };
        if let Err(why) = done {
            tracing::error!(message_id = message.message_id, why, "a request from the queue was not carried out");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.message_id;
            failures.push(failure);
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures;
    response
}

async fn one_message(engine: &Engine, message: &Message, clock: Clock<'_>) -> Result<Response, Refusal> {
    let invalid = |problems: Problems| Refusal::of(RefusalKind::InvalidRequest, &problems);
    let value = parse("message.body", message.body.as_bytes()).map_err(invalid)?;
    engine.run(order(&value, "request", Naming::Message(message.message_id.clone()), false, clock)).await
}

fn order(value: &Value, place: &str, naming: Naming, may_inline: bool, clock: Clock<'_>) -> Order {
    let mut problems = Problems::default();
    let request = Request::read(value, place, &mut problems);
    if request.inline && !may_inline {
        problems.push(format!("{place}.inline"), "nobody would get the records here: leave it out");
    }
    order_of(request, problems, naming, may_inline, clock)
}

fn order_of(request: Request, problems: Problems, naming: Naming, may_inline: bool, clock: Clock<'_>) -> Order {
    let (deadline, stop, observer) = (Some(clock.deadline), CancellationToken::new(), clock.metrics());
    Order { request, problems, naming, may_inline, deadline, stop, observer }
}

/// What a scheduled event asks for. A run id in it would make every firing the same run.
pub fn default_request(setting: Option<&str>) -> Result<Value, Refusal> {
    let refused = |problems: Problems| Refusal::of(RefusalKind::InvalidSettings, &problems);
    let name = "ROLECALL_DEFAULT_REQUEST";
    let text = setting.unwrap_or_default();
    if text.is_empty() {
        return Err(refused(Problems::one(
            name,
            "it is not set, and a scheduled event says nothing of its own: set it to a request",
        )));
    }
    let value = parse(name, text.as_bytes()).map_err(refused)?;
    for field in ["run_id", "scheduled_at"] {
        if value.get(field).is_some() {
            let what = "it may not stand in a default request: every firing would be the same run";
            return Err(refused(Problems::one(format!("{name}.{field}"), what)));
        }
    }
    Ok(value)
}

fn value_of(response: impl serde::Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(response).map_err(|error| Refusal::new(RefusalKind::Internal, error.to_string()))
}

/// The invocation's time, and whose it is.
#[derive(Clone, Copy, Debug)]
struct Clock<'a> {
    deadline: Instant,
    margin: Duration,
    function: &'a str,
}

impl<'a> Clock<'a> {
    fn new(invocation: &Invocation, settings: &Settings, function: &'a str) -> Self {
        let left = invocation.deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let left = settings.deadline.map_or(left, |setting| setting.min(left));
        Self { deadline: Instant::now() + left, margin: settings.margin.unwrap_or(LEAST_MARGIN), function }
    }

    fn metrics(&self) -> Arc<Metrics> {
        Arc::new(Metrics { function: self.function.to_owned(), deadline: self.deadline })
    }

    fn time_is_up(&self) -> bool {
        self.deadline.saturating_duration_since(Instant::now()) <= self.margin
    }
}
