//! Finds the newest state, merges the runs that it lacks, and writes the next one after a commit.
//!
//! **Invariant:** a reader writes nothing. What a writer leaves unfinished makes readers slower, and never wrong.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::committed::{self, CommittedList, CommittedRun};
use super::{HORIZON_DAYS, State, StateError, codec, folder, object, symlinks};
use crate::domain::Format;
use crate::output::rows::{RowFile, RowsError};
use crate::output::sink::parquet::EncodeError;
use crate::store::Store;

/// The states that are tried if the newest one is damaged.
const CANDIDATES: usize = 4;
/// The runs that are merged before a state is written: a first state over many runs is written in steps.
const BATCH: usize = 16;
/// Lists of files that are read at the same time.
const CONCURRENT_READS: usize = 16;
/// The runs of which a writer looks whether they have expired, the oldest ones. The newest run is never looked at.
const MOST_CHECKED: usize = 100;
/// States that a writer writes at most, while others commit at the same time.
const MOST_STATES: usize = 64;

const FORMATS: [Format; 2] = [Format::Parquet, Format::Ndjson];

/// The newest states, one for each format, and the committed runs that neither has.
struct FoundStates {
    bases: BTreeMap<Format, BaseState>,
    pending: Vec<CommittedList>,
}

/// A state that was read.
struct BaseState {
    key: String,
    state: State,
}

/// Returns the state of an output: now, or at a moment. Runs that were committed by then count. Only the cells and files of
/// these tables are read, if they are given.
pub(crate) async fn load(store: &Store, at: Option<Timestamp>, tables: Option<&[&str]>) -> Result<State, StateError> {
    let found = find(store, at, tables).await?;
    let horizons: BTreeMap<Format, String> =
        found.bases.iter().map(|(format, base)| (*format, horizon(base.state.moment))).collect();
    let mut bases = found.bases.into_values().map(|base| base.state).filter(|state| !state.is_empty());
    let mut state = bases.next().unwrap_or_default();
    bases.for_each(|other| state.merge(&other));
    let pending = read_lists(store, &found.pending).await?;
    let mut added = 0;
    for run in &pending {
        // The state of its format has it, and names it no more.
        if horizons.get(&run.format).is_some_and(|horizon| run.run.dt < *horizon) {
            continue;
        }
        let committed_at = committed_at(store, run).await?;
        if at.is_some_and(|at| committed_at > at) {
            continue;
        }
        state.add_run(store, run, tables).await?;
        state.moment = state.moment.max(committed_at);
        added += 1;
    }
    if added > 0 {
        state.total += added;
        state.settle();
    }
    Ok(state)
}

/// Returns the state of these runs alone, such as a run with its continuations.
pub(crate) async fn of_runs(
    store: &Store,
    runs: &[(String, String)],
    tables: Option<&[&str]>,
) -> Result<State, StateError> {
    let mut state = State::default();
    for (dt, run_id) in runs {
        let listing = CommittedList { dt: dt.clone(), run_id: run_id.clone() };
        let run = committed::read(store, &listing).await?;
        state.add_run(store, &run, tables).await?;
        state.moment = state.moment.max(committed_at(store, &run).await?);
        state.total += 1;
    }
    state.settle();
    Ok(state)
}

/// The start of the run that was committed first, by the date of its start.
pub(crate) async fn first_commit(store: &Store) -> Result<Option<Timestamp>, StateError> {
    let Some(first) = committed::list(store, None).await?.into_iter().next() else { return Ok(None) };
    Ok(Some(committed::read(store, &first).await?.run.started_at))
}

/// The commit of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Commit {
    pub committed_at: Timestamp,
    /// The start of the run.
    pub started_at: Timestamp,
}

/// Every commit, the oldest first.
pub(crate) async fn commits(store: &Store) -> Result<Vec<Commit>, StateError> {
    let runs = read_lists(store, &committed::list(store, None).await?).await?;
    let mut commits = Vec::with_capacity(runs.len());
    for run in &runs {
        commits.push(Commit { committed_at: committed_at(store, run).await?, started_at: run.run.started_at });
    }
    commits.sort_unstable();
    Ok(commits)
}

