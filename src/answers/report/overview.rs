//! The accounts and regions of an estate, and how many resources of each type they have.
//!
//! **Invariant:** counts a resource that several accounts see once, for its owner. An owner outside the estate has a row too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::registered_accounts::RegisteredAccounts;
use crate::answers::facts::Facts;

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccountOverview {
    pub account_id: String,
    pub name: Option<String>,
    pub alias: Option<String>,
    pub customer: Option<String>,
    /// Whether the registry has it no more. Null without a registry.
    pub offboarded: Option<bool>,
    pub resources: usize,
    pub cells: u64,
    pub unknown: u64,
}

/// What a table has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct TableOverview {
    pub table: &'static str,
    pub resources: usize,
    pub accounts: usize,
    pub regions: usize,
    /// Cells of the table that are unknown.
    pub unknown: u64,
}

/// What a region has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct RegionOverview {
    pub region: String,
    pub resources: usize,
    pub accounts: usize,
}

/// The first section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct EstateOverview {
    pub(super) accounts: Vec<AccountOverview>,
    pub(super) regions: Vec<RegionOverview>,
    pub(super) tables: Vec<TableOverview>,
    pub(super) resources: usize,
}

/// Counts the selected resources of these tables. The registry's accounts are given if there is one.
pub(super) fn overview(
    facts: &Facts,
    tables: &[&'static str],
    registered: Option<&RegisteredAccounts>,
) -> EstateOverview {
    let selected = |account: &&str| facts.selection.has_account(account);
    let mut accounts: BTreeMap<String, AccountOverview> = facts
        .cells
        .accounts()
        .into_iter()
        .filter(selected)
        .map(|id| (id.to_owned(), account(id, registered)))
        .collect();
    let mut regions: BTreeMap<String, (usize, BTreeSet<&str>)> = BTreeMap::new();
    let mut overview = EstateOverview::default();
    for table in tables {
        let mut holders: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for resource in facts.selected(table) {
            *holders.entry((resource.account_id(), resource.region())).or_default() += 1;
            if let Some(alias) = resource.account_alias()
                && let Some(account) = accounts.get_mut(resource.account_id()).filter(|account| account.alias.is_none())
            {
                account.alias = Some(alias.to_owned());
            }
        }
        for ((owner, region), count) in &holders {
            if let Some(account) = accounts.get_mut(*owner) {
                account.resources += count;
            }
            let region = regions.entry((*region).to_owned()).or_default();
            region.0 += count;
            region.1.insert(*owner);
        }
        overview.tables.push(TableOverview {
            table,
            resources: holders.values().sum(),
            accounts: holders.keys().map(|(account, _)| account).collect::<BTreeSet<_>>().len(),
            regions: holders.keys().map(|(_, region)| region).collect::<BTreeSet<_>>().len(),
            unknown: 0,
        });
    }
    count_cells(facts, &mut accounts, &mut overview.tables);
    overview.resources = overview.tables.iter().map(|table| table.resources).sum();
    overview.accounts = accounts.into_values().collect();
    let regions = regions.into_iter();
    overview.regions = regions
        .map(|(region, (resources, accounts))| RegionOverview { region, resources, accounts: accounts.len() })
        .collect();
    overview
}

fn account(account_id: &str, registered: Option<&RegisteredAccounts>) -> AccountOverview {
    let known = registered.and_then(|registered| registered.get(account_id));
    AccountOverview {
        account_id: account_id.to_owned(),
        name: known.and_then(|known| known.name.clone()),
        customer: known.and_then(|known| known.customer.clone()),
        offboarded: registered.and_then(|registered| registered.is_offboarded(account_id)),
        ..AccountOverview::default()
    }
}

/// Adds the cells of each account and the unknown ones of each table.
fn count_cells(facts: &Facts, accounts: &mut BTreeMap<String, AccountOverview>, tables: &mut [TableOverview]) {
    let places: HashMap<&str, usize> = tables.iter().enumerate().map(|(at, table)| (table.table, at)).collect();
    for cell in facts.cells.iter() {
        if !facts.selection.has_account(&cell.account_id) || !facts.selection.has_region(&cell.region) {
            continue;
        }
        let is_unknown = match cell.region.as_str() {
            crate::inventory::ANY_REGION => !cell.status.is_answered(),
            region => !facts.is_answered(&cell.account_id, region, &cell.table),
        };
        if let Some(account) = accounts.get_mut(&cell.account_id) {
            account.cells += 1;
            account.unknown += u64::from(is_unknown);
        }
        if let Some(at) = places.get(cell.table.as_str()) {
            tables[*at].unknown += u64::from(is_unknown);
        }
    }
}
