//! What changed in each account, counted by table.
//!
//! **Invariant:** counts what the comparison tells, and no more.

use std::collections::BTreeMap;

use serde_json::json;

use super::{NO_SQL, SINCE_OPTION, column};
use crate::answers::facts::{Change, Facts};
use crate::answers::questions::{AnswerRow, ColumnKind, Compares, Options, Question, QuestionSql};

pub(super) const QUESTION: Question = Question {
    name: "changes-by-account",
    title: "Changes by account",
    description: "The resources that were added, removed and changed since an earlier moment (--since), counted by account, region \
                  and table.",
    why: "An account in which much changed, or in which nothing should have, is the one to look at first.",
    columns: &[
        column("table", ColumnKind::Text),
        column("added", ColumnKind::Integer),
        column("removed", ColumnKind::Integer),
        column("changed", ColumnKind::Integer),
    ],
    options: &[SINCE_OPTION],
    reads: &[],
    compares: Some(Compares::Changes),
    sql: QuestionSql::Inexpressible(NO_SQL),
    answer,
};

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut counts: BTreeMap<(&str, &str, &str), [u64; 3]> = BTreeMap::new();
    for row in facts.earlier.iter().flat_map(|earlier| &earlier.changes) {
        let of_table = counts.entry((&row.account_id, &row.region, row.table)).or_default();
        of_table[match row.change {
            Change::Added => 0,
            Change::Removed => 1,
            Change::Changed => 2,
        }] += 1;
    }
    let row = |((account_id, region, table), [added, removed, changed]): ((&str, &str, &str), [u64; 3])| {
        let values = vec![json!(table), json!(added), json!(removed), json!(changed)];
        AnswerRow::new(Some(account_id), Some(region), values)
    };
    counts.into_iter().map(row).collect()
}
