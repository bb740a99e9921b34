//! Holds what a run collects: records, and the ledger with the status of every cell.
//!
//! **Invariant:** knows nothing of AWS's wire, of files or of formats.

mod record;
mod ledger;

pub(crate) use ledger::{ANY_REGION, AccountLedger, CellType, GLOBAL, LEDGER, LedgerRow, Status};
pub(crate) use record::{Column, ColumnType, EXTRA_COLUMN, OPENING_COLUMNS, Record};
pub use record::{Location, Page};
