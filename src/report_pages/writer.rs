//! Writes the pages of one run, as far as they are missing.
//!
//! **Invariant:** a page is written once. What is read of it later is what its first writer put there.

use bytes::Bytes;

use super::latest;
use super::page_keys;
use super::page_memory::require_memory;
use super::planned::{PagesPlan, PlannedPage, plan};
use super::whole_run::CommittedChain;
use crate::answers::changes::RunPair;
use crate::answers::estate::{Estate, Moment};
use crate::answers::report::{
    CustomerPage, IndexPage, PageSource, RegisteredAccounts, ReportInputs, write_index, write_page,
};
use crate::customers::Registry;
use crate::engine::{Engine, PageWriting, PagesSummary};
use crate::error::{Error, ErrorKind};
use crate::output::documents::OutputDocuments;

/// The step for one run.
pub(super) struct PageWriter<'a> {
    engine: &'a Engine,
    output: OutputDocuments,
    chain: CommittedChain,
}

impl<'a> PageWriter<'a> {
    pub(super) fn new(engine: &'a Engine, chain: CommittedChain) -> Result<Self, Error> {
        Ok(Self { engine, output: OutputDocuments::new(engine.output()?), chain })
    }

    /// Writes what is missing of the pages. Counts the pages, and those that are written.
    pub(super) async fn write(&self, pages: &mut u64, written: &mut u64) -> Result<PagesSummary, Error> {
        let run_id = &self.chain.stamp.run_id;
        let (key, plan_key) = (page_keys::page(run_id), page_keys::plan(run_id));
        let mut plan: Option<PagesPlan> = self.output.read(&plan_key).await?;
        self.output.require(&plan_key, plan.as_ref().is_none_or(|plan| plan.run_id == *run_id))?;
        if !self.output.exists(&key).await? {
            plan = self.write_missing(plan, pages, written).await?;
        }
        let count = plan.as_ref().map_or(1, |plan| plan.parts.len() as u64);
        (*pages, *written) = (count, count);
        self.follow_latest(plan.as_ref()).await?;
        let page = Some(self.output.store().address(&key));
        Ok(PagesSummary { pages: count, pages_written: count, page, ..PagesSummary::nothing(PageWriting::Written) })
    }

    /// Writes the page, or every page that is missing and the index. Returns the plan, if there are several.
    async fn write_missing(
        &self,
        known: Option<PagesPlan>,
        pages: &mut u64,
        written: &mut u64,
    ) -> Result<Option<PagesPlan>, Error> {
        let run_id = &self.chain.stamp.run_id;
        let estate = Estate::open(self.engine, &Moment::At(self.chain.stamp.committed_at), None).await?;
        let registry = self.registry().await?;
        let registered = registry.as_ref().map(RegisteredAccounts::of_registry);
        let known = match known {
            Some(known) => Some(known),
            None => match plan(run_id, &estate, registered.as_ref(), self.engine.settings.report) {
                Some(plan) => Some(self.create_plan(plan).await?),
                None => None,
            },
        };
        let pair = RunPair::before(self.engine, &self.chain.first).await?;
        let mut source = PageSource::of(estate, pair);
        source.inputs.registered = registered;
        source.inputs.run = Some(self.chain.stamp.clone());
        let Some(plan) = known else {
            *pages = 1;
            require_memory(&source.estate, None)?;
            let page = page_of(source).await?.0;
            self.output.create_bytes(&page_keys::page(run_id), page).await?;
            return Ok(None);
        };
        *pages = plan.parts.len() as u64;
        for part in &plan.parts {
            self.write_part(&source, part).await?;
            *written += 1;
        }
        let index = self.index(&plan, false).await?;
        self.output.create_bytes(&page_keys::page(run_id), index).await?;
        Ok(Some(plan))
    }

    /// The names of accounts and customers, if there is a registry. One that cannot be read is an error: a page without them
    /// would stay, and so would one that has all customers.
    async fn registry(&self) -> Result<Option<Registry>, Error> {
        match self.engine.settings.registry {
            Some(_) => self.engine.registry().await.map(Some),
            None => Ok(None),
        }
    }

    /// Writes the plan, or returns the one that another attempt has written.
    async fn create_plan(&self, plan: PagesPlan) -> Result<PagesPlan, Error> {
        let key = page_keys::plan(&plan.run_id);
        match self.output.create(&key, &plan).await? {
            true => Ok(plan),
            false => self.output.read(&key).await?.ok_or_else(|| self.output.gone(&key)),
        }
    }

    /// Writes the page of a customer, unless it is written.
    async fn write_part(&self, whole: &PageSource, part: &PlannedPage) -> Result<(), Error> {
        let run_id = &self.chain.stamp.run_id;
        let key = page_keys::part_document(run_id, &part.name);
        if self.output.exists(&key).await? {
            return Ok(());
        }
        require_memory(&whole.estate, Some(part.accounts.len()))?;
        let customer = part.customer.clone().unwrap_or_else(|| "no customer".to_owned());
        let inputs = ReportInputs {
            customer: Some(customer),
            index: Some(page_keys::TO_INDEX.to_owned()),
            run: Some(self.chain.stamp.clone()),
            ..ReportInputs::default()
        };
        let (page, mut told) = page_of(whole.of_accounts(&part.accounts, inputs)).await?;
        told.customer.clone_from(&part.customer);
        self.output.create_bytes(&page_keys::part(run_id, &part.name), page).await?;
        // The document follows the page, so that the index names no page that is not there.
        self.output.create(&key, &told).await.map(|_| ())
    }

    /// Makes the index of the pages, for its place next to the manifest or at the top of the output.
    async fn index(&self, plan: &PagesPlan, is_latest: bool) -> Result<Bytes, Error> {
        let run_id = &self.chain.stamp.run_id;
        let mut pages: Vec<(String, CustomerPage)> = Vec::new();
        for part in &plan.parts {
            let key = page_keys::part_document(run_id, &part.name);
            let page = self.output.read(&key).await?.ok_or_else(|| self.output.gone(&key))?;
            pages.push((page_keys::from_index(run_id, &part.name, is_latest), page));
        }
        let (reason, run) = (plan.reason.clone(), self.chain.stamp.clone());
        let index = IndexPage { pages, at: run.committed_at, reason, run };
        let mut page = Vec::new();
        write_index(&index, &mut page).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        Ok(page.into())
    }

    /// Moves `latest.html` if `latest.json` names the run.
    async fn follow_latest(&self, plan: Option<&PagesPlan>) -> Result<(), Error> {
        if !latest::is_latest(&self.output, &self.chain.runs).await? {
            return Ok(());
        }
        let page = match plan {
            Some(plan) => self.index(plan, true).await?,
            None => {
                let key = page_keys::page(&self.chain.stamp.run_id);
                let read = self.output.store().read(&key).await.map_err(|error| self.output.error(&error))?;
                read.ok_or_else(|| self.output.gone(&key))?.bytes
            }
        };
        latest::replace(&self.output, &self.chain.stamp, page).await
    }
}

/// Makes a page, and what an index says of it.
async fn page_of(source: PageSource) -> Result<(Bytes, CustomerPage), Error> {
    let document = source.document().await?;
    let written = tokio::task::spawn_blocking(move || {
        let mut page = Vec::new();
        write_page(&document, &mut page).map(|()| (Bytes::from(page), document.customer_page()))
    });
    let internal = |what: String| Error::new(ErrorKind::Internal, what);
    written.await.map_err(|error| internal(error.to_string()))?.map_err(|error| internal(error.to_string()))
}
