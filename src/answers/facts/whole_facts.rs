//! A source that has everything in memory, for tests of answers that read few rows.

use std::collections::{BTreeMap, BTreeSet};

use super::{ColumnData, FactSource, FactTable, Facts, Read, TableBuilder, TextColumn};
use crate::error::Error;
use crate::output::rows::RowTest;

/// A source that has everything in memory.
pub(crate) struct WholeFacts<'f> {
    facts: &'f Facts,
    reads: &'f [Read],
    rows: BTreeMap<&'static str, BTreeSet<u32>>,
    changed: BTreeSet<&'static str>,
    /// The number of rows that were read.
    pub(crate) read: usize,
}

impl<'f> WholeFacts<'f> {
    /// A source of the tables and columns of these reads.
    pub(crate) fn new(facts: &'f Facts, reads: &'f [Read]) -> Self {
        Self { facts, reads, rows: BTreeMap::new(), changed: BTreeSet::new(), read: 0 }
    }

    fn columns(&self, table: &str) -> Option<BTreeSet<&'static str>> {
        let mut reads = self.reads.iter().filter(|read| read.table == table).peekable();
        reads.peek()?;
        Some(reads.flat_map(|read| read.columns).copied().collect())
    }
}

impl FactSource for WholeFacts<'_> {
    async fn select(&mut self, tests: Vec<(&'static str, RowTest)>) -> Result<(), Error> {
        for (table, test) in tests {
            let Some(columns) = self.columns(table) else { continue };
            let Some(whole) = self.facts.tables.get(table) else { continue };
            let mut rows = self.rows.remove(table).unwrap_or_default();
            for resource in whole.resources() {
                let passes = |row: u32| {
                    let arn = whole.arn.get(row as usize, whole.id.get(row as usize).unwrap_or_default());
                    test.passes(|column| {
                        let own = || columns.contains(column).then(|| whole.text(column, row)).flatten();
                        let arn = || (column == "arn").then_some(arn.as_deref()).flatten();
                        whole.opening(column, row).or_else(arn).or_else(own)
                    })
                };
                if resource.rows.iter().any(|row| passes(*row)) {
                    rows.extend(resource.rows);
                    self.changed.insert(table);
                }
            }
            self.rows.insert(table, rows);
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<Vec<FactTable>, Error> {
        let changed = std::mem::take(&mut self.changed);
        let mut tables = Vec::new();
        for table in changed {
            let (rows, columns) = (&self.rows[table], self.columns(table).unwrap_or_default());
            self.read += rows.len();
            tables.push(self.facts.tables[table].of(rows, &columns));
        }
        Ok(tables)
    }
}

impl FactTable {
    fn opening(&self, column: &str, row: u32) -> Option<&str> {
        let texts = match column {
            "account_id" => &self.account_id,
            "region" => &self.region,
            "id" => &self.id,
            "owner_id" => &self.owner_id,
            "tags" => &self.tags,
            _ => return None,
        };
        texts.get(row as usize)
    }

    fn text(&self, column: &str, row: u32) -> Option<&str> {
        self.columns.iter().find(|(name, _)| *name == column).and_then(|(_, data)| match data {
            ColumnData::Text(texts) => texts.get(row as usize),
            _ => None,
        })
    }

    /// Some rows of it, with some of its columns.
    fn of(&self, rows: &BTreeSet<u32>, columns: &BTreeSet<&'static str>) -> Self {
        fn some<T: Copy>(values: &[Option<T>], rows: &BTreeSet<u32>) -> Vec<Option<T>> {
            rows.iter().map(|row| values[*row as usize]).collect()
        }
        let texts = |texts: &TextColumn| {
            let mut some = TextColumn::default();
            rows.iter().for_each(|row| some.push(texts.get(*row as usize)));
            some
        };
        let own = self.columns.iter().filter(|(name, _)| columns.contains(name)).map(|(name, data)| {
            let data = match data {
                ColumnData::Text(values) => ColumnData::Text(texts(values)),
                ColumnData::Flag(values) => ColumnData::Flag(some(values, rows)),
                ColumnData::Integer(values) => ColumnData::Integer(some(values, rows)),
                ColumnData::Double(values) => ColumnData::Double(some(values, rows)),
                ColumnData::Time(values) => ColumnData::Time(some(values, rows)),
            };
            (*name, data)
        });
        let mut builder = TableBuilder::new(self.name, own.collect());
        builder.table.account_id = texts(&self.account_id);
        builder.table.account_alias = texts(&self.account_alias);
        builder.table.region = texts(&self.region);
        builder.table.id = texts(&self.id);
        for row in rows {
            let id = self.id.get(*row as usize).unwrap_or_default();
            builder.table.arn.push(self.arn.get(*row as usize, id).as_deref(), id);
        }
        builder.table.owner_id = texts(&self.owner_id);
        builder.table.tags = texts(&self.tags);
        builder.table.collected_at.extend(rows.iter().map(|row| self.collected_at.get(*row as usize)));
        builder.finish()
    }
}
