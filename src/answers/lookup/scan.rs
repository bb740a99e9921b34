//! Passes once over the rows of every table that was read, and finds what the terms look for.
//!
//! **Invariant:** a resource that was not selected is no row, but others are found through it.

use std::collections::HashMap;

use serde_json::Value;

use super::found::{Found, FoundSubject, OwnMatches};
use super::hit::Relation;
use super::index::Index;
use super::members::{at_path, texts};
use super::names::normalise;
use super::ranges::{Span, parse_address, parse_range};
use super::records::of_record;
use crate::answers::facts::{Facts, Resource};
use crate::answers::searched::{
    INTERFACES, LINKS, LinkedTable, RECORDS, SearchedColumn, SearchedTable, TABLES, ValueForm,
};

/// The states of a resource that AWS still lists, and that holds nothing any more.
const GONE: [&str; 2] = ["deleted", "deprovisioned"];

/// The pass over the rows.
struct Scan<'f, 'i> {
    facts: &'f Facts,
    index: &'i Index,
    found: Vec<Found<'f>>,
    /// What was found of resources through which others are found, by the table and id that others know them by.
    linked: HashMap<&'static str, HashMap<String, OwnMatches>>,
    /// A name in its normal form.
    buffer: Vec<u8>,
}

/// Finds everything in the rows of the facts.
pub(super) fn scan<'f>(facts: &'f Facts, index: &Index) -> Vec<Found<'f>> {
    Scan::new(facts, index).found
}

/// The ids by which other resources are found, by the table and id that [`LINKS`] know them by.
pub(super) fn linked_ids(facts: &Facts, index: &Index) -> HashMap<&'static str, Vec<String>> {
    let linked = Scan::new(facts, index).linked.into_iter();
    linked.map(|(table, ids)| (table, ids.into_keys().collect())).collect()
}

impl<'f, 'i> Scan<'f, 'i> {
    fn new(facts: &'f Facts, index: &'i Index) -> Self {
        let mut scan = Self { facts, index, found: Vec::new(), linked: HashMap::new(), buffer: Vec::new() };
        for table in TABLES {
            for resource in facts.all(table.table) {
                scan.visit(table, resource);
            }
        }
        scan
    }

    fn visit(&mut self, table: &SearchedTable, resource: Resource<'f>) {
        let mut own = OwnMatches::new();
        if self.index.has_network() {
            self.add_network(table, resource, &mut own);
        }
        self.add_identity(table, resource, &mut own);
        if own.is_empty() || !self.facts.selection.includes(resource) {
            return;
        }
        let subject = FoundSubject::Resource(resource);
        let found = own.into_iter().map(|(term, relation, value)| Found { term, relation, subject, value });
        self.found.extend(found);
    }

    /// Adds matches of the id, the ARN and the tags.
    fn add_identity(&self, table: &SearchedTable, resource: Resource<'f>, own: &mut OwnMatches) {
        if !self.index.ids.is_empty() {
            let numbers = self.index.ids.get(resource.id()).into_iter().flatten();
            own.extend(numbers.map(|number| (*number, Relation::Is, None)));
        }
        if !self.index.arns.is_empty() {
            let numbers = resource.arn().and_then(|arn| self.index.arns.get(&*arn)).into_iter().flatten();
            own.extend(numbers.map(|number| (*number, Relation::Is, None)));
        }
        if table.has_tags && !self.index.tags.is_empty() {
            for (key, value) in resource.tags() {
                let numbers = self.index.tags.get(key.as_str()).and_then(|values| values.get(value.as_str()));
                let tag = || Some(format!("{key}={value}"));
                own.extend(numbers.into_iter().flatten().map(|number| (*number, Relation::Tagged, tag())));
            }
        }
    }

    /// Adds matches of addresses, ranges and names, and remembers them for what is found through this resource.
    fn add_network(&mut self, table: &SearchedTable, resource: Resource<'f>, own: &mut OwnMatches) {
        if table.table == RECORDS {
            return of_record(self.index, resource, &mut self.buffer, own);
        }
        let is_gone = |state: &str| GONE.iter().any(|gone| state.eq_ignore_ascii_case(gone));
        if table.columns.is_empty() && !LINKS.iter().any(|link| link.table == table.table)
            || resource.text("state").is_some_and(is_gone)
        {
            return;
        }
        for column in table.columns {
            if let Some(text) = resource.text(column.column) {
                self.add_column(column, text, own);
            }
        }
        for link in LINKS.iter().filter(|link| link.table == table.table) {
            self.add_linked(link, resource, own);
        }
        self.remember(table, resource, own);
    }

