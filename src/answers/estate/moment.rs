//! The moment of an answer: now, a time in the past, or one run with its continuations.
//!
//! **Invariant:** an unknown run or a moment before the first run is an error, and never an empty answer.

use jiff::Timestamp;

use crate::domain::RunId;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::output::state;
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
