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

use crate::engine::Response;
use crate::engine::{Engine, NoopObserver, RunRequest};
use crate::error::{Error, ErrorKind};
use crate::event::default_request;
use crate::event::{Event, Message, Planning, Request, RunIdSource, Step, classify};
use crate::input::{ValidationErrors, parse};
use crate::lambda::metrics::Metrics;
use crate::output::sink::MIN_WRITE_MARGIN;
use crate::settings::Runtime;
use crate::settings::Settings;

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
    engine: Result<Engine, Error>,
    name: String,
}

impl From<Error> for Diagnostic {
    fn from(refusal: Error) -> Self {
        Self { error_type: refusal.kind.name().into(), error_message: refusal.message }
    }
}

impl Function {
    /// Reads the settings from the environment.
    pub async fn start(get: impl Fn(&str) -> Option<String>) -> Self {
        let name = get("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        let engine = match Settings::read(get) {
            Ok(settings) => Ok(Engine::start(settings, Runtime::Lambda).await),
            Err(problems) => Err(Error::of(ErrorKind::InvalidSettings, &problems)),
        };
        Self { engine, name }
    }

    /// Carries one event out.
    pub async fn handle(&self, payload: &[u8], invocation: Invocation) -> Result<Value, Error> {
        let engine = self.engine.as_ref().map_err(Clone::clone)?;
        let invalid = |problems: ValidationErrors| Error::of(ErrorKind::InvalidRequest, &problems);
        let event = parse("event", payload).map_err(invalid)?;
        let clock = InvocationDeadline::new(&invocation, &engine.settings, &self.name);
        match classify(event).map_err(invalid)? {
            Event::Request(value) => {
                let naming = RunIdSource::Invocation(invocation.request_id);
                let order = order(&value, "request", naming, true, clock);
                value_of(engine.run(order).await?)
            }
            Event::Scheduled { rule, time } => {
                let value = default_request(engine.settings.default_request.as_deref())?;
                let order = order(&value, "ROLECALL_DEFAULT_REQUEST", RunIdSource::Rule { rule, time }, false, clock);
                value_of(engine.run(order).await?)
            }
            Event::Custom { id, detail } => {
                let order = order(&detail, "event.detail", RunIdSource::Event(id), false, clock);
                value_of(engine.run(order).await?)
            }
            Event::Queue(messages) => value_of(batch(engine, messages, clock).await),
            // Boxed like a run, since all of one is in it.
            Event::Step(step) => Box::pin(carry_out(engine, step, clock)).await,
        }
    }
}

/// A step of the state machine. Only counts and places go back into its state; a shard says nothing at all, since its
/// manifest says it.
async fn carry_out(engine: &Engine, step: Step, clock: InvocationDeadline<'_>) -> Result<Value, Error> {
    match step {
        Step::Plan { what, batch } => {
            let order = match what {
                Planning::Request { request, execution } => {
                    order(&request, "event.request", RunIdSource::Invocation(execution), false, clock)
                }
                Planning::Remaining(run_id) => {
                    let request = engine.remaining(&run_id).await?;
                    order_of(request, ValidationErrors::default(), RunIdSource::Invocation(String::new()), false, clock)
                }
            };
            value_of(Box::pin(engine.lay_out(order, batch)).await?)
        }
        Step::Shard { run_id, shard } => {
            let stop = CancellationToken::new();
            Box::pin(engine.one_shard(&run_id, &shard, Some(clock.deadline), stop, Arc::new(NoopObserver))).await?;
            clock.metrics().shard_ended(&run_id);
            Ok(Value::Object(serde_json::Map::new()))
        }
        Step::Reduce { run_id } => value_of(Box::pin(engine.reduce(&run_id, clock.metrics())).await?),
    }
}

/// Each body is a request of its own. A refused body is a failure and ends in the dead-letter queue; a
/// partial run is none. Bodies for which no time is left are handed back.
async fn batch(engine: &Engine, messages: Vec<Message>, clock: InvocationDeadline<'_>) -> SqsBatchResponse {
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

async fn one_message(engine: &Engine, message: &Message, clock: InvocationDeadline<'_>) -> Result<Response, Error> {
    let invalid = |problems: ValidationErrors| Error::of(ErrorKind::InvalidRequest, &problems);
    let value = parse("message.body", message.body.as_bytes()).map_err(invalid)?;
    engine.run(order(&value, "request", RunIdSource::Message(message.message_id.clone()), false, clock)).await
}

fn order(
    value: &Value,
    place: &str,
    naming: RunIdSource,
    may_inline: bool,
    clock: InvocationDeadline<'_>,
) -> RunRequest {
    let mut problems = ValidationErrors::default();
    let request = Request::read(value, place, &mut problems);
    if request.inline && !may_inline {
        problems.push(format!("{place}.inline"), "nobody would get the records here: leave it out");
    }
    order_of(request, problems, naming, may_inline, clock)
}

fn order_of(
    request: Request,
    problems: ValidationErrors,
    naming: RunIdSource,
    may_inline: bool,
    clock: InvocationDeadline<'_>,
) -> RunRequest {
    let (deadline, stop, observer) = (Some(clock.deadline), CancellationToken::new(), clock.metrics());
    RunRequest { request, problems, naming, may_inline, deadline, stop, observer }
}

fn value_of(response: impl serde::Serialize) -> Result<Value, Error> {
    serde_json::to_value(response).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}

/// The invocation's time, and whose it is.
#[derive(Clone, Copy, Debug)]
struct InvocationDeadline<'a> {
    deadline: Instant,
    margin: Duration,
    function: &'a str,
}

impl<'a> InvocationDeadline<'a> {
    #[expect(clippy::disallowed_methods, reason = "Lambda gives the deadline as a `SystemTime`")]
    fn new(invocation: &Invocation, settings: &Settings, function: &'a str) -> Self {
        let left = invocation.deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let left = settings.deadline.map_or(left, |setting| setting.min(left));
        Self { deadline: Instant::now() + left, margin: settings.margin.unwrap_or(MIN_WRITE_MARGIN), function }
    }

    fn metrics(&self) -> Arc<Metrics> {
        Arc::new(Metrics { function: self.function.to_owned(), deadline: self.deadline })
    }

    fn time_is_up(&self) -> bool {
        self.deadline.saturating_duration_since(Instant::now()) <= self.margin
    }
}
