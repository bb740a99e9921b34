//! Answers requests over HTTP: `POST /runs` and `GET /runs/{id}`.
//!
//! An answer tells a caller what is wrong with its own request. Any other error is in the log alone.
//! **Invariant:** knows nothing of how a run is carried out.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::engine::{Engine, RefusedRequest, RequestDraft};
use crate::error::{Error, ErrorKind};
use crate::event::{HttpRequest, HttpRoute};
use crate::input::{ValidationErrors, parse};

/// The time that is left for the answer when the time of a request ends.
const TIME_TO_ANSWER: Duration = Duration::from_secs(2);

/// An answer over HTTP, before AWS's form of it.
struct HttpAnswer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

/// Answers a request before the deadline. Every outcome is an answer, since the caller gets no error of Lambda's.
pub(super) async fn answer(engine: &Engine, request: HttpRequest, deadline: Instant) -> Value {
    let (method, path) = (request.method.clone(), request.path.clone());
    let (principal, request_id) = (request.principal.clone(), request.request_id.clone());
    let end = deadline.checked_sub(TIME_TO_ANSWER).unwrap_or(deadline);
    let answer = match tokio::time::timeout_at(end, Box::pin(answer_to(engine, request))).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => refused(&error, &request_id),
        Err(_) => refused(&out_of_time(), &request_id),
    };
    let (status, principal) = (answer.status, principal.unwrap_or_default());
    tracing::info!(status, method, path, principal, request_id, "a request over HTTP was answered");
    answer.into_event()
}

async fn answer_to(engine: &Engine, request: HttpRequest) -> Result<HttpAnswer, Error> {
    let Some(principal) = &request.principal else {
        let what = "the request is not authorized by IAM: sign it (AWS Signature Version 4)";
        return Ok(HttpAnswer::problem(403, "Forbidden", what));
    };
    match request.route() {
        HttpRoute::NotFound => Ok(not_found()),
        HttpRoute::NotAllowed(allowed) => {
            let answer = HttpAnswer::problem(405, "MethodNotAllowed", &format!("only {allowed} is allowed here"));
            Ok(answer.header("allow", allowed.to_owned()))
        }
        _ if request.has_query => Err(invalid("query", "is not known: leave it out")),
        HttpRoute::Read(run_id) => match engine.report_asked(&run_id, principal).await? {
            Some(run) => HttpAnswer::of(200, &run),
            None => Ok(not_found()),
        },
        HttpRoute::Start => {
            let body =
                request.body.as_deref().ok_or_else(|| invalid("body", "is no base64, although it is said to be"))?;
            let value = parse("request", body).map_err(|problems| Error::of(ErrorKind::InvalidRequest, &problems))?;
            let draft = RequestDraft::read(&value, "request");
            let mut accepted = Box::pin(engine.accept(draft, principal, request.request_id.clone())).await?;
            accepted.location.insert_str(0, &request.root);
            Ok(HttpAnswer::of(202, &accepted)?.header("location", accepted.location))
        }
    }
}

fn out_of_time() -> Error {
    let what = "the time of the invocation ended before the output and the queue answered. The request may have been recorded: \
                the same request under the same run_id is the same run";
    Error::new(ErrorKind::OutOfTime, what)
}

/// The answer to an error: of the request as it is, of anything else without its message.
fn refused(error: &Error, request_id: &str) -> HttpAnswer {
    let status = match error.kind {
        ErrorKind::InvalidRequest => 400,
        ErrorKind::RunIdTaken => 409,
        ErrorKind::RequestTooLarge => 413,
        _ => 500,
    };
    if status < 500 {
        return HttpAnswer::problem(status, error.kind.name(), &error.message);
    }
    tracing::error!(error_type = error.kind.name(), error_message = error.message, "a request over HTTP failed");
    let what = format!("the request failed for a reason of the backend's own: its log has it, at request {request_id}");
    HttpAnswer::problem(status, error.kind.name(), &what)
}

/// The same for a path that does not exist, a run that does not, and a run of somebody else.
fn not_found() -> HttpAnswer {
    HttpAnswer::problem(
        404,
        "NotFound",
        "there is no such run of yours: POST /runs starts one, GET /runs/{run_id} reports on it",
    )
}

fn invalid(place: &str, what: &str) -> Error {
    Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one(place, what))
}

impl HttpAnswer {
    fn of(status: u16, body: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_value(body).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        Ok(Self { status, headers: Vec::new(), body })
    }

    fn problem(status: u16, kind: &str, message: &str) -> Self {
        Self { status, headers: Vec::new(), body: json!({ "error": RefusedRequest::new(kind, message) }) }
    }

    fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Returns the answer in the payload format 2.0.
    fn into_event(self) -> Value {
        let fixed = [
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
        ];
        let mut headers: Map<String, Value> =
            fixed.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        headers.extend(self.headers.into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
        json!({
            "statusCode": self.status, "headers": headers, "body": self.body.to_string(), "isBase64Encoded": false,
        })
    }
}

#[cfg(test)]
mod tests;
