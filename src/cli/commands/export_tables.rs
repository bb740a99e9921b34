//! `rolecall export csv` and `xlsx`: the tables of the inventory, or the answers to questions.
//!
//! **Invariant:** of CSV one table is in memory at a time. Of a workbook the rows are compressed until they are written.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::answer::{Opened, open};
use super::ask::all_answers;
use super::export_folder::ExportFolder;
use crate::answers::changes::{own_columns, own_value};
use crate::answers::export::ExportSummary;
use crate::answers::facts::{Coverage, Facts, Read, Resource};
use crate::answers::questions::{ColumnKind, Options, Question, questions};
use crate::catalogue::{Catalogue, Table};
use crate::cli::answers::{
    AnswerFormat, AnswerSet, AnswerSheet, AskedQuestion, CoveredAnswer, SheetColumn, SheetRows, save_rows,
    save_workbook,
};
use crate::cli::args::{AskedName, ExportArgs, ExportFormat};
use crate::domain::{Globs, grouped};
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::inventory::ColumnType;

/// The opening columns of a row, in the order of the files of a run.
const OPENING: [(&str, ColumnKind); 8] = [
    ("account_id", ColumnKind::Text),
    ("account_alias", ColumnKind::Text),
    ("region", ColumnKind::Text),
    ("id", ColumnKind::Text),
    ("arn", ColumnKind::Text),
    ("owner_id", ColumnKind::Text),
    ("tags", ColumnKind::Json),
    ("collected_at", ColumnKind::Time),
];

/// Writes tables, or answers to questions.
pub(super) async fn export_tables(
    arguments: &ExportArgs,
    folder: &ExportFolder,
) -> Result<(ExportSummary, Coverage), Error> {
    let asked = asked(&arguments.questions)?;
    let tables = tables(&arguments.tables)?;
    let estate = open(&arguments.estate, None).await?;
    let mut written = WrittenSheets::new(arguments.format, folder);
    if !asked.is_empty() {
        for answer in all_answers(&estate, asked).await? {
            written.add(answer)?;
        }
        return written.finish("questions");
    }
    for table in &tables {
        let answer = answer_of(&estate, table).await?;
        let is_wanted = !arguments.tables.is_empty() || !answer.sheet.rows.is_empty();
        if is_wanted { written.add(answer)? } else { written.cover(&answer) }
    }
    written.finish("tables")
}

/// The questions that are named. Those that compare two moments have no place among all of one.
fn asked(names: &[String]) -> Result<Vec<(&'static Question, Options)>, Error> {
    if names == ["all"] {
        let of_one_moment = questions().filter(|question| question.compares.is_none());
        return Ok(of_one_moment.map(|question| (question, Options::defaults(question))).collect());
    }
    let mut errors = ValidationErrors::new();
    let mut asked: Vec<(&'static Question, Options)> = Vec::new();
    for name in names {
        match AskedName::parse(name) {
            Ok(AskedName(question)) if asked.iter().all(|(other, _)| other.name != question.name) => {
                asked.push((question, Options::defaults(question)));
            }
            Ok(_) => {}
            Err(what) => errors.push(format!("--questions {name}"), what),
        }
    }
    errors.into_result(asked).map_err(|errors| Error::of(ErrorKind::InvalidRequest, &errors))
}

/// The tables that match globs, or all of them.
fn tables(globs: &[String]) -> Result<Vec<&'static Table>, Error> {
    let catalogue = Catalogue::get().map_err(|what| Error::new(ErrorKind::Internal, what))?;
    let invalid = |what: String| Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("--tables", what));
    let matching = Globs::new(globs).map_err(|error| invalid(error.to_string()))?;
    let names = catalogue.tables().iter().map(|table| table.entry.table);
    let unmatched = matching.unmatched(names);
    if !unmatched.is_empty() {
        return Err(invalid(format!("{} match no table: `rolecall resources` lists them", unmatched.join(", "))));
    }
    let is_wanted = |table: &&Table| globs.is_empty() || matching.matches(table.entry.table);
    Ok(catalogue.tables().iter().filter(is_wanted).collect())
}

