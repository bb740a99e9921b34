//! The resource types: one declarative entry each, and the one source for the collector, the columns,
//! the policies and the documentation.
//!
//! Adding a resource type is adding one entry to a list below (`make generate` then reads its shapes
//! from the service model). Knows how AWS is asked, and nothing of accounts, files or the run.

mod entry;
mod calls;
mod octal;
mod ec2;
mod accounts;
mod account_settings;
mod storage;
mod vpc;
mod gateways;
mod transit;
mod ipam;
mod route53;
mod route53_policies;
mod table;
mod policy;
mod scope;

use std::sync::LazyLock;

pub use entry::{MemberFilter, Reach, Source, ValueFrom};

pub(crate) use entry::{Parents, ResourceType};
pub(crate) use policy::HELPER_ACTIONS;
pub use policy::{SECRET_ACTIONS, session_policies};
pub use scope::{Scope, actions_of};
pub(crate) use table::{Parent, TableDetail};
pub use table::{RowContext, Table};

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
