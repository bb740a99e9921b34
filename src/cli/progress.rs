//! Progress bars on standard error.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tracing_subscriber::fmt::MakeWriter;

use super::printer::status_name;
use crate::engine::{AccountSummary, Completeness, Observer};

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

    /// Returns a writer that prints log lines above the bars.
    pub(super) fn writer(&self) -> AboveBars {
        AboveBars(self.bars.clone())
    }
}

impl Observer for ProgressBars {
    fn run_started(&self, run_id: &str, accounts: usize) {
        // A command may carry out several runs, one after the other.
        self.accounts.set_position(0);
        self.cells.set_position(0);
        self.cells.set_length(0);
        self.accounts.set_length(accounts as u64);
        self.accounts.set_message(run_id.to_owned());
        self.accounts.enable_steady_tick(std::time::Duration::from_millis(200));
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
            let name = summary.name.as_deref().unwrap_or_default();
            let _ = self.bars.println(format!("  {} {name}: {}", summary.account_id, status_name(summary.status)));
        }
    }
}

/// A writer to standard error that redraws the bars below each line.
#[derive(Clone, Debug)]
pub(super) struct AboveBars(MultiProgress);

impl std::io::Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.suspend(|| std::io::stderr().write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for AboveBars {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
