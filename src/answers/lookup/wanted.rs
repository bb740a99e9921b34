//! The rows of each table in which the terms can be found.
//!
//! **Invariant:** a row that does not pass has nothing that the scan would find. One that passes may have nothing either.

use std::collections::HashMap;
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::index::Index;
use super::names::normalise;
use super::ranges::{Span, parse_address};
use crate::answers::facts::Read;
use crate::answers::searched::{ACCOUNTS, RECORDS, SearchedColumn, TABLES, ValueForm};
use crate::output::rows::{Needles, OneOf, PairTest, RowTest, TextTest};

/// The tests of the tables that are read.
pub(super) fn wanted(index: &Arc<Index>, reads: &[Read]) -> Vec<(&'static str, RowTest)> {
    let tags = (!index.tags.is_empty()).then(|| Arc::new(tags(index)));
    let mut tests = Vec::new();
    for table in TABLES {
        let columns: Vec<&str> =
            reads.iter().filter(|read| read.table == table.table).flat_map(|read| read.columns).copied().collect();
        if !reads.iter().any(|read| read.table == table.table) {
            continue;
        }
        if table.table == ACCOUNTS && !(index.accounts.is_empty() && index.words.is_empty()) {
            // Every account is named by its row.
            tests.push((ACCOUNTS, RowTest::everything()));
            continue;
        }
        let mut test = RowTest::default();
        if !index.ids.is_empty() {
            test = test.or_text("id", OneOf::new(index.ids.keys().cloned()));
        }
        if !index.arns.is_empty() {
            test = test.or_text("arn", OneOf::new(index.arns.keys().cloned()));
        }
        if let Some(tags) = tags.as_ref().filter(|_| table.has_tags) {
            test = test.or_pair("tags", Arc::clone(tags));
        }
        if index.has_network() && table.table == RECORDS {
            test = records(test, index);
        } else if index.has_network() {
            let read = table.columns.iter().filter(|column| columns.contains(&column.column));
            for column in read {
                if let Some(own) = ColumnSearch::new(index, column) {
                    test = test.or_text(column.column, own);
                }
            }
        }
        tests.push((table.table, test));
    }
    tests
}

fn tags(index: &Index) -> PairTest {
    let pairs = index.tags.iter().map(|(key, values)| (key.clone(), values.keys().cloned().collect::<HashSet<_>>()));
    PairTest::new(pairs.collect::<HashMap<_, _>>())
}

/// A column with addresses, ranges or names.
#[derive(Debug)]
struct ColumnSearch {
    index: Arc<Index>,
    /// What the column has of what is looked for.
    has_values: bool,
    has_ranges: bool,
    has_pools: bool,
    needles: Option<Needles>,
}

impl ColumnSearch {
    fn new(index: &Arc<Index>, column: &SearchedColumn) -> Option<Self> {
        let has_values = column.has(|kind| kind == ValueForm::Address) && index.has_spans()
            || column.has(|kind| matches!(kind, ValueForm::Name | ValueForm::ZoneName)) && index.has_names();
        let has_ranges =
            column.has(|kind| matches!(kind, ValueForm::Range | ValueForm::Delegated)) && index.has_spans();
        let has_pools = column.has(|kind| kind == ValueForm::Pool) && index.has_spans();
        let mut needles = if has_values { index.needles().cloned() } else { Some(Needles::default()) };
        if has_ranges {
            needles = needles.map(|needles| needles.or(&Needles::exact(["/", "\\"])));
        }
        let needles = needles.filter(|_| !has_pools);
        (has_values || has_ranges || has_pools).then(|| Self {
            index: index.clone(),
            has_values,
            has_ranges,
            has_pools,
            needles,
        })
    }

    fn may_have_pool(&self, text: &str) -> bool {
        let (mut first, mut last): (Option<IpAddr>, Option<IpAddr>) = (None, None);
        for address in text.split('"').filter_map(parse_address) {
            first = Some(first.map_or(address, |first| first.min(address)));
            last = Some(last.map_or(address, |last| last.max(address)));
        }
        let span = first.zip(last).map(|(first, last)| Span { first, last });
        text.contains('\\') || span.is_some_and(|span| self.index.overlaps(span))
    }
}

impl TextTest for ColumnSearch {
    fn needles(&self) -> Option<&Needles> {
        self.needles.as_ref()
    }

    fn passes(&self, text: &str) -> bool {
        self.has_values && self.index.may_have_value(text)
            || self.has_ranges && self.index.may_have_range(text)
            || self.has_pools && self.may_have_pool(text)
    }
}

/// Adds the records that have a name that is looked for, or whose values name what is looked for.
fn records(mut test: RowTest, index: &Arc<Index>) -> RowTest {
    if !index.names.is_empty() {
        let names = index.names.keys().cloned().collect();
        test = test.or_text("name_decoded", NameTest(names)).or_text("alias_target", RecordSearch(index.clone()));
    }
    if !index.names.is_empty() || !index.addresses.is_empty() {
        test = test.or_text("resource_records", RecordSearch(index.clone()));
    }
    test
}

/// The values of a record, which are texts of words.
#[derive(Debug)]
struct RecordSearch(Arc<Index>);

impl TextTest for RecordSearch {
    fn needles(&self) -> Option<&Needles> {
        self.0.needles()
    }

    fn passes(&self, text: &str) -> bool {
        self.0.may_have_word(text)
    }
}

/// A name that is one of some, each in its normal form.
#[derive(Debug)]
pub(super) struct NameTest(HashSet<Vec<u8>>);

impl NameTest {
    /// A test for these names.
    pub(super) fn new(names: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self(names.into_iter().collect())
    }
}

impl TextTest for NameTest {
    fn needles(&self) -> Option<&Needles> {
        None
    }

    fn passes(&self, text: &str) -> bool {
        let mut name = Vec::new();
        normalise(text, &mut name) && self.0.contains(&name)
    }
}
