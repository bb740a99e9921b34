//! The events of a run that an observer receives while the run goes on: for progress bars, metrics and tests.
//!
//! **Invariant:** knows nothing of how a run is carried out.

use crate::engine::report::{AccountSummary, Disabling, Response};

/// Receives the progress of a run. Every method does nothing by default.
pub trait Observer: Send + Sync + std::fmt::Debug {
    /// The run has a plan with this number of accounts. A run in steps reports this once, in its plan step.
    fn run_started(&self, run_id: &str, accounts: usize) {
        let _ = (run_id, accounts);
    }

    /// This number of further cells will be asked.
    fn cells_opened(&self, count: usize) {
        let _ = count;
    }

    /// This number of further cells has a final status.
    fn cells_closed(&self, count: usize) {
        let _ = count;
    }

    /// Another execution works at the run, and this one waits for it. `what` says which, since when and until when.
    fn waits(&self, what: &str) {
        let _ = what;
    }

    /// This invocation has committed the run.
    fn run_committed(&self, response: &Response) {
        let _ = response;
    }

    /// This invocation has disabled the targets of the run's open roles, or has failed to.
    fn targets_disabled(&self, run_id: &str, disabling: &Disabling) {
        let _ = (run_id, disabling);
    }

    /// All cells of an account have a final status.
    fn account_done(&self, summary: &AccountSummary) {
        let _ = summary;
    }
}

/// An observer that ignores every event.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoopObserver;

impl Observer for NoopObserver {}
