//! Commits a run from the manifests of its shards. The catch-up shard has the accounts that no committed shard has.
//!
//! **Invariant:** commits nothing that does not add up: see `checks`.

use std::collections::HashSet;

use tokio_util::sync::CancellationToken;

use super::checks::check_run;
use super::plan_run::Run;
use super::run_store::CATCH_UP_SHARD;
use super::{StopCondition, prepare};
use crate::engine::plan::Shard;
use crate::engine::report::{Manifest, ManifestInputs, ShardManifest, assemble_manifest};
use crate::error::Error;

impl Run {
    /// Commits the run. Shards that are not committed by now are given up. What follows the commit is left to the caller:
    /// see `RunStore::finish_commit`.
    pub(super) async fn reduce(&self, mut shards: Vec<ShardManifest>) -> Result<Manifest, Error> {
        let plan = &self.plan;
        // A run of one shard needs no catch-up shard, unless that one shard was lost.
        if plan.batch.is_some() || shards.is_empty() {
            let catch_up = match self.store.shard(&plan.run_id, CATCH_UP_SHARD).await? {
                Some(catch_up) => catch_up,
                // All that are committed, and not only those of this attempt: it skips shards if its time is short.
                None => {
                    let committed = self.store.shards(plan).await?;
                    self.commit_catch_up_shard(&committed).await?
                }
            };
            // Accounts in the catch-up shard are final: a shard with them that was committed later is ignored. The shards
            // are listed again, so that one committed meanwhile is not lost.
            shards = self.store.shards(plan).await?;
            let given_up: HashSet<_> = catch_up.accounts.iter().map(|account| &account.account_id).collect();
            shards.retain(|shard| shard.accounts.iter().all(|account| !given_up.contains(&account.account_id)));
            shards.push(catch_up);
        }
        check_run(plan, &shards, self.resumed_from.is_some())?;
        // A newer version may have carried out shards. Its types come from their accounts.
        let catalogue = prepare::catalogue()?;
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
