//! Commits a run from the manifests of its shards. The catch-up shard has the accounts that no committed shard has.
//!
//! **Invariant:** every account of the plan is in exactly one shard, and every counted cell has its ledger row.

use std::collections::HashSet;

use tokio_util::sync::CancellationToken;

use super::plan_run::Run;
use super::run_store::CATCH_UP_SHARD;
use super::{StopCondition, prepare};
use crate::engine::plan::{Plan, Shard};
use crate::engine::report::{Manifest, ManifestInputs, ShardManifest, assemble_manifest};
use crate::error::{Error, ErrorKind};
use crate::inventory::LEDGER;

impl Run {
    /// Commits the run. Shards that are not committed by now are given up.
    pub(super) async fn reduce(&self, mut shards: Vec<ShardManifest>) -> Result<Manifest, Error> {
        let plan = &self.plan;
        // A run of one shard needs no catch-up shard, unless that one shard was lost.
        if plan.batch.is_some() || shards.is_empty() {
            let catch_up = match self.store.shard(&plan.run_id, CATCH_UP_SHARD).await? {
                Some(catch_up) => catch_up,
                None => self.commit_catch_up_shard(&shards).await?,
            };
            // Accounts in the catch-up shard are final: a shard with them that was committed later is ignored. The shards
            // are listed again, so that one committed meanwhile is not lost.
            shards = self.store.shards(plan).await?;
            let given_up: HashSet<_> = catch_up.accounts.iter().map(|account| &account.account_id).collect();
            shards.retain(|shard| shard.accounts.iter().all(|account| !given_up.contains(&account.account_id)));
            shards.push(catch_up);
        }
        check_accounts(plan, &shards)?;
        let catalogue = prepare::catalogue()?;
        // Types that this version does not know are not counted: a newer version may have carried out a shard.
        let types = plan.resources.iter().filter(|name| catalogue.find(name).is_some()).count();
        if types == 0 {
            let what = format!("run {} has no resource type that this version knows", plan.run_id);
            return Err(Error::new(ErrorKind::Internal, what));
        }
        // A resumed run has no row for cells that an earlier run has answered.
        let least_cells = if self.resumed_from.is_some() { 0 } else { types as u64 };
        check_ledgers(plan, &shards, least_cells)?;
        let tables = catalogue.tables().iter().map(|table| table.entry.table);
        let tables: Vec<&str> = tables.filter(|table| plan.resources.iter().any(|name| name == table)).collect();
        let manifest = assemble_manifest(ManifestInputs {
            plan: plan.clone(),
            shards,
            resumes: self.resumed_from.as_ref().map(|manifest| manifest.response.run_id.clone()),
            tables: &tables,
            address: self.store.manifest_address(&plan.run_id),
        });
        let manifest = self.store.commit_run(manifest).await?;
        self.observer.run_committed(&manifest.response);
        self.store.move_latest(&manifest).await;
        self.store.list_files(&manifest).await?;
        Ok(manifest)
    }

    /// Commits the accounts of all other shards as not started.
    async fn commit_catch_up_shard(&self, shards: &[ShardManifest]) -> Result<ShardManifest, Error> {
        let committed: HashSet<&str> = shards.iter().map(|shard| shard.shard.as_str()).collect();
        let planned = self.plan.shards().into_iter();
        let missing: Vec<Shard> = planned.filter(|shard| !committed.contains(shard.name.as_str())).collect();
        if !missing.is_empty() {
            let (missing, run_id) = (missing.len(), self.plan.run_id.as_str());
            tracing::warn!(run_id, missing, "shards were never committed: their accounts are reported as not started");
        }
        let accounts = missing.into_iter().flat_map(|shard| shard.accounts).collect();
        let catch_up = Shard { name: CATCH_UP_SHARD.into(), accounts };
        // Stopped before it begins, so that no account is entered.
        let stop = CancellationToken::new();
        stop.cancel();
        let manifest = Box::pin(self.collect_shard(&catch_up, &StopCondition { stop, deadline: None })).await?;
        self.store.commit_shard(manifest).await
    }
}

/// Checks that each shard's ledger has a row for every counted cell, and each account at least `least_cells` cells.
fn check_ledgers(plan: &Plan, shards: &[ShardManifest], least_cells: u64) -> Result<(), Error> {
    for shard in shards {
        let ledgers = shard.files.iter().filter(|file| file.table == LEDGER);
        let rows: u64 = ledgers.map(|file| file.rows).sum();
        let cells: u64 = shard.accounts.iter().flat_map(|account| account.cells.values()).sum();
        let (run_id, name) = (&plan.run_id, &shard.shard);
        if rows != cells {
            let what = format!("run {run_id}: shard {name} has {rows} ledger rows and has counted {cells} cells");
            return Err(Error::new(ErrorKind::Internal, what));
        }
        let incomplete = shard.accounts.iter().find(|account| account.cells.values().sum::<u64>() < least_cells);
        if let Some(account) = incomplete {
            let account_id = &account.account_id;
            let what = format!(
                "run {run_id}: shard {name} has fewer cells of account {account_id} than {least_cells} planned types"
            );
            return Err(Error::new(ErrorKind::Internal, what));
        }
    }
    Ok(())
}

/// Checks that every account is in exactly one shard. Anything else is a mistake of rolecall, and no manifest is better
/// than a wrong one.
fn check_accounts(plan: &Plan, shards: &[ShardManifest]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    let twice = shards.iter().flat_map(|shard| &shard.accounts).find(|account| !seen.insert(&account.account_id));
    let missing = plan.accounts.iter().find(|account| !seen.contains(&account.account_id));
    let what = match (twice, missing) {
        (None, None) => return Ok(()),
        (Some(account), _) => format!("account {} is in two shards", account.account_id),
        (None, Some(account)) => format!("account {} is in no shard", account.account_id),
    };
    Err(Error::new(ErrorKind::Internal, format!("run {}: {what}", plan.run_id)))
}
