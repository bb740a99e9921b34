//! Writes what was collected: one file a table, streamed as it comes, with no rows where there are none.
//!
//! Nothing that it writes exists for a reader before a manifest names it. Knows the columns of the
//! tables, and nothing of AWS beyond the store.

mod ndjson;
mod write_margin;
mod parquet;
mod table_file;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::aws::MemoryPermit;
use crate::catalogue::Catalogue;
use crate::domain::Format;
use crate::inventory::Page;
use crate::inventory::{LEDGER, LedgerRow};
use crate::store::{Store, StoreError};
use table_file::TableFile;

pub use parquet::{ledger_columns, lines_of};
pub use write_margin::{MIN_WRITE_MARGIN, WriteMarginEstimator};

/// How many parcels may wait for the sink; those who send more wait in their turn.
const WAITING: usize = 64;
/// A file is ended, and another begun, once its content has so many bytes before compression.
const LONGEST_FILE: u64 = 1 << 30;
/// How many files are finished side by side.
pub const FINISHING: usize = 16;
/// Rows that wait for their row groups take so many bytes at most, all files together; past that the largest row
/// group is ended early.
const BUFFERED: usize = 8 << 20;
/// Compressed bytes that wait to be sent take so many at most, all files together; past that the file that holds most
/// of them is ended.
const UNSENT: usize = 48 << 20;

/// What is sent to the sink.
#[derive(Debug)]
pub enum SinkMessage {
    /// Records of one answer, with the memory that they hold.
    Page(Page, Option<MemoryPermit>),
    /// Rows of the ledger.
    Ledger(Vec<LedgerRow>),
}

/// Whose files these are, and where they lie.
#[derive(Clone, Debug)]
pub struct FileNaming {
    /// The run.
    pub run_id: String,
    /// The shard of the run.
    pub shard: String,
    /// This attempt at it.
    pub attempt: String,
    /// The UTC date of the run's start.
    pub dt: String,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenFile {
    /// The table whose rows it holds.
    pub table: String,
    /// Where it lies below the output.
    pub key: String,
    /// How many rows it holds.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// The size of its content before compression.
    pub uncompressed_bytes: u64,
    /// The SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
}

impl FileNaming {
    fn key(&self, format: Format, table: &str, number: u32) -> String {
        let Self { run_id, shard, attempt, dt } = self;
        let ending = match format {
            Format::Parquet => "parquet",
            Format::Ndjson => "ndjson.gz",
        };
        format!("{format}/{table}/dt={dt}/{run_id}.{shard}.{attempt}.{number}.{ending}")
    }
}

/// Which tables get a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// Every one, so that no reader finds nothing.
    Every,
    /// Those that rows came for.
    WithRows,
}

/// A channel into the sink.
pub fn channel() -> (mpsc::Sender<SinkMessage>, mpsc::Receiver<SinkMessage>) {
    mpsc::channel(WAITING)
}

/// Writes all parcels until the channel ends, and then finishes every table's files. On an error
/// nothing unfinished is left behind.
pub async fn write(
    store: Store,
    naming: FileNaming,
    format: Format,
    catalogue: &'static Catalogue,
    tables: Tables,
    pace: Arc<WriteMarginEstimator>,
    mut parcels: mpsc::Receiver<SinkMessage>,
) -> Result<Vec<WrittenFile>, StoreError> {
    let mut sink = Sink::new(store, naming, format, catalogue, tables, pace);
    let mut outcome = Ok(());
    while let Some(parcel) = parcels.recv().await {
        outcome = sink.take(parcel).await;
        if outcome.is_err() {
            break;
        }
    }
    match outcome {
        Ok(()) => sink.finish().await,
        Err(error) => {
            sink.abort().await;
            Err(error)
        }
    }
}

struct Sink {
    store: Store,
    naming: FileNaming,
    format: Format,
    catalogue: &'static Catalogue,
    tables: Tables,
    parts: BTreeMap<&'static str, TableFile>,
    written: Vec<WrittenFile>,
    numbers: BTreeMap<&'static str, u32>,
    pace: Arc<WriteMarginEstimator>,
}

impl Sink {
    fn new(
        store: Store,
        naming: FileNaming,
        format: Format,
        catalogue: &'static Catalogue,
        tables: Tables,
        pace: Arc<WriteMarginEstimator>,
    ) -> Self {
        let (parts, numbers) = (BTreeMap::new(), BTreeMap::new());
        Self { store, naming, format, catalogue, tables, parts, written: Vec::new(), numbers, pace }
    }

