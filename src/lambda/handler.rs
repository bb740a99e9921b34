//! The Lambda handler: turns any of the function's events into a run, and its outcome into a response or a named error.
//!
//! Knows the shapes of events and the time of an invocation. **Invariant:** knows nothing of how a run is carried out.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use lambda_runtime::Diagnostic;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::change_log;
use crate::engine::{Engine, NoopObserver, RequestDraft, Response, RunRequest, Steps, StopCondition};
use crate::error::{Error, ErrorKind};
use crate::event::{
    ChangesMessage, Event, Message, Planning, ReportMessage, RunIdSource, Step, classify, default_request, resumed_run,
};
use crate::input::{ValidationErrors, parse};
use crate::lambda::http;
use crate::lambda::metrics::Metrics;
use crate::report_pages;
use crate::settings::{HttpEvents, Runtime, Settings, StepEvents};

/// An invocation, as Lambda describes it.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The request id. All retries of an asynchronous invocation have the same one.
    pub request_id: String,
    /// The time at which Lambda ends the invocation.
    pub deadline: SystemTime,
}

/// The deployed function. A process makes one before its first event.
#[derive(Debug)]
pub struct Function {
    // Lambda restarts a function that fails to start, and its caller learns no reason. So invalid settings are returned
    // as the error of each event.
    engine: Result<Engine, Error>,
    name: String,
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self { error_type: error.kind.name().into(), error_message: error.message }
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

    /// Handles one event and returns its response.
    pub async fn handle(&self, payload: &[u8], invocation: Invocation) -> Result<Value, Error> {
        let end = end_of(&invocation);
        let engine = &self.engine.as_ref().map_err(Clone::clone)?.ending_at(end);
        let event = parse("event", payload).map_err(invalid_request)?;
        let deadline = InvocationDeadline::new(end, &engine.settings, &self.name);
        let event = classify(event).map_err(invalid_request)?;
        refuse_http(&event, engine.settings.http)?;
        self.refuse_other_function(&event, engine.settings.steps)?;
        match event {
            Event::Request(value) => {
                let draft = RequestDraft::read(&value, "request");
                let request = run_request(draft, RunIdSource::Invocation(invocation.request_id), deadline);
                to_json(run(engine, RunRequest { may_inline: true, ..request }).await?)
            }
            Event::Scheduled { rule, time } => {
                let value = default_request(engine.settings.default_request.as_deref())?;
                let draft = draft_without_inline(&value, "ROLECALL_DEFAULT_REQUEST");
                to_json(run(engine, run_request(draft, RunIdSource::Rule { rule, time }, deadline)).await?)
            }
            Event::Custom { id, detail } => {
                let draft = draft_without_inline(&detail, "event.detail");
                to_json(run(engine, run_request(draft, RunIdSource::Event(id), deadline)).await?)
            }
            Event::Topic(messages) => to_json(Box::pin(handle_topic(engine, messages, deadline)).await?),
            Event::Http(request) => Ok(http::answer(engine, *request, deadline.at).await),
            Event::Queue(messages) => to_json(Box::pin(handle_batch(engine, messages, deadline)).await),
            // Boxed, since the future of a whole run is in it.
            Event::Step(step) => Box::pin(handle_step(engine, &Steps::new(engine)?, step, deadline)).await,
        }
    }

    /// Refuses steps in the function for requests, and requests in the function for steps. Lambda's permissions do not see
    /// an event, so the two have functions of their own.
    fn refuse_other_function(&self, event: &Event, steps: StepEvents) -> Result<(), Error> {
        let what = match (steps, matches!(event, Event::Step(_))) {
            (StepEvents::Refuse, true) => {
                "is refused here (ROLECALL_STEPS=refuse): the state machine invokes the function for steps, <Name>-steps"
            }
            (StepEvents::Only, false) => {
                "is no step, and this function carries out nothing else (ROLECALL_STEPS=only): invoke the function <Name>"
            }
            _ => return Ok(()),
        };
        let place = if steps == StepEvents::Refuse { "event.step" } else { "event" };
        Err(invalid_request(ValidationErrors::one(place, what)))
    }
}

