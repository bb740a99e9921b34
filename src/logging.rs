//! Configures logging: JSON lines in Lambda, readable lines on a terminal.
//!
//! The setting changes the level of rolecall's own lines only. The SDK stays at warnings: below that it logs whole
//! requests, with credentials and external IDs.

use std::io::Write;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::terminal;

/// Shows lines of rolecall from `own` on, and lines of its libraries from `others` on, but never below warnings.
fn targets(own: LevelFilter, others: LevelFilter) -> Targets {
    Targets::new()
        .with_default(LevelFilter::WARN.min(others))
        .with_target("rolecall", own)
        // What an account did not answer is in the result. The log repeats it on demand.
        .with_target("rolecall::engine::run::account", if own == LevelFilter::WARN { LevelFilter::ERROR } else { own })
}

/// Reads `error`, `warn`, `info`, `debug` or `trace`.
fn level(setting: Option<&str>) -> Option<LevelFilter> {
    setting.and_then(|text| text.trim().parse().ok())
}

/// Logs JSON lines to standard output, by default at `info`.
pub(crate) fn to_lambda(setting: Option<&str>) {
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(true);
    let lines =
        lines.with_writer(|| Lines(|line: &[u8]| drop(terminal::print_json_line(&String::from_utf8_lossy(line)))));
    let level = level(setting).unwrap_or(LevelFilter::INFO);
    let _ = tracing_subscriber::registry().with(lines).with(targets(level, level)).try_init();
}

/// Logs readable lines to standard error, by default the warnings and errors of rolecall itself.
pub(crate) fn to_terminal(setting: Option<&str>, verbose: u8) {
    to_terminal_by(setting, verbose, terminal::log_line);
}

/// Logs readable lines by `write`, which keeps them apart from progress bars on standard error.
pub(crate) fn to_terminal_by(
    setting: Option<&str>,
    verbose: u8,
    write: impl Fn(&[u8]) + Clone + Send + Sync + 'static,
) {
    let (own, others) = match (level(setting), verbose) {
        (Some(level), _) => (level, level),
        (None, 0) => (LevelFilter::WARN, LevelFilter::ERROR),
        (None, 1) => (LevelFilter::DEBUG, LevelFilter::WARN),
        (None, _) => (LevelFilter::TRACE, LevelFilter::WARN),
    };
    // Colours are added where the line is written: an escape sequence in a value must not pass for one.
    let lines = tracing_subscriber::fmt::layer().with_writer(move || Lines(write.clone())).with_ansi(false);
    let lines = lines.with_target(false).compact();
    let _ = tracing_subscriber::registry().with(lines).with(targets(own, others)).try_init();
}

/// A writer that gets each line at once, as the layer writes them, and never fails: the layer would print the failure.
struct Lines<F>(F);

impl<F: Fn(&[u8])> Write for Lines<F> {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        (self.0)(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
