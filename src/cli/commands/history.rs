//! `rolecall history`: who held something, from when to when.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::answer::deliver;
use super::look_up::parsed;
use crate::answers::history::{self, HistoryRow};
use crate::answers::questions::ColumnKind;
use crate::cli::answers::{AnswerSet, AnswerSheet, CoveredAnswer, SheetColumn};
use crate::cli::args::HistoryArgs;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::logging;
use crate::settings::Runtime;

const COLUMNS: [(&str, ColumnKind); 17] = [
    ("query", ColumnKind::Text),
    ("relation", ColumnKind::Text),
    ("account_id", ColumnKind::Text),
    ("account_alias", ColumnKind::Text),
    ("region", ColumnKind::Text),
    ("table", ColumnKind::Text),
    ("id", ColumnKind::Text),
    ("arn", ColumnKind::Text),
    ("name", ColumnKind::Text),
    ("value", ColumnKind::Text),
    ("public", ColumnKind::Flag),
    ("allowed_by", ColumnKind::Json),
    ("observers", ColumnKind::Json),
    ("from", ColumnKind::Time),
    ("to", ColumnKind::Time),
    ("from_known", ColumnKind::Flag),
    ("to_known", ColumnKind::Flag),
];

/// Prints who held what the arguments name.
pub(crate) async fn history(arguments: HistoryArgs) -> Result<ExitCode, Error> {
    let terms = parsed("history", &arguments.terms()?)?;
    if arguments.estate.run.is_some() {
        let what = "`rolecall history` reads every run: use --at to read those up to a moment";
        return Err(Error::new(ErrorKind::InvalidRequest, what));
    }
    let settings = arguments.estate.settings()?;
    logging::to_terminal(settings.log.as_deref(), 0);
    let selection = arguments.estate.selection()?;
    let names_registry = settings.registry.is_some();
    let engine = Engine::start(settings, Runtime::Terminal).await;
    let registry = if names_registry { Some(engine.registry().await?) } else { None };
    let targets = registry.iter().flat_map(|registry| &registry.targets);
    let names: Vec<(String, String)> =
        targets.filter_map(|target| Some((target.account_id.to_string(), target.name.clone()?))).collect();
    let (rows, coverage) = history::history(&engine, arguments.estate.at, &terms, &selection, &names).await?;
    let is_offboarded = |account_id: &str| registry.as_ref().map(|registry| registry.is_offboarded(account_id));
    let offboarded = registry.is_some().then_some(("offboarded", ColumnKind::Flag));
    let columns = COLUMNS.into_iter().chain(offboarded).map(|(name, kind)| SheetColumn { name, kind }).collect();
    let rows = rows.iter().map(|row| {
        let more = is_offboarded(&row.hit.account_id).map(|is| json!(is));
        cells(row).into_iter().chain(more).collect()
    });
    let sheet = AnswerSheet { columns, rows: rows.collect() };
    deliver(&AnswerSet::One(CoveredAnswer { question: None, sheet, coverage: Some(coverage) }), &arguments.shape)
}

fn cells(HistoryRow { hit, span }: &HistoryRow) -> Vec<Value> {
    vec![
        json!(hit.query),
        json!(hit.relation),
        json!(hit.account_id),
        json!(hit.account_alias),
        json!(hit.region),
        json!(hit.table),
        json!(hit.id),
        json!(hit.arn),
        json!(hit.name),
        json!(hit.value),
        json!(hit.public),
        json!(hit.allowed_by),
        json!(hit.observers),
        json!(span.from),
        json!(span.to),
        json!(span.from_known),
        json!(span.to_known),
    ]
}
