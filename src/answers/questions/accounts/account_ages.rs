//! How old the answers of each account are.
//!
//! **Invariant:** reads the cells and no table. So its coverage is empty: what is unknown is in its rows, and every cell is
//! counted there.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::super::connectivity::values::column;
use super::super::{AnswerRow, ColumnKind, Options, Question, QuestionSql};
use crate::answers::facts::Facts;
use crate::inventory::{ANY_REGION, Status};

pub(super) const QUESTION: Question = Question {
    name: "account-ages",
    title: "Accounts by age of their last full answer",
    description: "Each account with the oldest and the newest time at which a cell (account, region and table) was last answered \
                  in full, the age of the oldest in days, the number of cells, of these the unknown and the never answered ones, \
                  and the status of the worst. The name is that of the registry, if one is given.",
    why: "An account that answers no more is shown as it once was.",
    columns: &[
        column("account_name", ColumnKind::Text),
        column("oldest_answered", ColumnKind::Time),
        column("newest_answered", ColumnKind::Time),
        column("age_days", ColumnKind::Integer),
        column("cells", ColumnKind::Integer),
        column("unknown", ColumnKind::Integer),
        column("never_answered", ColumnKind::Integer),
        column("worst_status", ColumnKind::Text),
    ],
    options: &[],
    reads: &[],
    compares: None,
    sql: QuestionSql::Forms {
        duckdb: include_str!("../sql/account-ages.duckdb.sql"),
        athena: include_str!("../sql/account-ages.athena.sql"),
    },
    answer,
};

/// The statuses, the worst first.
const WORST_FIRST: [Status; 11] = [
    Status::Denied,
    Status::ScpDenied,
    Status::Failed,
    Status::Throttled,
    Status::TimedOut,
    Status::NotStarted,
    Status::RegionDisabled,
    Status::Partial,
    Status::Ok,
    Status::Empty,
    Status::Unsupported,
];

fn rank(status: Status) -> usize {
    WORST_FIRST.iter().position(|known| *known == status).unwrap_or_default()
}

/// What the cells of an account say together.
#[derive(Default)]
struct AccountAge {
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
    cells: u64,
    unknown: u64,
    never_answered: u64,
    worst: Option<Status>,
}

fn answer(facts: &Facts, _: &Options) -> Vec<AnswerRow> {
    let mut accounts: BTreeMap<String, AccountAge> = BTreeMap::new();
    for cell in facts.cells.iter() {
        if !facts.selection.has_account(&cell.account_id) || !facts.selection.has_region(&cell.region) {
            continue;
        }
        let is_answered = match cell.region.as_str() {
            ANY_REGION => cell.status.is_answered(),
            region => facts.is_answered(&cell.account_id, region, &cell.table),
        };
        let age = accounts.entry(cell.account_id).or_default();
        age.cells += 1;
        age.unknown += u64::from(!is_answered);
        age.never_answered += u64::from(cell.last_answered.is_none());
        age.oldest = age.oldest.into_iter().chain(cell.last_answered).min();
        age.newest = age.newest.max(cell.last_answered);
        age.worst = age.worst.into_iter().chain([cell.status]).min_by_key(|status| rank(*status));
    }
    let rows = accounts.into_iter().map(|(account, age)| {
        let days = age.oldest.map(|oldest| (facts.at.as_second() - oldest.as_second()).div_euclid(86_400));
        let values = vec![
            json!(facts.account_name(&account)),
            json!(age.oldest),
            json!(age.newest),
            json!(days),
            json!(age.cells),
            json!(age.unknown),
            json!(age.never_answered),
            json!(age.worst.map(Status::name)),
        ];
        AnswerRow::new(Some(&account), None, values)
    });
    rows.collect()
}