/// The dates and names of all committed runs, by date and then by name.
pub(crate) async fn committed_runs(store: &Store) -> Result<Vec<(String, String)>, StateError> {
    let listed = committed::list(store, None).await?;
    Ok(listed.into_iter().map(|listing| (listing.dt, listing.run_id)).collect())
}

/// Writes the state after the commit of a run, unless one has it already.
pub(crate) async fn update(store: &Store, run: (&str, &str), format: Format) -> Result<(), StateError> {
    let own = CommittedList { dt: run.0.to_owned(), run_id: run.1.to_owned() };
    for _ in 0..MOST_STATES {
        let mut found = find(store, None, None).await?;
        let base = found.bases.remove(&format);
        let (base_key, state) = base.map(|base| (base.key, base.state)).unzip();
        let mut state: State = state.unwrap_or_default();
        let horizon = base_key.as_ref().map(|_: &String| horizon(state.moment)).unwrap_or_default();
        let mut added = 0;
        // Runs of this format that began before the horizon are merged, and the state names them no more.
        let mut pending = found.pending.into_iter().filter(|listing| listing.dt >= horizon);
        // Runs of the other format, and those that cannot be read, take no place of others.
        while added < BATCH {
            let Some(listing) = pending.next() else { break };
            match add(store, &mut state, &listing, format).await {
                Ok(is_added) => added += usize::from(is_added),
                Err(error) if listing == own => return Err(error),
                // A reader says what is wrong with it. It must not stop what others commit.
                Err(error) => {
                    tracing::warn!(
                        run_id = listing.run_id,
                        error = error.to_string(),
                        "a committed run cannot be read"
                    );
                }
            }
        }
        if added == 0 {
            // The lists name the state that was read: another commit may have written a newer one meanwhile.
            return match base_key {
                Some(key) => symlinks::write(store, &state, format, &key).await,
                None => Ok(()),
            };
        }
        settle(store, &mut state).await?;
        let key = put(store, &state, format).await?;
        if pending.next().is_none() {
            symlinks::write(store, &state, format, &key).await?;
        }
    }
    Ok(())
}

/// Adds a run of this format to a state. Returns whether it did.
async fn add(store: &Store, state: &mut State, listing: &CommittedList, format: Format) -> Result<bool, StateError> {
    let run = committed::read(store, listing).await?;
    if run.format != format {
        return Ok(false);
    }
    let committed_at = committed_at(store, &run).await?;
    // A run that cannot be read in full leaves no cell, and so no file either.
    let before = state.entries.len();
    if let Err(error) = state.add_run(store, &run, None).await {
        state.entries.truncate(before);
        return Err(error);
    }
    state.moment = state.moment.max(committed_at);
    state.total += 1;
    state.merged.insert(run.run.run_id.clone(), run.run.clone());
    state.settle();
    Ok(true)
}

/// Drops what the next state does not need: names of runs before the horizon, and cells whose files were deleted.
async fn settle(store: &Store, state: &mut State) -> Result<(), StateError> {
    let horizon = horizon(state.moment);
    state.merged.retain(|_, run| run.dt.as_str() >= horizon.as_str());
    // Files expire by their age, so the oldest runs are the ones to look at.
    let mut old: Vec<u32> = state.used_runs().into_iter().collect();
    old.sort_unstable_by_key(|run| state.runs[*run as usize].started_at);
    old.pop();
    let mut gone = BTreeSet::new();
    for number in old.into_iter().take(MOST_CHECKED) {
        let run = &state.runs[number as usize];
        let listing = CommittedList { dt: run.dt.clone(), run_id: run.run_id.clone() };
        if store.read_range(&listing.key(), 0, 1).await?.is_none() {
            gone.insert(number);
        }
    }
    state.forget(&gone);
    Ok(())
}

