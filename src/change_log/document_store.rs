//! Reads and creates the documents of the step in the output.
//!
//! **Invariant:** replaces nothing. Every error names the output.

use futures::{Stream, StreamExt};

use super::documents::{ChangesDocument, ComparisonPlan, PartDocument};
use crate::domain::RunId;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::output::changes_list;
use crate::output::documents::OutputDocuments;

/// Documents that are read at the same time.
pub(super) const CONCURRENT_READS: usize = 8;

fn plan_key(run_id: &RunId) -> String {
    format!("runs/{run_id}/changes/plan.json")
}

fn part_key(run_id: &RunId, part: &str) -> String {
    format!("runs/{run_id}/changes/{part}.json")
}

fn changes_key(run_id: &RunId) -> String {
    format!("runs/{run_id}/changes.json")
}

/// The output, seen as a store of the documents of the step.
#[derive(Clone, Debug)]
pub(super) struct DocumentStore(OutputDocuments);

impl DocumentStore {
    /// Opens the output that the settings name, without a call to it.
    pub(super) fn open(engine: &Engine) -> Result<Self, Error> {
        engine.output().map(|output| Self(OutputDocuments::new(output)))
    }

    pub(super) fn output(&self) -> &OutputDocuments {
        &self.0
    }

    /// The address of the document that names the files.
    pub(super) fn address(&self, run_id: &RunId) -> String {
        self.0.store().address(&changes_key(run_id))
    }

    pub(super) async fn plan(&self, run_id: &RunId) -> Result<Option<ComparisonPlan>, Error> {
        let key = plan_key(run_id);
        let plan: Option<ComparisonPlan> = self.0.read(&key).await?;
        self.0.require(&key, plan.as_ref().is_none_or(|plan| plan.run_id == *run_id))?;
        Ok(plan)
    }

    /// Writes the plan, or returns the one that exists.
    pub(super) async fn create_plan(&self, plan: ComparisonPlan) -> Result<ComparisonPlan, Error> {
        let key = plan_key(&plan.run_id);
        match self.0.create(&key, &plan).await? {
            true => Ok(plan),
            false => self.plan(&plan.run_id).await?.ok_or_else(|| self.0.gone(&key)),
        }
    }

    pub(super) async fn part(&self, run_id: &RunId, part: &str) -> Result<Option<PartDocument>, Error> {
        let key = part_key(run_id, part);
        let document: Option<PartDocument> = self.0.read(&key).await?;
        self.0.require(&key, document.as_ref().is_none_or(|it| it.run_id == *run_id && it.part == part))?;
        Ok(document)
    }

    /// Reads the documents of these parts, in order. One that is not there is an error.
    pub(super) fn parts<'a>(
        &'a self,
        run_id: &'a RunId,
        names: Vec<String>,
    ) -> impl Stream<Item = Result<PartDocument, Error>> + Send + Unpin + 'a {
        let reads = names.into_iter().map(move |name| async move {
            let document = self.part(run_id, &name).await?;
            document.ok_or_else(|| {
                let what = format!("part {name} of the changes of run {run_id} is not recorded");
                Error::new(ErrorKind::OutputUnreadable, what)
            })
        });
        Box::pin(futures::stream::iter(reads).buffered(CONCURRENT_READS))
    }

    /// Writes the document of a part, or returns the one that exists: then the files of this attempt do not count.
    pub(super) async fn create_part(&self, document: PartDocument) -> Result<PartDocument, Error> {
        let key = part_key(&document.run_id, &document.part);
        match self.0.create(&key, &document).await? {
            true => Ok(document),
            false => self.part(&document.run_id, &document.part).await?.ok_or_else(|| self.0.gone(&key)),
        }
    }

    pub(super) async fn changes(&self, run_id: &RunId) -> Result<Option<ChangesDocument>, Error> {
        let key = changes_key(run_id);
        let document: Option<ChangesDocument> = self.0.read(&key).await?;
        self.0.require(&key, document.as_ref().is_none_or(|it| it.run_id == *run_id))?;
        Ok(document)
    }

    /// Writes the document that names the files, or returns the one that exists.
    pub(super) async fn create_changes(&self, document: ChangesDocument) -> Result<ChangesDocument, Error> {
        let key = changes_key(&document.run_id);
        match self.0.create(&key, &document).await? {
            true => Ok(document),
            false => self.changes(&document.run_id).await?.ok_or_else(|| self.0.gone(&key)),
        }
    }

    /// Writes the list of the files for query engines, one document a line, unless it exists.
    pub(super) async fn list_files(&self, document: &ChangesDocument) -> Result<(), Error> {
        let key = changes_list::key(&document.dt, document.run_id.as_str());
        if document.files.is_empty() || self.0.exists(&key).await? {
            return Ok(());
        }
        let lines = changes_list::lines(document.run_id.as_str(), document.started_at, &document.files);
        self.0.create_bytes(&key, lines.into()).await.map(|_| ())
    }
}
