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
    /// One run without them.
    Alone {
        run_id: RunId,
        /// The date in the keys of its files.
        dt: String,
    },
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

/// A committed run whose request narrowed nothing, with its continuations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WholeRun {
    pub run_id: RunId,
    /// When its last continuation was committed.
    pub committed_at: Timestamp,
}

/// The start of a committed run, and when the last run that continues it was committed.
pub(crate) async fn run_times(engine: &Engine, run_id: &RunId) -> Result<(Timestamp, Timestamp), Error> {
    let chain = engine.history()?.chain(run_id).await?;
    let committed = chain.iter().map(|run| run.response.committed_at()).max();
    chain.first().map(|run| run.response.started_at).zip(committed).ok_or_else(|| {
        let what = format!("no run {run_id} is committed in the output: `rolecall status {run_id}` says more of it");
        Error::new(ErrorKind::InvalidRequest, what)
    })
}

/// The run before the newest one, of those whose requests narrowed nothing. `None` if there is none. Of an estate in the past,
/// runs that were committed by then count; of a single run, those that began before it.
pub(crate) async fn whole_run_before(engine: &Engine, moment: &Moment) -> Result<Option<WholeRun>, Error> {
    let history = engine.history()?;
    let began = match moment {
        Moment::Run(run_id) | Moment::Alone { run_id, .. } => {
            history.manifest(run_id).await?.map(|manifest| manifest.response.started_at)
        }
        Moment::Now | Moment::At(_) => None,
    };
    // Most often the newest runs are enough. Each has a manifest to read.
    for count in [3, 30, usize::MAX] {
        let runs = newest_whole_runs(engine, count).await?;
        let is_all = runs.len() < count;
        let mut is_newest = began.is_none();
        for run_id in runs {
            let chain = history.chain(&run_id).await?;
            let Some(started) = chain.first().map(|first| first.response.started_at) else { continue };
            let committed_at = chain.iter().map(|manifest| manifest.response.committed_at()).max().unwrap_or(started);
            if began.is_some_and(|began| started >= began) || matches!(moment, Moment::At(at) if committed_at > *at) {
                continue;
            }
            if !std::mem::take(&mut is_newest) {
                return Ok(Some(WholeRun { run_id, committed_at }));
            }
        }
        if is_all {
            break;
        }
    }
    Ok(None)
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
