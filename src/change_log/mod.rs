//! Records what a committed run changed: the table `changes`.
//!
//! ```text
//! committed run -> plan -> parts (compare, write, document) -> changes.json, which names the files -> list for query
//! engines, events
//! ```
//!
//! The step follows the commit of a run, and fails no run. Each part is recorded by a document that is written once, so an
//! attempt that ends early loses at most the part that it was at, and two attempts give one result.
//!
//! **Invariant:** calls no customer. A file that `changes.json` does not name does not count.

mod documents;
mod document_store;
mod planned;
mod part;
mod notice;
mod events;
mod fleet;

pub(crate) use fleet::{finish, parts_left, record_one};
pub(crate) use notice::ChangesNotice;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::TryStreamExt;

use crate::domain::RunId;
use crate::engine::{ChangesSummary, Engine, Manifest, Recording, StopCondition};
use crate::error::{Error, ErrorKind};
use crate::event::ChangesMessage;
use crate::input::ValidationErrors;
use document_store::DocumentStore;
use documents::{CellTally, ChangeCounts, ChangesDocument, ComparisonPlan, PartDocument, PlannedPart, VERSION};

/// Time before the end of an invocation that is left for the response.
const MARGIN: Duration = Duration::from_secs(5);

/// Records what a run changed, after its commit. `None` if the settings do not ask for it. A failure is part of the summary.
/// What is left is continued by a message to the function's own queue, if there is one.
pub(crate) async fn after_commit(engine: &Engine, run_id: &RunId, until: &StopCondition) -> Option<ChangesSummary> {
    if !engine.settings.changes {
        return None;
    }
    let summary = record(engine, run_id, until).await.unwrap_or_else(|error| {
        let run_id = run_id.as_str();
        tracing::error!(run_id, %error, "the changes of the committed run could not be recorded");
        ChangesSummary { error: Some(error.message), ..ChangesSummary::nothing(Recording::Failed) }
    });
    if summary.status != Recording::Recorded {
        send_rest(engine, ChangesMessage { run_id: run_id.clone(), attempt: 1 }).await;
    }
    Some(summary)
}

/// Goes on with what a message names.
///
/// # Errors
///
/// Returns an error if it is not recorded in the end, so that the queue delivers the message again.
pub(crate) async fn continue_recording(
    engine: &Engine,
    message: &ChangesMessage,
    until: &StopCondition,
) -> Result<(), Error> {
    // Whoever may send to the queue can write such a message.
    if !engine.settings.changes {
        tracing::warn!(run_id = message.run_id.as_str(), "a message asks for changes, which the settings switch off");
        return Ok(());
    }
    let summary = record(engine, &message.run_id, until).await?;
    if summary.status == Recording::Recorded {
        return Ok(());
    }
    if let Some(what) = summary.error {
        return Err(Error::new(ErrorKind::EventNotSent, what));
    }
    let next = ChangesMessage { attempt: message.attempt.saturating_add(1), ..message.clone() };
    if send_rest(engine, next).await {
        return Ok(());
    }
    let (run_id, parts, recorded) = (&message.run_id, summary.parts, summary.parts_recorded);
    let what = format!("the time ended when {recorded} of {parts} parts of the changes of run {run_id} were recorded");
    Err(Error::new(ErrorKind::OutOfTime, what))
}

/// Sends the rest of the step to the function's own queue, a bounded number of times. Returns whether it was sent.
async fn send_rest(engine: &Engine, message: ChangesMessage) -> bool {
    let (run_id, attempt) = (message.run_id.as_str(), message.attempt);
    if attempt > engine.settings.continuations {
        tracing::error!(run_id, attempt, "the changes of the run are not recorded within the limit of continuations");
        return false;
    }
    match engine.enqueue(message.body()).await {
        Ok(is_sent) => is_sent,
        Err(error) => {
            tracing::error!(run_id, %error, "the rest of the changes of the run could not be sent to the queue");
            false
        }
    }
}

/// Records what a committed run changed, as far as the time suffices.
///
/// # Errors
///
/// Returns an error if the run is not committed, or if the output cannot be read or written.
pub(crate) async fn record(engine: &Engine, run_id: &RunId, until: &StopCondition) -> Result<ChangesSummary, Error> {
    let log = ChangeLog { engine, documents: DocumentStore::open(engine)? };
    let (mut parts, mut recorded) = (0, 0);
    let result = tokio::select! {
        biased;
        () = until.near(MARGIN) => None,
        result = Box::pin(log.record_and_tell(run_id, &mut parts, &mut recorded)) => Some(result?),
    };
    match result {
        Some(summary) => Ok(summary),
        None => {
            tracing::warn!(
                run_id = run_id.as_str(),
                parts,
                recorded,
                "the time ended before all changes were recorded"
            );
            let nothing = ChangesSummary::nothing(Recording::Unfinished);
            Ok(ChangesSummary { parts, parts_recorded: recorded, ..nothing })
        }
    }
}

