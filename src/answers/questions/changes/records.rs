//! Record sets that were added, removed or changed.
//!
//! **Invariant:** a record set of a zone that was not answered on both sides is not told.

use serde_json::json;

use super::{NO_SQL, SINCE_OPTION, column};
use crate::answers::facts::{Facts, Read};
use crate::answers::questions::{AnswerRow, ColumnKind, Compares, Options, Question, QuestionSql};

const RECORDS: &str = "route53_records";

pub(super) const QUESTION: Question = Question {
    name: "records-changed",
    title: "Records that changed",
    description: "The record sets of hosted zones that were added, removed or changed since an earlier moment (--since). `members` \
                  has what differs, before and after.",
    why: "A name that leads elsewhere than yesterday takes its users with it, whoever changed it.",
    columns: &[
        column("id", ColumnKind::Text),
        column("name", ColumnKind::Text),
        column("change", ColumnKind::Text),
        column("members", ColumnKind::Json),
        column("previous_collected_at", ColumnKind::Time),
        column("collected_at", ColumnKind::Time),
    ],
    options: &[SINCE_OPTION],
    reads: &[Read::subject(RECORDS, &[])],
    compares: Some(Compares::Changes),
    sql: QuestionSql::Inexpressible(NO_SQL),
    answer,
};

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let changes = facts.earlier.iter().flat_map(|earlier| &earlier.changes).filter(|row| row.table == RECORDS);
    let rows = changes.map(|row| {
        let values = vec![
            json!(row.id),
            json!(row.name),
            json!(row.change),
            json!(row.members),
            json!(row.previous_collected_at),
            json!(row.collected_at),
        ];
        AnswerRow::new(Some(&row.account_id), Some(&row.region), values)
    });
    rows.collect()
}
