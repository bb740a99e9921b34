//! What makes a run exist: its plan, its shards' manifests, its own manifest, and `latest.json`.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::aws::{AwsError, AwsErrorKind};
use crate::catalogue::{Catalogue, Table};
use crate::domain::{AccountId, RunId};
use crate::engine::plan::Plan;
use crate::engine::report::{Latest, Manifest, Response, ShardManifest, manifest};
use crate::inventory::Column;
use crate::inventory::LEDGER;
use crate::output::sink::parquet_to_ndjson;
use crate::store::{PutOutcome, Store, StoreError};

/// Records in a response are at most so many bytes: Lambda carries 6 MB, the rest of the response included.
const INLINE_BYTES: u64 = 5 << 20;
/// The shard of what no other one has: accounts that were never reached, and a file for every table that has none.
pub(super) const REST: &str = "rest";
/// Where the files of committed runs are listed.
pub(super) const COMMITTED: &str = "committed";
/// The newest run of the whole fleet.
const LATEST: &str = "latest.json";
/// How often `latest.json` is tried when others move it at the same time.
const LATEST_TRIES: u32 = 10;

pub(super) fn plan_key(run_id: &RunId) -> String {
    format!("runs/{run_id}/plan.json")
}

fn shard_key(run_id: &RunId, shard: &str) -> String {
    format!("runs/{run_id}/shards/{shard}.json")
}

fn manifest_key(run_id: &RunId) -> String {
    format!("runs/{run_id}/manifest.json")
}

pub(super) async fn read_plan(store: &Store, run_id: &RunId) -> Result<Option<Plan>, StoreError> {
    read(store, &plan_key(run_id)).await
}

pub(super) async fn read_manifest(store: &Store, run_id: &RunId) -> Result<Option<Manifest>, StoreError> {
    read(store, &manifest_key(run_id)).await
}

pub(super) async fn read_shard(
    store: &Store,
    run_id: &RunId,
    shard: &str,
) -> Result<Option<ShardManifest>, StoreError> {
    read(store, &shard_key(run_id, shard)).await
}

/// Whether a run of shards is put together already: then no shard can be added.
pub(super) async fn is_gathered(store: &Store, run_id: &RunId) -> Result<bool, StoreError> {
    Ok(store.read(&shard_key(run_id, REST)).await?.is_some())
}

/// Writes a document that must not be there yet.
pub(super) async fn create(store: &Store, key: &str, document: &impl Serialize) -> Result<PutOutcome, StoreError> {
    store.create(key, encode(key, document)?).await
}

/// Commits a shard; where another attempt was faster, its manifest stands and is given back.
pub(super) async fn shard(store: &Store, shard: ShardManifest) -> Result<ShardManifest, StoreError> {
    let key = shard_key(&shard.run_id, &shard.shard);
    match create(store, &key, &shard).await? {
        PutOutcome::Ours => Ok(shard),
        PutOutcome::Theirs => {
            tracing::info!(run_id = shard.run_id.as_str(), "another attempt at this run was faster: its files stand");
            Ok(read(store, &key).await?.unwrap_or(shard))
        }
    }
}

/// Commits the run.
pub(super) async fn run(
    store: &Store,
    plan: Plan,
    shards: Vec<ShardManifest>,
    resumes: Option<RunId>,
    catalogue: &Catalogue,
) -> Result<Manifest, StoreError> {
    let key = manifest_key(&plan.run_id);
    let tables: Vec<&str> = catalogue
        .tables()
        .iter()
        .map(|table| table.entry.table)
        .filter(|table| plan.resources.iter().any(|name| name == table))
        .collect();
    let ours = manifest(plan, shards, resumes, &tables, store.address(&key));
    match create(store, &key, &ours).await? {
        PutOutcome::Ours => Ok(ours),
        PutOutcome::Theirs => Ok(read_manifest(store, &ours.response.run_id).await?.unwrap_or(ours)),
    }
}

