//! The documents of runs in the output: plan, shard manifests, manifest, and what follows a commit.
//!
//! Every document here is written once and never replaced; if another attempt was faster, its document counts.
//! **Invariant:** every error names the output.

mod documents;
mod inline;
mod trust;
mod published;

use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::Engine;
use crate::domain::RunId;
use crate::engine::plan::Plan;
use crate::engine::report::{Manifest, ShardManifest};
use crate::error::{Error, ErrorKind};
use crate::inventory::Column;
use crate::output::sink::{MIN_WRITE_MARGIN, WrittenFile, parquet_to_ndjson};
use crate::settings::Runtime;
use crate::store::{PutOutcome, Store, StoreError};

/// The shard of the accounts that no committed shard has. Committing it excludes shards that are committed later.
pub(super) const CATCH_UP_SHARD: &str = "rest";
/// Least time in which one attempt at a write of the function may end.
const MIN_WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// The time before the end of an invocation that stays to report a failure.
const TIME_TO_FAIL: Duration = Duration::from_secs(2);
/// Shard manifests that are read at the same time.
const CONCURRENT_READS: usize = 32;

fn plan_key(run_id: &RunId) -> String {
    format!("runs/{run_id}/plan.json")
}

fn shard_key(run_id: &RunId, shard: &str) -> String {
    format!("runs/{run_id}/shards/{shard}.json")
}

fn manifest_key(run_id: &RunId) -> String {
    format!("runs/{run_id}/manifest.json")
}

/// What exists under the name of a run.
pub(super) enum RunState {
    Committed(Box<Manifest>),
    Planned(Box<Plan>),
    New,
}

impl RunState {
    /// The plan, which names the request that the run was made for.
    pub(super) fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Committed(manifest) => Some(&manifest.plan),
            Self::Planned(plan) => Some(plan),
            Self::New => None,
        }
    }
}

/// The output, seen as a store of runs.
#[derive(Clone, Debug)]
pub(super) struct RunStore {
    store: Store,
    /// The output as the settings name it.
    location: String,
    /// True if nothing is to be written.
    only_reads: bool,
}

