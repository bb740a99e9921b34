//! Configures logging: JSON lines in Lambda, readable lines on a terminal.
//!
//! The setting changes the level of rolecall's own lines only. The SDK stays at warnings: below that it logs whole
//! requests, with credentials and external IDs.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

fn targets(level: LevelFilter) -> Targets {
    Targets::new().with_default(LevelFilter::WARN.min(level)).with_target("rolecall", level)
}

/// Reads `error`, `warn`, `info`, `debug` or `trace`. Anything else is `default`.
fn level(setting: Option<&str>, default: LevelFilter) -> LevelFilter {
    setting.and_then(|text| text.trim().parse().ok()).unwrap_or(default)
}

/// Logs JSON lines to standard output, by default at `info`.
pub(crate) fn to_lambda(setting: Option<&str>) {
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(true);
    let _ = tracing_subscriber::registry().with(lines).with(targets(level(setting, LevelFilter::INFO))).try_init();
}

/// Logs readable lines through `writer`, which keeps them apart from progress bars on standard error.
pub(crate) fn to_terminal<W>(setting: Option<&str>, verbose: u8, writer: W)
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let default = match verbose {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // A file or a pipe gets no colour codes.
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colours).with_target(false).compact();
    let _ = tracing_subscriber::registry().with(lines).with(targets(level(setting, default))).try_init();
}
