//! What a principal that asked for a run over HTTP is told of it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Chain, Response};
use crate::domain::RunId;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunProgress {
    /// The request was recorded for the queue. A run that fails before it is planned, without a fault of the request, stays so:
    /// its message ends in the dead-letter queue.
    Accepted,
    /// The run has a plan, and no execution works at it: it has not begun, or its execution has died.
    Planned,
    /// An execution works at the run.
    Running,
    /// The run is committed.
    Committed,
    /// The request was refused when it was to be carried out. No customer was called.
    Failed,
}

/// The answer to a request over HTTP that is accepted.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Accepted {
    /// The name of the run.
    pub run_id: RunId,
    /// `accepted`.
    pub state: RunProgress,
    /// The path that reports on the run.
    pub location: String,
    /// The address at which the run's manifest will be.
    pub manifest: String,
}

/// What is known of a run that was asked for over HTTP.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AskedRun {
    /// The name of the run.
    pub run_id: RunId,
    /// How far the run is.
    pub state: RunProgress,
    /// When the run was asked for.
    pub asked_at: Timestamp,
    /// When the run was planned; missing once it is committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Timestamp")]
    pub planned_at: Option<Timestamp>,
    /// The number of accounts in the plan; missing once the run is committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "usize")]
    pub accounts: Option<usize>,
    /// The number of these accounts in committed shards.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "usize")]
    pub accounts_done: Option<usize>,
    /// Since when an execution works at the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Timestamp")]
    pub running_since: Option<Timestamp>,
    /// When another execution may take over, unless the lease is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Timestamp")]
    pub lease_until: Option<Timestamp>,
    /// The response of the committed run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Response")]
    pub response: Option<Response>,
    /// The run and its committed continuations together, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Chain")]
    pub chain: Option<Chain>,
    /// Why the request was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "RefusedRequest")]
    pub error: Option<RefusedRequest>,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct RefusedRequest {
    /// The type of the error, such as `InvalidRequest`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Every problem of the request.
    pub problems: Vec<String>,
}

impl RefusedRequest {
    pub(crate) fn new(kind: &str, message: &str) -> Self {
        Self { kind: kind.to_owned(), problems: message.lines().map(str::to_owned).collect() }
    }
}

impl AskedRun {
    /// A run of which nothing else is known.
    pub(crate) fn new(run_id: RunId, state: RunProgress, asked_at: Timestamp) -> Self {
        Self {
            run_id,
            state,
            asked_at,
            planned_at: None,
            accounts: None,
            accounts_done: None,
            running_since: None,
            lease_until: None,
            response: None,
            chain: None,
            error: None,
        }
    }
}
