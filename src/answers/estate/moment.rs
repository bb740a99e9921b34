//! The moment of an answer: now, a time in the past, or one run with its continuations.
//!
//! **Invariant:** an unknown run or a moment before the first run is an error, and never an empty answer.

use jiff::Timestamp;

use crate::domain::RunId;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::output::state::{self, Commit};
use crate::store::Store;

/// The moment of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The newest full answer of each cell.
    Now,
    /// The same at a time in the past: runs that were committed by then count.
    At(Timestamp),
    /// One run, with the runs that continued it.
    Run(RunId),
}

/// The dates and names of a committed run and of the runs that continued it.
pub(super) async fn chain(engine: &Engine, run_id: &RunId) -> Result<Vec<(String, String)>, Error> {
    let chain = engine.history()?.chain(run_id).await?;
    if chain.is_empty() {
        let (_, location) = engine.output()?;
        let what = format!("no run {run_id} is committed in {location}: `rolecall status {run_id}` says more of it");
        return Err(Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("--run", what)));
    }
    let name = |manifest: &crate::engine::Manifest| (manifest.plan.dt.clone(), manifest.response.run_id.to_string());
    Ok(chain.iter().map(name).collect())
}

/// Every commit, the oldest first.
pub(crate) async fn commits(engine: &Engine) -> Result<Vec<Commit>, Error> {
    let (store, location) = engine.output()?;
    state::commits(&store).await.map_err(|error| super::unreadable(&location, &error))
}

/// The newest committed runs whose requests narrowed nothing, the newest first. A run counts once with its continuations.
pub(crate) async fn newest_whole_runs(engine: &Engine, count: usize) -> Result<Vec<RunId>, Error> {
    let (store, location) = engine.output()?;
    let runs = state::committed_runs(&store).await.map_err(|error| super::unreadable(&location, &error))?;
    let history = engine.history()?;
    let mut whole: Vec<(Timestamp, RunId)> = Vec::new();
    let mut last = String::new();
    for (dt, run_id) in runs.into_iter().rev() {
        // Runs of one date are in the order of their names, and not of their starts.
        if whole.len() >= count && dt != last {
            break;
        }
        last = dt;
        let Ok(run_id) = run_id.parse::<RunId>() else { continue };
        let Some(manifest) = history.manifest(&run_id).await? else { continue };
        if manifest.resumes.is_none() && manifest.plan.request.narrows_nothing() {
            whole.push((manifest.response.started_at, run_id));
        }
    }
    whole.sort_by(|one, other| other.cmp(one));
    Ok(whole.into_iter().take(count).map(|(_, run_id)| run_id).collect())
}

/// The error of an output that has no committed run, or none by the moment.
pub(super) async fn nothing_committed(store: &Store, location: &str, moment: &Moment) -> Error {
    let first = state::first_commit(store).await.ok().flatten();
    let message = match (moment, first) {
        (Moment::At(at), Some(first)) => {
            format!("no run was committed in {location} by {at}: the first one began at {first}")
        }
        _ => format!(
            "no run is committed in {location}: name the output of a run with --output or ROLECALL_OUTPUT, or make one \
             with `rolecall run`"
        ),
    };
    Error::new(ErrorKind::OutputUnreadable, message)
}
