//! The views that readers ask, in DuckDB and as Athena states them.

use std::process::Command;

use crate::emulator::{python, root};

/// Dead attempts, runs without a manifest, narrower and denied later runs, older files, both formats, S3, the template's
/// statements, and the six questions of the page in both dialects: the script says what held.
#[test]
fn the_views_hold_what_they_promise() {
    let script = root().join("tests/views/check.py");
    let output = Command::new(python()).arg(script).args(["--rolecall", env!("CARGO_BIN_EXE_rolecall")]).output();
    let output = output.expect("python runs");
    let told = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&told));
}
