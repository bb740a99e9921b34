//! What follows the commit of a run: the list of its files for Athena, `latest.json`, and the record of roles that were tried.
//!
//! All are written after the manifest, so that they never name a run that is not committed. An invocation that finds a
//! committed run, or continues it, writes them again if they are missing.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::Instant;

use super::{RunStore, manifest_key};
use crate::domain::AccountId;
use crate::engine::report::{Latest, Manifest};
use crate::error::{Error, ErrorKind};
use crate::output::state::{self, COMMITTED};

/// The key of the document that names the newest run of the whole fleet.
const LATEST: &str = "latest.json";
/// The longest time for the state after a commit. A first state over many runs is written in steps.
const MAX_SUM_UP: Duration = Duration::from_secs(300);
/// The time that stays for the response when the state is not written in time.
const TIME_TO_REPORT: Duration = Duration::from_secs(5);
/// Attempts at moving `latest.json` while others move it at the same time.
const LATEST_ATTEMPTS: u32 = 10;

/// The part of `latest.json` that decides whether it moves. Other versions of rolecall may write further fields.
#[derive(Deserialize)]
struct LatestStart {
    started_at: Timestamp,
}

impl RunStore {
    /// Carries out the steps after a commit, unless an earlier attempt has done so. Both are tried if one fails. The error
    /// says that the run is committed, and what is missing.
    pub(in crate::engine::run) async fn finish_commit(&self, manifest: &Manifest) -> Result<(), Error> {
        let listed = self.list_files(manifest).await;
        let moved = self.move_latest(manifest).await;
        self.record_trust(manifest).await;
        let steps = [("the list of its files", listed), ("latest.json", moved)];
        Self::report(manifest, steps)
    }

    /// Carries out the steps after the commit of the run that this one continues, before anything is asked. The attempt that
    /// committed it may have ended first, and without the list of its files no answer has its rows.
    pub(in crate::engine::run) async fn finish_earlier_commit(&self, manifest: &Manifest) -> Result<(), Error> {
        let listed = self.list_files(manifest).await;
        if let Err(error) = self.move_latest(manifest).await {
            tracing::error!(run_id = manifest.response.run_id.as_str(), %error, "latest.json does not name the earlier run");
        }
        self.record_trust(manifest).await;
        Self::report(manifest, [("the list of its files", listed)])
    }

    /// Writes the state of the output after a commit. Readers can do without it, only slower, so no run fails for it: the next
    /// commit writes what is missing. See `output::state`.
    pub(in crate::engine::run) async fn sum_up(&self, manifest: &Manifest, deadline: Option<Instant>) {
        let (dt, run_id) = (manifest.plan.dt.as_str(), manifest.response.run_id.as_str());
        let end = Instant::now() + MAX_SUM_UP;
        let end = deadline.map_or(end, |deadline| end.min(deadline - TIME_TO_REPORT.min(deadline - Instant::now())));
        let update = state::update(&self.store, (dt, run_id), manifest.plan.format);
        let what = match tokio::time::timeout_at(end, update).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the time of the run ended".to_owned(),
        };
        tracing::warn!(
            run_id,
            what,
            "the state of the output is not written: until the next commit, answers take longer, and Athena's current views \
             do not show this run"
        );
    }

    /// Returns an error that says that the run is committed, and what is missing.
    fn report<'a>(
        manifest: &Manifest,
        steps: impl IntoIterator<Item = (&'a str, Result<(), Error>)>,
    ) -> Result<(), Error> {
        let missing: Vec<String> = steps
            .into_iter()
            .filter_map(|(name, result)| result.err().map(|error| format!("{name} could not be written: {error}")))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (run_id, address) = (&manifest.response.run_id, &manifest.response.manifest);
        let message = format!(
            "run {run_id} is committed at {address}, but {}. Deliver the event again, or run it again under this run id: \
             no customer is called, and only what is missing is written",
            missing.join("; and ")
        );
        tracing::error!(run_id = run_id.as_str(), message, "a step after the commit of the run failed");
        Err(Error::new(ErrorKind::OutputNotWritable, message))
    }

    /// Writes the list of a committed run's files where Athena reads it, one document a line.
    async fn list_files(&self, manifest: &Manifest) -> Result<(), Error> {
        let (run_id, dt) = (&manifest.response.run_id, &manifest.plan.dt);
        let key = format!("{COMMITTED}/dt={dt}/{run_id}.ndjson");
        // A second delivery of an event writes nothing.
        if self.get(&key).await?.is_some() {
            return Ok(());
        }
        let mut lines = String::new();
        let committed_at = manifest.response.committed_at();
        for file in &manifest.files {
            let line = serde_json::json!({
                "run_id": run_id, "started_at": manifest.plan.started_at, "status": manifest.response.status,
                "table": file.table, "key": file.key, "rows": file.rows, "bytes": file.bytes,
                "uncompressed_bytes": file.uncompressed_bytes, "sha256": file.sha256,
                "committed_at": committed_at,
            });
            lines.push_str(&format!("{line}\n"));
        }
        let result = self.store.put_if_absent(&key, lines.into()).await;
        result.map(|_| ()).map_err(|error| self.error(&error))
    }

    /// Returns the number of calls that each account took in the newest run of the whole fleet.
    pub(in crate::engine::run) async fn latest_call_counts(&self) -> Result<HashMap<AccountId, u64>, Error> {
        let Some(latest) = self.read::<Latest>(LATEST).await? else { return Ok(HashMap::new()) };
        let accounts = self.manifest(&latest.run_id).await?.map(|manifest| manifest.by_account).unwrap_or_default();
        Ok(accounts.into_iter().map(|account| (account.account_id, account.calls)).collect())
    }

    /// Points `latest.json` at this run if its request narrows nothing. It moves forward in time, never back.
    async fn move_latest(&self, manifest: &Manifest) -> Result<(), Error> {
        if manifest.plan.request.narrows() {
            return Ok(());
        }
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
            if let Some(object) = &current {
                // It may name a newer run, so it is never replaced unread.
                let newest: LatestStart = serde_json::from_slice(&object.bytes).map_err(|error| {
                    self.unreadable(LATEST, &format!("{error}. It is left as it is: remove it, if it is of no use"))
                })?;
                if newest.started_at >= latest.started_at {
                    return Ok(());
                }
            }
            let etag = current.map(|object| object.etag);
            let bytes = self.encode(LATEST, &latest)?;
            let result = self.store.put_if_match(LATEST, bytes, etag.as_deref()).await;
            if result.map_err(|error| self.error(&error))? {
                return Ok(());
            }
        }
        let what = format!("it was changed {LATEST_ATTEMPTS} times while this run tried to move it");
        Err(Error::new(ErrorKind::OutputNotWritable, what))
    }
}
