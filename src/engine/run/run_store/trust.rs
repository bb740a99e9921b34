//! The records of which roles were tried without their external IDs: `trust/<window>/<run_id>.json`.
//!
//! A record follows from a committed manifest, so what it says was reported. Reading is bounded, and what cannot be read was
//! not tried: a role that is tried twice is better than one that is not tried at all.
//!
//! **Invariant:** a failure here fails no run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::RunStore;
use crate::customers::TrustResult;
use crate::domain::{AccountId, RunId};
use crate::engine::plan::TrustWindow;
use crate::engine::report::Manifest;
use crate::store::Listed;

/// The folder of the records.
const TRUST: &str = "trust";
/// The version of a record's format.
const VERSION: u32 = 1;
/// Most records of a window that are listed.
const MAX_LISTED: usize = 1_000;
/// Most records that are read. The largest come first, and reading ends when all accounts are found.
const MAX_READ: usize = 100;
/// The most bytes of one record. One of 500,000 accounts has less.
const MAX_RECORD_BYTES: u64 = 16 << 20;
/// The most bytes of all records that are read.
const MAX_BYTES: u64 = 64 << 20;
/// The most runs of a chain that are asked what they have tried.
const MAX_CHAIN: usize = 100;
/// The time for all of it.
const READ_TIME: Duration = Duration::from_secs(15);

/// What one run has tried. It has no role ARN and no external ID.
#[derive(Debug, Serialize, Deserialize)]
struct TrustRecord {
    version: u32,
    run_id: RunId,
    #[serde(flatten)]
    window: TrustWindow,
    accounts: BTreeMap<AccountId, TrustResult>,
}

impl RunStore {
    /// Returns which of these accounts were tried in a window, as far as the records of committed runs say, and the runs that
    /// this one continues.
    pub(in crate::engine::run) async fn tried_accounts(
        &self,
        run_id: &RunId,
        window: &TrustWindow,
        wanted: HashSet<AccountId>,
    ) -> HashSet<AccountId> {
        let mut search = TriedSearch { left: wanted, tried: HashSet::new() };
        let searching = async {
            self.search_chain(run_id, window, &mut search).await;
            self.search_records(window, &mut search).await;
        };
        if tokio::time::timeout(READ_TIME, searching).await.is_err() {
            tracing::warn!("reading which roles were tried took too long: those not found by now are tried");
        }
        search.tried
    }

    /// Looks into the manifests of the runs that a run continues. Their records may be missing.
    async fn search_chain(&self, run_id: &RunId, window: &TrustWindow, search: &mut TriedSearch) {
        let mut next = run_id.resumes();
        for _ in 0..MAX_CHAIN {
            let Some(run_id) = next.filter(|_| !search.left.is_empty()) else { return };
            let manifest = match self.manifest(&run_id).await {
                Ok(Some(manifest)) => manifest,
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "which roles the run before this one has tried cannot be read");
                    return;
                }
            };
            if manifest.plan.trust.as_ref() == Some(window) {
                let tried = manifest.by_account.into_iter().filter(|account| account.trust.is_some());
                search.found(tried.map(|account| account.account_id));
            }
            next = manifest.resumes;
        }
    }

    async fn search_records(&self, window: &TrustWindow, search: &mut TriedSearch) {
        if search.left.is_empty() {
            return;
        }
        let folder = format!("{TRUST}/{}", window.name());
        let mut records = match self.store.list(&folder, MAX_LISTED).await {
            Ok(records) => records,
            Err(error) => {
                tracing::warn!(folder, %error, "the records of which roles were tried cannot be listed: all are tried");
                return;
            }
        };
        if records.len() == MAX_LISTED {
            tracing::warn!(folder, "there may be more records of which roles were tried than are read");
        }
        records.sort_by(|one, other| (Reverse(one.bytes), &one.name).cmp(&(Reverse(other.bytes), &other.name)));
        let mut bytes_left = MAX_BYTES;
        let usable = records.iter().filter(|record| record.name.ends_with(".json") && record.bytes <= MAX_RECORD_BYTES);
        for record in usable.take(MAX_READ) {
            let Some(rest) = bytes_left.checked_sub(record.bytes).filter(|_| !search.left.is_empty()) else { return };
            bytes_left = rest;
            match self.read_record(&folder, record, window).await {
                Ok(accounts) => search.found(accounts),
                Err(reason) => {
                    let name = &record.name;
                    tracing::warn!(folder, name, reason, "a record of which roles were tried is passed over");
                }
            }
        }
    }

    async fn read_record(
        &self,
        folder: &str,
        listed: &Listed,
        window: &TrustWindow,
    ) -> Result<impl Iterator<Item = AccountId>, String> {
        let object = self.store.read(&format!("{folder}/{}", listed.name)).await.map_err(|error| error.to_string())?;
        let object = object.ok_or("it is not there any more")?;
        let record: TrustRecord = serde_json::from_slice(&object.bytes).map_err(|error| error.to_string())?;
        // A copy below the wrong window would keep roles from being tried.
        if record.version != VERSION || record.window.start != window.start {
            return Err("it is of another version or window".to_owned());
        }
        Ok(record.accounts.into_keys())
    }

    /// Records what a committed run has tried, unless that is recorded.
    pub(super) async fn record_trust(&self, manifest: &Manifest) {
        let Some(window) = &manifest.plan.trust else { return };
        let accounts =
            manifest.by_account.iter().filter_map(|account| Some((account.account_id.clone(), account.trust?)));
        let accounts: BTreeMap<AccountId, TrustResult> = accounts.collect();
        if accounts.is_empty() {
            return;
        }
        let run_id = manifest.response.run_id.clone();
        let key = format!("{TRUST}/{}/{run_id}.json", window.name());
        let record = TrustRecord { version: VERSION, run_id, window: window.clone(), accounts };
        let written = match self.exists(&key).await {
            Ok(true) => return,
            // A second delivery of an event writes it again, with the same content.
            Ok(false) => self.put_if_absent(&key, &record).await.map(|_| ()),
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::warn!(key, %error, "which roles were tried cannot be recorded: later runs of this window try them again");
        }
    }
}

/// A search for accounts that were tried.
struct TriedSearch {
    /// The accounts that are not found yet.
    left: HashSet<AccountId>,
    tried: HashSet<AccountId>,
}

impl TriedSearch {
    fn found(&mut self, accounts: impl Iterator<Item = AccountId>) {
        for account in accounts {
            if let Some(account) = self.left.take(&account) {
                self.tried.insert(account);
            }
        }
    }
}
