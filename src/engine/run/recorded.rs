//! Commits a run whose rows and ledger come from elsewhere: made up, to try the answers on.
//!
//! **Invariant:** calls no customer, and commits by the same documents as any other run.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::run_store::RunStore;
use super::{Engine, prepare};
use crate::domain::{AccountId, Format, RunId, new_attempt_id};
use crate::engine::plan::{Plan, PlannedAccount, RegionChoice};
use crate::engine::report::{Manifest, ManifestInputs, ShardManifest, assemble_manifest, summarise};
use crate::error::{Error, ErrorKind};
use crate::event::{Accounts, Request};
use crate::inventory::{LedgerRow, Page};
use crate::output::sink::{self, FileNaming, SinkConfig, SinkMessage, Tables};

/// A run as it was recorded.
#[derive(Debug)]
pub(crate) struct RecordedRun {
    pub run_id: RunId,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub format: Format,
    /// The accounts with their names in the registry.
    pub accounts: Vec<(AccountId, Option<String>)>,
    pub pages: Vec<Page>,
    pub ledger: Vec<LedgerRow>,
}

impl Engine {
    /// Writes and commits a recorded run.
    pub(crate) async fn record(&self, run: RecordedRun) -> Result<(), Error> {
        let catalogue = prepare::catalogue()?;
        let store = RunStore::open(self)?;
        let attempt = new_attempt_id();
        let tables: Vec<&str> = catalogue.tables().iter().map(|table| table.entry.table).collect();
        let plan = store.create_or_load_plan(plan(&run, &tables, &attempt)).await?;
        let naming = FileNaming {
            run_id: run.run_id.to_string(),
            shard: "0".into(),
            attempt: attempt.clone(),
            dt: plan.dt.clone(),
        };
        let (sender, receiver) = sink::channel();
        let config = SinkConfig {
            store: store.store().clone(),
            naming,
            format: run.format,
            catalogue,
            tables: Tables::Every,
            margin: Arc::default(),
        };
        let writer = tokio::spawn(sink::write(config, receiver));
        let accounts = summaries(&plan, &run);
        let pages = run.pages.into_iter().map(|page| SinkMessage::Page(page, None));
        for message in pages.chain([SinkMessage::Ledger(run.ledger)]) {
            // If the sink has ended, its error follows.
            if sender.send(message).await.is_err() {
                break;
            }
        }
        drop(sender);
        let written = writer.await.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let files = written.map_err(|error| store.error(&error))?;
        let shard = ShardManifest {
            run_id: run.run_id.clone(),
            shard: "0".into(),
            attempt,
            committed_at: run.ended_at,
            files,
            accounts,
            cells_by_table: BTreeMap::new(),
            uncounted: Vec::new(),
            failures: Vec::new(),
            failures_omitted: 0,
            unfinished: Vec::new(),
            partly_answered: Vec::new(),
        };
        let shards = vec![store.commit_shard(shard).await?];
        let address = store.manifest_address(&run.run_id);
        let manifest = assemble_manifest(ManifestInputs { plan, shards, resumes: None, tables: &tables, address });
        let manifest: Manifest = store.commit_run(manifest).await?;
        store.finish_commit(&manifest).await?;
        store.sum_up(&manifest, None).await;
        Ok(())
    }
}

fn plan(run: &RecordedRun, tables: &[&str], attempt: &str) -> Plan {
    let account = |(account_id, name): &(AccountId, Option<String>)| PlannedAccount {
        account_id: account_id.clone(),
        name: name.clone(),
        regions: RegionChoice { target: vec!["*".to_owned()], request: None },
        resources: None,
        organization: None,
        try_trust: false,
    };
    Plan {
        run_id: run.run_id.clone(),
        started_at: run.started_at,
        dt: run.started_at.strftime("%Y-%m-%d").to_string(),
        attempt: attempt.to_owned(),
        backend_account_id: String::new(),
        given_targets: None,
        request: Request::of(Accounts::All),
        format: run.format,
        accounts: run.accounts.iter().map(account).collect(),
        unknown_accounts: Vec::new(),
        unshared_accounts: Vec::new(),
        organizations: Vec::new(),
        resources: tables.iter().map(|table| (*table).to_owned()).collect(),
        batch: None,
        trust: None,
    }
}

fn summaries(plan: &Plan, run: &RecordedRun) -> Vec<crate::engine::report::AccountSummary> {
    let session = run.run_id.session_name();
    let of_account = |account: &PlannedAccount| {
        let rows: Vec<LedgerRow> =
            run.ledger.iter().filter(|row| row.account_id == account.account_id.as_str()).cloned().collect();
        summarise(account, &session, Vec::new(), &rows)
    };
    plan.accounts.iter().map(of_account).collect()
}
