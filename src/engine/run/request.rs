//! The request for one run: what an event or a command asks for, and under which conditions it is carried out.
//!
//! **Invariant:** decides nothing about the request's content. Only `prepare` turns a draft into a valid request.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{NoopObserver, Observer};
use crate::domain::RunId;
use crate::error::{Error, ErrorKind};
use crate::event;
use crate::event::{Request, RunIdSource};
use crate::input::ValidationErrors;
use crate::output::sink::MIN_WRITE_MARGIN;
use crate::settings::Settings;

/// Time that is kept to write the plan, and a ledger in which every cell is `not_started`.
const MIN_TIME_TO_WRITE: Duration = Duration::from_secs(2);

/// A request as it was read, with the problems found so far. It may be invalid.
///
/// Problems are collected and not returned at once, so that those of the registry and of the selection are reported
/// together with them.
#[derive(Clone, Debug)]
pub struct RequestDraft {
    request: Request,
    problems: ValidationErrors,
}

impl RequestDraft {
    /// Combines a request, as far as it could be read, with the problems found in it.
    pub fn new(request: Request, problems: ValidationErrors) -> Self {
        Self { request, problems }
    }

    /// Reads a JSON value. Problems name the field below `path`, such as `request.accounts[0]`.
    pub fn read(value: &Value, path: &str) -> Self {
        let mut problems = ValidationErrors::default();
        let request = Request::read(value, path, &mut problems);
        Self { request, problems }
    }

    /// Returns the request, unless it has problems already.
    pub(super) fn valid(&self) -> Option<&Request> {
        self.problems.is_empty().then_some(&self.request)
    }

    /// Separates the request from its problems, to look for further ones.
    pub(super) fn into_parts(self) -> (Request, ValidationErrors) {
        (self.request, self.problems)
    }

    /// Adds problems that were found besides those of reading it.
    pub(super) fn with_problems(mut self, found: ValidationErrors) -> Self {
        self.problems.merge(found);
        self
    }

    /// The request as far as it could be read. It may be invalid.
    pub(super) fn as_read(&self) -> &Request {
        &self.request
    }

    /// Adds a problem if the request asks for `inline` records and its caller cannot receive them.
    pub(crate) fn refuse_inline(mut self, path: &str) -> Self {
        if self.request.inline {
            self.problems.push(format!("{path}.inline"), "nobody would get the records here: leave it out");
        }
        self
    }
}

impl From<Request> for RequestDraft {
    fn from(request: Request) -> Self {
        Self::new(request, ValidationErrors::default())
    }
}

/// When a run, or one shard of it, has to end.
#[derive(Clone, Debug, Default)]
pub struct StopCondition {
    /// Ends the run early and in good order: what was collected is written and committed.
    pub stop: CancellationToken,
    /// The time at which the process ends. Nothing new begins shortly before it.
    pub deadline: Option<Instant>,
}

impl StopCondition {
    /// Returns true if the run was interrupted, or no more than `margin` is left until the deadline.
    pub(crate) fn is_near(&self, margin: Duration) -> bool {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        self.stop.is_cancelled() || left.is_some_and(|left| left <= margin)
    }

    /// The time before the deadline in which nothing new begins, seen from now: the margin of the settings, but at most half of
    /// the time that is left. In a short time nothing would begin otherwise.
    pub(crate) fn margin(&self, settings: &Settings) -> Duration {
        let margin = settings.margin.unwrap_or(MIN_WRITE_MARGIN);
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        left.map_or(margin, |left| margin.min(left / 2))
    }

    /// Returns when the run was interrupted, or only `margin` is left until the deadline.
    pub(crate) async fn near(&self, margin: Duration) {
        let near_deadline = async {
            match self.deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.checked_sub(margin).unwrap_or(deadline)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = near_deadline => {}
        }
    }

    /// Returns when a run that has not begun must end: it was interrupted, or the time left would not suffice to write even
    /// a ledger of cells that were not started.
    pub(crate) async fn out_of_time(&self) -> Error {
        let near_deadline = async {
            match self.deadline {
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    tokio::time::sleep_until(deadline - MIN_TIME_TO_WRITE.min(left / 8)).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = near_deadline => {}
        }
        let message = if self.stop.is_cancelled() {
            "the run was interrupted before any customer was called: no question was asked"
        } else {
            "the run's time ended before any customer was called: no question was asked. Give it more time, and check \
             whether STS, the registry, its organizations and the output answer"
        };
        Error::new(ErrorKind::OutOfTime, message)
    }
}

/// One run to carry out.
#[derive(Debug)]
pub struct RunRequest {
    /// The request, which may still be invalid.
    pub draft: RequestDraft,
    /// Names the run if the request does not.
    pub run_id_source: RunIdSource,
    /// True if the caller can receive records in the response. The request must ask for them too (`inline`).
    pub may_inline: bool,
    /// Accounts per shard of a new plan. `None` makes one shard of all accounts.
    pub batch: Option<usize>,
    /// When the run has to end.
    pub until: StopCondition,
    /// Receives the run's progress.
    pub observer: Arc<dyn Observer>,
}

impl RunRequest {
    /// A run in one shard, without a deadline, without inline records and without an observer.
    pub fn new(draft: impl Into<RequestDraft>, run_id_source: RunIdSource) -> Self {
        Self {
            draft: draft.into(),
            run_id_source,
            may_inline: false,
            batch: None,
            until: StopCondition::default(),
            observer: Arc::new(NoopObserver),
        }
    }

    /// The name of the run: the request's, or else one derived from the event.
    pub(super) fn run_id(&self) -> RunId {
        event::run_id(&self.draft.request, &self.run_id_source)
    }

    /// The name of a scheduled run whose first name belongs to another request. `None` for any other run.
    pub(super) fn second_run_id(&self) -> Option<RunId> {
        event::second_run_id(&self.draft.request, &self.run_id_source)
    }

    /// True if the records are to be returned in the response.
    pub(super) fn wants_inline(&self) -> bool {
        self.may_inline && self.draft.request.inline
    }
}
