//! What a resumed run need not ask again: cells that earlier runs have answered, and parents within a cell.
//!
//! The rows of a partially answered cell are copied into the new run, so that its newest run has all of its rows.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::run_store::{CATCH_UP_SHARD, RunStore};
use crate::catalogue::{Catalogue, Table};
use crate::decode::Value;
use crate::domain::{AccountId, Partition};
use crate::engine::collect::{CompletedParents, StartedParents};
use crate::engine::plan::Plan;
use crate::engine::report::Manifest;
use crate::error::Error;
use crate::inventory::{ANY_REGION, ColumnType, EXTRA_COLUMN, GLOBAL, LEDGER, Location, Page, Record, Status};
use crate::output::sink::{SinkMessage, WrittenFile};

/// A cell, as `account`, `region`, `table`.
type CellName = (String, String, String);

/// Most rows of one message to the sink.
const ROWS_PER_PAGE: usize = 1000;

/// What earlier runs have answered of a shard's accounts. Empty if the run resumes none.
#[derive(Debug, Default)]
pub(super) struct PriorResults {
    /// The state of each cell in the earlier ledgers, by account and table.
    cells: HashMap<String, HashMap<&'static str, TableStates>>,
    /// Partially answered cells whose rows were copied, by account.
    started_parents: HashMap<String, Arc<StartedParents>>,
}

/// The states of one table's cells in one account.
#[derive(Debug, Default)]
struct TableStates {
    /// By region. The names of regions are shared, since a large run has many of them.
    regions: Vec<(Arc<str>, CellState)>,
    /// The newest run that has a row of the table, counted backwards from the newest of all.
    newest_run: Option<usize>,
    /// True if that run did not know all regions: it has a row at region `*`.
    regions_unknown: bool,
}

/// The state of a cell after earlier runs. Of several states the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum CellState {
    /// No run has answered it in full.
    Open,
    /// Its region is not enabled, so there is no question to ask.
    Disabled,
    /// A run has answered it in full.
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
    /// Returns true if an earlier run has answered the cell in full.
    pub(super) fn is_answered(&self, account: &str, region: &str, table: &str) -> bool {
        let states = self.states(account, table).map(|states| &states.regions);
        states.is_some_and(|all| all.iter().any(|(name, state)| *state == CellState::Answered && **name == *region))
    }

    /// The regions in which an account's table is still open, or `None` if no earlier ledger has the table. A cell at
    /// region `*` is open until a later run knows the regions.
    pub(super) fn open_regions(&self, account: &str, table: &str) -> Option<Vec<&str>> {
        let states = self.states(account, table)?;
        let is_open = |region: &str, state: CellState| {
            state == CellState::Open && (*region != *ANY_REGION || states.regions_unknown)
        };
        let open = states.regions.iter().filter(|(region, state)| is_open(region, *state));
        Some(open.map(|(region, _)| &**region).collect())
    }

    /// The regions that earlier runs have asked in an account, or wanted to ask. They are enabled as far as is known.
    pub(super) fn regions(&self, account: &str) -> BTreeSet<&str> {
        let states = self.cells.get(account).into_iter().flat_map(HashMap::values).flat_map(|states| &states.regions);
        let asked = states.filter(|(region, state)| *state != CellState::Disabled && **region != *ANY_REGION);
        asked.map(|(region, _)| &**region).filter(|region| *region != GLOBAL).collect()
    }

    /// The account's cells that were answered in part, with the parents that need not be asked again.
    pub(super) fn started_parents(&self, account: &str) -> Arc<StartedParents> {
        self.started_parents.get(account).cloned().unwrap_or_default()
    }

    fn states(&self, account: &str, table: &str) -> Option<&TableStates> {
        self.cells.get(account)?.get(table)
    }

    /// Adds a row of an earlier ledger. The rows of newer runs come first.
    fn record(&mut self, run: usize, account: &str, table: &'static str, (region, state): (&Arc<str>, CellState)) {
        let states = self.cells.entry(account.to_owned()).or_default().entry(table).or_default();
        let is_newest = *states.newest_run.get_or_insert(run) == run;
        states.regions_unknown |= is_newest && **region == *ANY_REGION;
        match states.regions.iter_mut().find(|(name, _)| name == region) {
            Some((_, known)) => *known = state.max(*known),
            None => states.regions.push((region.clone(), state)),
        }
    }
}

