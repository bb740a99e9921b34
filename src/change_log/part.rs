//! Compares the tables of one part, and writes the rows of what changed.
//!
//! **Invariant:** a file that is written here counts only if the part's document names it.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::document_store::DocumentStore;
use super::documents::{
    AccountChanges, CellTally, ChangedResource, ComparisonPlan, PartDocument, PlannedPart, VERSION,
};
use crate::answers::changes::{AheadAnswers, Change, ChangeSink, ChangedRow, ComparedEstates, of_table};
use crate::answers::estate::{Estate, Moment};
use crate::answers::facts::RowFilter;
use crate::catalogue::Catalogue;
use crate::domain::new_attempt_id;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::inventory::ChangeRecord;
use crate::output::sink::{ChangeFile, FileNaming};

/// The most resources that a part lists of an account, and over all accounts.
const MOST_LISTED: usize = 50;
const MOST_LISTED_OF_ALL: usize = 50_000;
/// At least as many are listed of each account.
const LEAST_LISTED: usize = 5;
/// The most bytes of a listed resource: a name may have any length.
const MOST_RESOURCE_BYTES: usize = 8 << 10;

/// Compares a part. Writes its file, and not its document.
pub(super) async fn compare(
    engine: &Engine,
    documents: &DocumentStore,
    plan: &ComparisonPlan,
    part: &PlannedPart,
) -> Result<PartDocument, Error> {
    let tables = known_tables(part)?;
    let comparison = comparison(engine, plan, &tables).await?;
    let mut writer = PartWriter::new(documents, plan, part);
    let mut cells = CellTally::default();
    for table in &tables {
        match of_table(&comparison, table, &RowFilter::default(), &mut writer).await {
            Ok(compared) => cells.add(CellTally {
                compared: compared.compared,
                baseline: compared.baseline.len() as u64,
                outdated: compared.outdated,
                unknown: comparison.unanswered(table),
            }),
            Err(error) => {
                writer.abort().await;
                return Err(error);
            }
        }
    }
    writer.finish(cells).await
}

/// The tables of the catalogue. A newer version may have planned a table that this one does not know.
fn known_tables(part: &PlannedPart) -> Result<Vec<&'static str>, Error> {
    let catalogue = Catalogue::get().map_err(|what| Error::new(ErrorKind::Internal, what))?;
    let known = |table: &String| {
        catalogue.find(table).map(|table| table.entry.table).ok_or_else(|| {
            let what =
                format!("the table {table} is not known to this version of rolecall: a newer one planned the run");
            Error::new(ErrorKind::OutputUnreadable, what)
        })
    };
    part.tables.iter().map(known).collect()
}

async fn comparison(engine: &Engine, plan: &ComparisonPlan, tables: &[&str]) -> Result<ComparedEstates, Error> {
    let run = Moment::Alone { run_id: plan.run_id.clone(), dt: plan.dt.clone() };
    let newer = Estate::open(engine, &run, Some(tables)).await?;
    let older = Estate::open_or_empty(engine, &Moment::At(plan.before), Some(tables)).await?;
    let ahead = match plan.has_run_ahead {
        true => {
            let estate = Estate::open(engine, &Moment::Now, Some(tables)).await?;
            Some(AheadAnswers { estate, after: plan.planned_at })
        }
        false => None,
    };
    Ok(ComparedEstates::of_commit(older, newer, ahead))
}

/// Writes the rows of a part, and counts them.
struct PartWriter<'a> {
    documents: &'a DocumentStore,
    plan: &'a ComparisonPlan,
    part: &'a PlannedPart,
    /// Opened with the first row.
    file: Option<ChangeFile>,
    accounts: BTreeMap<String, AccountChanges>,
}

impl<'a> PartWriter<'a> {
    fn new(documents: &'a DocumentStore, plan: &'a ComparisonPlan, part: &'a PlannedPart) -> Self {
        Self { documents, plan, part, file: None, accounts: BTreeMap::new() }
    }

    fn count(&mut self, row: &ChangedRow) {
        let listed = self.accounts.len().max(1);
        let most = (MOST_LISTED_OF_ALL / listed).clamp(LEAST_LISTED, MOST_LISTED);
        let account = self.accounts.entry(row.account_id.clone()).or_default();
        account.tables.entry(row.table.to_owned()).or_default().count(row.change);
        if account.resources.len() < most {
            account.resources.extend(resource(row));
        }
    }

    async fn finish(self, cells: CellTally) -> Result<PartDocument, Error> {
        let files = match self.file {
            Some(file) => vec![file.finish().await.map_err(|error| self.documents.output().error(&error))?],
            None => Vec::new(),
        };
        Ok(PartDocument {
            version: VERSION,
            run_id: self.plan.run_id.clone(),
            part: self.part.name.clone(),
            files,
            cells,
            accounts: self.accounts,
        })
    }

    async fn abort(self) {
        if let Some(file) = self.file {
            file.abort().await;
        }
    }
}

impl ChangeSink for PartWriter<'_> {
    async fn take(&mut self, rows: Vec<ChangedRow>) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        rows.iter().for_each(|row| self.count(row));
        let records: Vec<ChangeRecord> = rows.into_iter().map(record).collect();
        let file = self.file.get_or_insert_with(|| {
            let naming = FileNaming {
                run_id: self.plan.run_id.to_string(),
                shard: self.part.name.clone(),
                attempt: new_attempt_id(),
                dt: self.plan.dt.clone(),
            };
            ChangeFile::open(self.documents.output().store(), &naming, self.plan.format)
        });
        file.add(&records).await.map_err(|error| self.documents.output().error(&error))
    }
}

/// A resource for the list. `None` if it is too large.
fn resource(row: &ChangedRow) -> Option<ChangedResource> {
    let members = row.members.as_ref().and_then(|members| members.as_object());
    let resource = ChangedResource {
        table: row.table.to_owned(),
        region: row.region.clone(),
        id: row.id.clone(),
        arn: row.arn.clone(),
        name: row.name.clone(),
        change: row.change,
        members: members.map(|members| members.keys().cloned().collect()).unwrap_or_default(),
    };
    let bytes = serde_json::to_vec(&resource).map_or(usize::MAX, |bytes| bytes.len());
    (bytes <= MOST_RESOURCE_BYTES).then_some(resource)
}

fn record(row: ChangedRow) -> ChangeRecord {
    ChangeRecord {
        run_id: row.run_id,
        account_id: row.account_id,
        region: row.region,
        table: row.table,
        id: row.id,
        arn: row.arn,
        name: row.name,
        change: match row.change {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
        },
        previous_run_id: row.previous_run_id,
        previous_collected_at: row.previous_collected_at,
        members: row.members.and_then(|members| RawValue::from_string(members.to_string()).ok()),
    }
}
