//! Which tables and columns the terms need.
//!
//! **Invariant:** a table in which no term can be found is not read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::ids::{tables_of_arn, tables_of_id};
use super::term::{Query, Reading};
use crate::answers::facts::{Read, Role};
use crate::answers::reach::Reachability;
use crate::answers::searched::{
    ACCOUNTS, INSTANCES, INTERFACES, LINKS, RECORDS, SearchedTable, TABLES, ValueForm, table,
};

/// The tables with resources that AWS lists for a while after they are gone.
const WITH_STATE: [&str; 6] = [
    "ec2_nat_gateways",
    "ec2_vpc_endpoints",
    "ec2_customer_gateways",
    "ec2_vpn_connections",
    "ec2_transit_gateways",
    "ec2_byoip_cidrs",
];

/// The columns of each table, and whether it explains others.
#[derive(Default)]
struct Needs(BTreeMap<&'static str, (BTreeSet<&'static str>, bool)>);

/// The tables and columns that terms need.
pub(crate) fn reads(terms: &[Query]) -> Vec<Read> {
    let mut needs = Needs::default();
    let has = |is_kind: fn(&Reading) -> bool| terms.iter().flat_map(|term| &term.readings).any(is_kind);
    for reading in terms.iter().flat_map(|term| &term.readings) {
        match reading {
            Reading::Id(_, form) => tables_of_id(*form).for_each(|table| needs.subject(table)),
            Reading::Arn(arn) => tables_of_arn(arn).for_each(|table| needs.subject(table)),
            _ => {}
        }
    }
    if has(|reading| matches!(reading, Reading::Tag(..))) {
        TABLES.iter().filter(|table| table.has_tags).for_each(|table| needs.subject(table));
    }
    if has(|reading| matches!(reading, Reading::Account(_) | Reading::Word(_))) {
        needs.named(ACCOUNTS);
    }
    if has(|reading| matches!(reading, Reading::Address(_) | Reading::Range(_))) {
        needs.columns_of(|kind| !matches!(kind, ValueForm::Name | ValueForm::ZoneName));
        needs.links(|_| true);
    }
    if has(|reading| matches!(reading, Reading::Address(_))) {
        needs.named(RECORDS);
        needs.columns(RECORDS, &["type", "resource_records"]);
    }
    if has(|reading| matches!(reading, Reading::Name(_))) {
        needs.columns_of(|kind| !matches!(kind, ValueForm::Range | ValueForm::Pool));
        needs.links(|through| through == INTERFACES);
        needs.named(RECORDS);
        needs.columns(RECORDS, &["type", "resource_records", "alias_target", "hosted_zone_id"]);
        // A name can lead through the zones of accounts that were not selected.
        needs.explains(RECORDS);
    }
    needs.add_reach();
    needs.into_reads()
}

impl Needs {
    fn columns(&mut self, table: &'static str, columns: &[&'static str]) {
        self.0.entry(table).or_default().0.extend(columns);
    }

    fn explains(&mut self, table: &'static str) {
        self.0.entry(table).or_default().1 = true;
    }

    fn subject(&mut self, table: &SearchedTable) {
        self.columns(table.table, table.name.as_slice());
    }

    fn named(&mut self, name: &'static str) {
        table(name).into_iter().for_each(|table| self.subject(table));
    }

    /// Adds the columns with members of a kind that passes.
    fn columns_of(&mut self, is_kind: fn(ValueForm) -> bool) {
        for table in TABLES.iter().filter(|table| table.has(is_kind)) {
            self.subject(table);
            self.state(table.table);
            let columns = table.columns.iter().filter(|column| column.has(is_kind));
            columns.for_each(|column| self.columns(table.table, &[column.column]));
        }
    }

    fn state(&mut self, table: &'static str) {
        if WITH_STATE.contains(&table) {
            self.columns(table, &["state"]);
        }
    }

    /// Adds the tables that are found through others.
    fn links(&mut self, is_through: fn(&str) -> bool) {
        for link in LINKS.iter().filter(|link| is_through(link.through)) {
            self.named(link.table);
            self.state(link.table);
            self.columns(if link.is_outward { link.through } else { link.table }, &[link.column]);
        }
    }

    /// Adds what tells whether the internet reaches an interface or an instance.
    fn add_reach(&mut self) {
        let own = [(INTERFACES, Reachability::INTERFACE_COLUMNS), (INSTANCES, Reachability::INSTANCE_COLUMNS)];
        let own: Vec<_> = own.into_iter().filter(|(table, _)| self.0.contains_key(table)).collect();
        for (table, columns) in &own {
            self.columns(table, columns);
        }
        for read in Reachability::RULES.iter().filter(|_| !own.is_empty()) {
            self.columns(read.table, read.columns);
            if read.role == Role::Context {
                self.explains(read.table);
            }
        }
    }

    fn into_reads(self) -> Vec<Read> {
        let read = |(table, (columns, explains))| {
            let columns = kept(columns);
            if explains { Read::context(table, columns) } else { Read::subject(table, columns) }
        };
        self.0.into_iter().map(read).collect()
    }
}

/// A list of columns that lives as long as the process. There are few different ones, and each is kept once.
fn kept(columns: BTreeSet<&'static str>) -> &'static [&'static str] {
    static KEPT: Mutex<BTreeSet<&'static [&'static str]>> = Mutex::new(BTreeSet::new());
    let columns: Vec<&'static str> = columns.into_iter().collect();
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get(columns.as_slice()) {
        return known;
    }
    let columns: &'static [&'static str] = columns.leak();
    all.insert(columns);
    columns
}