/// The rows of a table that are asked for, with all columns.
async fn answer_of(estate: &Opened, table: &'static Table) -> Result<CoveredAnswer, Error> {
    let name = table.entry.table;
    let own: Vec<(&'static str, ColumnType)> = own_columns(table).collect();
    let columns = estate.estate.columns(name, &own.iter().map(|(column, _)| *column).collect::<BTreeSet<_>>());
    let mut builder = columns.builder();
    estate.estate.scan(&columns, |rows| rows.append_to(&mut builder)).await?;
    let cells = estate.estate.cells().await;
    let facts = Facts::new(vec![builder.finish()], cells, estate.selection.clone(), estate.estate.at());
    let mut coverage = facts.cells.coverage(&[Read::subject(name, &[])], &facts.selection);
    let mut rows = SheetRows::default();
    for resource in facts.selected(name) {
        coverage.saw(resource.collected_at());
        let values = own.iter().map(|(column, kind)| own_value(resource, column, *kind));
        rows.push(&opening_of(resource).into_iter().chain(values).collect::<Vec<_>>());
    }
    let heads = own.iter().map(|(name, kind)| SheetColumn { name, kind: kind_of(*kind) });
    let columns = OPENING.iter().map(|(name, kind)| SheetColumn { name, kind: *kind }).chain(heads).collect();
    let question = Some(AskedQuestion { name, title: name });
    Ok(CoveredAnswer { question, sheet: AnswerSheet { columns, rows }, coverage: Some(coverage) })
}

fn opening_of(resource: Resource<'_>) -> [Value; 8] {
    [
        json!(resource.observer()),
        json!(resource.account_alias()),
        json!(resource.region()),
        json!(resource.id()),
        json!(resource.arn()),
        json!(resource.account_id()),
        json!(resource.tags()),
        json!(resource.collected_at()),
    ]
}

fn kind_of(kind: ColumnType) -> ColumnKind {
    match kind {
        ColumnType::String => ColumnKind::Text,
        ColumnType::Boolean => ColumnKind::Flag,
        ColumnType::Integer => ColumnKind::Integer,
        ColumnType::Double => ColumnKind::Number,
        ColumnType::Timestamp => ColumnKind::Time,
        ColumnType::Map | ColumnType::Json => ColumnKind::Json,
    }
}

/// The sheets that are written: files at once, or a workbook at the end.
struct WrittenSheets<'f> {
    format: ExportFormat,
    folder: &'f ExportFolder,
    sheets: Vec<CoveredAnswer>,
    number: usize,
    rows: u64,
    coverage: Coverage,
}

impl<'f> WrittenSheets<'f> {
    fn new(format: ExportFormat, folder: &'f ExportFolder) -> Self {
        Self { format, folder, sheets: Vec::new(), number: 0, rows: 0, coverage: Coverage::default() }
    }

    /// Adds what an answer is based on.
    fn cover(&mut self, answer: &CoveredAnswer) {
        let Some(coverage) = &answer.coverage else { return };
        self.coverage.saw(coverage.as_of.oldest);
        self.coverage.saw(coverage.as_of.newest);
        self.coverage.unknown.extend(coverage.unknown.iter().cloned());
        self.coverage.cells += coverage.cells;
    }

    fn add(&mut self, answer: CoveredAnswer) -> Result<(), Error> {
        self.cover(&answer);
        self.number += 1;
        self.rows += answer.sheet.rows.len() as u64;
        if self.format == ExportFormat::Xlsx {
            self.sheets.push(answer);
            return Ok(());
        }
        let name = answer.question.map_or("answer", |question| question.name);
        let path = self.folder.path(&format!("{name}.csv"))?;
        save_rows(&AnswerSet::One(answer), AnswerFormat::Csv, &path)
    }

    fn finish(mut self, what: &str) -> Result<(ExportSummary, Coverage), Error> {
        let mut summary = ExportSummary::default();
        if self.format == ExportFormat::Xlsx {
            let path = self.folder.path(&format!("{what}.xlsx"))?;
            save_workbook(&AnswerSet::All(std::mem::take(&mut self.sheets)), &path)?;
        }
        let sheets = match (self.format, self.number) {
            (ExportFormat::Xlsx, 1) => "sheet",
            (ExportFormat::Xlsx, _) => "sheets",
            (_, 1) => "file",
            (..) => "files",
        };
        summary.written.push(format!("{} {sheets}", grouped(self.number as u64)));
        summary.written.push(format!("{} rows", grouped(self.rows)));
        self.coverage.unknown.sort();
        self.coverage.unknown.dedup();
        Ok((summary, self.coverage))
    }
}
