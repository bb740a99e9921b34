//! What a caller may not ask for, although the request is valid: records in the response, a time to come, and the name of
//! a run that another event or another run has to have.
//!
//! An invoker of the function can send any event. So nothing in an event proves who sent it, and a claim is judged
//! by what it could take away from others.
//!
//! **Invariant:** reads the output, and writes nothing.

use jiff::{SignedDuration, Timestamp};

use super::run_store::RunStore;
use super::{Engine, RunRequest};
use crate::domain::RunId;
use crate::engine::collect::now;
use crate::error::{Error, ErrorKind};
use crate::event::{Request, RunIdSource, is_reserved, names_its_own_time};
use crate::input::ValidationErrors;
use crate::settings::Runtime;

/// How far a scheduled time may be ahead of this clock. EventBridge delivers at or after that time.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

impl Engine {
    /// Adds the problems of what the caller claims to those of the request.
    pub(super) fn admit(&self, request: RunRequest) -> RunRequest {
        let mut problems = ValidationErrors::default();
        if request.wants_inline() && !self.allows_inline() {
            let what = "is switched off here: everyone who may invoke the function could read the records of all customers, \
                        those of earlier runs too. Leave it out and read the files that the manifest names, or allow it by \
                        ROLECALL_INLINE=true (parameter Inline=yes of backend.yaml)";
            problems.push("request.inline", what);
        }
        let asked = request.draft.as_read();
        if let Some(time) = asked.scheduled_at {
            refuse_future("request.scheduled_at", time, &mut problems);
        }
        match &request.run_id_source {
            RunIdSource::Rule { time, .. } => refuse_future("event.time", *time, &mut problems),
            RunIdSource::Event(id) | RunIdSource::Message(id) | RunIdSource::Invocation(id)
                if asked.run_id.is_none() && asked.scheduled_at.is_none() && is_reserved(&RunId::of_event(id)) =>
            {
                problems.push(
                    "event",
                    "its id has the form of a scheduled run's name, which AWS gives no event: send another id",
                );
            }
            _ => {}
        }
        RunRequest { draft: request.draft.clone().with_problems(problems), ..request }
    }

    /// Adds a problem if the request of an invoker names a run that only a schedule may begin. The steps of the state
    /// machine and commands at a terminal may continue such a run.
    pub(super) fn refuse_reserved(&self, request: RunRequest) -> RunRequest {
        let asked = request.draft.as_read();
        let is_claim = |run_id: &RunId| is_reserved(run_id) && run_id.resumes().is_none() && !names_its_own_time(asked);
        if self.runtime != Runtime::Lambda || !asked.run_id.as_ref().is_some_and(is_claim) {
            return request;
        }
        let problems = ValidationErrors::one("request.run_id", RESERVED);
        RunRequest { draft: request.draft.clone().with_problems(problems), ..request }
    }

    fn allows_inline(&self) -> bool {
        self.settings.inline.unwrap_or(self.runtime == Runtime::Terminal)
    }
}

const RESERVED: &str = "is reserved for scheduled runs (it begins with scheduled- or ends in a time): choose another name, or \
                        leave it out";

fn refuse_future(place: &str, time: Timestamp, problems: &mut ValidationErrors) {
    if time.duration_since(now()) > CLOCK_SKEW {
        let what = format!("{time} is in the future: the run that is scheduled for it would find its name taken");
        problems.push(place, what);
    } else if time < Timestamp::UNIX_EPOCH {
        problems.push(place, format!("{time} is before 1970: write the time of the schedule"));
    }
}

/// Refuses a request that would begin a run under a name that belongs to another one: a scheduled run, or the rest of a
/// run.
pub(super) async fn refuse_claim(store: &RunStore, request: &Request) -> Result<(), Error> {
    let Some(run_id) = request.run_id.as_ref().filter(|_| !names_its_own_time(request)) else { return Ok(()) };
    let Some(resumed) = run_id.resumes() else {
        return match is_reserved(run_id) {
            true => Err(Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("request.run_id", RESERVED))),
            false => Ok(()),
        };
    };
    let remaining = store.manifest(&resumed).await?.and_then(|manifest| manifest.response.remaining);
    let refused = match remaining {
        Some(remaining) => remaining != *request,
        // Nothing remains of that run, or there is none.
        None => is_reserved(run_id),
    };
    if !refused {
        return Ok(());
    }
    let message = format!(
        "run {run_id} is the rest of run {resumed}, and this is not the request that does it: send `remaining` of that run's \
         manifest as it is, or give this request another run_id"
    );
    Err(Error::new(ErrorKind::RunIdTaken, message))
}