/// Returns the manifest of the run that a plan resumes: the one whose `remaining` request it carries out. A run whose name
/// only looks like a continuation resumes none.
pub(super) async fn resumed_run(store: &RunStore, plan: &Plan) -> Result<Option<Manifest>, Error> {
    let Some(run_id) = plan.run_id.resumes() else { return Ok(None) };
    let manifest = store.manifest(&run_id).await?;
    Ok(manifest.filter(|manifest| manifest.response.remaining.as_ref() == Some(&plan.request)))
}

/// The shard of a file: `…/<run_id>.<shard>.<attempt>.<n>.<ending>`.
fn shard_of(key: &str, run_id: &str) -> Option<String> {
    let name = key.rsplit('/').next()?.strip_prefix(run_id)?.strip_prefix('.')?;
    name.split('.').next().map(str::to_owned)
}

/// The files of a run that may hold rows of these accounts: those of their shards. An account whose shard was never
/// committed is in the catch-up shard, with the rows that it took over from earlier runs.
fn files_with<'a>(manifest: &'a Manifest, accounts: &[AccountId]) -> impl Iterator<Item = &'a WrittenFile> {
    let mut shards = manifest.plan.shards_with(accounts.iter());
    if shards.iter().any(|shard| !manifest.attempts.contains_key(shard)) {
        shards.insert(CATCH_UP_SHARD.to_owned());
    }
    let run_id = manifest.response.run_id.as_str();
    manifest.files.iter().filter(move |file| shard_of(&file.key, run_id).is_none_or(|shard| shards.contains(&shard)))
}

/// The run that another one resumes, with what it takes to read its files.
pub(super) struct ResumedRun<'a> {
    pub store: &'a RunStore,
    pub manifest: &'a Manifest,
    pub catalogue: &'static Catalogue,
    pub partition: &'static Partition,
}

impl ResumedRun<'_> {
    /// Loads what is known of these accounts, and copies the rows of their partially answered cells to the sink.
    pub(super) async fn load(
        &self,
        accounts: &[AccountId],
        sink: &mpsc::Sender<SinkMessage>,
    ) -> Result<PriorResults, Error> {
        let mut prior_results = self.ledgers(accounts).await?;
        prior_results.started_parents = self.copy_rows(accounts, sink).await?;
        Ok(prior_results)
    }

    /// Reads the ledgers of this run, and of the runs that it resumed in turn.
    async fn ledgers(&self, accounts: &[AccountId]) -> Result<PriorResults, Error> {
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
        let selected: HashSet<&str> = accounts.iter().map(AccountId::as_str).collect();
        let (mut prior_results, mut regions) = (PriorResults::default(), HashSet::<Arc<str>>::new());
        let (mut next, mut run) = (Some(Cow::Borrowed(self.manifest)), 0);
        while let Some(manifest) = next {
            for file in files_with(&manifest, accounts).filter(|file| file.table == LEDGER) {
                for line in self.store.rows(file, &[]).await?.lines() {
                    let row: LedgerLine<'_> = serde_json::from_str(line)
                        .map_err(|error| self.store.unreadable(&file.key, &error.to_string()))?;
                    // A type that the catalogue no longer has is no cell of this run.
                    let Some(table) = self.catalogue.find(&row.table).filter(|_| selected.contains(&*row.account_id))
                    else {
                        continue;
                    };
                    let region = regions.get(&*row.region).cloned().unwrap_or_else(|| Arc::from(&*row.region));
                    let state = CellState::of(row.status);
                    prior_results.record(run, &row.account_id, table.entry.table, (&region, state));
                    regions.insert(region);
                }
            }
            next = match &manifest.resumes {
                Some(resumed) => self.store.manifest(resumed).await?.map(Cow::Owned),
                None => None,
            };
            run += 1;
        }
        Ok(prior_results)
    }

    /// Copies the rows of these accounts' partially answered cells to the sink. Returns, by account, the parents that the
    /// rows cover.
    async fn copy_rows(
        &self,
        accounts: &[AccountId],
        sink: &mpsc::Sender<SinkMessage>,
    ) -> Result<HashMap<String, Arc<StartedParents>>, Error> {
        let (store, partition) = (self.store, self.partition);
        let mut cells: HashMap<CellName, CompletedParents> = HashMap::new();
        for cell in self.manifest.partly_answered.iter().filter(|cell| accounts.contains(&cell.account_id)) {
            let name = (cell.account_id.to_string(), cell.region.clone(), cell.table.clone());
            let parents = cell.answered.iter().cloned().collect();
            cells.insert(name, CompletedParents { parents, records: 0 });
        }
        let tables: HashSet<String> = cells.keys().map(|(_, _, table)| table.clone()).collect();
        let files = files_with(self.manifest, accounts).filter(|file| tables.contains(&file.table));
        let files: Vec<&WrittenFile> = files.collect();
        // A cell without a file has no rows to copy, so it is asked again.
        cells.retain(|(_, _, table), _| files.iter().any(|file| file.table == *table));
        for file in files {
            let Some(table) = self.catalogue.find(&file.table) else { continue };
            let mut pages = Pages { table, partition, sink, waiting: None };
            for line in store.rows(file, &table.all_columns()).await?.lines() {
                let row: StoredRow<'_> =
                    serde_json::from_str(line).map_err(|error| store.unreadable(&file.key, &error.to_string()))?;
                // A row that is skipped here is lost, since its parent is not asked again.
                let text = |column: &str| {
                    row.text(column).ok_or_else(|| store.unreadable(&file.key, &format!("a row has no {column}")))
                };
                let name = (text("account_id")?, text("region")?, file.table.clone());
                let Some(completed) = cells.get_mut(&name) else { continue };
                let parent = table.parent_column().map(text).transpose()?.unwrap_or_default();
                if !completed.parents.contains(&parent) {
                    continue;
                }
                let record = row.record(table);
                let record = record.ok_or_else(|| store.unreadable(&file.key, "a row does not fit its table"))?;
                completed.records += 1;
                pages.add(record).await;
            }
            pages.send().await;
        }
        let mut started: HashMap<String, StartedParents> = HashMap::new();
        for ((account, region, table), completed) in cells {
            started.entry(account).or_default().insert((region, table), completed);
        }
        Ok(started.into_iter().map(|(account, cells)| (account, Arc::new(cells))).collect())
    }
}

