//! Answers a question as every reader of it shows the answer: rows in a stable order, and what they are based on.
//!
//! **Invariant:** the command line and the report page answer by this code alone, so that their numbers are equal.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::entry::{AnswerRow, Options, Question};
use crate::answers::facts::{Coverage, Facts, Read};

/// A question's answer.
#[derive(Debug)]
pub(crate) struct AnsweredQuestion {
    /// In the order of account, region and values.
    pub rows: Vec<AnswerRow>,
    pub coverage: Coverage,
}

impl Question {
    /// Answers the question from facts that have the tables it reads. One that reads no table is about the ledger, which has
    /// cells of every table.
    pub(crate) fn answered(&self, facts: &Facts, options: &Options, every_table: &[Read]) -> AnsweredQuestion {
        let reads = if self.reads.is_empty() { every_table } else { self.reads };
        self.answered_with(facts, options, facts.cells.coverage(reads, &facts.selection))
    }

    /// The same, with what could not be seen.
    pub(crate) fn answered_with(&self, facts: &Facts, options: &Options, mut coverage: Coverage) -> AnsweredQuestion {
        let mut rows = (self.answer)(facts, options);
        for (oldest, newest) in rows.iter().filter_map(|row| row.collected_at) {
            coverage.saw(Some(oldest));
            coverage.saw(Some(newest));
        }
        rows.sort_by(row_order);
        AnsweredQuestion { rows, coverage }
    }
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
    use serde_json::json;

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