/// Names the files of a committed run where Athena looks for them, one document a line. Written after the manifest,
/// so that it never names what is not committed; whoever finds a committed run writes it again, should it be missing.
pub(super) async fn name_files(store: &Store, manifest: &Manifest) -> Result<(), StoreError> {
    let (run_id, dt) = (&manifest.response.run_id, &manifest.plan.dt);
    let key = format!("{COMMITTED}/dt={dt}/{run_id}.ndjson");
    // A second delivery writes nothing where everything is there.
    if store.read(&key).await?.is_some() {
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
    store.create(&key, lines.into()).await.map(|_| ())
}

/// Moves `latest.json` where the run was of the whole fleet. The run is committed by then, so a failure is no
/// more than a warning: the next delivery of the event, or the next run, moves it.
pub(super) async fn move_latest(store: &Store, manifest: &Manifest) {
    if !manifest.plan.request.narrows()
        && let Err(error) = move_forward(store, manifest).await
    {
        tracing::warn!(%error, "latest.json could not be moved");
    }
}

/// How many calls each account took in the newest run of the whole fleet.
pub(super) async fn calls_before(store: &Store) -> Result<HashMap<AccountId, u64>, StoreError> {
    let Some(latest) = read::<Latest>(store, LATEST).await? else { return Ok(HashMap::new()) };
    let manifest = read_manifest(store, &latest.run_id).await?;
    let accounts = manifest.map(|manifest| manifest.by_account).unwrap_or_default();
    Ok(accounts.into_iter().map(|account| (account.account_id, account.calls)).collect())
}

/// `latest.json` only moves forward in time, whoever else moves it.
async fn move_forward(store: &Store, manifest: &Manifest) -> Result<(), StoreError> {
    let ours = Latest {
        run_id: manifest.response.run_id.clone(),
        status: manifest.response.status,
        started_at: manifest.plan.started_at,
        dt: manifest.plan.dt.clone(),
        manifest: manifest_key(&manifest.response.run_id),
    };
    for _ in 0..LATEST_TRIES {
        let there = store.read(LATEST).await?;
        let newest: Option<Latest> = there.as_ref().and_then(|object| serde_json::from_slice(&object.bytes).ok());
        if newest.is_some_and(|newest| newest.started_at >= ours.started_at) {
            return Ok(());
        }
        let tag = there.map(|object| object.tag);
        if store.replace(LATEST, encode(LATEST, &ours)?, tag.as_deref()).await? {
            return Ok(());
        }
    }
    // Whoever was faster each time has moved it; readers of the run itself need it not.
    tracing::warn!("latest.json is moved by others all the time and was left alone");
    Ok(())
}

/// The response of a committed run, with its records where they were asked for and fit.
pub(super) async fn answer(
    store: &Store,
    manifest: Manifest,
    inline: bool,
    catalogue: &Catalogue,
) -> Result<Response, StoreError> {
    let mut response = manifest.response;
    if !inline {
        return Ok(response);
    }
    let files = || manifest.files.iter().filter(|file| file.table != LEDGER && file.rows > 0);
    // What is surely too much is not read: as JSON the content is never half of what the columns count.
    response.inline_omitted = files().map(|file| file.uncompressed_bytes).sum::<u64>() > 2 * INLINE_BYTES;
    if response.inline_omitted {
        return Ok(response);
    }
    let mut bytes = 0;
    let mut tables: BTreeMap<String, Vec<Box<RawValue>>> = BTreeMap::new();
    for file in files() {
        let rows = tables.entry(file.table.clone()).or_default();
        let columns = catalogue.find(&file.table).map(Table::all_columns).unwrap_or_default();
        let text = lines(store, &file.key, &columns).await?;
        bytes += text.len() as u64;
        response.inline_omitted = bytes > INLINE_BYTES;
        if response.inline_omitted {
            return Ok(response);
        }
        for line in text.lines() {
            let row =
                RawValue::from_string(line.to_owned()).map_err(|error| broken(store, &file.key, &error.to_string()))?;
            rows.push(row);
        }
    }
    response.inline = Some(tables);
    Ok(response)
}

/// A file's rows, one JSON object a line, whatever its format.
pub(super) async fn lines(store: &Store, key: &str, columns: &[Column]) -> Result<String, StoreError> {
    let object = store.read(key).await?.ok_or_else(|| broken(store, key, "it is named by a manifest and not there"))?;
    if key.ends_with(".parquet") {
        return parquet_to_ndjson(object.bytes, columns).map_err(|error| broken(store, key, &error.to_string()));
    }
    let mut text = String::new();
    let mut gzip = flate2::read::MultiGzDecoder::new(&object.bytes[..]);
    gzip.read_to_string(&mut text).map_err(|error| broken(store, key, &error.to_string()))?;
    Ok(text)
}

async fn read<T: DeserializeOwned>(store: &Store, key: &str) -> Result<Option<T>, StoreError> {
    let Some(object) = store.read(key).await? else { return Ok(None) };
    serde_json::from_slice(&object.bytes).map(Some).map_err(|error| broken(store, key, &error.to_string()))
}

fn encode(key: &str, document: &impl Serialize) -> Result<Bytes, StoreError> {
    let bytes = serde_json::to_vec_pretty(document).map_err(|error| StoreError::Address(format!("{key}: {error}")))?;
    Ok(bytes.into())
}

pub(super) fn broken(store: &Store, key: &str, what: &str) -> StoreError {
    let cause = AwsError::new(AwsErrorKind::Unreadable, format!("it cannot be read: {what}"));
    StoreError::S3 { operation: "read", key: store.address(key), cause }
}
