//! Describes the questions for documents: what each is, what it reads, and its SQL.
//!
//! **Invariant:** knows no single question, and no form of a page.

use serde::Serialize;

use super::entry::{ColumnKind, Question, QuestionSql};
use super::questions;
use crate::answers::facts::Role;

/// A question as `infra/QUERIES.md` describes it.
#[derive(Debug, Serialize)]
pub(crate) struct DescribedQuestion {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    why: &'static str,
    columns: Vec<DescribedColumn>,
    options: Vec<DescribedOption>,
    reads: Vec<DescribedRead>,
    duckdb: Option<&'static str>,
    athena: Option<&'static str>,
    /// Why there is no SQL.
    no_sql: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct DescribedColumn {
    name: &'static str,
    r#type: &'static str,
}

#[derive(Debug, Serialize)]
struct DescribedOption {
    name: &'static str,
    default: &'static str,
    help: &'static str,
}

#[derive(Debug, Serialize)]
struct DescribedRead {
    table: &'static str,
    is_subject: bool,
}

/// Every question, in the order of the documentation.
pub(crate) fn document() -> Vec<DescribedQuestion> {
    questions().map(described).collect()
}

fn described(question: &Question) -> DescribedQuestion {
    let columns = question.columns.iter();
    let options = question.options.iter();
    let reads = question.reads.iter();
    let (duckdb, athena, no_sql) = match question.sql {
        QuestionSql::Forms { duckdb, athena } => (Some(statement(duckdb)), Some(statement(athena)), None),
        QuestionSql::Inexpressible(reason) => (None, None, Some(reason)),
    };
    DescribedQuestion {
        name: question.name,
        title: question.title,
        description: question.description,
        why: question.why,
        columns: columns.map(|column| DescribedColumn { name: column.name, r#type: type_name(column.kind) }).collect(),
        options: options
            .map(|option| DescribedOption { name: option.name, default: option.default, help: option.help })
            .collect(),
        reads: reads.map(|read| DescribedRead { table: read.table, is_subject: read.role == Role::Subject }).collect(),
        duckdb,
        athena,
        no_sql,
    }
}

/// A statement without its end, so that it may be a part of another.
fn statement(sql: &'static str) -> &'static str {
    sql.trim().trim_end_matches(';')
}

/// The name of a type, in the words of `rolecall resources --json`.
fn type_name(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "string",
        ColumnKind::Integer => "integer",
        ColumnKind::Number => "double",
        ColumnKind::Flag => "boolean",
        ColumnKind::Time => "timestamp",
        ColumnKind::Json => "json",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_question_is_described_and_has_a_name_and_columns_of_its_own() {
        let mut names = HashSet::new();
        for question in questions() {
            assert!(names.insert(question.name), "{} twice", question.name);
            assert!(
                question
                    .name
                    .bytes()
                    .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-')
            );
            for text in [question.title, question.description, question.why] {
                assert!(!text.trim().is_empty() && !text.contains('\n'), "{}: {text:?}", question.name);
            }
            let mut columns = HashSet::from(["account_id", "region"]);
            assert!(question.columns.iter().all(|column| columns.insert(column.name)), "{}", question.name);
        }
        assert_eq!(document().len(), names.len());
    }

    #[test]
    fn sql_reads_current_views_only_and_is_missing_for_a_reason() {
        for question in questions() {
            match question.sql {
                QuestionSql::Forms { duckdb, athena } => {
                    for sql in [duckdb, athena] {
                        assert!(!statement(sql).contains(';') && !sql.contains("raw_"), "{}", question.name);
                    }
                }
                QuestionSql::Inexpressible(reason) => {
                    let is_sentence = reason.ends_with('.') && reason.matches(". ").count() == 0;
                    assert!(is_sentence && !reason.contains('\n'), "{}: {reason}", question.name);
                }
            }
        }
    }
}