/// The step, with what it needs.
struct ChangeLog<'a> {
    engine: &'a Engine,
    documents: DocumentStore,
}

impl ChangeLog<'_> {
    /// Carries out what is left of the step, and sends the events. An event that is not taken is part of the summary.
    async fn record_and_tell(
        &self,
        run_id: &RunId,
        parts: &mut u64,
        recorded: &mut u64,
    ) -> Result<ChangesSummary, Error> {
        let document = self.record(run_id, parts, recorded).await?;
        let summary = self.summary(&document);
        match events::send(self.engine, &self.documents, &document).await {
            Ok(()) => Ok(summary),
            Err(error) => {
                tracing::error!(run_id = run_id.as_str(), %error, "events about changes could not be sent");
                Ok(ChangesSummary { status: Recording::Failed, error: Some(error.message), ..summary })
            }
        }
    }

    /// Carries out what is left of the step, without the events. Counts the parts, and those that are recorded.
    async fn record(&self, run_id: &RunId, parts: &mut u64, recorded: &mut u64) -> Result<ChangesDocument, Error> {
        let document = match self.documents.changes(run_id).await? {
            Some(document) => document,
            None => {
                let plan = self.plan(run_id).await?;
                *parts = plan.parts.len() as u64;
                for part in &plan.parts {
                    self.record_part(&plan, part).await?;
                    *recorded += 1;
                }
                self.name_files(&plan).await?
            }
        };
        self.documents.list_files(&document).await?;
        Ok(document)
    }

    /// The plan of the comparison, which the first attempt makes.
    async fn plan(&self, run_id: &RunId) -> Result<ComparisonPlan, Error> {
        if let Some(plan) = self.documents.plan(run_id).await? {
            return Ok(plan);
        }
        let manifest: Option<Manifest> = self.engine.history()?.manifest(run_id).await?;
        let manifest = manifest.ok_or_else(|| {
            let what = format!("run {run_id} is not committed, so that it has no changes to record");
            Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("run_id", what))
        })?;
        self.documents.create_plan(planned::plan(self.engine, &manifest).await?).await
    }

    /// Records a part, unless it is recorded.
    async fn record_part(&self, plan: &ComparisonPlan, part: &PlannedPart) -> Result<(), Error> {
        if self.documents.part(&plan.run_id, &part.name).await?.is_some() {
            return Ok(());
        }
        let document = part::compare(self.engine, &self.documents, plan, part).await?;
        self.documents.create_part(document).await.map(|_| ())
    }

    /// Writes the document that names the files of all parts.
    async fn name_files(&self, plan: &ComparisonPlan) -> Result<ChangesDocument, Error> {
        let names: Vec<String> = plan.parts.iter().map(|part| part.name.clone()).collect();
        let mut documents = self.documents.parts(&plan.run_id, names);
        let mut changes = ChangesDocument {
            version: VERSION,
            run_id: plan.run_id.clone(),
            started_at: plan.started_at,
            dt: plan.dt.clone(),
            before: plan.before,
            cells: CellTally::default(),
            counts: ChangeCounts::default(),
            parts: Vec::new(),
            files: Vec::new(),
            accounts: BTreeMap::new(),
        };
        while let Some(document) = documents.try_next().await? {
            add(&mut changes, document);
        }
        self.documents.create_changes(changes).await
    }

    fn summary(&self, document: &ChangesDocument) -> ChangesSummary {
        let parts = document.parts.len() as u64;
        ChangesSummary {
            added: document.counts.added,
            removed: document.counts.removed,
            changed: document.counts.changed,
            accounts: document.accounts.len() as u64,
            parts,
            parts_recorded: parts,
            document: Some(self.documents.address(&document.run_id)),
            ..ChangesSummary::nothing(Recording::Recorded)
        }
    }
}

fn add(changes: &mut ChangesDocument, part: PartDocument) {
    changes.cells.add(part.cells);
    changes.parts.push(part.part);
    changes.files.extend(part.files);
    for (account_id, account) in part.accounts {
        let own = changes.accounts.entry(account_id).or_default();
        for counts in account.tables.into_values() {
            own.add(counts);
            changes.counts.add(counts);
        }
    }
}