/// Refuses requests over HTTP in every function but the one for them, and all other events in that one. Whoever invokes a
/// function writes the event himself, and with it the name of the principal that has signed a request.
fn refuse_http(event: &Event, http: HttpEvents) -> Result<(), Error> {
    let what = match (http, matches!(event, Event::Http(_))) {
        (HttpEvents::Refuse, true) => {
            "is a request over HTTP, which is refused here (ROLECALL_HTTP=refuse): the function <Name>-http answers them"
        }
        (HttpEvents::Only, false) => {
            "is no request over HTTP, and this function answers nothing else (ROLECALL_HTTP=only): invoke the function <Name>"
        }
        _ => return Ok(()),
    };
    Err(invalid_request(ValidationErrors::one("event", what)))
}

fn invalid_request(problems: ValidationErrors) -> Error {
    Error::of(ErrorKind::InvalidRequest, &problems)
}

/// Carries out a step of the state machine. Only counts and locations are returned into its state. A shard returns
/// nothing, since its manifest says it.
async fn handle_step(
    engine: &Engine,
    steps: &Steps,
    step: Step,
    deadline: InvocationDeadline<'_>,
) -> Result<Value, Error> {
    match step {
        Step::Plan { what, batch } => {
            let request = match what {
                Planning::Request { request, execution } => {
                    let draft = draft_without_inline(&request, "event.request");
                    run_request(draft, RunIdSource::Invocation(execution), deadline)
                }
                Planning::Remaining(run_id) => {
                    let request = steps.history().remaining_request(&run_id).await?;
                    run_request(request, RunIdSource::Given, deadline)
                }
            };
            to_json(Box::pin(steps.plan(request, batch)).await?)
        }
        Step::Shard { run_id, shard } => {
            Box::pin(steps.shard(&run_id, &shard, deadline.until(), Arc::new(NoopObserver))).await?;
            deadline.metrics().shard_ended(&run_id);
            Ok(Value::Object(serde_json::Map::new()))
        }
        Step::Reduce { run_id } => to_json(Box::pin(steps.reduce(&run_id, deadline.metrics())).await?),
        Step::Changes { run_id } => to_json(Box::pin(change_log::parts_left(engine, &run_id)).await?),
        Step::ChangesPart { run_id, part } => {
            Box::pin(change_log::record_one(engine, &run_id, &part, &deadline.until())).await?;
            Ok(Value::Object(serde_json::Map::new()))
        }
        Step::ChangesEnd { run_id } => to_json(Box::pin(change_log::finish(engine, &run_id, &deadline.until())).await?),
        Step::Report { run_id } => to_json(Box::pin(report_pages::step(engine, &run_id, &deadline.until())).await?),
    }
}

