//! What a run need not ask: the cells that the runs before it have answered, and within a cell the parents.
//!
//! A cell that goes on where another run's time ended takes over the rows that run has written, so that whoever reads
//! the newest answered cell reads all of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::run_store::{REST, broken, lines, read_manifest};
use crate::catalogue::{Catalogue, Table};
use crate::decode::Value;
use crate::domain::AccountId;
use crate::domain::Partition;
use crate::engine::collect::{CompletedParents, StartedParents};
use crate::engine::plan::Plan;
use crate::engine::report::Manifest;
use crate::inventory::{ANY_REGION, LEDGER, Status};
use crate::inventory::{ColumnType, EXTRA_COLUMN, Location, Page, Record};
use crate::output::sink::{SinkMessage, WrittenFile};
use crate::store::{Store, StoreError};

/// A cell, as `account`, `region`, `table`.
type CellName = (String, String, String);

/// How many rows are handed to the sink at once.
const AT_ONCE: usize = 1000;

/// What was answered before.
#[derive(Debug, Default)]
pub(super) struct PriorResults {
    /// What the ledgers told, by account and table.
    told: HashMap<String, HashMap<&'static str, CellStates>>,
    /// Cells that were answered in part, by account.
    pub begun: HashMap<String, Arc<StartedParents>>,
}

/// The regions of a table that were told of, and how. Their names are shared, since a large run has many of them.
type CellStates = Vec<(Arc<str>, CellState)>;

/// What is known of a cell, the most last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum CellState {
    /// It was not answered.
    Open,
    /// There is nothing to ask, since its region is not enabled.
    Disabled,
    /// It was answered in full.
    Answered,
}

impl CellState {
    fn of(status: Status) -> Self {
        match status {
            status if status.is_answered() => Self::Answered,
            Status::RegionDisabled => Self::Disabled,
            _ => Self::Open,
        }
    }
}

impl PriorResults {
    /// Whether a cell was answered in full.
    pub(super) fn is_answered(&self, account: &str, region: &str, table: &str) -> bool {
        self.told(account, table)
            .is_some_and(|told| told.iter().any(|(there, known)| *known == CellState::Answered && **there == *region))
    }

    /// The regions of an account's table that are still open, where it was told of: none where nobody knows. Where one run
    /// could not tell the regions, another one may have.
    pub(super) fn open(&self, account: &str, table: &str) -> Option<Vec<&str>> {
        let told = self.told(account, table)?;
        let located = told.iter().any(|(region, _)| **region != *ANY_REGION);
        let open =
            told.iter().filter(|(region, known)| *known == CellState::Open && !(located && **region == *ANY_REGION));
        Some(open.map(|(region, _)| &**region).collect())
    }

    fn told(&self, account: &str, table: &str) -> Option<&CellStates> {
        self.told.get(account)?.get(table)
    }

    fn note(&mut self, account: &str, table: &'static str, region: &Arc<str>, known: CellState) {
        let told = self.told.entry(account.to_owned()).or_default().entry(table).or_default();
        match told.iter_mut().find(|(there, _)| there == region) {
            Some((_, before)) => *before = known.max(*before),
            None => told.push((region.clone(), known)),
        }
    }
}

/// The run that this one goes on with: the one whose `remaining` it is, and not just one of a like name.
pub(super) async fn base(store: &Store, plan: &Plan) -> Result<Option<Manifest>, StoreError> {
    let Some(base) = plan.run_id.resumes() else { return Ok(None) };
    let manifest = read_manifest(store, &base).await?;
    Ok(manifest.filter(|manifest| manifest.response.remaining.as_ref() == Some(&plan.request)))
}

/// The shard of a file: `…/<run_id>.<shard>.<attempt>.<n>.<ending>`.
fn shard_of(key: &str, run_id: &str) -> Option<String> {
    let name = key.rsplit('/').next()?.strip_prefix(run_id)?.strip_prefix('.')?;
    name.split('.').next().map(str::to_owned)
}

