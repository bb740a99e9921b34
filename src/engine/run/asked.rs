//! Runs that were asked for over HTTP: a request is accepted, carried out by way of the queue, and reported to the
//! principal that asked for it.
//!
//! A document next to the plan, which is created once, says who asked for what. **Invariant:** a principal learns nothing of
//! a run that another one asked for, not even whether it exists, except that its name is taken.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::run_store::RunStore;
use super::{Engine, RequestDraft, RunHistory, RunRequest, RunStatus, prepare};
use crate::domain::RunId;
use crate::engine::collect::now;
use crate::engine::plan::check_globs;
use crate::engine::report::{Accepted, AskedRun, Chain, RefusedRequest, RunProgress};
use crate::error::{Error, ErrorKind};
use crate::event::{Request, RunIdSource};
use crate::input::ValidationErrors;
use crate::store::PutOutcome;

/// Most bytes of a request that a queue takes together with its name.
const MAX_REQUEST_BYTES: usize = 200 << 10;
/// Most characters of the reason why a run was refused.
const MAX_REASON: usize = 4_000;

/// The record of who asked for a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct AskedFor {
    principal: String,
    request: Request,
    asked_at: Timestamp,
}

/// The record of why a run that was asked for was refused.
#[derive(Debug, Serialize, Deserialize)]
struct RefusalRecord {
    #[serde(rename = "type")]
    kind: String,
    message: String,
    refused_at: Timestamp,
}

fn asked_key(run_id: &RunId) -> String {
    format!("runs/{run_id}/asked.json")
}

fn refusal_key(run_id: &RunId) -> String {
    format!("runs/{run_id}/refused.json")
}

impl Engine {
    /// Accepts a request of a principal, and sends it to the queue, from which a function carries it out. `id` names the run
    /// if the request does not. The same request under the same name is accepted again, and carried out once.
    ///
    /// # Errors
    ///
    /// Returns an error if the request is invalid, if its name is taken, or if it cannot be recorded or sent.
    pub(crate) async fn accept(&self, draft: RequestDraft, principal: &str, id: String) -> Result<Accepted, Error> {
        let store = RunStore::open(self)?;
        let request = self.valid_request(draft, id)?;
        let Some(run_id) = request.run_id.clone() else {
            return Err(Error::new(ErrorKind::Internal, "an accepted request has no name"));
        };
        let body =
            serde_json::to_string(&request).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        if body.len() > MAX_REQUEST_BYTES {
            let what = format!(
                "has {} bytes, and a queue takes {MAX_REQUEST_BYTES}: name fewer accounts, or use tags",
                body.len()
            );
            return Err(Error::of(ErrorKind::RequestTooLarge, &ValidationErrors::one("request", what)));
        }
        let asked = AskedFor { principal: principal.to_owned(), request, asked_at: now() };
        self.record_asked(&store, &run_id, &asked).await?;
        let sent = self.enqueue(body).await.map_err(|cause| {
            let what = format!(
                "run {run_id} could not be sent to the queue: {cause}. Send the request again with this run_id"
            );
            Error::new(ErrorKind::RequestNotSent, what)
        })?;
        if !sent {
            let what = "no queue is set (ROLECALL_CONTINUE_QUEUE), and a request over HTTP is carried out from a queue";
            return Err(Error::new(ErrorKind::InvalidSettings, what));
        }
        let (manifest, location) = (store.manifest_address(&run_id), format!("/runs/{run_id}"));
        Ok(Accepted { run_id, state: RunProgress::Accepted, location, manifest })
    }

    /// Reads a request as `prepare` does, except for what only the registry tells.
    fn valid_request(&self, draft: RequestDraft, id: String) -> Result<Request, Error> {
        let source = RunIdSource::Invocation(id);
        let run = self.admit(self.refuse_reserved(RunRequest::new(draft.refuse_inline("request"), source)));
        let run_id = run.run_id();
        let (request, mut problems) = run.draft.into_parts();
        if request.scheduled_at.is_some() {
            problems.push("request.scheduled_at", "is for schedules: leave it out, and name the run by run_id");
        }
        if request.run_id.as_ref().is_some_and(|run_id| run_id.resumes().is_some()) {
            problems.push(
                "request.run_id",
                "is the name of the rest of a run, which the backend does by itself: choose another",
            );
        }
        check_globs(&request, prepare::catalogue()?, self.backend.partition, &mut problems);
        if !problems.is_empty() {
            return Err(Error::of(ErrorKind::InvalidRequest, &problems));
        }
        Ok(Request { run_id: Some(run_id), ..request })
    }

