//! `rolecall where`: finds who holds an address, a range, a name, an id, an ARN or a tag.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::answer::{Opened, deliver, open};
use crate::answers::lookup::{self, Hit, Query};
use crate::answers::questions::ColumnKind;
use crate::cli::answers::{AnswerSet, AnswerSheet, CoveredAnswer, SheetColumn};
use crate::cli::args::WhereArgs;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;

const COLUMNS: [(&str, ColumnKind); 14] = [
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
    ("collected_at", ColumnKind::Time),
];

/// Prints who holds what the arguments name.
pub(crate) async fn look_up(arguments: WhereArgs) -> Result<ExitCode, Error> {
    let terms = parsed("where", &arguments.terms()?)?;
    let reads = lookup::reads(&terms);
    let tables: Vec<&str> = reads.iter().map(|read| read.table).collect();
    let estate = open(&arguments.estate, Some(&tables)).await?;
    let facts = estate.narrowed(&terms, &reads).await?;
    let hits = lookup::look_up(&facts, &terms);
    let mut coverage = facts.cells.coverage(&reads, &facts.selection);
    hits.iter().for_each(|hit| coverage.saw(hit.collected_at));
    let offboarded = estate.registry.is_some().then_some(("offboarded", ColumnKind::Flag));
    let columns = COLUMNS.into_iter().chain(offboarded).map(|(name, kind)| SheetColumn { name, kind }).collect();
    let rows = hits.iter().map(|hit| cells(&estate, hit)).collect();
    let sheet = AnswerSheet { columns, rows };
    deliver(&AnswerSet::One(CoveredAnswer { question: None, sheet, coverage: Some(coverage) }), &arguments.shape)
}

/// Parses the terms. Every one of no known form is reported.
pub(super) fn parsed(command: &str, terms: &[String]) -> Result<Vec<Query>, Error> {
    let mut errors = ValidationErrors::new();
    let mut parsed = Vec::with_capacity(terms.len());
    for term in terms {
        match Query::parse(term) {
            Ok(term) => parsed.push(term),
            Err(what) => errors.push(command, what),
        }
    }
    errors.into_result(parsed).map_err(|errors| Error::of(ErrorKind::InvalidRequest, &errors))
}

fn cells(estate: &Opened, hit: &Hit) -> Vec<Value> {
    let offboarded = estate.registry.is_some().then(|| json!(estate.offboarded(&hit.account_id)));
    let own = vec![
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
        json!(hit.collected_at),
    ];
    own.into_iter().chain(offboarded).collect()
}