/// The files of a run that may hold rows of these accounts: those of their shards, and the one of accounts whose shard never
/// got there, which has taken over what was answered of them before.
fn files_with<'a>(manifest: &'a Manifest, accounts: &[AccountId]) -> impl Iterator<Item = &'a WrittenFile> {
    let mut shards = manifest.plan.shards_with(accounts.iter());
    if shards.iter().any(|shard| !manifest.attempts.contains_key(shard)) {
        shards.insert(REST.to_owned());
    }
    let run_id = manifest.response.run_id.as_str();
    manifest.files.iter().filter(move |file| shard_of(&file.key, run_id).is_none_or(|shard| shards.contains(&shard)))
}

/// What is known of the cells of these accounts by the run which this one resumes, and by those before it.
pub(super) async fn before(
    store: &Store,
    base: Option<&Manifest>,
    catalogue: &'static Catalogue,
    accounts: &[AccountId],
) -> Result<PriorResults, StoreError> {
    #[derive(Deserialize)]
    struct LedgerLine<'a> {
        #[serde(borrow)]
        account_id: Cow<'a, str>,
        #[serde(borrow)]
        region: Cow<'a, str>,
        #[serde(borrow)]
        table: Cow<'a, str>,
        status: Status,
    }
    let wanted: HashSet<&str> = accounts.iter().map(AccountId::as_str).collect();
    let (mut before, mut regions) = (PriorResults::default(), HashSet::<Arc<str>>::new());
    let mut next = base.cloned();
    while let Some(manifest) = next {
        for file in files_with(&manifest, accounts).filter(|file| file.table == LEDGER) {
            for line in lines(store, &file.key, &[]).await?.lines() {
                let row: LedgerLine<'_> =
                    serde_json::from_str(line).map_err(|error| broken(store, &file.key, &error.to_string()))?;
                // A type that is no longer asked for is no cell of this run.
                let Some(table) = catalogue.find(&row.table).filter(|_| wanted.contains(&*row.account_id)) else {
                    continue;
                };
                let region = regions.get(&*row.region).cloned().unwrap_or_else(|| Arc::from(&*row.region));
                before.note(&row.account_id, table.entry.table, &region, CellState::of(row.status));
                regions.insert(region);
            }
        }
        next = match &manifest.resumes {
            Some(before) => read_manifest(store, before).await?,
            None => None,
        };
    }
    Ok(before)
}

/// Takes over the rows of these accounts' cells that were answered in part: they go to the sink, and what they stand for is told.
pub(super) async fn take_over(
    store: &Store,
    base: &Manifest,
    catalogue: &'static Catalogue,
    partition: &'static Partition,
    accounts: &[AccountId],
    sink: &mpsc::Sender<SinkMessage>,
) -> Result<HashMap<String, Arc<StartedParents>>, StoreError> {
    let mut cells: HashMap<CellName, CompletedParents> = HashMap::new();
    for part in base.partly_answered.iter().filter(|part| accounts.contains(&part.account_id)) {
        let name = (part.account_id.to_string(), part.region.clone(), part.table.clone());
        let parents = part.answered.iter().cloned().collect();
        cells.insert(name, CompletedParents { parents, records: 0 });
    }
    let tables: HashSet<String> = cells.keys().map(|(_, _, table)| table.clone()).collect();
    let files: Vec<&WrittenFile> = files_with(base, accounts).filter(|file| tables.contains(&file.table)).collect();
    // What is in no file cannot be taken over: it is asked again.
    cells.retain(|(_, _, table), _| files.iter().any(|file| file.table == *table));
    for file in files {
        let Some(table) = catalogue.find(&file.table) else { continue };
        let mut pages = Pages { table, sink, waiting: None };
        for line in lines(store, &file.key, &table.all_columns()).await?.lines() {
            let row: StoredRow<'_> =
                serde_json::from_str(line).map_err(|error| broken(store, &file.key, &error.to_string()))?;
            let Some(account) = row.text("account_id") else { continue };
            let name = (account, row.text("region").unwrap_or_default(), file.table.clone());
            let Some(done) = cells.get_mut(&name) else { continue };
            let parent = table.parent_column().and_then(|column| row.text(column)).unwrap_or_default();
            if !done.parents.contains(&parent) {
                continue;
            }
            let taken =
                row.record(table, partition).ok_or_else(|| broken(store, &file.key, "a row does not fit its table"))?;
            done.records += 1;
            pages.add(taken).await;
        }
        pages.send().await;
    }
    let mut begun: HashMap<String, StartedParents> = HashMap::new();
    for ((account, region, table), done) in cells {
        begun.entry(account).or_default().insert((region, table), done);
    }
    Ok(begun.into_iter().map(|(account, cells)| (account, Arc::new(cells))).collect())
}

