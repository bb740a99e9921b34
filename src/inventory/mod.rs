//! What a run collects: records, and the ledger that says of every cell whether it was answered.
//!
//! **Invariant:** knows nothing of AWS's wire, of files or of formats.

mod record;
mod ledger;

pub(crate) use ledger::{ANY_REGION, AccountLedger, CellType, GLOBAL, LEDGER, LedgerRow, Status};
pub(crate) use record::{Column, ColumnType, EXTRA_COLUMN, OPENING_COLUMNS, Record};
pub use record::{Origin, Page};
