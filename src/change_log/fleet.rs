//! The step as steps of a state machine: the parts that are left, one part, and the end.
//!
//! **Invariant:** only names, counts and locations pass between the steps.

use serde::Serialize;
use serde_json::{Value, json};

use super::document_store::DocumentStore;
use super::{ChangeLog, MARGIN, record};
use crate::domain::{RunId, new_attempt_id};
use crate::engine::{ChangesSummary, Engine, Recording, StopCondition};
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;

/// The output of the step that lists the parts. Every field is always there, since the machine reads them by their paths.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChangesStepOutput {
    /// The last run of the chain.
    pub run_id: RunId,
    /// Whether runs record their changes.
    pub recording: bool,
    /// The number of parts that are left.
    pub parts: usize,
    /// The list of these parts. Without parts the key is empty.
    pub items: ListLocation,
}

/// The location of a list of parts.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ListLocation {
    pub bucket: String,
    pub key: String,
}

/// Lists the parts that are left of a run, and of the runs that it continues.
pub(crate) async fn parts_left(engine: &Engine, run_id: &RunId) -> Result<ChangesStepOutput, Error> {
    let recording = engine.settings.changes;
    let mut output = ChangesStepOutput { run_id: run_id.clone(), recording, parts: 0, items: ListLocation::default() };
    if !recording {
        return Ok(output);
    }
    let log = ChangeLog { engine, documents: DocumentStore::open(engine)? };
    let mut items: Vec<Value> = Vec::new();
    for run_id in engine.history()?.chain_until(run_id).await? {
        if log.documents.changes(&run_id).await?.is_some() {
            continue;
        }
        for part in log.plan(&run_id).await?.parts {
            if log.documents.part(&run_id, &part.name).await?.is_none() {
                items.push(json!({ "run_id": run_id, "part": part.name }));
            }
        }
    }
    output.parts = items.len();
    if !items.is_empty() {
        // The machine may read lists of this name, and nothing else.
        let key = format!("runs/{run_id}/items.changes-{}.json", new_attempt_id());
        log.documents.output().create(&key, &items).await?;
        (output.items.bucket, output.items.key) = log.documents.output().store().location(&key);
    }
    Ok(output)
}

/// Records one part, unless it is recorded.
pub(crate) async fn record_one(
    engine: &Engine,
    run_id: &RunId,
    part: &str,
    until: &StopCondition,
) -> Result<(), Error> {
    let log = ChangeLog { engine, documents: DocumentStore::open(engine)? };
    let plan = log.plan(run_id).await?;
    let planned = plan.parts.iter().find(|planned| planned.name == part).ok_or_else(|| {
        let what = format!("the changes of run {run_id} have no part of this name");
        Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("event.part", what))
    })?;
    tokio::select! {
        biased;
        () = until.near(MARGIN) => Err(late(run_id)),
        result = Box::pin(log.record_part(&plan, planned)) => result,
    }
}

/// Finishes the step of a run, and of the runs that it continues: the oldest first.
pub(crate) async fn finish(engine: &Engine, run_id: &RunId, until: &StopCondition) -> Result<ChangesSummary, Error> {
    let mut last = ChangesSummary::nothing(Recording::Recorded);
    for run_id in engine.history()?.chain_until(run_id).await? {
        last = record(engine, &run_id, until).await?;
        if let Some(what) = last.error {
            return Err(Error::new(ErrorKind::EventNotSent, what));
        }
        if last.status != Recording::Recorded {
            return Err(late(&run_id));
        }
    }
    Ok(last)
}

fn late(run_id: &RunId) -> Error {
    let what = format!("the time ended before the changes of run {run_id} were recorded");
    Error::new(ErrorKind::OutOfTime, what)
}