/// A row of an earlier run's file.
#[derive(Deserialize)]
#[serde(transparent)]
struct StoredRow<'a> {
    #[serde(borrow)]
    members: BTreeMap<String, &'a RawValue>,
}

/// Where and when a row was collected.
#[derive(Clone, Debug, PartialEq)]
struct StoredLocation {
    account_id: String,
    account_alias: Option<String>,
    region: String,
    collected_at: Timestamp,
}

impl StoredRow<'_> {
    fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.members.get(name)?.get()).ok()?
    }

    fn record(&self, table: &Table) -> Option<(StoredLocation, Record)> {
        let seen = StoredLocation {
            account_id: self.text("account_id")?,
            account_alias: self.text("account_alias"),
            region: self.text("region")?,
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
            digest: self
                .members
                .get("digest")
                .and_then(|digest| digest.get().parse::<i64>().ok())
                .map(i64::cast_unsigned),
        };
        Some((seen, record))
    }
}

/// Groups consecutive rows of one location into pages for the sink.
struct Pages<'a> {
    table: &'static Table,
    partition: &'static Partition,
    sink: &'a mpsc::Sender<SinkMessage>,
    waiting: Option<(StoredLocation, Vec<Record>)>,
}

impl Pages<'_> {
    async fn add(&mut self, (seen, record): (StoredLocation, Record)) {
        match &mut self.waiting {
            Some((last, records)) if *last == seen && records.len() < ROWS_PER_PAGE => records.push(record),
            _ => {
                self.send().await;
                self.waiting = Some((seen, vec![record]));
            }
        }
    }

    async fn send(&mut self) {
        let Some((seen, records)) = self.waiting.take() else { return };
        let location = Location {
            account_id: seen.account_id.into(),
            account_alias: seen.account_alias.map(Into::into),
            partition: self.partition.name,
            region: seen.region.into(),
            collected_at: seen.collected_at,
        };
        // If the sink has ended, the run fails as a whole.
        let _ = self.sink.send(SinkMessage::Page(Page { table: self.table.index, location, records }, None)).await;
    }
}