    async fn take(&mut self, parcel: SinkMessage) -> Result<(), StoreError> {
        let began = Instant::now();
        let table = match &parcel {
            SinkMessage::Page(page, _) => self.catalogue.at(page.table).entry.table,
            SinkMessage::Ledger(_) => LEDGER,
        };
        let (catalogue, run_id) = (self.catalogue, self.naming.run_id.clone());
        let part = self.part(table);
        let before = part.length();
        match &parcel {
            SinkMessage::Page(page, _) => part.page(&run_id, catalogue.at(page.table), page)?,
            SinkMessage::Ledger(rows) => part.ledger(rows)?,
        }
        let taken = part.length() - before;
        self.pace.took(taken, began.elapsed());
        if let SinkMessage::Ledger(rows) = &parcel {
            self.pace.cells(0, rows.len() as u64);
        }
        self.part(table).send_if_large().await?;
        self.make_room().await?;
        self.roll(table).await?;
        let waits: usize = self.parts.values().map(TableFile::waiting).sum();
        self.pace.waits(waits as u64, self.parts.len() as u32);
        Ok(())
    }

    /// Ends the largest row groups while too much waits for them.
    async fn make_room(&mut self) -> Result<(), StoreError> {
        while self.parts.values().map(TableFile::buffered).sum::<usize>() > BUFFERED {
            let Some(largest) = self.parts.values_mut().max_by_key(|part| part.buffered()) else { break };
            largest.spill().await?;
        }
        // A bucket takes no part before it has 5 MiB, and every table has a file that may hold as much back.
        while self.parts.values().map(TableFile::unsent).sum::<usize>() > UNSENT {
            let Some(table) = self.parts.iter().max_by_key(|(_, part)| part.unsent()).map(|(table, _)| *table) else {
                break;
            };
            self.end(table).await?;
        }
        Ok(())
    }

    fn part(&mut self, table: &'static str) -> &mut TableFile {
        let Self { store, naming, format, catalogue, parts, numbers, pace, .. } = self;
        parts.entry(table).or_insert_with(|| {
            let number = numbers.entry(table).or_default();
            let key = naming.key(*format, table, *number);
            *number += 1;
            let columns = || catalogue.find(table).map_or_else(ledger_columns, |table| table.all_columns());
            TableFile::new(table, *format, columns, store.upload(&key), key, pace.clone())
        })
    }

    async fn roll(&mut self, table: &'static str) -> Result<(), StoreError> {
        if self.parts.get(table).is_some_and(|part| part.length() >= LONGEST_FILE) {
            self.end(table).await?;
        }
        Ok(())
    }

    /// Ends a table's file; what follows goes into another one.
    async fn end(&mut self, table: &'static str) -> Result<(), StoreError> {
        if let Some(part) = self.parts.remove(table) {
            self.written.push(part.finish().await?);
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Vec<WrittenFile>, StoreError> {
        let tables = self.catalogue.tables().iter().map(|table| table.entry.table).chain([LEDGER]);
        for table in tables.filter(|_| self.tables == Tables::Every).collect::<Vec<_>>() {
            if !self.written.iter().any(|file| file.table == table) {
                self.part(table);
            }
        }
        let parts = std::mem::take(&mut self.parts).into_values().map(TableFile::finish);
        // All are waited for, also when one fails: each ends or aborts its own upload.
        let finished: Vec<Result<WrittenFile, StoreError>> =
            futures::stream::iter(parts).buffer_unordered(FINISHING).collect().await;
        for file in finished {
            self.written.push(file?);
        }
        self.written.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(self.written)
    }

    async fn abort(self) {
        for part in self.parts.into_values() {
            part.abort().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Value;
    use crate::inventory::{Origin, Record};

    /// Every table open, and each row large: what waits stays bounded, and every row arrives.
    #[tokio::test]
    async fn memory_is_bounded_however_many_tables_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(
            folder.path().to_str().unwrap(),
            &aws_config::SdkConfig::builder().build(),
            std::time::Duration::from_secs(9),
            None,
        );
        let naming = FileNaming { run_id: "r".into(), shard: "0".into(), attempt: "a".into(), dt: "2026-11-22".into() };
        let mut sink = Sink::new(
            store.unwrap(),
            naming,
            Format::Parquet,
            Catalogue::get().unwrap(),
            Tables::Every,
            Arc::default(),
        );
        let (mut most, rows) = (0, 3);
        for round in 0..rows {
            for table in sink.catalogue.tables() {
                let mut values = vec![Value::Missing; table.columns.len()];
                if let Some(text) =
                    table.columns.iter().position(|column| column.kind == crate::inventory::ColumnType::Json)
                {
                    values[text] = Value::Json(format!("\"{}\"", "x".repeat(1 << 20)));
                }
                let record = Record { id: round.to_string(), values, ..Record::default() };
                let origin = Origin {
                    account_id: Arc::from("1"),
                    account_alias: None,
                    partition: "aws",
                    region: Arc::from("global"),
                    collected_at: jiff::Timestamp::UNIX_EPOCH,
                };
                let page = Page { table: table.index, origin, records: vec![record] };
                sink.take(SinkMessage::Page(page, None)).await.unwrap();
                most = most.max(sink.parts.values().map(TableFile::buffered).sum::<usize>());
            }
        }
        assert!(most > BUFFERED / 2 && most <= BUFFERED, "{most}");
        let tables = sink.catalogue.tables().len();
        let files = sink.finish().await.unwrap();
        assert_eq!(files.len(), tables + 1);
        assert!(files.iter().all(|file| file.table == LEDGER || file.rows == rows));
    }
}
