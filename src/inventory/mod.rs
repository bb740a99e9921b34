//! Holds what a run collects: records, and the ledger with the status of every cell.
//!
//! **Invariant:** knows nothing of AWS's wire, of files or of formats.

mod record;
mod session_evidence;
mod ledger;
mod closed_cell;
mod account_ledger;
mod change_record;

pub(crate) use account_ledger::AccountLedger;
pub(crate) use change_record::{CHANGES, ChangeRecord};
pub(crate) use ledger::{ANY_REGION, CellOutcome, CellType, LEDGER, LedgerRow, Status, TRUST};
pub(crate) use record::{Column, ColumnType, EXTRA_COLUMN, OPENING_COLUMNS, Record};
pub use record::{Location, Page};
pub(crate) use session_evidence::{GLOBAL, SessionEvidence};
