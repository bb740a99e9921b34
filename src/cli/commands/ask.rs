//! `rolecall ask`: answers the named questions.

use std::cmp::Reverse;
use std::process::ExitCode;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::answer::{Opened, deliver, open};
use crate::answers::facts::EarlierFacts;
use crate::answers::questions::{
    AnswerRow, AnsweredQuestion, ColumnKind, Compares, Options, Question, SINCE, questions,
};
use crate::cli::answers::{AnswerSet, AnswerSheet, AskedQuestion, CoveredAnswer, SheetColumn};
use crate::cli::args::AskArgs;
use crate::error::{Error, ErrorKind};

/// Roughly the bytes of rows that questions which are answered at the same time may have in memory together. What they make of
/// the rows takes as much again.
const ROOM: u64 = 320 << 20;

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
    // What compares with an earlier moment reads both, and so is asked if one is named.
    let has_since = arguments.options.names(SINCE);
    let asked = questions().filter(|question| has_since || question.compares.is_none());
    let asked = asked.map(|question| Ok((question, arguments.options.options_of_all(question)?)));
    let asked = asked.collect::<Result<Vec<_>, Error>>()?;
    let estate = open(&arguments.estate, None).await?;
    let answers = all_answers(&estate, asked).await?;
    deliver(&AnswerSet::All(answers), &arguments.shape)
}

/// The answers, in the order of the questions.
///
/// An answer takes a processor, so each has a task of its own. Those run at the same time that together fit into [`ROOM`]. One
/// that does not fit runs alone.
pub(super) async fn all_answers(
    estate: &Opened,
    asked: Vec<(&'static Question, Options)>,
) -> Result<Vec<CoveredAnswer>, Error> {
    let weight = |question: &Question| match question.compares {
        None => estate.estate.weight(question.reads),
        // Two moments are read, table by table.
        Some(_) => 2 * estate.estate.weight(question.reads),
    };
    let mut waiting: Vec<_> = asked
        .into_iter()
        .enumerate()
        .map(|(at, (question, options))| (weight(question), at, question, options))
        .collect();
    waiting.sort_by_key(|(weight, ..)| Reverse(*weight));
    let mut used: u64 = 0;
    let mut tasks = JoinSet::new();
    let mut answers = Vec::with_capacity(waiting.len());
    loop {
        let fits = |used: u64, weight: u64| used == 0 || used.saturating_add(weight) <= ROOM;
        while let Some(next) = waiting.iter().position(|(weight, ..)| fits(used, *weight)) {
            let (weight, at, question, options) = waiting.remove(next);
            let estate = estate.clone();
            used += weight;
            tasks.spawn(async move { (weight, at, answered(&estate, question, &options).await) });
        }
        let Some(task) = tasks.join_next().await else { break };
        let (weight, at, answer) = task.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        used -= weight;
        answers.push((at, answer?));
    }
    answers.sort_unstable_by_key(|(at, _)| *at);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
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

async fn answered(estate: &Opened, question: &'static Question, options: &Options) -> Result<CoveredAnswer, Error> {
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
    let AnsweredQuestion { rows, coverage } = question.answered_with(&facts, options, coverage);
    // The rows have all that is printed, and are many in a large fleet.
    drop(facts);
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
