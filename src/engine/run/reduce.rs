//! A run put together from its shards: every account of the plan is in exactly one of them, and those whose shard never got
//! there are accounted for in one shard more.

use std::collections::HashSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use tokio_util::sync::CancellationToken;

use super::plan_run::Run;
use super::run_store::CATCH_UP_SHARD;
use super::shard::StopCondition;
use super::{Engine, Observer, prepare, run_store};
use crate::engine::plan::{Plan, Shard};
use crate::engine::report::{AccountSummary, Manifest, ShardManifest};
use crate::error::{Error, ErrorKind};
use crate::inventory::LEDGER;
use crate::store::Store;
use crate::store::StoreError;

/// Shards that are looked at side by side.
const SIDE_BY_SIDE: usize = 32;

impl Engine {
    /// Commits a run whose shards are committed, or given up.
    pub(super) async fn reduce_run(
        &self,
        store: &Store,
        planned: &Run,
        mut shards: Vec<ShardManifest>,
        observer: &Arc<dyn Observer>,
    ) -> Result<Manifest, Error> {
        let refused = |error: StoreError| error.at(&store.address(""));
        let Run { plan, base, .. } = planned;
        // A run in one shard needs no other one, unless that was lost: then it is told here too.
        if plan.batch.is_some() || shards.is_empty() {
            let rest = match run_store::read_shard(store, &plan.run_id, CATCH_UP_SHARD).await.map_err(refused)? {
                Some(rest) => rest,
                None => self.rest(store, planned, &shards, observer).await?,
            };
            // What was given up stays so: a shard that is committed after all came too late. And one that was committed
            // while another attempt wrote this down is not missed.
            shards = shards_of(store, plan).await.map_err(refused)?;
            let given_up: HashSet<_> = rest.accounts.iter().map(|account| &account.account_id).collect();
            shards.retain(|shard| shard.accounts.iter().all(|account| !given_up.contains(&account.account_id)));
            shards.push(rest);
        }
        each_account_once(plan, &shards)?;
        // Those that this version knows: a shard may have been carried out by the next one.
        let catalogue = prepare::catalogue()?;
        let types = plan.resources.iter().filter(|name| catalogue.find(name).is_some()).count();
        each_cell_has_its_row(plan, &shards, if base.is_some() { 0 } else { types as u64 })?;
        let resumes = base.as_ref().map(|manifest| manifest.response.run_id.clone());
        let manifest = run_store::run(store, plan.clone(), shards, resumes, catalogue).await.map_err(refused)?;
        observer.run_committed(&manifest.response);
        run_store::move_latest(store, &manifest).await;
        run_store::name_files(store, &manifest).await.map_err(refused)?;
        Ok(manifest)
    }

    /// Accounts for the accounts of shards that are not committed: nobody has asked them anything.
    async fn rest(
        &self,
        store: &Store,
        planned: &Run,
        shards: &[ShardManifest],
        observer: &Arc<dyn Observer>,
    ) -> Result<ShardManifest, Error> {
        let there: HashSet<&str> = shards.iter().map(|shard| shard.shard.as_str()).collect();
        let missing: Vec<Shard> =
            planned.plan.shards().into_iter().filter(|part| !there.contains(part.name.as_str())).collect();
        if !missing.is_empty() {
            let (missing, run) = (missing.len(), planned.plan.run_id.as_str());
            tracing::warn!(run, missing, "shards were never committed: their accounts are told as not started");
        }
        let rest = Shard { name: CATCH_UP_SHARD.into(), places: missing.into_iter().flat_map(|part| part.places).collect() };
        let stock = self.stock(store, planned, &rest, observer.clone()).await?;
        // Ended before it begins, so that nobody is asked.
        let stop = CancellationToken::new();
        stop.cancel();
        let shard = Box::pin(self.shard(store, planned, &rest, stock, StopCondition { stop, deadline: None })).await?;
        run_store::shard(store, shard).await.map_err(|error| error.at(&store.address("")))
    }
}

/// The manifests of the plan's shards, of those that are committed.
pub(super) async fn shards_of(store: &Store, plan: &Plan) -> Result<Vec<ShardManifest>, crate::store::StoreError> {
    let reading = plan.shards().into_iter().map(|part| async move {
        let name = part.name;
        run_store::read_shard(store, &plan.run_id, &name).await
    });
    let read: Vec<Option<ShardManifest>> = futures::stream::iter(reading).buffered(SIDE_BY_SIDE).try_collect().await?;
    Ok(read.into_iter().flatten().collect())
}

/// What a shard has counted of its accounts' cells stands in its ledger row by row, and every account has one a planned type
/// at least; in a run that goes on with another one, those that are answered have none.
fn each_cell_has_its_row(plan: &Plan, shards: &[ShardManifest], least: u64) -> Result<(), Error> {
    for shard in shards {
        let ledgers = shard.files.iter().filter(|file| file.table == LEDGER);
        let rows: u64 = ledgers.map(|file| file.rows).sum();
        let cells: u64 = shard.accounts.iter().flat_map(|account| account.cells.values()).sum();
        let (run, name) = (&plan.run_id, &shard.shard);
        if rows != cells {
            let what = format!("run {run}: shard {name} has {rows} rows in its ledger and has counted {cells} cells");
            return Err(Error::new(ErrorKind::Internal, what));
        }
        let bare = shard.accounts.iter().find(|account| account.cells.values().sum::<u64>() < least);
        if let Some(AccountSummary { account_id, .. }) = bare {
            let what =
                format!("run {run}: shard {name} has fewer cells of account {account_id} than {least} planned types");
            return Err(Error::new(ErrorKind::Internal, what));
        }
    }
    Ok(())
}

/// Two shards with one account, or an account in none, would be a mistake of ours: better no manifest than a wrong one.
fn each_account_once(plan: &Plan, shards: &[ShardManifest]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    let twice = shards.iter().flat_map(|shard| &shard.accounts).find(|account| !seen.insert(&account.account_id));
    let nowhere = plan.accounts.iter().find(|account| !seen.contains(&account.account_id));
    let what = match (twice, nowhere) {
        (None, None) => return Ok(()),
        (Some(account), _) => format!("account {} is in two shards", account.account_id),
        (None, Some(account)) => format!("account {} is in no shard", account.account_id),
    };
    Err(Error::new(ErrorKind::Internal, format!("run {}: {what}", plan.run_id)))
}
