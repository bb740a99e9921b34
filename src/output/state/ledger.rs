//! Merges a run into a state, by its ledger and its list of files.
//!
//! **Invariant:** a run without a ledger is an error, and never a run that asked nothing.

use super::cells::{RunFile, Word};
use super::codec::ledger_columns;
use super::committed::CommittedRun;
use super::{State, StateError};
use crate::inventory::{LEDGER, Status};
use crate::output::rows::{Batch, RowsError, read_rows};
use crate::store::Store;

impl State {
    /// Adds the words and the files of a run: of all tables, or of these. [`State::settle`] follows the last run.
    pub(super) async fn add_run(
        &mut self,
        store: &Store,
        run: &CommittedRun,
        tables: Option<&[&str]>,
    ) -> Result<(), StateError> {
        let ledgers: Vec<&RunFile> = run.files.iter().filter(|file| file.table == LEDGER).collect();
        if ledgers.is_empty() {
            let what = "it names no ledger, without which nobody knows what was answered".to_owned();
            return Err(RowsError::Content { key: format!("the list of files of run {}", run.run.run_id), what });
        }
        let number = self.run_number(&run.run);
        let columns = ledger_columns();
        for ledger in ledgers {
            let mut unknown = None;
            let accept = |batch: Batch| {
                if let Err(status) = self.add_batch(&batch, number, tables) {
                    unknown.get_or_insert(status);
                }
            };
            read_rows(store, &ledger.file, &columns, accept).await?;
            if let Some(what) = unknown {
                return Err(RowsError::Content { key: ledger.file.key.clone(), what });
            }
        }
        let wanted = |table: &str| tables.is_none_or(|tables| tables.contains(&table));
        self.add_files(number, run.files.iter().filter(|file| wanted(&file.table)).cloned());
        Ok(())
    }

    fn add_batch(&mut self, batch: &Batch, run: u32, tables: Option<&[&str]>) -> Result<(), String> {
        let text = |column: usize, at: usize| batch.columns[column].text(at);
        for at in 0..batch.rows {
            let table = text(2, at).ok_or("a row of the ledger names no table")?;
            let account_id = text(0, at).ok_or("a row of the ledger names no account")?;
            let region = text(1, at).ok_or("a row of the ledger names no region")?;
            if tables.is_some_and(|tables| !tables.contains(&table)) {
                self.add_place(account_id, region);
                continue;
            }
            let status = text(3, at).unwrap_or_default();
            let status = Status::of_name(status)
                .ok_or_else(|| format!("it has the status {status:?}, which this version of rolecall does not know"))?;
            self.add_ledger_row(Word { table, account_id, region, status, error_code: text(4, at), run, answer: None });
        }
        Ok(())
    }
}
