//! Whether a page fits the memory of this process.
//!
//! **Invariant:** refuses before anything is read, since a function that runs out of memory ends without a word.

use crate::answers::estate::Estate;
use crate::domain::grouped;
use crate::error::{Error, ErrorKind};
use crate::settings::memory_limit;

/// The bytes that a row of the estate takes while its page is made, the page included: 48 MiB for 28,000 rows were measured.
const BYTES_PER_ROW: u64 = 1_800;
/// The bytes that a page takes besides.
const BASE: u64 = 150 << 20;

/// Refuses a page that does not fit: that of the whole estate, or of as many of its accounts.
pub(super) fn require_memory(estate: &Estate, accounts: Option<usize>) -> Result<(), Error> {
    let Some(limit) = memory_limit() else { return Ok(()) };
    let (rows, all) = (estate.row_count(), estate.accounts().len().max(1) as u64);
    let own = accounts.map_or(rows, |accounts| rows * accounts as u64 / all);
    let needed = BASE + own * BYTES_PER_ROW;
    if needed <= limit {
        return Ok(());
    }
    let (own, needed, limit) = (grouped(own), needed >> 20, limit >> 20);
    let what = format!(
        "a report page of about {own} rows takes {needed} MiB of memory, and there are {limit}: give the function more \
         (MemorySize in backend.yaml), name customers in the registry and write ROLECALL_REPORT=customers, or write the page \
         with `rolecall report` elsewhere"
    );
    Err(Error::new(ErrorKind::InvalidSettings, what))
}
