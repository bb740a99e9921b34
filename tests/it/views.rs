//! The views that readers query, in DuckDB and in Athena's dialect.

use std::process::Command;

use crate::emulator::{python, root};

/// The script covers dead attempts, runs without a manifest, narrower and denied later runs, older files, both formats,
/// S3, states of all runs and of some, the template's statements, and every question's SQL in both dialects, compared with
/// `rolecall ask`. It prints the result of each check.
#[test]
fn views_return_the_committed_and_current_rows() {
    let script = root().join("tests/views/check.py");
    let output = Command::new(python()).arg(script).args(["--rolecall", env!("CARGO_BIN_EXE_rolecall")]).output();
    let output = output.expect("python runs");
    let printed = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&printed));
}