    /// Adds matches of one column.
    fn add_column(&mut self, column: &SearchedColumn, text: &str, own: &mut OwnMatches) {
        let has_pools = column.has(|kind| kind == ValueForm::Pool);
        let has_ranges = column.has(|kind| matches!(kind, ValueForm::Range | ValueForm::Delegated));
        if !has_pools && !self.index.can_match(text, has_ranges) {
            return;
        }
        let json = if text.starts_with(['[', '{']) {
            serde_json::from_str(text).unwrap_or_default()
        } else {
            Value::String(text.to_owned())
        };
        for (path, kind) in column.members {
            if *kind == ValueForm::Pool {
                self.add_pools(&json, own);
                continue;
            }
            for text in at_path(&json, path).into_iter().filter_map(Value::as_str) {
                self.add_text(*kind, text, own);
            }
        }
    }

    fn add_text(&mut self, kind: ValueForm, text: &str, own: &mut OwnMatches) {
        match kind {
            ValueForm::Address => {
                let Some(address) = parse_address(text.trim()) else { return };
                self.index
                    .of_address(address, |number, relation| own.push((number, relation, Some(address.to_string()))));
            }
            ValueForm::Range | ValueForm::Delegated => {
                let Some(range) = parse_range(text.trim()) else { return };
                let is_delegated = kind == ValueForm::Delegated;
                let found = |number, relation| own.push((number, relation, Some(range.to_string())));
                self.index.of_range(Span::of(range), is_delegated, found);
            }
            ValueForm::Name => {
                if normalise(text, &mut self.buffer) {
                    let found = |number| own.push((number, Relation::Bears, Some(text.to_owned())));
                    self.index.of_name(&self.buffer, found);
                }
            }
            ValueForm::ZoneName => {
                if normalise(text, &mut self.buffer) {
                    let numbers = self.index.of_own_name(&self.buffer);
                    own.extend(numbers.map(|number| (*number, Relation::Is, Some(text.to_owned()))));
                }
            }
            ValueForm::Pool => {}
        }
    }

    /// Adds matches of ranges that are written as their first and last address.
    fn add_pools(&self, json: &Value, own: &mut OwnMatches) {
        for pool in json.as_array().into_iter().flatten() {
            let end = |name: &str| pool[name].as_str().and_then(parse_address);
            let span = end("FirstAddress").zip(end("LastAddress")).and_then(|(first, last)| Span::between(first, last));
            let Some(span) = span else { continue };
            self.index.of_range(span, false, |number, relation| own.push((number, relation, Some(span.text()))));
        }
    }

    /// Adds what was found of the resources through which this one is found.
    fn add_linked(&self, link: &LinkedTable, resource: Resource<'f>, own: &mut OwnMatches) {
        let key = if link.is_outward { link.table } else { link.through };
        let Some(linked) = self.linked.get(key) else { return };
        let ids = if link.is_outward {
            vec![resource.id().to_owned()]
        } else {
            resource.text(link.column).map(|text| texts(text, link.member)).unwrap_or_default()
        };
        own.extend(ids.iter().filter_map(|id| linked.get(id)).flatten().cloned());
    }

    fn remember(&mut self, table: &SearchedTable, resource: Resource<'f>, own: &OwnMatches) {
        if own.is_empty() {
            return;
        }
        // What is true of a delegated prefix of an interface is not true of what uses the interface.
        let is_shared =
            |relation: Relation| table.table != INTERFACES || matches!(relation, Relation::Bears | Relation::Inside);
        let shared: OwnMatches = own.iter().filter(|(_, relation, _)| is_shared(*relation)).cloned().collect();
        for link in LINKS.iter().filter(|link| link.through == table.table) {
            let ids = if link.is_outward {
                resource.text(link.column).map(|text| texts(text, link.member)).unwrap_or_default()
            } else {
                vec![resource.id().to_owned()]
            };
            let key = if link.is_outward { link.table } else { link.through };
            for id in ids {
                self.linked.entry(key).or_default().entry(id).or_default().extend(shared.iter().cloned());
            }
        }
    }
}
