//! What follows the commit of a run: the list of its files for Athena, and `latest.json`.
//!
//! Both are written after the manifest, so that they never name a run that is not committed. An invocation that finds a
//! committed run writes them again if they are missing.

use std::collections::HashMap;

use super::{RunStore, manifest_key};
use crate::domain::AccountId;
use crate::engine::report::{Latest, Manifest};
use crate::error::Error;

/// The folder of the lists of committed runs' files.
pub(in crate::engine::run) const COMMITTED: &str = "committed";
/// The key of the document that names the newest run of the whole fleet.
const LATEST: &str = "latest.json";
/// Attempts at moving `latest.json` while others move it at the same time.
const LATEST_ATTEMPTS: u32 = 10;

impl RunStore {
    /// Repeats the steps after a commit, in case the committing process ended before them. Failures are only logged: the
    /// run is committed.
    pub(in crate::engine::run) async fn finish_commit(&self, manifest: &Manifest) {
        if let Err(error) = self.list_files(manifest).await {
            let run_id = manifest.response.run_id.as_str();
            tracing::warn!(run_id, %error, "the list of the committed run's files for Athena could not be written");
        }
        self.move_latest(manifest).await;
    }

    /// Writes the list of a committed run's files where Athena reads it, one document a line.
    pub(in crate::engine::run) async fn list_files(&self, manifest: &Manifest) -> Result<(), Error> {
        let (run_id, dt) = (&manifest.response.run_id, &manifest.plan.dt);
        let key = format!("{COMMITTED}/dt={dt}/{run_id}.ndjson");
        // A second delivery of an event writes nothing.
        if self.get(&key).await?.is_some() {
            return Ok(());
        }
        let mut lines = String::new();
        for file in &manifest.files {
            let line = serde_json::json!({
                "run_id": run_id, "started_at": manifest.plan.started_at, "status": manifest.response.status,
                "table": file.table, "key": file.key, "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256,
            });
            lines.push_str(&format!("{line}\n"));
        }
        let result = self.store.put_if_absent(&key, lines.into()).await;
        result.map(|_| ()).map_err(|error| self.error(&error))
    }

    /// Points `latest.json` at this run if its request narrows nothing. A failure is only logged: the next delivery of the
    /// event, or the next run, repeats it.
    pub(in crate::engine::run) async fn move_latest(&self, manifest: &Manifest) {
        if !manifest.plan.request.narrows()
            && let Err(error) = self.try_move_latest(manifest).await
        {
            tracing::warn!(run_id = manifest.response.run_id.as_str(), %error, "latest.json could not be moved");
        }
    }

    /// Returns the number of calls that each account took in the newest run of the whole fleet.
    pub(in crate::engine::run) async fn latest_call_counts(&self) -> Result<HashMap<AccountId, u64>, Error> {
        let Some(latest) = self.read::<Latest>(LATEST).await? else { return Ok(HashMap::new()) };
        let accounts = self.manifest(&latest.run_id).await?.map(|manifest| manifest.by_account).unwrap_or_default();
        Ok(accounts.into_iter().map(|account| (account.account_id, account.calls)).collect())
    }

    /// Moves `latest.json` forward in time, never back.
    async fn try_move_latest(&self, manifest: &Manifest) -> Result<(), Error> {
        let run_id = &manifest.response.run_id;
        let latest = Latest {
            run_id: run_id.clone(),
            status: manifest.response.status,
            started_at: manifest.plan.started_at,
            dt: manifest.plan.dt.clone(),
            manifest: manifest_key(run_id),
        };
        for _ in 0..LATEST_ATTEMPTS {
            let current = self.get(LATEST).await?;
            let newest = current.as_ref().map(|object| serde_json::from_slice::<Latest>(&object.bytes)).transpose();
            let newest = newest.unwrap_or_else(|error| {
                // Without a readable document nobody finds the newest run, so it is replaced.
                tracing::warn!(run_id = run_id.as_str(), %error, "latest.json cannot be read and is replaced");
                None
            });
            if newest.is_some_and(|newest| newest.started_at >= latest.started_at) {
                return Ok(());
            }
            let etag = current.map(|object| object.etag);
            let bytes = self.encode(LATEST, &latest)?;
            let result = self.store.put_if_match(LATEST, bytes, etag.as_deref()).await;
            if result.map_err(|error| self.error(&error))? {
                return Ok(());
            }
        }
        // Other runs have moved it each time. The manifest of this run can be read without it.
        tracing::warn!(run_id = run_id.as_str(), "latest.json was left as it is: other runs keep moving it");
        Ok(())
    }
}