/// Writes a state. Returns its key.
async fn put(store: &Store, state: &State, format: Format) -> Result<String, StateError> {
    let unwritable = |error: EncodeError| RowsError::Content { key: folder(format), what: error.to_string() };
    let encoded = codec::encode(state).map_err(unwritable)?;
    let key = object::key(state, format, &encoded.digest);
    let mut upload = store.upload(&key);
    if let Err(error) = upload.write(encoded.bytes.into()).await {
        upload.abort().await;
        return Err(error.into());
    }
    upload.finish().await?;
    Ok(key)
}

async fn find(store: &Store, at: Option<Timestamp>, tables: Option<&[&str]>) -> Result<FoundStates, StateError> {
    let mut bases = BTreeMap::new();
    for format in FORMATS {
        for candidate in newest(store, format, at).await? {
            match codec::decode(store, &candidate, tables).await {
                Ok(state) if at.is_some_and(|at| state.moment > at) => {}
                Ok(state) => {
                    bases.insert(format, BaseState { key: candidate.key, state });
                    break;
                }
                Err(error) => {
                    tracing::warn!(
                        key = candidate.key,
                        error = error.to_string(),
                        "a state cannot be read: an older one, or the ledgers, replace it"
                    );
                }
            }
        }
    }
    let since = since(store, &bases).await?;
    let mut pending = committed::list(store, since.as_deref()).await?;
    pending.retain(|listing| !bases.values().any(|base| base.state.merged.contains_key(&listing.run_id)));
    if let Some(at) = at {
        // A run is committed after its start.
        let date = date(at);
        pending.retain(|listing| listing.dt <= date);
    }
    Ok(FoundStates { bases, pending })
}

/// The date since which runs can be missing in these states. None if there may be runs of a format without a state: an earlier
/// version wrote them.
async fn since(store: &Store, bases: &BTreeMap<Format, BaseState>) -> Result<Option<String>, StateError> {
    for format in FORMATS.iter().filter(|format| !bases.contains_key(format)) {
        if !bases.is_empty() && store.holds_any(&format.to_string()).await? {
            return Ok(None);
        }
    }
    Ok(bases.values().map(|base| horizon(base.state.moment)).min())
}

/// The newest states of a format, at a moment, newest first.
async fn newest(store: &Store, format: Format, at: Option<Timestamp>) -> Result<Vec<RowFile>, StateError> {
    let after = at.map(object::before).unwrap_or_default();
    let listed = store.list_below(&folder(format), &after, CANDIDATES).await?;
    Ok(listed.iter().filter_map(|listed| object::file(format, listed)).collect())
}

async fn read_lists(store: &Store, listings: &[CommittedList]) -> Result<Vec<CommittedRun>, StateError> {
    let mut runs = Vec::with_capacity(listings.len());
    for some in listings.chunks(CONCURRENT_READS) {
        let reads: Vec<_> = some.iter().map(|listing| committed::read(store, listing)).collect();
        runs.extend(futures::future::try_join_all(reads).await?);
    }
    Ok(runs)
}

/// The part of a manifest that says when the run was committed.
#[derive(Deserialize)]
struct Committed {
    started_at: Timestamp,
    duration_ms: u64,
}

/// The time of a run's commit. Lists of earlier versions do not have it, but manifests do.
async fn committed_at(store: &Store, run: &CommittedRun) -> Result<Timestamp, StateError> {
    if let Some(at) = run.committed_at {
        return Ok(at);
    }
    let key = format!("runs/{}/manifest.json", run.run.run_id);
    let object = store.read(&key).await?.ok_or_else(|| RowsError::Missing(key.clone()))?;
    let manifest: Committed = serde_json::from_slice(&object.bytes)
        .map_err(|error| RowsError::Content { key: key.clone(), what: error.to_string() })?;
    let duration = SignedDuration::from_millis(i64::try_from(manifest.duration_ms).unwrap_or(i64::MAX));
    Ok(manifest.started_at.checked_add(duration).unwrap_or(Timestamp::MAX))
}

/// The date from which a state names the runs that it merged.
fn horizon(moment: Timestamp) -> String {
    // A run whose clock was ahead must not hide those that come after it.
    let moment = moment.min(Timestamp::now());
    date(moment.checked_sub(SignedDuration::from_hours(24 * HORIZON_DAYS)).unwrap_or(Timestamp::MIN))
}

fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
