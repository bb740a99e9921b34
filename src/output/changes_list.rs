//! The lists of the files of the table `changes`, `changes/dt=<date>/<run_id>.ndjson`: a document a line.
//!
//! Query engines read them as they read the lists of committed files. They lie in a folder of their own, so that no reader of
//! the state takes them for a run.
//!
//! **Invariant:** a list names the files of the document that names them first, and no others.

use jiff::Timestamp;

use super::sink::WrittenFile;
use crate::inventory::CHANGES;

/// The key of a run's list.
pub(crate) fn key(dt: &str, run_id: &str) -> String {
    format!("{CHANGES}/dt={dt}/{run_id}.ndjson")
}

/// The lines of a run's list.
pub(crate) fn lines(run_id: &str, started_at: Timestamp, files: &[WrittenFile]) -> String {
    let line = |file: &WrittenFile| {
        let line = serde_json::json!({
            "run_id": run_id, "started_at": started_at, "table": file.table, "key": file.key, "rows": file.rows,
            "bytes": file.bytes, "uncompressed_bytes": file.uncompressed_bytes, "sha256": file.sha256,
        });
        format!("{line}\n")
    };
    files.iter().map(line).collect()
}