/// Handles a batch of the queue, in which each body is a request of its own. A refused body is a failure and ends in
/// the dead-letter queue; a partial run is no failure. Bodies for which no time is left are returned to the queue.
async fn handle_batch(engine: &Engine, messages: Vec<Message>, deadline: InvocationDeadline<'_>) -> SqsBatchResponse {
    let mut failures = Vec::new();
    for message in messages {
        let result = if deadline.is_near() {
            Err("no time is left for it: it is returned to the queue".to_owned())
        } else {
            let result = handle_message(engine, &message, deadline).await;
            result.map_err(|error| format!("{}: {error}", error.kind.name()))
        };
        if let Err(reason) = result {
            tracing::error!(message_id = message.message_id, reason, "a request from the queue was not carried out");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.message_id;
            failures.push(failure);
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures;
    response
}

/// Carries out the requests of SNS. Lambda repeats the event if one of them fails, which finds the others done.
async fn handle_topic(
    engine: &Engine,
    messages: Vec<Message>,
    deadline: InvocationDeadline<'_>,
) -> Result<Vec<Response>, Error> {
    let mut results = Vec::new();
    for message in messages {
        let value = parse("message", message.body.as_bytes()).map_err(invalid_request)?;
        let draft = draft_without_inline(&value, "request");
        results.push(run(engine, run_request(draft, RunIdSource::Message(message.message_id), deadline)).await);
    }
    results.into_iter().collect()
}

async fn handle_message(engine: &Engine, message: &Message, deadline: InvocationDeadline<'_>) -> Result<(), Error> {
    let value = parse("message.body", message.body.as_bytes()).map_err(invalid_request)?;
    if let Some(message) = ChangesMessage::read(&value).map_err(invalid_request)? {
        return change_log::continue_recording(engine, &message, &deadline.until()).await;
    }
    if let Some(message) = ReportMessage::read(&value).map_err(invalid_request)? {
        return Box::pin(report_pages::continue_writing(engine, &message, &deadline.until())).await;
    }
    let draft = match resumed_run(&value).map_err(invalid_request)? {
        // The rest of a run that is too large for a message.
        Some(run_id) => engine.history()?.remaining_request(&run_id).await?.into(),
        None => draft_without_inline(&value, "request"),
    };
    let source = RunIdSource::Message(message.message_id.clone());
    let asked = draft.clone();
    let until = deadline.until();
    tokio::select! {
        biased;
        refused = engine.refuse_redelivered(&draft) => refused?,
        error = until.out_of_time() => return Err(error),
    }
    let result = run(engine, run_request(draft, source, deadline)).await.map(|_| ());
    if let Err(error) = &result {
        engine.record_refusal(asked, error).await;
    }
    result
}

/// Carries out a run, and then records what it changed and writes its report page in the time that is left.
async fn run(engine: &Engine, request: RunRequest) -> Result<Response, Error> {
    let until = request.until.clone();
    let response = engine.run(request).await?;
    let changes = change_log::after_commit(engine, &response.run_id, &until).await;
    let report = Box::pin(report_pages::after_commit(engine, &response, &until)).await;
    Ok(Response { changes, report, ..response })
}

/// Reads a request whose caller does not receive the response.
fn draft_without_inline(value: &Value, path: &str) -> RequestDraft {
    RequestDraft::read(value, path).refuse_inline(path)
}

fn run_request(
    draft: impl Into<RequestDraft>,
    run_id_source: RunIdSource,
    deadline: InvocationDeadline<'_>,
) -> RunRequest {
    RunRequest { until: deadline.until(), observer: deadline.metrics(), ..RunRequest::new(draft, run_id_source) }
}

fn to_json(response: impl serde::Serialize) -> Result<Value, Error> {
    serde_json::to_value(response).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}

/// The time at which Lambda ends an invocation.
#[expect(clippy::disallowed_methods, reason = "Lambda gives it as a `SystemTime`")]
fn end_of(invocation: &Invocation) -> Instant {
    Instant::now() + invocation.deadline.duration_since(SystemTime::now()).unwrap_or_default()
}

/// The deadline of an invocation, and the function that was invoked.
#[derive(Clone, Copy, Debug)]
struct InvocationDeadline<'a> {
    at: Instant,
    margin: Duration,
    function: &'a str,
}

impl<'a> InvocationDeadline<'a> {
    fn new(end: Instant, settings: &Settings, function: &'a str) -> Self {
        let at = settings.deadline.map_or(end, |setting| end.min(Instant::now() + setting));
        let until = StopCondition { deadline: Some(at), ..StopCondition::default() };
        Self { at, margin: until.margin(settings), function }
    }

    fn until(&self) -> StopCondition {
        StopCondition { stop: CancellationToken::new(), deadline: Some(self.at) }
    }

    fn metrics(&self) -> Arc<Metrics> {
        Arc::new(Metrics { function: self.function.to_owned(), deadline: self.at })
    }

    /// True if no more than the write margin is left.
    fn is_near(&self) -> bool {
        self.until().is_near(self.margin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn steps_and_other_events_have_functions_of_their_own() {
        let steps = ["plan", "shard", "reduce"].map(|step| match step {
            "plan" => serde_json::json!({ "step": step, "request": { "accounts": "all" }, "execution": "x" }),
            "shard" => serde_json::json!({ "step": step, "run_id": "x", "shard": "0" }),
            _ => serde_json::json!({ "step": step, "run_id": "x" }),
        });
        let others = [
            serde_json::json!({ "accounts": "all" }),
            serde_json::json!({ "detail-type": "x", "source": "y", "id": "z", "detail": { "accounts": "all" } }),
            serde_json::json!({ "Records": [{ "messageId": "x", "body": "{}", "eventSource": "aws:sqs" }] }),
            serde_json::json!({ "detail-type": "Scheduled Event", "source": "aws.events", "detail": {},
                                "time": "2026-11-21T03:00:00Z" }),
        ];
        for (setting, refused, what) in
            [("refuse", &steps[..], "ROLECALL_STEPS=refuse"), ("only", &others, "ROLECALL_STEPS=only")]
        {
            let function = Function::start(|name| (name == "ROLECALL_STEPS").then(|| setting.to_owned())).await;
            for event in refused {
                let invocation = Invocation { request_id: "x".into(), deadline: SystemTime::UNIX_EPOCH };
                let error = function.handle(event.to_string().as_bytes(), invocation).await.unwrap_err();
                assert!(error.kind == ErrorKind::InvalidRequest && error.message.contains(what), "{event}: {error}");
            }
        }
    }
}
