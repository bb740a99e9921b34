//! The one way to standard output and standard error.
//!
//! Every text passes the escapes of [`text`]. A result that cannot be written is an error; only a closed pipe
//! (`| head`) is none. A message that standard error does not take is dropped, since nothing is left to report it on.
//!
//! **Invariant:** knows nothing of what is printed.

mod colours;
mod text;

use std::io::{BufWriter, ErrorKind as IoErrorKind, IsTerminal, Result as IoResult, Write};

use serde::Serialize;

use crate::error::{Error, ErrorKind};

pub(crate) use text::{is_hidden, one_line, shell_word};

/// The bytes that are collected before they are written.
const BUFFER_BYTES: usize = 1 << 16;

/// Prints a text to standard output, and ends its last line.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    write_out(&text::printable(text.trim_end()))
}

/// Prints a value to standard output as indented JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let document = serde_json::to_string_pretty(value);
    let document =
        document.map_err(|error| Error::new(ErrorKind::Internal, format!("the result is not JSON: {error}")))?;
    write_out(&text::printable_json(&document))
}

/// Prints a JSON document to standard output, on a line of its own.
pub(crate) fn print_json_line(document: &str) -> Result<(), Error> {
    write_out(&text::printable_json(document.trim_end()))
}

/// Prints a help text to standard output, with its colours if the terminal shows them. `plain` is the same text without.
pub(crate) fn print_help(styled: &str, plain: &str) -> Result<(), Error> {
    if colours::are_shown(std::io::stdout().is_terminal()) {
        write_out(text::printable_with_styles(styled).trim_end())
    } else {
        print(plain)
    }
}

/// Prints a message to standard error.
pub(crate) fn note(message: &str) {
    write_error(&text::printable(&format!("rolecall: {}", message.trim_end())));
}

/// Prints a text that is no message of rolecall's own to standard error: what clap and a panic report.
pub(crate) fn note_text(text: &str) {
    write_error(&text::printable(text.trim_end()));
}

/// Prints a line of the log to standard error, and colours its level if the terminal shows colours.
pub(crate) fn log_line(line: &[u8]) {
    let line = String::from_utf8_lossy(line);
    let line = one_line(line.trim_end_matches('\n'));
    if colours::are_shown(std::io::stderr().is_terminal()) {
        write_error(&colours::paint_level(&line));
    } else {
        write_error(&line);
    }
}

/// Returns whether progress can be drawn on standard error.
pub(crate) fn shows_progress() -> bool {
    std::io::stderr().is_terminal() && !colours::is_dumb()
}

/// Returns whether a person reads standard error.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Prints what a function writes, piece by piece. The caller escapes what has to be.
pub(crate) fn stream(write: impl FnOnce(&mut dyn Write) -> IoResult<()>) -> Result<(), Error> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, std::io::stdout().lock());
    printed(write(&mut out).and_then(|()| out.flush()))
}

/// Returns the width of the terminal at standard output, in characters. `None`: a file or a pipe takes what is printed. The
/// variable `COLUMNS` overrides what the terminal says.
pub(crate) fn width() -> Option<usize> {
    const USUAL: usize = 80;
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let variable = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let width = variable.or_else(|| {
        #[cfg(unix)]
        {
            rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col))
        }
        #[cfg(not(unix))]
        {
            None
        }
    });
    Some(width.filter(|width| *width > 0).unwrap_or(USUAL))
}

fn write_out(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    printed(out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()))
}

fn printed(result: IoResult<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() != IoErrorKind::BrokenPipe => {
            let message = format!("standard output cannot be written, and the result is incomplete there: {error}");
            Err(Error::new(ErrorKind::OutputNotWritable, message))
        }
        _ => Ok(()),
    }
}

/// Writes a text and a line feed at once, so that lines of several threads do not mix.
fn write_error(text: &str) {
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}
