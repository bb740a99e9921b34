//! Writes records and ledger rows into one file for each table, streamed while they are collected.
//!
//! A table without rows gets a file without rows. Readers ignore every file until a manifest names it.
//!
//! **Invariant:** knows the columns of the tables, and nothing of AWS except the store.

mod ndjson;
mod write_margin;
pub(super) mod parquet;
mod file_naming;
mod table_file;
mod change_file;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::aws::MemoryPermit;
use crate::catalogue::Catalogue;
use crate::domain::Format;
use crate::inventory::{LEDGER, LedgerRow, Page};
use crate::store::{Store, StoreError};
use table_file::TableFile;

pub(crate) use change_file::ChangeFile;
pub use file_naming::{FileNaming, WrittenFile};

pub use parquet::{changes_columns, ledger_columns, parquet_to_ndjson};
pub use write_margin::{MIN_WRITE_MARGIN, WriteMarginEstimator};

/// Messages that may wait for the sink. Senders wait if it is full.
const CHANNEL_CAPACITY: usize = 64;
/// Content of one file before compression, in bytes. A file that reaches it is finished, and another one is opened.
const MAX_FILE_BYTES: u64 = 1 << 30;
/// The number of files that are finished at a time.
pub const PARALLEL_FINISHES: usize = 16;
/// Memory for the rows of unfinished row groups, over all files. Past it the largest row group ends early.
const MAX_HELD_BYTES: usize = 12 << 20;
/// Compressed bytes not yet sent, over all files. Past it the file with most of them is finished.
const MAX_UNSENT_BYTES: usize = 48 << 20;

/// A message to the sink.
#[derive(Debug)]
pub enum SinkMessage {
    /// Records of one response, with the permit for the memory that they take.
    Page(Page, Option<MemoryPermit>),
    /// Rows for the ledger table.
    Ledger(Vec<LedgerRow>),
}

/// The tables that get a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// Every table, so that readers find a file for each.
    Every,
    /// Only the tables that have rows.
    WithRows,
}

/// What a sink writes, and where to.
pub struct SinkConfig {
    /// The store of the output.
    pub store: Store,
    /// The parts of the files' names.
    pub naming: FileNaming,
    /// The format of the files.
    pub format: Format,
    /// The catalogue with the tables.
    pub catalogue: &'static Catalogue,
    /// The tables that get a file.
    pub tables: Tables,
    /// Receives the measured times of writing.
    pub margin: Arc<WriteMarginEstimator>,
}

/// Creates the channel into a sink.
pub fn channel() -> (mpsc::Sender<SinkMessage>, mpsc::Receiver<SinkMessage>) {
    mpsc::channel(CHANNEL_CAPACITY)
}

/// Writes all messages until the channel closes, then finishes the file of every table.
///
/// On an error, every unfinished file is aborted.
pub async fn write(
    config: SinkConfig,
    mut messages: mpsc::Receiver<SinkMessage>,
) -> Result<Vec<WrittenFile>, StoreError> {
    let mut sink = Sink::new(config);
    let mut result = Ok(());
    while let Some(message) = messages.recv().await {
        result = sink.accept(message).await;
        if result.is_err() {
            break;
        }
    }
    match result {
        Ok(()) => sink.finish().await,
        Err(error) => {
            sink.abort().await;
            Err(error)
        }
    }
}

struct Sink {
    config: SinkConfig,
    files: BTreeMap<&'static str, TableFile>,
    written: Vec<WrittenFile>,
    /// The number of each table's next file.
    next_numbers: BTreeMap<&'static str, u32>,
}

impl Sink {
    fn new(config: SinkConfig) -> Self {
        Self { config, files: BTreeMap::new(), written: Vec::new(), next_numbers: BTreeMap::new() }
    }

    async fn accept(&mut self, message: SinkMessage) -> Result<(), StoreError> {
        let started = Instant::now();
        let table = match &message {
            SinkMessage::Page(page, _) => self.config.catalogue.at(page.table).entry.table,
            SinkMessage::Ledger(_) => LEDGER,
        };
        let (catalogue, run_id) = (self.config.catalogue, self.config.naming.run_id.clone());
        let file = self.file(table);
        let length_before = file.length();
        match &message {
            SinkMessage::Page(page, _) => file.add_page(&run_id, catalogue.at(page.table), page)?,
            SinkMessage::Ledger(rows) => file.add_ledger_rows(rows)?,
        }
        let encoded = file.length() - length_before;
        self.config.margin.record_encoding(encoded, started.elapsed());
        if let SinkMessage::Ledger(rows) = &message {
            self.config.margin.close_cells(rows.len() as u64);
        }
        self.file(table).send_full_pieces().await?;
        self.free_memory().await?;
        self.rotate_if_full(table).await?;
        let pending: usize = self.files.values().map(TableFile::pending).sum();
        self.config.margin.set_pending(pending as u64, self.files.len() as u32);
        Ok(())
    }

