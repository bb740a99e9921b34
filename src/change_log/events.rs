//! Sends an event for each account with changes: at least once, normally exactly once.
//!
//! After some calls it is recorded which accounts' events were taken, so that a later attempt sends the others alone.
//!
//! **Invariant:** sends nothing before the document that names the files exists.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::document_store::{CONCURRENT_READS, DocumentStore};
use super::documents::{AccountChanges, ChangesDocument, VERSION};
use super::notice::ChangesNotice;
use crate::aws::{BusEvent, MAX_ENTRIES, MAX_ENTRY_BYTES, put_events};
use crate::domain::{RunId, new_attempt_id};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};

/// The `detail-type` of the events.
const DETAIL_TYPE: &str = "rolecall changed";
/// Accounts after whose events a record is written.
const RECORDED_TOGETHER: usize = 100;

/// The accounts whose events were taken by the bus: `runs/<run_id>/changes/sent/<attempt>.json`, or of all accounts
/// `runs/<run_id>/changes/sent.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct SentEvents {
    version: u32,
    accounts: BTreeSet<String>,
}

/// Sends the events that were not sent yet, if the settings name a bus.
pub(super) async fn send(engine: &Engine, documents: &DocumentStore, changes: &ChangesDocument) -> Result<(), Error> {
    let Some(bus) = &engine.settings.event_bus else { return Ok(()) };
    let run_id = &changes.run_id;
    if documents.all_sent(run_id).await? {
        return Ok(());
    }
    let mut sent = documents.sent(run_id).await?;
    let is_left = |account: &&String| !sent.contains(*account);
    let left: Vec<String> = changes.accounts.keys().filter(is_left).cloned().collect();
    let mut accounts = if left.is_empty() { BTreeMap::new() } else { of_accounts(documents, changes).await? };
    let mut refused = None;
    for some in left.chunks(RECORDED_TOGETHER) {
        let mut taken = SentEvents { version: VERSION, accounts: BTreeSet::new() };
        let events = some.iter().filter_map(|account| Some((account, accounts.remove(account)?)));
        for call in calls(events.filter_map(|(account, own)| event(documents, changes, account, own))) {
            let (names, entries): (Vec<String>, Vec<BusEvent>) = call.into_iter().unzip();
            match put_events(&engine.backend.config, bus, &entries).await {
                Ok(outcomes) => {
                    for (name, outcome) in names.into_iter().zip(outcomes) {
                        match outcome {
                            Ok(_) => drop(taken.accounts.insert(name)),
                            Err(error) => refused = refused.or(Some(error.to_string())),
                        }
                    }
                }
                Err(error) => refused = refused.or(Some(error.to_string())),
            }
        }
        if !taken.accounts.is_empty() {
            documents.record_sent(run_id, &taken).await?;
            sent.extend(taken.accounts);
        }
        if refused.is_some() {
            break;
        }
    }
    if let Some(cause) = refused {
        let (all, sent) = (changes.accounts.len(), sent.len());
        let message = format!(
            "the changes of run {run_id} are recorded, but the events of {} of {all} accounts could not be sent to the event \
             bus {bus}: {cause}. Deliver the event again",
            all.saturating_sub(sent)
        );
        return Err(Error::new(ErrorKind::EventNotSent, message));
    }
    tracing::info!(run_id = run_id.as_str(), events = left.len(), bus, "the events about changes were sent");
    documents.record_all_sent(run_id, &SentEvents { version: VERSION, accounts: sent }).await
}

/// The changes of each account, of all parts.
async fn of_accounts(
    documents: &DocumentStore,
    changes: &ChangesDocument,
) -> Result<BTreeMap<String, AccountChanges>, Error> {
    let mut parts = documents.parts(&changes.run_id, changes.parts.clone());
    let mut accounts: BTreeMap<String, AccountChanges> = BTreeMap::new();
    while let Some(document) = parts.try_next().await? {
        for (account_id, part) in document.accounts {
            let account = accounts.entry(account_id).or_default();
            account.tables.extend(part.tables);
            account.resources.extend(part.resources);
        }
    }
    Ok(accounts)
}

fn event(
    documents: &DocumentStore,
    changes: &ChangesDocument,
    account_id: &str,
    account: AccountChanges,
) -> Option<(String, BusEvent)> {
    let address = documents.address(&changes.run_id);
    let run = (&changes.run_id, changes.started_at);
    let notice = ChangesNotice::new(run, account_id.parse().ok()?, account, &address);
    let detail = serde_json::to_string(&notice).ok()?;
    Some((account_id.to_owned(), BusEvent { detail_type: DETAIL_TYPE, detail }))
}

/// Puts events together into calls of bounded size.
fn calls(events: impl Iterator<Item = (String, BusEvent)>) -> Vec<Vec<(String, BusEvent)>> {
    let mut calls: Vec<Vec<(String, BusEvent)>> = Vec::new();
    let mut bytes = 0;
    for (account, event) in events {
        let own = event.bytes();
        match calls.last_mut().filter(|call| call.len() < MAX_ENTRIES && bytes + own <= MAX_ENTRY_BYTES) {
            Some(call) => {
                call.push((account, event));
                bytes += own;
            }
            None => {
                calls.push(vec![(account, event)]);
                bytes = own;
            }
        }
    }
    calls
}

impl DocumentStore {
    fn all_sent_key(run_id: &RunId) -> String {
        format!("runs/{run_id}/changes/sent.json")
    }

    fn sent_folder(run_id: &RunId) -> String {
        format!("runs/{run_id}/changes/sent")
    }

    /// Whether the events of all accounts were sent.
    async fn all_sent(&self, run_id: &RunId) -> Result<bool, Error> {
        self.output().exists(&Self::all_sent_key(run_id)).await
    }

    /// The accounts whose events earlier attempts have sent.
    async fn sent(&self, run_id: &RunId) -> Result<BTreeSet<String>, Error> {
        let folder = Self::sent_folder(run_id);
        let listed = self.output().store().list_below(&folder, "", usize::MAX).await;
        let listed = listed.map_err(|error| self.output().error(&error))?;
        let keys: Vec<String> = listed.into_iter().map(|object| format!("{folder}/{}", object.name)).collect();
        let reads = keys.into_iter().map(|key| async move { self.output().read::<SentEvents>(&key).await });
        let records: Vec<Option<SentEvents>> =
            futures::stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await?;
        Ok(records.into_iter().flatten().flat_map(|record| record.accounts).collect())
    }

    async fn record_sent(&self, run_id: &RunId, sent: &SentEvents) -> Result<(), Error> {
        let key = format!("{}/{}.json", Self::sent_folder(run_id), new_attempt_id());
        self.output().create(&key, sent).await.map(|_| ())
    }

    async fn record_all_sent(&self, run_id: &RunId, sent: &SentEvents) -> Result<(), Error> {
        self.output().create(&Self::all_sent_key(run_id), sent).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_few_entries_and_few_bytes() {
        let event = |bytes: usize| BusEvent { detail_type: DETAIL_TYPE, detail: "x".repeat(bytes) };
        let sizes = |events: &[usize]| -> Vec<usize> {
            let events = events.iter().enumerate().map(|(at, bytes)| (at.to_string(), event(*bytes)));
            calls(events).iter().map(Vec::len).collect()
        };
        assert_eq!(sizes(&[10; 25]), [10, 10, 5]);
        assert_eq!(sizes(&[100 << 10; 5]), [2, 2, 1]);
        assert_eq!(sizes(&[200 << 10, 60 << 10, 40 << 10, 200 << 10]), [1, 2, 1]);
        assert_eq!(sizes(&[]), Vec::<usize>::new());
    }
}
