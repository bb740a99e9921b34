//! `rolecall ask`: answers the named questions.

use std::cmp::{Ordering, Reverse};
use std::process::ExitCode;

use serde_json::{Number, Value, json};
use tokio::task::JoinSet;

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
/// An answer takes a processor, so each has a task of its own. Those run at the same time that together read no more than the
/// one that reads most: it says how much memory is needed in any case.
async fn all_answers(estate: &Opened, asked: Vec<(&'static Question, Options)>) -> Result<Vec<CoveredAnswer>, Error> {
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
    let mut free = waiting.first().map_or(0, |(weight, ..)| *weight);
    let mut tasks = JoinSet::new();
    let mut answers = Vec::with_capacity(waiting.len());
    loop {
        while let Some(next) = waiting.iter().position(|(weight, ..)| *weight <= free) {
            let (weight, at, question, options) = waiting.remove(next);
            let estate = estate.clone();
            free -= weight;
            tasks.spawn(async move { (weight, at, answered(&estate, question, &options).await) });
        }
        let Some(task) = tasks.join_next().await else { break };
        let (weight, at, answer) = task.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        free += weight;
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
    let mut rows = (question.answer)(&facts, options);
    for (oldest, newest) in rows.iter().filter_map(|row| row.collected_at) {
        coverage.saw(Some(oldest));
        coverage.saw(Some(newest));
    }
    // The rows have all that is printed, and are many in a large fleet.
    drop(facts);
    rows.sort_by(row_order);
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

/// Rows are in the order of account, region and values.
fn row_order(one: &AnswerRow, other: &AnswerRow) -> Ordering {
    let place = (&one.account_id, &one.region).cmp(&(&other.account_id, &other.region));
    place.then_with(|| one.values.iter().map(InOrder).cmp(other.values.iter().map(InOrder)))
}

/// A value in its order: by its kind, and numbers as numbers. Nothing is copied, since an answer can have millions of rows.
#[derive(Clone, Copy)]
struct InOrder<'a>(&'a Value);

impl InOrder<'_> {
    fn kind(self) -> u8 {
        match self.0 {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Number(_) => 2,
            Value::String(_) => 3,
            Value::Array(_) | Value::Object(_) => 4,
        }
    }
}

impl Ord for InOrder<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.kind().cmp(&other.kind()).then_with(|| match (self.0, other.0) {
            (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
            (Value::Number(one), Value::Number(other)) => number_order(one, other),
            (Value::String(one), Value::String(other)) => one.cmp(other),
            (Value::Null, _) => Ordering::Equal,
            (one, other) => one.to_string().cmp(&other.to_string()),
        })
    }
}

impl PartialOrd for InOrder<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for InOrder<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for InOrder<'_> {}

/// Doubles say roughly where a number is, whole numbers exactly, and its text decides between the rest.
fn number_order(one: &Number, other: &Number) -> Ordering {
    let rough = |number: &Number| number.as_f64().unwrap_or_default();
    let exact = |number: &Number| {
        let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        whole.unwrap_or(rough(number) as i128)
    };
    rough(one)
        .total_cmp(&rough(other))
        .then_with(|| exact(one).cmp(&exact(other)))
        .then_with(|| one.to_string().cmp(&other.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_ordered_by_place_and_values() {
        let row = |account: Option<&str>, values: &[Value]| AnswerRow {
            account_id: account.map(str::to_owned),
            region: Some("eu-west-1".to_owned()),
            values: values.to_vec(),
            collected_at: None,
        };
        let ordered = [
            row(None, &[json!("z")]),
            row(Some("1"), &[]),
            row(Some("1"), &[json!(null), json!("b")]),
            row(Some("1"), &[json!(false)]),
            row(Some("1"), &[json!(true)]),
            row(Some("1"), &[json!(-3)]),
            row(Some("1"), &[json!(2)]),
            row(Some("1"), &[json!(2.5)]),
            row(Some("1"), &[json!(10)]),
            row(Some("1"), &[json!(u64::MAX)]),
            row(Some("1"), &[json!("10")]),
            row(Some("1"), &[json!("2")]),
            row(Some("1"), &[json!(["a"])]),
            row(Some("2"), &[json!(null)]),
        ];
        for (at, one) in ordered.iter().enumerate() {
            for (other_at, other) in ordered.iter().enumerate() {
                assert_eq!(row_order(one, other), at.cmp(&other_at), "{one:?} and {other:?}");
            }
        }
    }
}
