//! The two estates that are compared, and which answers count.
//!
//! **Invariant:** knows answers, and no row.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::answers::estate::Estate;

/// Two estates that are compared.
#[derive(Clone, Debug)]
pub(crate) struct ComparedEstates {
    pub(super) older: Estate,
    pub(super) newer: Estate,
    rule: AnswerRule,
}

/// Which answers of the newer estate are compared.
#[derive(Clone, Debug)]
enum AnswerRule {
    /// All of them: the user says which side is the newer one.
    All,
    /// Those that no other answer outdates: neither one before them, nor one of a run whose clock is ahead.
    Newest(Option<AheadAnswers>),
}

/// The answers of runs that began after a moment which was still to come.
#[derive(Clone, Debug)]
pub(crate) struct AheadAnswers {
    /// The newest state of all.
    pub estate: Estate,
    /// The moment.
    pub after: Timestamp,
}

impl ComparedEstates {
    /// Compares two sides as the user names them.
    pub(crate) fn of_sides(older: Estate, newer: Estate) -> Self {
        Self { older, newer, rule: AnswerRule::All }
    }

    /// Compares a run with what was known before it was committed.
    pub(crate) fn of_commit(older: Estate, newer: Estate, ahead: Option<AheadAnswers>) -> Self {
        Self { older, newer, rule: AnswerRule::Newest(ahead) }
    }

    /// The number of cells of a table that the newer side was asked, and has no full answer of.
    pub(crate) fn unanswered(&self, table: &str) -> u64 {
        self.newer.unanswered(table)
    }

    /// Whether a cell is compared only if its newer answer is of the run that began later.
    pub(super) fn needs_order(&self) -> bool {
        matches!(self.rule, AnswerRule::Newest(_))
    }

    /// The account and region of the cells of a table whose answer is of a run with a clock that is ahead.
    pub(super) fn outdated_cells(&self, table: &str) -> HashSet<(&str, &str)> {
        let AnswerRule::Newest(Some(ahead)) = &self.rule else { return HashSet::new() };
        let answers = ahead.estate.answers(table).filter(|(.., run)| run.started_at > ahead.after);
        answers.map(|(account_id, region, _)| (account_id, region)).collect()
    }
}
