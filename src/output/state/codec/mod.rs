//! The file of a state: Parquet, which DuckDB and Athena read too.
//!
//! The rows are of five kinds: a run has neither table nor account; an account and region in which anything was asked has no
//! table; a file of a table has no account; a table's matrix has neither account nor file; and a cell has table and account.
//! The first row group has all but the cells, and a matrix says of all cells of a table what their rows say. rolecall reads
//! this row group alone. The rows of cells are there for query engines.
//!
//! **Invariant:** knows the form of the file, and not where it lies.

mod matrix;
mod encode;
mod decode;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(super) use decode::decode;
#[cfg(test)]
pub(super) use encode::EncodedState;
pub(super) use encode::encode;

use crate::inventory::{Column, ColumnType, LEDGER};

/// The version of the form that this program reads and writes.
const VERSION: u32 = 2;
/// The key of the description in the file's metadata.
const DESCRIPTION: &str = "rolecall.state";
/// The hexadecimal digits of the digest of the footer, which the name of the file has.
pub(super) const DIGEST_DIGITS: usize = 32;

/// What the metadata of the file says of the whole.
#[derive(Deserialize, Serialize)]
struct Description {
    version: u32,
    moment: Timestamp,
    total: u64,
    /// The length of the first row group, with the mark before it. Other versions may not have it.
    #[serde(default)]
    head_bytes: u64,
    /// The SHA-256 of these bytes.
    #[serde(default)]
    head_sha256: String,
}

/// The places of the columns.
#[derive(Clone, Copy)]
#[repr(usize)]
enum StateColumn {
    Table,
    AccountId,
    Region,
    Status,
    ErrorCode,
    RunId,
    AnsweredRunId = 8,
    FileKey = 11,
    FileRows,
    FileBytes,
    Matrix,
}

const NAMES: [(&str, ColumnType); 15] = [
    ("table", ColumnType::String),
    ("account_id", ColumnType::String),
    ("region", ColumnType::String),
    ("status", ColumnType::String),
    ("error_code", ColumnType::String),
    ("run_id", ColumnType::String),
    ("run_started_at", ColumnType::Timestamp),
    ("run_dt", ColumnType::String),
    ("answered_run_id", ColumnType::String),
    ("answered_started_at", ColumnType::Timestamp),
    ("answered_dt", ColumnType::String),
    ("file_key", ColumnType::String),
    ("file_rows", ColumnType::Integer),
    ("file_bytes", ColumnType::Integer),
    ("matrix", ColumnType::String),
];

/// The columns of the file.
pub(crate) fn columns() -> Vec<Column> {
    NAMES.iter().map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind }).collect()
}

/// The digest in the key of a state.
pub(super) fn named_digest(key: &str) -> Option<&str> {
    let (_, digest) = key.strip_suffix(".parquet")?.rsplit_once('-')?;
    let is_digest = digest.len() == DIGEST_DIGITS && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then_some(digest)
}

/// The SHA-256 of some bytes, in hexadecimal digits.
fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The columns of the ledger that a state needs.
pub(super) fn ledger_columns() -> Vec<Column> {
    debug_assert_eq!(LEDGER, "ledger");
    let names = ["account_id", "region", "table", "status", "error_code"];
    names.map(|name| Column { name: name.to_owned(), kind: ColumnType::String }).into()
}
