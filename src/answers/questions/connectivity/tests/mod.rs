//! Checks each question about connectivity on a small estate: what it finds, what it does not, and what is unknown.

mod stated;
mod used;
mod flow_logs;
mod security_groups;

use serde_json::{Value, json};

use super::super::{Options, find};
use crate::answers::facts::{Facts, FactsBuilder};

const A: &str = "111122223333";
const B: &str = "444455556666";
const R: &str = "eu-west-1";

fn estate(question: &str) -> FactsBuilder {
    FactsBuilder::new(find(question).unwrap().reads)
}

/// A row of an account in the usual region, with these further values.
fn of(account: &str, id: &str, more: Value) -> Value {
    let mut row = json!({"account_id": account, "region": R, "id": id});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

/// The rows of an answer in order: account, region, and the values of these columns.
fn ask(question: &str, facts: &Facts, columns: &[&str]) -> Vec<Value> {
    let question = find(question).unwrap();
    let at = |name: &&str| question.columns.iter().position(|column| column.name == *name).unwrap();
    let rows = (question.answer)(facts, &Options::defaults(question));
    let mut rows: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            assert_eq!(row.values.len(), question.columns.len());
            let own = columns.iter().map(|column| row.values[at(column)].clone());
            [json!(row.account_id), json!(row.region)].into_iter().chain(own).collect()
        })
        .collect();
    rows.sort_by_key(Value::to_string);
    rows
}