    /// Ends the largest row groups, and then the largest files, until both limits of memory hold.
    async fn free_memory(&mut self) -> Result<(), StoreError> {
        while self.files.values().map(TableFile::held).sum::<usize>() > MAX_HELD_BYTES {
            let Some(largest) = self.files.values_mut().max_by_key(|file| file.held()) else { break };
            largest.flush_row_group().await?;
        }
        // S3 accepts no part below 5 MiB, so the file of every table may hold back that much.
        while self.files.values().map(TableFile::unsent).sum::<usize>() > MAX_UNSENT_BYTES {
            let Some(table) = self.files.iter().max_by_key(|(_, file)| file.unsent()).map(|(table, _)| *table) else {
                break;
            };
            self.finish_file(table).await?;
        }
        Ok(())
    }

    /// The open file of a table, created if there is none.
    fn file(&mut self, table: &'static str) -> &mut TableFile {
        let Self { config, files, next_numbers, .. } = self;
        files.entry(table).or_insert_with(|| {
            let number = next_numbers.entry(table).or_default();
            *number += 1;
            TableFile::new(config, table, *number - 1)
        })
    }

    async fn rotate_if_full(&mut self, table: &'static str) -> Result<(), StoreError> {
        if self.files.get(table).is_some_and(|file| file.length() >= MAX_FILE_BYTES) {
            self.finish_file(table).await?;
        }
        Ok(())
    }

    /// Finishes the open file of a table. Later rows go into another one.
    async fn finish_file(&mut self, table: &'static str) -> Result<(), StoreError> {
        if let Some(file) = self.files.remove(table) {
            self.written.push(file.finish().await?);
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Vec<WrittenFile>, StoreError> {
        let tables = self.config.catalogue.tables().iter().map(|table| table.entry.table).chain([LEDGER]);
        for table in tables.filter(|_| self.config.tables == Tables::Every).collect::<Vec<_>>() {
            if !self.written.iter().any(|file| file.table == table) {
                self.file(table);
            }
        }
        let files = std::mem::take(&mut self.files).into_values().map(TableFile::finish);
        // Waits for all files, even if one fails: each finishes or aborts its own upload.
        let results: Vec<Result<WrittenFile, StoreError>> =
            futures::stream::iter(files).buffer_unordered(PARALLEL_FINISHES).collect().await;
        for result in results {
            self.written.push(result?);
        }
        self.written.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(self.written)
    }

    async fn abort(self) {
        for file in self.files.into_values() {
            file.abort().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Value;
    use crate::inventory::{Location, Record};

    /// Every table is open and every row is large.
    #[tokio::test]
    async fn memory_is_bounded_for_any_number_of_tables() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(
            folder.path().to_str().unwrap(),
            &aws_config::SdkConfig::builder().build(),
            std::time::Duration::from_secs(9),
            None,
        );
        let naming = FileNaming { run_id: "r".into(), shard: "0".into(), attempt: "a".into(), dt: "2026-11-22".into() };
        let mut sink = Sink::new(SinkConfig {
            store: store.unwrap(),
            naming,
            format: Format::Parquet,
            catalogue: Catalogue::get().unwrap(),
            tables: Tables::Every,
            margin: Arc::default(),
        });
        let (mut most, rows) = (0, 3);
        for round in 0..rows {
            for table in sink.config.catalogue.tables() {
                let mut values = vec![Value::Missing; table.columns.len()];
                if let Some(text) =
                    table.columns.iter().position(|column| column.kind == crate::inventory::ColumnType::Json)
                {
                    values[text] = Value::Json(format!("\"{}\"", "x".repeat(1 << 20)));
                }
                let record = Record { id: round.to_string(), values, ..Record::default() };
                let location = Location {
                    account_id: Arc::from("1"),
                    account_alias: None,
                    partition: "aws",
                    region: Arc::from("global"),
                    collected_at: jiff::Timestamp::UNIX_EPOCH,
                };
                let page = Page { table: table.index, location, records: vec![record] };
                sink.accept(SinkMessage::Page(page, None)).await.unwrap();
                most = most.max(sink.files.values().map(TableFile::held).sum::<usize>());
            }
        }
        assert!(most > MAX_HELD_BYTES / 2 && most <= MAX_HELD_BYTES, "{most}");
        let tables = sink.config.catalogue.tables().len();
        let files = sink.finish().await.unwrap();
        assert_eq!(files.len(), tables + 1);
        assert!(files.iter().all(|file| file.table == LEDGER || file.rows == rows));
    }
}
