//! Checks that what a run commits adds up: accounts, cells and records. Anything else is a mistake of rolecall, and no
//! manifest is better than a wrong one.
//!
//! **Invariant:** pure. Knows plans and manifests of shards, and no store.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::domain::AccountId;
use crate::engine::plan::{Plan, PlannedAccount, SharedTypes};
use crate::engine::report::{AccountSummary, ShardManifest};
use crate::error::{Error, ErrorKind};
use crate::inventory::LEDGER;

/// Checks that a plan asks something. A run without cells would be complete without a question.
pub(super) fn check_plan(plan: &Plan) -> Result<(), Error> {
    let missing = match (plan.accounts.is_empty(), plan.resources.is_empty()) {
        (false, false) => return Ok(()),
        (true, _) => "accounts",
        (false, true) => "resource types",
    };
    Err(internal(format!("run {}: its plan has no {missing}", plan.run_id)))
}

/// Checks that every account of the plan is in exactly one shard, and that each shard adds up.
pub(super) fn check_run(plan: &Plan, shards: &[ShardManifest], is_resumed: bool) -> Result<(), Error> {
    check_plan(plan)?;
    check_accounts(plan, shards)?;
    shards.iter().try_for_each(|shard| check_shard(plan, shard, is_resumed))
}

/// Checks that a shard's ledger has a row for every counted cell, that each account has a cell of each type that it shares, and
/// that the files have the records that the ledger counts. A resumed run has no row for cells that an earlier run has
/// answered.
pub(super) fn check_shard(plan: &Plan, shard: &ShardManifest, is_resumed: bool) -> Result<(), Error> {
    let wrong = wrong_ledger(shard)
        .or_else(|| if is_resumed { None } else { missing_cells(plan, shard) })
        .or_else(|| wrong_records(shard, is_resumed));
    match wrong {
        None => Ok(()),
        Some(what) => Err(internal(format!("run {}: shard {} {what}", plan.run_id, shard.shard))),
    }
}

fn wrong_ledger(shard: &ShardManifest) -> Option<String> {
    let rows = shard.files.iter().filter(|file| file.table == LEDGER).map(|file| file.rows).sum::<u64>();
    let cells = shard.accounts.iter().flat_map(|account| account.cells.values()).sum::<u64>();
    // Each attempt to enter an account without its external ID has a row too, and is no cell.
    let tried = shard.accounts.iter().filter(|account| account.trust.is_some()).count() as u64;
    if rows != cells + tried {
        return Some(format!("has {rows} ledger rows and has counted {cells} cells and {tried} attempts at roles"));
    }
    // Shards of earlier versions have not counted by type.
    let by_table = shard.cells_by_table.values().sum::<u64>();
    let is_counted = !shard.cells_by_table.is_empty();
    (is_counted && by_table != cells).then(|| format!("has {by_table} cells by type and {cells} by status"))
}

/// Each account has at least a cell of each type that it shares.
fn missing_cells(plan: &Plan, shard: &ShardManifest) -> Option<String> {
    let in_shard: HashSet<&AccountId> = shard.accounts.iter().map(|account| &account.account_id).collect();
    let planned = plan.accounts.iter().filter(|account| in_shard.contains(&account.account_id));
    let planned: HashMap<&AccountId, &PlannedAccount> = planned.map(|account| (&account.account_id, account)).collect();
    let types = match SharedTypes::new(&plan.resources, planned.values().copied()) {
        Ok(types) => types,
        Err(error) => return Some(format!("has an account whose `resources` in the plan {error}")),
    };
    let mut accounts_by_type = vec![0_u64; plan.resources.len()];
    for AccountSummary { account_id, cells, .. } in &shard.accounts {
        let Some(account) = planned.get(account_id) else {
            return Some(format!("has account {account_id}, which the plan does not have"));
        };
        let types = types.of(account);
        if cells.values().sum::<u64>() < types.len() as u64 {
            return Some(format!("has fewer cells of account {account_id} than {} planned types", types.len()));
        }
        types.iter().for_each(|index| accounts_by_type[*index] += 1);
    }
    if shard.cells_by_table.is_empty() {
        return None;
    }
    let cells = |table: &str| shard.cells_by_table.get(table).copied().unwrap_or_default();
    let mut by_type = plan.resources.iter().zip(accounts_by_type);
    let (table, accounts) = by_type.find(|(table, accounts)| cells(table) < *accounts)?;
    Some(format!("has {} cells of the planned type {table} for {accounts} accounts", cells(table)))
}

fn wrong_records(shard: &ShardManifest, is_resumed: bool) -> Option<String> {
    // By table: the records that the ledger counts, and the rows of the files.
    let mut tables: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (table, records) in shard.accounts.iter().flat_map(|account| &account.records) {
        tables.entry(table).or_default().0 += records;
    }
    for file in shard.files.iter().filter(|file| file.table != LEDGER) {
        tables.entry(&file.table).or_default().1 += file.rows;
    }
    // An account in which rolecall itself failed may have written rows before. A resumed run copies rows of earlier ones.
    let may_exceed = is_resumed || !shard.uncounted.is_empty();
    let is_wrong =
        |(_, (records, rows)): &(&str, (u64, u64))| if may_exceed { rows < records } else { rows != records };
    let (table, (records, rows)) = tables.into_iter().find(is_wrong)?;
    Some(format!("has {rows} rows of table {table} in its files and {records} records of it in its ledger"))
}

fn check_accounts(plan: &Plan, shards: &[ShardManifest]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    let twice = shards.iter().flat_map(|shard| &shard.accounts).find(|account| !seen.insert(&account.account_id));
    let missing = plan.accounts.iter().find(|account| !seen.contains(&account.account_id));
    let what = match (twice, missing) {
        (None, None) => return Ok(()),
        (Some(account), _) => format!("account {} is in two shards", account.account_id),
        (None, Some(account)) => format!("account {} is in no shard", account.account_id),
    };
    Err(internal(format!("run {}: {what}", plan.run_id)))
}

fn internal(what: String) -> Error {
    Error::new(ErrorKind::Internal, what)
}