/// A row as it was written.
#[derive(Deserialize)]
#[serde(transparent)]
struct StoredRow<'a> {
    #[serde(borrow)]
    members: BTreeMap<String, &'a RawValue>,
}

impl StoredRow<'_> {
    fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.members.get(name)?.get()).ok()?
    }

    fn record(&self, table: &Table, partition: &Partition) -> Option<(Location, Record)> {
        let location = Location {
            account_id: self.text("account_id")?.into(),
            account_alias: self.text("account_alias").map(Into::into),
            partition: partition.name,
            region: self.text("region")?.into(),
            collected_at: self.text("collected_at")?.parse().ok()?,
        };
        let value = |name: &str, kind: ColumnType| {
            let Some(json) = self.members.get(name).map(|json| json.get()).filter(|json| *json != "null") else {
                return Some(Value::Missing);
            };
            Some(match kind {
                ColumnType::String => Value::Text(serde_json::from_str(json).ok()?),
                ColumnType::Boolean => Value::Boolean(json.parse().ok()?),
                ColumnType::Integer => Value::Integer(json.parse().ok()?),
                ColumnType::Double => Value::Double(json.parse().ok()?),
                ColumnType::Timestamp => Value::Timestamp(serde_json::from_str(json).ok()?),
                ColumnType::Map | ColumnType::Json => Value::Json(json.to_owned()),
            })
        };
        let values: Option<Vec<Value>> = table.columns.iter().map(|column| value(&column.name, column.kind)).collect();
        let record = Record {
            id: self.text("id")?,
            arn: self.text("arn"),
            owner_id: self.text("owner_id"),
            tags: match self.members.get("tags").map(|tags| tags.get()) {
                None | Some("null") => None,
                Some(tags) => Some(serde_json::from_str::<BTreeMap<String, String>>(tags).ok()?.into_iter().collect()),
            },
            values: values?,
            extra: self.members.get(EXTRA_COLUMN).map(|extra| extra.get().to_owned()).filter(|extra| extra != "null"),
        };
        Some((location, record))
    }
}

/// Rows on their way to the sink: those that were seen together go together.
struct Pages<'a> {
    table: &'static Table,
    sink: &'a mpsc::Sender<SinkMessage>,
    waiting: Option<(Location, Vec<Record>)>,
}

impl Pages<'_> {
    async fn add(&mut self, (location, record): (Location, Record)) {
        match &mut self.waiting {
            Some((last, records)) if *last == location && records.len() < AT_ONCE => records.push(record),
            _ => {
                self.send().await;
                self.waiting = Some((location, vec![record]));
            }
        }
    }

    async fn send(&mut self) {
        let Some((location, records)) = self.waiting.take() else { return };
        // Should the sink be gone, the run fails as a whole.
        let _ = self.sink.send(SinkMessage::Page(Page { table: self.table.index, location, records }, None)).await;
    }
}
