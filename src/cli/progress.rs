//! Progress bars on standard error.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::printer::status_name;
use crate::engine::{AccountSummary, Completeness, Observer};
use crate::terminal::{log_line, note, one_line};

/// Prints notes of a run without progress bars.
#[derive(Debug)]
pub(super) struct Notes;

impl Observer for Notes {
    fn waits(&self, what: &str) {
        note(what);
    }
}

/// A bar of accounts and a bar of cells, drawn on standard error.
#[derive(Debug)]
pub(super) struct ProgressBars {
    bars: MultiProgress,
    accounts: ProgressBar,
    cells: ProgressBar,
}

impl ProgressBars {
    pub(super) fn new() -> Self {
        let bars = MultiProgress::new();
        let bar = |what: &str| {
            let style =
                ProgressStyle::with_template(&format!("{{elapsed:>5}} {what:<8} {{bar:32}} {{pos}}/{{len}} {{msg}}"));
            bars.add(ProgressBar::new(0)).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        };
        let (accounts, cells) = (bar("accounts"), bar("cells"));
        Self { bars, accounts, cells }
    }

    /// Removes the bars from the terminal.
    pub(super) fn clear(&self) {
        self.accounts.finish_and_clear();
        self.cells.finish_and_clear();
        let _ = self.bars.clear();
    }

    /// Returns a function that prints log lines above the bars.
    pub(super) fn log_lines(&self) -> impl Fn(&[u8]) + Clone + Send + Sync + 'static {
        let bars = self.bars.clone();
        move |line| bars.suspend(|| log_line(line))
    }
}

impl Observer for ProgressBars {
    fn run_started(&self, run_id: &str, accounts: usize) {
        // A command may carry out several runs, one after the other.
        self.accounts.set_position(0);
        self.cells.set_position(0);
        self.cells.set_length(0);
        self.accounts.set_length(accounts as u64);
        self.accounts.set_message(one_line(run_id).into_owned());
        self.accounts.enable_steady_tick(std::time::Duration::from_millis(200));
    }

    fn waits(&self, what: &str) {
        let _ = self.bars.println(one_line(what));
    }

    fn cells_opened(&self, count: usize) {
        self.cells.inc_length(count as u64);
    }

    fn cells_closed(&self, count: usize) {
        self.cells.inc(count as u64);
    }

    fn account_done(&self, summary: &AccountSummary) {
        self.accounts.inc(1);
        if summary.status != Completeness::Complete {
            let name = one_line(summary.name.as_deref().unwrap_or_default());
            // A line that the terminal does not take is lost: the ledger and the summary have the status too.
            let _ = self.bars.println(format!("  {} {name}: {}", summary.account_id, status_name(summary.status)));
        }
    }
}