    /// Records who asks for a run, unless another principal or another request has its name.
    async fn record_asked(&self, store: &RunStore, run_id: &RunId, asked: &AskedFor) -> Result<(), Error> {
        let taken = || {
            let what = format!("the run id {run_id} is taken: give this request another one, or none");
            Error::new(ErrorKind::RunIdTaken, what)
        };
        let key = asked_key(run_id);
        let is_same = |other: &AskedFor| other.principal == asked.principal && other.request == asked.request;
        match store.read::<AskedFor>(&key).await? {
            Some(other) if is_same(&other) => return refuse_refused(store, run_id).await,
            Some(_) => return Err(taken()),
            // A run that nobody asked for over HTTP is not the principal's.
            None if store.state(run_id).await?.plan().is_some() => return Err(taken()),
            None => {}
        }
        match store.put_if_absent(&key, asked).await? {
            PutOutcome::Created => Ok(()),
            PutOutcome::AlreadyExists => match store.read::<AskedFor>(&key).await? {
                Some(other) if is_same(&other) => Ok(()),
                _ => Err(taken()),
            },
        }
    }

    /// Refuses a message whose request over HTTP was refused before. A queue delivers it again, when it may be valid, and the
    /// principal that was told of the refusal may have asked under another name.
    pub(crate) async fn refuse_redelivered(&self, draft: &RequestDraft) -> Result<(), Error> {
        let request = draft.as_read();
        let Some(run_id) = &request.run_id else { return Ok(()) };
        let store = RunStore::open(self)?;
        match store.read::<AskedFor>(&asked_key(run_id)).await? {
            Some(asked) if asked.request == *request => refuse_refused(&store, run_id).await,
            _ => Ok(()),
        }
    }

    /// Records why a run that was asked for over HTTP is refused for good, for the principal that asked.
    pub(crate) async fn record_refusal(&self, draft: RequestDraft, error: &Error) {
        let request = draft.as_read();
        let Some(run_id) = &request.run_id else { return };
        if !matches!(error.kind, ErrorKind::InvalidRequest | ErrorKind::RunIdTaken) {
            return;
        }
        let recorded = async {
            let store = RunStore::open(self)?;
            let asked = store.read::<AskedFor>(&asked_key(run_id)).await?;
            if asked.is_some_and(|asked| asked.request == *request) {
                let message = error.message.chars().take(MAX_REASON).collect();
                let refusal = RefusalRecord { kind: error.kind.name().to_owned(), message, refused_at: now() };
                store.put_if_absent(&refusal_key(run_id), &refusal).await?;
            }
            Ok::<(), Error>(())
        };
        if let Err(error) = recorded.await {
            tracing::warn!(run_id = run_id.as_str(), %error, "the refusal of the run could not be recorded");
        }
    }

    /// Reports on a run to the principal that asked for it. `None` for every other run.
    pub(crate) async fn report_asked(&self, run_id: &RunId, principal: &str) -> Result<Option<AskedRun>, Error> {
        let store = RunStore::open(self)?.for_reading();
        let asked = store.read::<AskedFor>(&asked_key(run_id)).await?;
        let Some(asked) = asked.filter(|asked| asked.principal == principal) else { return Ok(None) };
        let history = RunHistory::new(store.clone());
        let told = |state| AskedRun::new(run_id.clone(), state, asked.asked_at);
        let taken =
            || refused(told(RunProgress::Failed), ErrorKind::RunIdTaken.name(), "another request has taken the run id");
        Ok(Some(match history.status(run_id).await? {
            RunStatus::Planned { plan, accounts, leases, .. } if plan.request == asked.request => AskedRun {
                planned_at: Some(plan.started_at),
                accounts: Some(plan.accounts.len()),
                accounts_done: Some(accounts),
                running_since: leases.iter().map(|lease| lease.since).min(),
                lease_until: leases.iter().map(|lease| lease.expires_at).max(),
                ..told(if leases.is_empty() { RunProgress::Planned } else { RunProgress::Running })
            },
            RunStatus::Committed => {
                let chain = history.chain(run_id).await?;
                let first = chain.first().filter(|first| first.plan.request == asked.request);
                first.map_or_else(taken, |first| AskedRun {
                    response: Some(first.response.clone().bounded()),
                    chain: (chain.len() > 1).then(|| Chain::of(&chain)),
                    ..told(RunProgress::Committed)
                })
            }
            RunStatus::Planned { .. } | RunStatus::Taken => taken(),
            RunStatus::Unknown => match store.read::<RefusalRecord>(&refusal_key(run_id)).await? {
                Some(refusal) => refused(told(RunProgress::Failed), &refusal.kind, &refusal.message),
                None => told(RunProgress::Accepted),
            },
        }))
    }
}

/// Refuses a request that was refused when it was to be carried out. A refusal is final, unless the run was planned.
async fn refuse_refused(store: &RunStore, run_id: &RunId) -> Result<(), Error> {
    let Some(refusal) = store.read::<RefusalRecord>(&refusal_key(run_id)).await? else { return Ok(()) };
    if store.state(run_id).await?.plan().is_some() {
        return Ok(());
    }
    let RefusalRecord { kind, message, .. } = refusal;
    let what = format!("the request of run id {run_id} was refused: give it another run id. {kind}: {message}");
    Err(Error::new(ErrorKind::RunIdTaken, what))
}

fn refused(run: AskedRun, kind: &str, message: &str) -> AskedRun {
    AskedRun { error: Some(RefusedRequest::new(kind, message)), ..run }
}
