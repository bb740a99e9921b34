//! What a page is made of beside the facts.
//!
//! **Invariant:** holds values, and computes none.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::dns_verdicts::DnsVerdicts;
use super::registered_accounts::RegisteredAccounts;
use super::run_stamp::RunStamp;
use crate::answers::changes::ComparedRuns;
use crate::answers::questions::{Options, Question};

/// What a page is made of beside the facts.
#[derive(Debug, Default)]
pub(crate) struct ReportInputs {
    /// The questions with their options.
    pub options: Vec<(&'static Question, Options)>,
    /// Every table of the inventory.
    pub tables: Vec<&'static str>,
    /// The accounts of the registry, if one is given.
    pub registered: Option<RegisteredAccounts>,
    /// The two newest whole runs, if there are two.
    pub compared: Option<ComparedRuns>,
    /// Whether the page has verdicts on DNS records.
    pub has_verdicts: bool,
    /// These verdicts, once they are made.
    pub verdicts: Option<DnsVerdicts>,
    /// What the user narrowed the page to, in words.
    pub narrowed: Vec<String>,
    /// The customer whose page it is, if it has the accounts of one alone.
    pub customer: Option<String>,
    /// The address of the index of all customers, relative to the page.
    pub index: Option<String>,
    /// The run that the page was written after.
    pub run: Option<RunStamp>,
    /// Set when nobody waits for the page any more.
    pub stop: Arc<AtomicBool>,
}
