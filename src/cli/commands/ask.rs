//! `rolecall ask`: answers the named questions.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::answer::{Opened, deliver, open};
use crate::answers::facts::EarlierFacts;
use crate::answers::questions::{AnswerRow, ColumnKind, Compares, Options, Question, SINCE, questions};
use crate::cli::answers::{AnswerSet, AnswerSheet, AskedQuestion, CoveredAnswer, SheetColumn};
use crate::cli::args::AskArgs;
use crate::error::{Error, ErrorKind};

/// Answers one question or all of them, or lists them.
pub(crate) async fn ask(arguments: AskArgs) -> Result<ExitCode, Error> {
    if arguments.all {
        return ask_all(&arguments).await;
    }
    let Some(name) = arguments.question else { return list(&arguments) };
    let question = name.0;
    let options = arguments.options.options(question)?;
    let tables: Vec<&str> = question.reads.iter().map(|read| read.table).collect();
    let estate = open(&arguments.estate, (!tables.is_empty()).then_some(tables.as_slice())).await?;
    let answer = answered(&estate, question, &options).await?;
    deliver(&AnswerSet::One(answer), &arguments.shape)
}

async fn ask_all(arguments: &AskArgs) -> Result<ExitCode, Error> {
    // What is compared is read twice, and so asked if a moment is named.
    let has_since = arguments.options.names(SINCE);
    let asked = questions().filter(|question| has_since || question.compares.is_none());
    let asked = asked.map(|question| Ok((question, arguments.options.options_of_all(question)?)));
    let asked = asked.collect::<Result<Vec<_>, Error>>()?;
    let estate = open(&arguments.estate, None).await?;
    let mut answers = Vec::with_capacity(asked.len());
    for (question, options) in asked {
        answers.push(answered(&estate, question, &options).await?);
    }
    deliver(&AnswerSet::All(answers), &arguments.shape)
}

/// Lists the questions, with their options.
fn list(arguments: &AskArgs) -> Result<ExitCode, Error> {
    if !arguments.options.is_empty() {
        let what = "options of questions need the name of one: `rolecall ask` without options lists them";
        return Err(Error::new(ErrorKind::InvalidRequest, what));
    }
    let text = |name| SheetColumn { name, kind: ColumnKind::Text };
    let columns = vec![text("name"), text("title"), text("description")];
    let rows =
        questions().map(|question| vec![json!(question.name), json!(question.title), json!(described(question))]);
    let sheet = AnswerSheet { columns, rows: rows.collect() };
    deliver(&AnswerSet::One(CoveredAnswer { question: None, sheet, coverage: None }), &arguments.shape)
}

/// The description of a question, with its options.
fn described(question: &Question) -> String {
    let mut text = question.description.to_owned();
    for option in question.options {
        let value = if option.default.is_empty() { "VALUE" } else { option.default };
        text.push_str(&format!(" --{} {value}: {}.", option.name, option.help.trim_end_matches('.')));
    }
    text
}

async fn answered(estate: &Opened<'_>, question: &'static Question, options: &Options) -> Result<CoveredAnswer, Error> {
    // A question that reads no table is about the ledger, which has cells of every table.
    let reads = if question.reads.is_empty() { estate.every_table() } else { question.reads.to_vec() };
    let mut facts = estate.facts(question.reads).await?;
    let mut coverage = facts.cells.coverage(&reads, &facts.selection);
    if let Some(compares) = question.compares {
        let tables: Vec<&'static str> = reads.iter().map(|read| read.table).collect();
        let before = estate.earlier(options.text(SINCE), Some(&tables)).await?;
        let mut earlier = EarlierFacts::default();
        match compares {
            Compares::Changes => {
                let changes = estate.changes(&before, &tables).await?;
                coverage = changes.coverage;
                earlier.changes = changes.rows;
            }
            Compares::Rows => {
                let before = before.facts(question.reads, facts.selection.clone()).await?;
                // What was not known then is no finding, and is said to be unknown.
                let unknown = before.cells.coverage(&reads, &facts.selection).unknown;
                coverage.unknown.extend(unknown);
                coverage.unknown.sort();
                coverage.unknown.dedup();
                earlier.facts = Some(Box::new(before));
            }
        }
        facts.earlier = Some(earlier);
    }
    let mut rows = (question.answer)(&facts, options);
    rows.sort_by_cached_key(sort_key);
    for (oldest, newest) in rows.iter().filter_map(|row| row.collected_at) {
        coverage.saw(Some(oldest));
        coverage.saw(Some(newest));
    }
    let place = |name| SheetColumn { name, kind: ColumnKind::Text };
    let own = question.columns.iter().map(|column| SheetColumn { name: column.name, kind: column.kind });
    let sheet = AnswerSheet {
        columns: [place("account_id"), place("region")].into_iter().chain(own).collect(),
        rows: rows.into_iter().map(cells).collect(),
    };
    let question = Some(AskedQuestion { name: question.name, title: question.title });
    Ok(CoveredAnswer { question, sheet, coverage: Some(coverage) })
}

fn cells(row: AnswerRow) -> Vec<Value> {
    [json!(row.account_id), json!(row.region)].into_iter().chain(row.values).collect()
}

/// Account, region, and of each value its kind, its whole number and its text.
type SortKey = (Option<String>, Option<String>, Vec<(u8, i64, String)>);

/// Rows are in the order of account, region and values. Numbers sort as numbers.
fn sort_key(row: &AnswerRow) -> SortKey {
    let key = |value: &Value| match value {
        Value::Null => (0, 0, String::new()),
        Value::Bool(flag) => (1, i64::from(*flag), String::new()),
        // Doubles sort by their whole part, then as text.
        Value::Number(number) => {
            let whole = number.as_i64().or_else(|| number.as_f64().map(|number| number as i64));
            (2, whole.unwrap_or(i64::MAX), number.to_string())
        }
        Value::String(text) => (3, 0, text.clone()),
        nested => (4, 0, nested.to_string()),
    };
    (row.account_id.clone(), row.region.clone(), row.values.iter().map(key).collect())
}
