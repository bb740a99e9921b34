//! What changed from one run to the next, as `rolecall diff` compares two runs.
//!
//! **Invariant:** compares by the code of `comparison` alone. Where there are no two such runs there is nothing.

use std::collections::BTreeSet;

use super::{Changes, compare};
use crate::answers::estate::{Estate, Moment, newest_whole_runs, run_times, whole_run_before};
use crate::answers::facts::RowFilter;
use crate::domain::RunId;
use crate::engine::Engine;
use crate::error::Error;

/// What changed between two runs.
#[derive(Clone, Debug)]
pub(crate) struct ComparedRuns {
    pub older: String,
    pub newer: String,
    pub changes: Changes,
}

/// The two newest runs that asked everything, the older one first. `None` if there are no two.
pub(crate) async fn newest_pair(engine: &Engine) -> Result<Option<(RunId, RunId)>, Error> {
    let mut runs = newest_whole_runs(engine, 2).await?.into_iter();
    Ok(runs.next().zip(runs.next()).map(|(newest, before)| (before, newest)))
}

/// Compares two estates. `None` if they have no account in common.
pub(crate) async fn compare_common(
    older: &Estate,
    newer: &Estate,
    selection: &RowFilter,
) -> Result<Option<Changes>, Error> {
    if older.accounts().is_disjoint(&newer.accounts()) {
        return Ok(None);
    }
    compare(older, newer, selection).await.map(Some)
}

/// A run with its continuations, and the state when the run before it was committed.
#[derive(Clone, Debug)]
pub(crate) struct RunPair {
    names: (RunId, RunId),
    older: Estate,
    newer: Estate,
}

impl RunPair {
    /// The two newest runs that asked everything.
    pub(crate) async fn newest(engine: &Engine) -> Result<Option<Self>, Error> {
        let Some((before, newest)) = newest_pair(engine).await? else { return Ok(None) };
        let (_, committed_at) = run_times(engine, &before).await?;
        Self::open(engine, (before, Moment::At(committed_at)), newest).await.map(Some)
    }

    /// A run, and the newest one of those before it that asked everything.
    pub(crate) async fn before(engine: &Engine, run_id: &RunId) -> Result<Option<Self>, Error> {
        let Some(before) = whole_run_before(engine, &Moment::Run(run_id.clone())).await? else { return Ok(None) };
        let older = (before.run_id, Moment::At(before.committed_at));
        Self::open(engine, older, run_id.clone()).await.map(Some)
    }

    async fn open(engine: &Engine, (before, at): (RunId, Moment), run_id: RunId) -> Result<Self, Error> {
        let newer = Estate::open(engine, &Moment::Run(run_id.clone()), None).await?;
        let older = Estate::open(engine, &at, None).await?;
        Ok(Self { names: (before, run_id), older, newer })
    }

    /// The pair for some accounts alone.
    pub(crate) fn of_accounts(&self, accounts: &BTreeSet<String>) -> Self {
        let (older, newer) = (self.older.of_accounts(accounts), self.newer.of_accounts(accounts));
        Self { names: self.names.clone(), older, newer }
    }

    /// What changed. `None` if the two have no account in common.
    pub(crate) async fn compare(&self, selection: &RowFilter) -> Result<Option<ComparedRuns>, Error> {
        let changes = compare_common(&self.older, &self.newer, selection).await?;
        let (older, newer) = (self.names.0.to_string(), self.names.1.to_string());
        Ok(changes.map(|changes| ComparedRuns { older, newer, changes }))
    }
}
