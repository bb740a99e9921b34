//! What changed since the previous run: the two newest whole runs, compared as `rolecall diff` compares them.
//!
//! **Invariant:** compares by the code of `changes` alone. Where there are no two such runs there is nothing.

use super::report_document::ComparedRuns;
use crate::answers::changes;
use crate::answers::estate::{Estate, Moment, newest_whole_runs};
use crate::answers::facts::RowFilter;
use crate::engine::Engine;
use crate::error::Error;

/// Compares the two newest runs that asked everything. `None` if there are no two, or if they have no account in common.
pub(crate) async fn compared_runs(engine: &Engine, selection: &RowFilter) -> Result<Option<ComparedRuns>, Error> {
    let mut runs = newest_whole_runs(engine, 2).await?.into_iter();
    let (Some(newest), Some(before)) = (runs.next(), runs.next()) else { return Ok(None) };
    let chain = engine.history()?.chain(&before).await?;
    let Some(committed) = chain.iter().map(|run| run.response.committed_at()).max() else { return Ok(None) };
    let newer = Estate::open(engine, &Moment::Run(newest.clone()), None).await?;
    let older = Estate::open(engine, &Moment::At(committed), None).await?;
    if older.accounts().is_disjoint(&newer.accounts()) {
        return Ok(None);
    }
    let changes = changes::compare(&older, &newer, selection).await?;
    Ok(Some(ComparedRuns { older: before.to_string(), newer: newest.to_string(), changes }))
}
