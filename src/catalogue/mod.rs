//! Lists the resource types: one declarative entry each, the only source for the collector, the columns, the policies
//! and the documentation.
//!
//! To add a resource type, add an entry to one of the lists below and run `make generate`, which reads its shapes from
//! the service model.
//!
//! **Invariant:** knows the calls to AWS, and nothing of accounts, files or runs.

mod iam_actions;
mod entry;
mod calls;
mod octal;
mod ec2;
mod accounts;
mod account_settings;
mod storage;
mod vpc;
mod gateways;
mod routing;
mod local_gateways;
mod transit;
mod ipam;
mod route53;
mod route53_policies;
mod route53_resolver;
mod route53_firewall;
mod route53_profiles;
mod route53_domains;
mod load_balancers;
mod distributions;
mod custom_domains;
mod buckets;
mod environments;
mod accelerators;
mod direct_connect;
mod namespaces;
mod core_networks;
mod table;
mod secret_actions;
mod session_policy;
mod scope;

use std::sync::LazyLock;

pub(crate) use accounts::ACCOUNTS;
pub use entry::{Id, MemberFilter, Reach, Source, ValueFrom};

pub(crate) use entry::{Parents, ResourceType};
pub(crate) use iam_actions::{by_resource, iam_action, resource_of};
pub use scope::{Scope, actions_of};
pub use secret_actions::SECRET_ACTIONS;
pub(crate) use session_policy::HELPER_ACTIONS;
pub use session_policy::session_policies;
pub use table::Table;
pub(crate) use table::{Parent, TableDetail};

/// Every resource type, in the order of the documentation and of the collection.
static ENTRIES: &[&[ResourceType]] = &[
    accounts::TYPES,
    account_settings::TYPES,
    ec2::TYPES,
    storage::TYPES,
    vpc::TYPES,
    gateways::TYPES,
    routing::TYPES,
    local_gateways::TYPES,
    transit::TYPES,
    ipam::TYPES,
    route53::TYPES,
    route53_policies::TYPES,
    route53_resolver::TYPES,
    route53_firewall::TYPES,
    route53_profiles::TYPES,
    route53_domains::TYPES,
    load_balancers::TYPES,
    distributions::TYPES,
    custom_domains::TYPES,
    buckets::TYPES,
    environments::TYPES,
    accelerators::TYPES,
    direct_connect::TYPES,
    namespaces::TYPES,
    core_networks::TYPES,
];

/// Every resource type with its columns. It is resolved once for each process.
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
    /// Returns the catalogue.
    ///
    /// The error names an entry that does not fit the service model. The tests find such an entry. If one is released
    /// nevertheless, every command reports it at its start instead of panicking.
    pub fn get() -> Result<&'static Self, String> {
        CATALOGUE.as_ref().map_err(Clone::clone)
    }

    /// Every table, in the order of the catalogue.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Finds a table by its name.
    pub fn find(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.entry.table == name)
    }

    /// The table at this position. Panics if there is none.
    pub fn at(&self, index: usize) -> &Table {
        &self.tables[index]
    }
}

#[cfg(test)]
mod tests;
