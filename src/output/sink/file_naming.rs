//! Names the files of a run, and describes the written ones for manifests.
//!
//! **Invariant:** knows nothing of the content of files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::Format;

/// The parts of a file's name, which make it unique to one attempt at one shard.
#[derive(Clone, Debug)]
pub struct FileNaming {
    /// The id of the run.
    pub run_id: String,
    /// The name of the shard.
    pub shard: String,
    /// The id of this attempt at the shard.
    pub attempt: String,
    /// The UTC date on which the run started.
    pub dt: String,
}

/// A file that was written in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenFile {
    /// The name of its table.
    pub table: String,
    /// Its path below the output.
    pub key: String,
    /// The number of its rows.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The size of its content in bytes, before compression.
    pub uncompressed_bytes: u64,
    /// The SHA-256 of the file in hexadecimal digits.
    pub sha256: String,
}

impl FileNaming {
    pub(super) fn key(&self, format: Format, table: &str, number: u32) -> String {
        let Self { run_id, shard, attempt, dt } = self;
        let extension = match format {
            Format::Parquet => "parquet",
            Format::Ndjson => "ndjson.gz",
        };
        format!("{format}/{table}/dt={dt}/{run_id}.{shard}.{attempt}.{number}.{extension}")
    }
}
