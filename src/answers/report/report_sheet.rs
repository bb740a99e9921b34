//! A sheet of the page: a table with its title, its columns, its rows as JSON, and what it is based on.
//!
//! **Invariant:** `total` counts every row of the answer, also those that the page leaves out.

use serde::Serialize;
use serde_json::Value;

use super::gaps::{CellGap, gaps};
use super::report_limits::{FoldedPart, GAPS};
use crate::answers::facts::{AsOf, Coverage};
use crate::answers::questions::{ColumnKind, Question};

/// A column of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ReportColumn {
    pub name: &'static str,
    pub kind: &'static str,
}

/// What a sheet is, without its rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SheetHead {
    pub name: &'static str,
    pub title: String,
    pub description: String,
    /// Why somebody looks at it.
    pub why: String,
    /// The command that prints the same.
    pub command: String,
    pub(super) columns: Vec<ReportColumn>,
    /// The number of rows of the answer, and of those on the page.
    pub total: usize,
    pub shown: usize,
    as_of: AsOf,
    /// The number of cells that it needs, and of those that are unknown.
    needed: u64,
    unknown: usize,
    /// The unknown cells in groups, and the number of groups that are left out.
    gaps: Vec<CellGap>,
    more_gaps: usize,
}

/// A sheet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReportSheet {
    pub head: SheetHead,
    /// The rows as a JSON list of lists.
    pub rows: Vec<u8>,
}

/// The rows of a sheet while they are added. Rows after the most are counted only.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RowList {
    json: Vec<u8>,
    total: usize,
    shown: usize,
    most: usize,
}

impl RowList {
    pub(super) fn new(most: usize) -> Self {
        Self { json: b"[".to_vec(), total: 0, shown: 0, most }
    }

    /// Adds a row. Its values are made only if there is room for it.
    pub(super) fn add(&mut self, row: impl FnOnce() -> Vec<Value>) {
        self.total += 1;
        if self.shown == self.most {
            return;
        }
        if self.shown > 0 {
            self.json.extend_from_slice(b",\n");
        }
        // Writing values to memory cannot fail.
        let written = serde_json::to_writer(&mut self.json, &row());
        debug_assert!(written.is_ok());
        self.shown += 1;
    }
}

/// What a sheet is about.
pub(super) struct SheetTitle<'t> {
    pub name: &'static str,
    pub title: &'t str,
    pub description: &'t str,
    pub why: &'t str,
    pub command: String,
}

impl<'t> SheetTitle<'t> {
    /// The title of a question.
    pub(super) fn of(question: &'t Question) -> Self {
        Self {
            name: question.name,
            title: question.title,
            description: question.description,
            why: question.why,
            command: format!("rolecall ask {}", question.name),
        }
    }
}

impl SheetHead {
    /// The times of its rows.
    pub(super) fn as_of(&self) -> AsOf {
        self.as_of
    }
}

impl ReportSheet {
    /// Makes a sheet. Rows after `most` are counted only.
    pub(super) fn new(
        title: SheetTitle<'_>,
        columns: Vec<ReportColumn>,
        rows: impl Iterator<Item = Vec<Value>>,
        coverage: &Coverage,
        most: usize,
    ) -> Self {
        let mut list = RowList::new(most);
        for row in rows {
            list.add(|| row);
        }
        Self::of_list(title, columns, list, coverage)
    }

    /// Makes a sheet of the rows of a list.
    pub(super) fn of_list(
        title: SheetTitle<'_>,
        columns: Vec<ReportColumn>,
        mut list: RowList,
        coverage: &Coverage,
    ) -> Self {
        list.json.push(b']');
        let mut gaps = gaps(&coverage.unknown);
        let more_gaps = gaps.len().saturating_sub(GAPS);
        gaps.truncate(GAPS);
        let head = SheetHead {
            name: title.name,
            title: title.title.to_owned(),
            description: title.description.to_owned(),
            why: title.why.to_owned(),
            command: title.command,
            columns,
            total: list.total,
            shown: list.shown,
            as_of: coverage.as_of,
            needed: coverage.cells.max(coverage.unknown.len() as u64),
            unknown: coverage.unknown.len(),
            gaps,
            more_gaps,
        };
        Self { head, rows: list.json }
    }

    /// What the page leaves out of it.
    pub(super) fn folded(&self) -> Option<FoldedPart> {
        let head = &self.head;
        (head.shown < head.total).then(|| FoldedPart {
            what: format!("rows of “{}”", head.title),
            shown: head.shown,
            total: head.total,
            command: format!("{} --format csv", head.command),
        })
    }
}

/// A column of text.
pub(super) fn text(name: &'static str) -> ReportColumn {
    column(name, ColumnKind::Text)
}

/// A column.
pub(super) fn column(name: &'static str, kind: ColumnKind) -> ReportColumn {
    let kind = match kind {
        ColumnKind::Text => "text",
        ColumnKind::Integer | ColumnKind::Number => "number",
        ColumnKind::Flag => "flag",
        ColumnKind::Time => "time",
        ColumnKind::Json => "json",
    };
    ReportColumn { name, kind }
}
