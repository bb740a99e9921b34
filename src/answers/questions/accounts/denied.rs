//! What was denied when it was last asked.
//!
//! **Invariant:** reads the cells and no table. So its coverage is empty: the unknown cells are its rows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::json;

use super::super::connectivity::values::column;
use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use crate::answers::facts::{CellWord, Facts};
use crate::inventory::{ANY_REGION, Status};

pub(super) const QUESTION: Question = Question {
    name: "denied",
    title: "What was denied",
    description: "The tables that were denied when they were last asked, by the role or by a service control policy. Tables of an \
                  account that were denied in the same regions in the same way are one row. `last_answered` is the start of the run \
                  that last answered them, whose rows are shown instead. The region `*` stands for all regions that are not known.",
    why: "What is denied is missing from every other answer.",
    columns: &[
        column("tables", ColumnKind::Json),
        column("regions", ColumnKind::Json),
        column("cells", ColumnKind::Integer),
        column("status", ColumnKind::Text),
        column("error_code", ColumnKind::Text),
        column("last_answered", ColumnKind::Time),
    ],
    options: &[],
    reads: &[],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/denied.duckdb.sql"),
        athena: include_str!("../sql/denied.athena.sql"),
    },
    answer,
};

/// How cells were denied: account, status, code, and when they were last answered.
type DeniedAlike = (String, Status, Option<String>, Option<Timestamp>);

/// The newest answer of a table of an account in any region.
fn newest_answers(facts: &Facts) -> BTreeMap<(String, String), Timestamp> {
    let mut newest: BTreeMap<(String, String), Timestamp> = BTreeMap::new();
    for CellWord { account_id, table, last_answered, .. } in facts.cells.iter() {
        if let Some(answered) = last_answered {
            let newest = newest.entry((account_id, table)).or_insert(answered);
            *newest = answered.max(*newest);
        }
    }
    newest
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let newest = newest_answers(facts);
    let mut regions: BTreeMap<(DeniedAlike, String), BTreeSet<String>> = BTreeMap::new();
    for cell in facts.cells.iter().filter(|cell| matches!(cell.status, Status::Denied | Status::ScpDenied)) {
        if !facts.selection.has_account(&cell.account_id) || !facts.selection.has_region(&cell.region) {
            continue;
        }
        let answered = match cell.region.as_str() {
            ANY_REGION => newest.get(&(cell.account_id.clone(), cell.table.clone())).copied(),
            _ => cell.last_answered,
        };
        let denial = (cell.account_id, cell.status, cell.error_code, answered);
        regions.entry((denial, cell.table)).or_default().insert(cell.region);
    }
    let mut tables: BTreeMap<(DeniedAlike, BTreeSet<String>), BTreeSet<String>> = BTreeMap::new();
    for ((denial, table), regions) in regions {
        tables.entry((denial, regions)).or_default().insert(table);
    }
    let rows = tables.into_iter().map(|(((account, status, code, answered), regions), tables)| {
        let only = regions.first().filter(|_| regions.len() == 1);
        let values = vec![
            json!(tables),
            json!(regions),
            json!(tables.len() * regions.len()),
            json!(status.name()),
            json!(code),
            json!(answered),
        ];
        AnswerRow::new(Some(&account), only.map(String::as_str), values)
    });
    rows.collect()
}
