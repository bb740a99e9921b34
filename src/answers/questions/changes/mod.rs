//! Questions about what changed since an earlier moment.
//!
//! **Invariant:** what was not answered on both sides is never a finding.

mod by_account;
mod records;
mod exposure;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::Date;

use super::entry::QuestionColumn;
use super::{ColumnKind, Question, QuestionOption};
use crate::domain::RunId;

/// The option of the earlier moment.
pub(crate) const SINCE: &str = "since";

pub(super) const QUESTIONS: &[Question] = &[by_account::QUESTION, records::QUESTION, exposure::QUESTION];

/// Why there is no SQL.
const NO_SQL: &str = "The view `changes` has what runs have recorded, and this question compares any two moments.";

/// The option that all of them take.
const SINCE_OPTION: QuestionOption = QuestionOption {
    name: SINCE,
    default: "",
    help: "The earlier moment: a run, a time or a date. By default the run of everything before the newest one",
    check: check_since,
};

fn check_since(text: &str) -> Result<(), String> {
    let is_time = text.parse::<Timestamp>().is_ok() || text.parse::<Date>().is_ok();
    match is_time || text.parse::<RunId>().is_ok() {
        true => Ok(()),
        false => Err("write a run, a time in RFC 3339, or a date".to_owned()),
    }
}

const fn column(name: &'static str, kind: ColumnKind) -> QuestionColumn {
    QuestionColumn { name, kind }
}