impl RunStore {
    /// Opens the output that the settings name, without a call to it.
    pub(super) fn open(engine: &Engine) -> Result<Self, Error> {
        let settings = &engine.settings;
        let location = settings.output.clone().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidSettings,
                "no output is set: give --output or ROLECALL_OUTPUT, a folder or s3://bucket/prefix",
            )
        })?;
        // A stalled write must not outlive the function, so it is tried again early there.
        let timeout = match engine.runtime {
            Runtime::Lambda => {
                (settings.margin.unwrap_or(MIN_WRITE_MARGIN) / 2).max(MIN_WRITE_TIMEOUT).min(settings.call_timeout)
            }
            Runtime::Terminal => settings.call_timeout,
        };
        let store = Store::open(&location, &engine.backend.config, timeout, settings.output_kms_key.as_deref());
        let store = store.map_err(|error| error.at(&location))?;
        // A silence of S3 would lose what was asked of all customers. Short attempts need more time in sum.
        let end = engine.ends_at.map(|end| end.checked_sub(TIME_TO_FAIL).unwrap_or(end));
        let store = store.with_patience(settings.operation_timeout, end);
        Ok(Self { store, location, only_reads: false })
    }

    /// The same output for a command that writes nothing to it. Its errors say that the output cannot be read.
    pub(super) fn for_reading(self) -> Self {
        Self { only_reads: true, ..self }
    }

    /// The output as the settings name it: a folder, or `s3://bucket/prefix`.
    pub(super) fn location(&self) -> &str {
        &self.location
    }

    /// The store below, for the sink.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// The error of a run whose output cannot be used.
    pub(super) fn error(&self, error: &StoreError) -> Error {
        if self.only_reads { error.unread_at(&self.location) } else { error.at(&self.location) }
    }

    /// The error of an object that exists and has unusable content.
    pub(super) fn unreadable(&self, key: &str, what: &str) -> Error {
        let address = self.store.address(key);
        Error::new(ErrorKind::OutputUnreadable, format!("{address} cannot be read: {what}"))
    }

    /// Looks up what exists under the name of a run.
    pub(super) async fn state(&self, run_id: &RunId) -> Result<RunState, Error> {
        if let Some(manifest) = self.manifest(run_id).await? {
            return Ok(RunState::Committed(Box::new(manifest)));
        }
        Ok(self.plan(run_id).await?.map_or(RunState::New, |plan| RunState::Planned(Box::new(plan))))
    }

    pub(super) async fn plan(&self, run_id: &RunId) -> Result<Option<Plan>, Error> {
        let plan: Option<Plan> = self.read(&plan_key(run_id)).await?;
        if let Some(plan) = &plan {
            self.require_run(run_id, &plan.run_id)?;
            documents::check_plan(plan).map_err(|what| self.unreadable(&plan_key(run_id), &what))?;
        }
        Ok(plan)
    }

    pub(super) async fn manifest(&self, run_id: &RunId) -> Result<Option<Manifest>, Error> {
        let manifest: Option<Manifest> = self.read(&manifest_key(run_id)).await?;
        if let Some(manifest) = &manifest {
            self.require_run(run_id, &manifest.response.run_id)?;
            documents::check_manifest(manifest).map_err(|what| self.unreadable(&manifest_key(run_id), &what))?;
        }
        Ok(manifest)
    }

    /// Refuses the document of another run. Some file systems take `Nightly` and `nightly` for one name.
    fn require_run(&self, run_id: &RunId, found: &RunId) -> Result<(), Error> {
        if found == run_id {
            return Ok(());
        }
        let what = format!(
            "the folder of run {run_id} in {} has the documents of run {found}: give the run another id",
            self.location
        );
        Err(Error::new(ErrorKind::RunIdTaken, what))
    }

    pub(super) async fn shard(&self, run_id: &RunId, shard: &str) -> Result<Option<ShardManifest>, Error> {
        let manifest: Option<ShardManifest> = self.read(&shard_key(run_id, shard)).await?;
        if let Some(manifest) = &manifest {
            documents::check_shard(manifest, (run_id, shard))
                .map_err(|what| self.unreadable(&shard_key(run_id, shard), &what))?;
        }
        Ok(manifest)
    }

    /// Reads the manifests of a plan's committed shards, without the catch-up shard.
    pub(super) async fn shards(&self, plan: &Plan) -> Result<Vec<ShardManifest>, Error> {
        let shards = plan.shards().into_iter();
        let reads = shards.map(|shard| async move { self.shard(&plan.run_id, &shard.name).await });
        let shards: Vec<Option<ShardManifest>> =
            futures::stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await?;
        Ok(shards.into_iter().flatten().collect())
    }

    /// Returns true if the catch-up shard is committed: the reduce phase has begun, and no further shard counts.
    pub(super) async fn is_reduced(&self, run_id: &RunId) -> Result<bool, Error> {
        self.exists(&shard_key(run_id, CATCH_UP_SHARD)).await
    }

    /// Writes the plan, or returns the one that exists. The write also proves that the output can be written, before any
    /// customer is called.
    pub(super) async fn create_or_load_plan(&self, plan: Plan) -> Result<Plan, Error> {
        match self.put_if_absent(&plan_key(&plan.run_id), &plan).await? {
            PutOutcome::Created => Ok(plan),
            PutOutcome::AlreadyExists => {
                tracing::info!(
                    run_id = plan.run_id.as_str(),
                    "another attempt has planned this run: continuing with its plan"
                );
                self.plan(&plan.run_id).await?.ok_or_else(|| self.gone(&plan_key(&plan.run_id)))
            }
        }
    }

    /// Commits a shard. If another attempt has committed it already, returns that one's manifest.
    pub(super) async fn commit_shard(&self, shard: ShardManifest) -> Result<ShardManifest, Error> {
        let key = shard_key(&shard.run_id, &shard.shard);
        match self.put_if_absent(&key, &shard).await? {
            PutOutcome::Created => Ok(shard),
            PutOutcome::AlreadyExists => {
                let (run_id, name) = (shard.run_id.as_str(), &shard.shard);
                tracing::info!(run_id, shard = name, "another attempt has committed this shard: its files count");
                self.shard(&shard.run_id, &shard.shard).await?.ok_or_else(|| self.gone(&key))
            }
        }
    }

    /// Commits a run. If another attempt has committed it already, returns that one's manifest.
    pub(super) async fn commit_run(&self, manifest: Manifest) -> Result<Manifest, Error> {
        let run_id = &manifest.response.run_id;
        let key = manifest_key(run_id);
        let written = self.put_if_absent(&key, &manifest).await;
        if let Ok(PutOutcome::Created) = &written {
            return Ok(manifest);
        }
        // A write whose response was lost has committed the run too.
        match (self.manifest(run_id).await, written) {
            (Ok(Some(existing)), _) => Ok(existing),
            (Ok(None), Ok(_)) => Err(self.gone(&key)),
            (Ok(None), Err(error)) => {
                let what = "The run is not committed. What its shards have committed stays: run the same event again";
                Err(Error::new(error.kind, format!("{error}. {what}")))
            }
            (Err(_), Err(error)) => {
                let what = "Whether the run is committed is not known: run the same event again";
                Err(Error::new(error.kind, format!("{error}. {what}")))
            }
            (Err(unreadable), Ok(_)) => Err(unreadable),
        }
    }

    /// The error of a document that another attempt wrote, and that is not there any more.
    fn gone(&self, key: &str) -> Error {
        self.unreadable(key, "it existed a moment ago, and is not there any more. Run the same event again")
    }

    /// The address of a run's manifest, as the response names it.
    pub(super) fn manifest_address(&self, run_id: &RunId) -> String {
        self.store.address(&manifest_key(run_id))
    }

    /// Writes a JSON document unless one exists.
    pub(super) async fn put_if_absent(&self, key: &str, document: &impl Serialize) -> Result<PutOutcome, Error> {
        self.store.put_if_absent(key, self.encode(key, document)?).await.map_err(|error| self.error(&error))
    }

    /// Returns true if any object is stored below a folder (`parquet/ec2_vpcs`).
    pub(super) async fn holds_any(&self, folder: &str) -> Result<bool, Error> {
        self.store.holds_any(folder).await.map_err(|error| self.error(&error))
    }

    /// Reads the rows of a file as text, one JSON object a line, in either format.
    pub(super) async fn rows(&self, file: &WrittenFile, columns: &[Column]) -> Result<String, Error> {
        let key = file.key.as_str();
        let object = self.get(key).await?;
        let object = object.ok_or_else(|| self.unreadable(key, "it is named by a manifest and does not exist"))?;
        if hex::encode(Sha256::digest(&object.bytes)) != file.sha256 {
            return Err(self.unreadable(key, "its content is not the one that its manifest names (sha256)"));
        }
        if key.ends_with(".parquet") {
            return parquet_to_ndjson(object.bytes, columns).map_err(|error| self.unreadable(key, &error.to_string()));
        }
        let mut text = String::new();
        let mut gzip = flate2::read::MultiGzDecoder::new(&object.bytes[..]);
        gzip.read_to_string(&mut text).map_err(|error| self.unreadable(key, &error.to_string()))?;
        Ok(text)
    }

    pub(super) async fn exists(&self, key: &str) -> Result<bool, Error> {
        Ok(self.get(key).await?.is_some())
    }

    async fn get(&self, key: &str) -> Result<Option<crate::store::Object>, Error> {
        self.store.read(key).await.map_err(|error| self.error(&error))
    }

    /// Reads a JSON document.
    pub(super) async fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let Some(object) = self.get(key).await? else { return Ok(None) };
        serde_json::from_slice(&object.bytes).map(Some).map_err(|error| self.unreadable(key, &error.to_string()))
    }

    /// Reads the bytes of a document that is replaced, with its tag.
    pub(super) async fn read_tagged(&self, key: &str) -> Result<Option<(Bytes, String)>, Error> {
        Ok(self.get(key).await?.map(|object| (object.bytes, object.etag)))
    }

    /// Replaces the document with this tag, or creates one. Returns false if another writer was faster.
    pub(super) async fn replace(
        &self,
        key: &str,
        document: &impl Serialize,
        etag: Option<&str>,
    ) -> Result<bool, Error> {
        let bytes = self.encode(key, document)?;
        self.store.put_if_match(key, bytes, etag).await.map_err(|error| self.error(&error))
    }

    fn encode(&self, key: &str, document: &impl Serialize) -> Result<Bytes, Error> {
        let bytes = serde_json::to_vec_pretty(document);
        let bytes = bytes.map_err(|error| self.error(&StoreError::Address(format!("{key}: {error}"))))?;
        Ok(bytes.into())
    }
}
