//! A committed run with the runs that it continues, if together they asked everything.

use crate::answers::report::RunStamp;
use crate::domain::RunId;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;

/// A committed run and the runs that it continues.
#[derive(Clone, Debug)]
pub(super) struct CommittedChain {
    /// The names of all, the oldest first.
    pub runs: Vec<RunId>,
    /// The oldest one.
    pub first: RunId,
    /// The last one, with the start of the first.
    pub stamp: RunStamp,
}

impl CommittedChain {
    /// Reads a chain by its last run. `None` if its request narrowed something.
    pub(super) async fn of(engine: &Engine, run_id: &RunId) -> Result<Option<Self>, Error> {
        let history = engine.history()?;
        let absent = || {
            let what = format!("run {run_id} is not committed, so that it has no report page");
            Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("run_id", what))
        };
        let committed_at = history.manifest(run_id).await?.ok_or_else(absent)?.response.committed_at();
        let runs = history.chain_until(run_id).await?;
        let Some(first) = runs.first().cloned() else { return Ok(None) };
        let Some(begin) = history.manifest(&first).await? else { return Ok(None) };
        if !begin.plan.request.narrows_nothing() {
            return Ok(None);
        }
        let stamp = RunStamp { run_id: run_id.clone(), started_at: begin.response.started_at, committed_at };
        Ok(Some(Self { runs, first, stamp }))
    }
}
