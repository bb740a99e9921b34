//! The rows of an estate in memory: only the tables and columns that an answer reads.
//!
//! A resource that several accounts see is one [`Resource`] with several observers.
//!
//! **Invariant:** knows no file, no format and no store.

mod text_column;
mod time_column;
mod arn_column;
mod columns;
mod table;
mod one_tag;
mod resource;
mod selection;
mod coverage;
mod interner;
mod cells;
mod covering;
mod unanswered;
mod source;
mod changed_row;
#[cfg(test)]
mod builder;
#[cfg(test)]
mod whole_facts;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

#[cfg(test)]
pub(crate) use builder::FactsBuilder;
pub(crate) use cells::{AnsweredCells, CellRef, CellWord, Cells};
pub(crate) use changed_row::{Change, ChangedRow};
pub(crate) use columns::ColumnData;
pub(crate) use coverage::{AsOf, BaselineCell, Coverage, UnknownCell};
pub(crate) use resource::Resource;
pub(crate) use selection::RowFilter;
pub(crate) use source::FactSource;
#[cfg(test)]
pub(crate) use table::Opening;
pub(crate) use table::{FactTable, TableBuilder};
pub(crate) use text_column::TextColumn;
pub(crate) use time_column::TimeColumn;
pub(crate) use unanswered::CellPlace;
#[cfg(test)]
pub(crate) use whole_facts::WholeFacts;

/// The part of an answer that a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Its resources are rows of the answer. The selected accounts and regions need to be known, and no others.
    Subject,
    /// Its resources explain those of other tables. Every account needs to be known, in the selected regions.
    Context,
}

/// A table that an answer reads, with the columns beside the opening ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    /// The name of the table.
    pub table: &'static str,
    /// The columns of the table's own that are read.
    pub columns: &'static [&'static str],
    /// What the table is read for.
    pub role: Role,
}

impl Read {
    /// A table whose resources are rows of the answer.
    pub(crate) const fn subject(table: &'static str, columns: &'static [&'static str]) -> Self {
        Self { table, columns, role: Role::Subject }
    }

    /// A table whose resources explain those of other tables.
    pub(crate) const fn context(table: &'static str, columns: &'static [&'static str]) -> Self {
        Self { table, columns, role: Role::Context }
    }
}

/// The rows that are valid at one moment, of the tables that an answer reads.
#[derive(Debug)]
pub(crate) struct Facts {
    tables: HashMap<&'static str, FactTable>,
    /// The newest word on each cell.
    pub cells: Arc<Cells>,
    /// The accounts, regions and tags that the user asked for.
    pub selection: RowFilter,
    /// The moment of the answer, from which ages count.
    pub at: Timestamp,
    /// The names of accounts in the registry, if one is given.
    pub account_names: HashMap<String, String>,
    /// What was before, for questions that compare.
    pub earlier: Option<EarlierFacts>,
}

/// What was known at an earlier moment, as far as a question needs it.
#[derive(Debug, Default)]
pub(crate) struct EarlierFacts {
    /// What changed since then.
    pub changes: Vec<ChangedRow>,
    /// The rows that were valid then.
    pub facts: Option<Box<Facts>>,
}

impl Facts {
    /// Creates facts of these tables.
    pub(crate) fn new(
        tables: Vec<FactTable>,
        cells: impl Into<Arc<Cells>>,
        selection: RowFilter,
        at: Timestamp,
    ) -> Self {
        let mut facts = Self {
            tables: HashMap::new(),
            cells: cells.into(),
            selection,
            at,
            account_names: HashMap::new(),
            earlier: None,
        };
        facts.put(tables);
        facts
    }

    /// Adds tables. One that is there is replaced.
    pub(crate) fn put(&mut self, tables: Vec<FactTable>) {
        self.tables.extend(tables.into_iter().map(|table| (table.name(), table)));
    }

    /// Every resource of a table, once, in the order of account, region and id. A table that was not read has none.
    pub(crate) fn all(&self, table: &str) -> impl Iterator<Item = Resource<'_>> {
        self.tables.get(table).into_iter().flat_map(FactTable::resources)
    }

    /// A table, if it was read.
    pub(crate) fn table(&self, table: &str) -> Option<&FactTable> {
        self.tables.get(table)
    }

    /// The resources of a table that the user asked for: seen by a selected account, in a selected region, with the
    /// selected tags.
    pub(crate) fn selected(&self, table: &str) -> impl Iterator<Item = Resource<'_>> {
        self.all(table).filter(|resource| self.selection.includes(*resource))
    }

    /// Whether the newest word on a cell is an answer, so that what its rows do not show does not exist.
    pub(crate) fn is_answered(&self, account_id: &str, region: &str, table: &str) -> bool {
        self.cells.is_answered(account_id, region, table)
    }

    /// The alias of an account: of its resources, else its name in the registry.
    pub(crate) fn account_name(&self, account_id: &str) -> Option<&str> {
        self.account_names.get(account_id).map(String::as_str)
    }
}

#[cfg(test)]
mod tests;
