//! The resource types: one declarative entry each, and the one source for the collector, the columns,
//! the policies and the documentation.
//!
//! Adding a resource type is adding one entry to a list below (`make generate` then reads its shapes
//! from the service model). Knows how AWS is asked, and nothing of accounts, files or the run.

mod account_settings;
mod accounts;
mod calls;
mod ec2;
mod entry;
mod gateways;
mod ipam;
mod octal;
mod policy;
mod regions;
mod route53;
mod route53_policies;
mod scope;
mod storage;
mod table;
mod transit;
mod vpc;

use std::sync::LazyLock;

pub use entry::{
    Added, Arn, Ask, Call, Detail, EVERY, Id, Next, Only, Owner, Parents, Reach, ResourceType, Source, Token, ValueFrom,
};
pub use policy::{HELPER_ACTIONS, SECRET_ACTIONS, SESSION_POLICY_LIMIT, SessionPolicy, session_policies};
pub use regions::{Partition, is_region_in_form, partition, partition_of_region};
pub use scope::{Part, Scope, actions_of};
pub use table::{Parent, Row, Table, TableDetail};

/// Every resource type, in the order in which they are documented and asked for.
static ENTRIES: &[&[ResourceType]] = &[
    accounts::TYPES,
    account_settings::TYPES,
    ec2::TYPES,
    storage::TYPES,
    vpc::TYPES,
    gateways::TYPES,
    transit::TYPES,
    ipam::TYPES,
    route53::TYPES,
    route53_policies::TYPES,
];

/// The catalogue, worked out once.
#[derive(Debug)]
pub struct Catalogue {
    tables: Vec<Table>,
}

static CATALOGUE: LazyLock<Result<Catalogue, String>> = LazyLock::new(|| {
    let entries = ENTRIES.iter().flat_map(|types| types.iter());
    let tables = entries.enumerate().map(|(index, entry)| Table::new(index, entry)).collect::<Result<_, _>>()?;
    Ok(Catalogue { tables })
});

impl Catalogue {
    /// The catalogue. An entry that does not fit the service model is a mistake that the tests find;
    /// should one slip through, every face says so at its start instead of panicking.
    pub fn get() -> Result<&'static Self, String> {
        CATALOGUE.as_ref().map_err(Clone::clone)
    }

    /// Every table, in order.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The table of that name.
    pub fn find(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.entry.table == name)
    }

    /// The table at that place.
    pub fn at(&self, index: usize) -> &Table {
        &self.tables[index]
    }
}

#[cfg(test)]
mod tests;
