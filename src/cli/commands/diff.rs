//! `rolecall diff`: what changed between two runs or two moments.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::answer::deliver;
use crate::answers::changes::{self, ChangedRow, newest_pair};
use crate::answers::estate::{Estate, Moment, run_times};
use crate::answers::questions::ColumnKind;
use crate::cli::answers::{AnswerSet, AnswerSheet, CoveredAnswer, SheetColumn};
use crate::cli::args::{DiffArgs, DiffSide};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::logging;
use crate::settings::Runtime;

const COLUMNS: [(&str, ColumnKind); 11] = [
    ("run_id", ColumnKind::Text),
    ("account_id", ColumnKind::Text),
    ("region", ColumnKind::Text),
    ("table", ColumnKind::Text),
    ("id", ColumnKind::Text),
    ("arn", ColumnKind::Text),
    ("name", ColumnKind::Text),
    ("change", ColumnKind::Text),
    ("previous_run_id", ColumnKind::Text),
    ("previous_collected_at", ColumnKind::Time),
    ("members", ColumnKind::Json),
];

/// Prints what changed.
pub(crate) async fn diff(arguments: DiffArgs) -> Result<ExitCode, Error> {
    arguments.estate.without_moment("rolecall diff")?;
    let settings = arguments.estate.settings()?;
    logging::to_terminal(settings.log.as_deref(), 0);
    let selection = arguments.estate.selection()?;
    let engine = Engine::start(settings, Runtime::Terminal).await;
    let (from, to) = sides(&engine, &arguments).await?;
    let (since, older) = match &from {
        DiffSide::Run(run_id) => {
            let (since, committed) = run_times(&engine, run_id).await?;
            (since, Moment::At(committed))
        }
        DiffSide::At(at) => (*at, Moment::At(*at)),
    };
    let (started, newer) = match &to {
        Some(DiffSide::Run(run_id)) => (Some(run_times(&engine, run_id).await?.0), Moment::Run(run_id.clone())),
        Some(DiffSide::At(at)) => (Some(*at), Moment::At(*at)),
        None => (None, Moment::Now),
    };
    if let Some(started) = started.filter(|started| since > *started) {
        let what = format!("FROM ({since}) is after TO ({started}): name the older one first");
        return Err(Error::new(ErrorKind::InvalidRequest, what));
    }
    let newer = Estate::open(&engine, &newer, None).await?;
    let older = Estate::open(&engine, &older, None).await?;
    newer.require_regions(&selection)?;
    let changes = changes::compare_common(&older, &newer, &selection).await?.ok_or_else(|| {
        let what = "the two sides have no account in common, so that nothing can be compared";
        Error::new(ErrorKind::InvalidRequest, what)
    })?;
    let columns = COLUMNS.iter().map(|(name, kind)| SheetColumn { name, kind: *kind }).collect();
    let sheet = AnswerSheet { columns, rows: changes.rows.into_iter().map(cells).collect() };
    deliver(
        &AnswerSet::One(CoveredAnswer { question: None, sheet, coverage: Some(changes.coverage) }),
        &arguments.shape,
    )
}

/// The two sides. Without arguments, the two newest runs that asked everything.
async fn sides(engine: &Engine, arguments: &DiffArgs) -> Result<(DiffSide, Option<DiffSide>), Error> {
    if let Some(from) = &arguments.older {
        return Ok((from.clone(), arguments.newer.clone()));
    }
    let Some((before, newest)) = newest_pair(engine).await? else {
        let what = "the output has no two committed runs that asked everything: name what to compare, as in \
                    `rolecall diff 2026-11-27 2026-11-28`";
        return Err(Error::new(ErrorKind::InvalidRequest, what));
    };
    Ok((DiffSide::Run(before), Some(DiffSide::Run(newest))))
}

fn cells(row: ChangedRow) -> Vec<Value> {
    vec![
        json!(row.run_id),
        json!(row.account_id),
        json!(row.region),
        json!(row.table),
        json!(row.id),
        json!(row.arn),
        json!(row.name),
        json!(row.change),
        json!(row.previous_run_id),
        json!(row.previous_collected_at),
        json!(row.members),
    ]
}
