//! The named questions of `rolecall ask`: one declarative entry each.
//!
//! To add a question, add an entry to one of the lists below, with a test on a small estate of what it must find, what it
//! must not find, and what is unknown. A question has its SQL in both dialects, or the reason why SQL cannot express it.
//! `infra/QUERIES.md` is generated from the entries.
//!
//! **Invariant:** a question is a pure function of the facts. It never concludes from rows that are missing because a cell
//! was not answered.

mod entry;
mod answered;
mod addresses;
mod exposure;
mod networks;
mod connectivity;
mod hygiene;
mod dns;
mod accounts;
mod changes;
mod document;

pub(crate) use answered::AnsweredQuestion;
pub(crate) use changes::SINCE;
pub(crate) use document::document;
pub(crate) use entry::{
    AnswerRow, ColumnKind, Compares, Options, Question, QuestionColumn, QuestionOption, QuestionSql,
};

/// The questions, in the order of the documentation.
static ENTRIES: &[&[Question]] = &[
    addresses::QUESTIONS,
    exposure::QUESTIONS,
    networks::QUESTIONS,
    connectivity::QUESTIONS,
    hygiene::QUESTIONS,
    dns::QUESTIONS,
    accounts::QUESTIONS,
    changes::QUESTIONS,
];

/// Every question, in the order of the documentation.
pub(crate) fn questions() -> impl Iterator<Item = &'static Question> {
    ENTRIES.iter().flat_map(|questions| questions.iter())
}

/// Every question about one moment alone, in the order of the documentation.
pub(crate) fn of_one_moment() -> impl Iterator<Item = &'static Question> {
    questions().filter(|question| question.compares.is_none())
}

/// The question of this name.
pub(crate) fn find(name: &str) -> Option<&'static Question> {
    questions().find(|question| question.name == name)
}
