//! Reads what a page needs of an estate, and makes its document.
//!
//! **Invariant:** a document is made away from the tasks that talk to AWS, and is given up once nobody waits for it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::dns_verdicts::DnsVerdicts;
use super::registered_accounts::RegisteredAccounts;
use super::report_document::{ReportDocument, document, reads};
use super::report_inputs::ReportInputs;
use crate::answers::changes::RunPair;
use crate::answers::estate::Estate;
use crate::answers::facts::RowFilter;
use crate::answers::questions::{Options, Question, of_one_moment};
use crate::error::{Error, ErrorKind};

/// What a page is made of.
#[derive(Debug)]
pub(crate) struct PageSource {
    pub estate: Estate,
    /// The runs that are compared, if there are two.
    pub pair: Option<RunPair>,
    pub selection: RowFilter,
    /// What is said of the page itself.
    pub inputs: ReportInputs,
}

/// Every question with its defaults.
pub(crate) fn default_options() -> Vec<(&'static Question, Options)> {
    of_one_moment().map(|question| (question, Options::defaults(question))).collect()
}

impl PageSource {
    /// A page of a whole estate with the defaults of every question.
    pub(crate) fn of(estate: Estate, pair: Option<RunPair>) -> Self {
        let inputs = ReportInputs { options: default_options(), has_verdicts: true, ..ReportInputs::default() };
        Self { estate, pair, selection: RowFilter::default(), inputs }
    }

    /// The page of some accounts alone: it knows nothing of the others, nor their names. It has no verdicts on DNS records, since
    /// another account of the estate may hold what nobody of these does.
    pub(crate) fn of_accounts(&self, accounts: &BTreeSet<String>, inputs: ReportInputs) -> Self {
        let registered = self.inputs.registered.as_ref().map(|registered| registered.of_accounts(accounts));
        Self {
            estate: self.estate.of_accounts(accounts),
            pair: self.pair.as_ref().map(|pair| pair.of_accounts(accounts)),
            selection: self.selection.clone(),
            inputs: ReportInputs { options: default_options(), registered, ..inputs },
        }
    }

    /// Reads the rows, compares the runs, and makes the document.
    pub(crate) async fn document(self) -> Result<ReportDocument, Error> {
        let Self { estate, pair, selection, mut inputs } = self;
        // None of the three uses both cores of a function all the time, so they share them.
        let compared = async {
            match &pair {
                Some(pair) => pair.compare(&selection).await,
                None => Ok(None),
            }
        };
        let judged = async {
            match inputs.has_verdicts {
                true => DnsVerdicts::of(&estate, &selection).await.map(Some),
                false => Ok(None),
            }
        };
        let reads = reads();
        let read = estate.facts(&reads, selection.clone());
        let (compared, verdicts, mut facts) = futures::try_join!(compared, judged, read)?;
        (inputs.compared, inputs.verdicts) = (compared, verdicts);
        for (account, name) in inputs.registered.iter().flat_map(RegisteredAccounts::names) {
            facts.account_names.insert(account.clone(), name.clone());
        }
        inputs.tables = estate.tables().collect();
        let _given_up = GivenUp(Arc::clone(&inputs.stop));
        let made = tokio::task::spawn_blocking(move || document(&facts, inputs)).await;
        made.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
    }
}

/// Stops the making of a document when it is dropped.
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
