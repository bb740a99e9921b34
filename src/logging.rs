//! What is logged, and how: JSON in Lambda, readable on a terminal.
//!
//! Only rolecall's own lines can be turned up. The SDK's would show requests whole, credentials and
//! external IDs in them, so they stay at warnings.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

fn targets(level: LevelFilter) -> Targets {
    Targets::new().with_default(LevelFilter::WARN.min(level)).with_target("rolecall", level)
}

/// `error`, `warn`, `info`, `debug` or `trace`; anything else is `default`.
fn level(setting: Option<&str>, default: LevelFilter) -> LevelFilter {
    setting.and_then(|text| text.trim().parse().ok()).unwrap_or(default)
}

/// JSON lines on standard output, at `info` unless told otherwise.
pub(crate) fn to_lambda(setting: Option<&str>) {
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(true);
    let _ = tracing_subscriber::registry().with(lines).with(targets(level(setting, LevelFilter::INFO))).try_init();
}

/// Readable lines on standard error, through `writer`, so that progress bars are not torn.
pub(crate) fn to_terminal<W>(setting: Option<&str>, verbose: u8, writer: W)
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let default = match verbose {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // A file or a pipe is not to hold colour codes.
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colours).with_target(false).compact();
    let _ = tracing_subscriber::registry().with(lines).with(targets(level(setting, default))).try_init();
}
