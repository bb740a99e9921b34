//! When a committed run began, and when it was committed.

use jiff::Timestamp;

use crate::domain::RunId;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};

/// The start of a committed run, and when the last run that continues it was committed.
pub(super) async fn times(engine: &Engine, run_id: &RunId) -> Result<(Timestamp, Timestamp), Error> {
    let chain = engine.history()?.chain(run_id).await?;
    let committed = chain.iter().map(|run| run.response.committed_at()).max();
    chain.first().map(|run| run.response.started_at).zip(committed).ok_or_else(|| {
        let what = format!("no run {run_id} is committed in the output: `rolecall status {run_id}` says more of it");
        Error::new(ErrorKind::InvalidRequest, what)
    })
}
