//! Reads requests over HTTP: events of a function URL or of an HTTP API, in the payload format 2.0.
//!
//! **Invariant:** knows no run, and does not read the request in a body.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::domain::{Arn, RunId};
use crate::input::{Fields, ValidationErrors, quoted};

/// The field that marks a request over HTTP.
pub(super) const REQUEST_CONTEXT: &str = "requestContext";
/// The payload format that is read.
const VERSION: &str = "2.0";
/// The stage that is no part of a path.
const DEFAULT_STAGE: &str = "$default";
/// The collection of runs.
const RUNS: &str = "/runs";

/// A request over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method, as it was sent.
    pub method: String,
    /// The path above `/runs` on the host that was called: the stage of an HTTP API, or nothing. A domain of one's own has paths of
    /// its own, which the event does not tell.
    pub root: String,
    /// The path below the root.
    pub path: String,
    /// True if the address has a query.
    pub has_query: bool,
    /// The IAM principal that signed the request. `None` if IAM did not authorize it.
    pub principal: Option<String>,
    /// The body. `None` if it is not the base64 that the event says it is.
    pub body: Option<Vec<u8>>,
    /// AWS's id of the request, which names a run that has no name.
    pub request_id: String,
}

/// What a request over HTTP asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HttpRoute {
    /// `POST /runs`: start a run.
    Start,
    /// `GET /runs/{id}`: the state of a run.
    Read(RunId),
    /// No such resource.
    NotFound,
    /// The resource has no such method, but this one.
    NotAllowed(&'static str),
}

impl HttpRequest {
    /// Finds what is asked for. A name that no run can have is that of no run.
    pub(crate) fn route(&self) -> HttpRoute {
        let path = self.path.strip_suffix('/').unwrap_or(&self.path);
        if path == RUNS {
            return if self.method == "POST" { HttpRoute::Start } else { HttpRoute::NotAllowed("POST") };
        }
        let run_id = path.strip_prefix(RUNS).and_then(|rest| rest.strip_prefix('/'));
        match run_id.and_then(|run_id| run_id.parse().ok()) {
            None => HttpRoute::NotFound,
            Some(run_id) if self.method == "GET" => HttpRoute::Read(run_id),
            Some(_) => HttpRoute::NotAllowed("GET"),
        }
    }
}

/// Reads a request over HTTP, or returns what is wrong with the event. It is AWS that writes the event, and not the caller.
pub(super) fn http(event: &Value) -> Result<HttpRequest, ValidationErrors> {
    let mut errors = ValidationErrors::new();
    let Some(fields) = Fields::of(event, "event", &mut errors) else { return Err(errors) };
    let version = fields.string("version", &mut errors).unwrap_or("none");
    if version != VERSION {
        let what = format!(
            "is {}: only the payload format {VERSION} is read. A REST API has none: use an HTTP API",
            quoted(version)
        );
        errors.push("event.version", what);
        return Err(errors);
    }
    let context = fields.get(REQUEST_CONTEXT).and_then(|value| Fields::of(value, "event.requestContext", &mut errors));
    let Some(context) = context else { return Err(errors) };
    let http = context.get("http").unwrap_or(&Value::Null);
    let Some(http) = Fields::of(http, "event.requestContext.http", &mut errors) else { return Err(errors) };
    let method = http.string("method", &mut errors).unwrap_or_default().to_owned();
    let path = fields.string("rawPath", &mut errors).unwrap_or_default();
    let request_id = context.string("requestId", &mut errors).unwrap_or_default().to_owned();
    for (name, text) in [("requestContext.http.method", &method), ("requestContext.requestId", &request_id)] {
        if text.is_empty() {
            errors.push(format!("event.{name}"), "is missing: AWS always sends it");
        }
    }
    let stage = context.string("stage", &mut errors).unwrap_or(DEFAULT_STAGE);
    let (root, path) = split_stage(path, stage);
    let text = |name: &str| context.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_own_host = text("domainName").starts_with(&format!("{}.execute-api.", text("apiId")));
    let request = HttpRequest {
        method,
        root: if is_own_host { root.to_owned() } else { String::new() },
        path: path.to_owned(),
        has_query: fields.string("rawQueryString", &mut errors).is_some_and(|query| !query.is_empty()),
        principal: principal(event),
        body: body(&fields, &mut errors),
        request_id,
    };
    errors.into_result(request)
}

/// Splits a path into the stage with its slash, if it begins with it, and the rest.
fn split_stage<'a>(path: &'a str, stage: &str) -> (&'a str, &'a str) {
    let below = path.strip_prefix('/').and_then(|path| path.strip_prefix(stage));
    let below = below.filter(|path| stage != DEFAULT_STAGE && path.starts_with('/')).unwrap_or(path);
    path.split_at(path.len() - below.len())
}

/// Returns the principal that IAM has authorized: a user, or a role whatever its session is called.
fn principal(event: &Value) -> Option<String> {
    let text = event.pointer("/requestContext/authorizer/iam/userArn")?.as_str()?;
    let arn: Arn = text.parse().ok()?;
    arn.account_id?;
    match arn.resource.strip_prefix("assumed-role/") {
        None => Some(text.to_owned()),
        // The ARN of a session: the session's name follows that of the role.
        Some(role) => role.contains('/').then(|| text.rsplit_once('/').map_or(text, |(role, _)| role).to_owned()),
    }
}

fn body(fields: &Fields<'_>, errors: &mut ValidationErrors) -> Option<Vec<u8>> {
    let text = match fields.get("body") {
        None | Some(Value::Null) => "",
        Some(_) => fields.string("body", errors)?,
    };
    match fields.boolean("isBase64Encoded", errors) {
        Some(true) => BASE64_STANDARD.decode(text).ok(),
        _ => Some(text.as_bytes().to_vec()),
    }
}

#[cfg(test)]
mod tests;
