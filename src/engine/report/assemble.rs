//! Computes the documents of a run: an account's summary from its ledger rows, and the manifest from the shards.
//!
//! **Invariant:** pure. The same plan and shards give the same manifest, whichever attempt commits it.

use std::collections::{BTreeMap, HashSet};

use super::{
    AccountCounts, AccountSummary, Completeness, FailureGroup, Manifest, Response, ShardManifest, TrustSummary,
    bounded_failures,
};
use crate::domain::{AccountId, RunId};
use crate::engine::plan::{OrganizationListing, Plan, PlannedAccount};
use crate::event::{Accounts, Request};
use crate::inventory::{LedgerRow, Status};

/// Most bytes of a response without inline records. Failures take what the other fields leave of it, so that the response
/// stays below 200 KiB.
const RESPONSE_BYTES: usize = 190 << 10;
/// Most accounts in each list of those that a response leaves out. The plan has all.
const MAX_LEFT_OUT: usize = 1_000;

impl AccountCounts {
    /// Counts accounts by how they ended.
    pub(super) fn of(statuses: impl Iterator<Item = Completeness>) -> Self {
        let mut counts = Self::default();
        for status in statuses {
            counts.planned += 1;
            *match status {
                Completeness::Complete => &mut counts.complete,
                Completeness::Partial => &mut counts.partial,
                Completeness::Failed => &mut counts.failed,
                Completeness::NotStarted => &mut counts.not_started,
            } += 1;
        }
        counts
    }
}

/// Sums up the ledger rows of an account.
pub(in crate::engine) fn summarise(
    account: &PlannedAccount,
    session_name: &str,
    assume_request_ids: Vec<String>,
    rows: &[LedgerRow],
) -> AccountSummary {
    let mut summary = AccountSummary {
        account_id: account.account_id.clone(),
        name: account.name.clone(),
        status: Completeness::Failed,
        records: BTreeMap::new(),
        cells: BTreeMap::new(),
        calls: 0,
        retries: 0,
        throttles: 0,
        session_name: session_name.into(),
        assume_request_ids,
        trust: None,
    };
    for row in rows {
        *summary.cells.entry(row.status).or_default() += 1;
        if row.records > 0 {
            *summary.records.entry(row.table.into()).or_default() += row.records;
        }
        summary.calls += row.calls;
        summary.retries += row.retries;
        summary.throttles += row.throttles;
    }
    summary.status = completeness(&summary.cells);
    summary
}

/// The completeness of a set of cells, counted by status.
fn completeness(cells: &BTreeMap<Status, u64>) -> Completeness {
    let count =
        |wanted: fn(Status) -> bool| cells.iter().filter(|(status, _)| wanted(**status)).map(|(_, n)| n).sum::<u64>();
    let all = count(|_| true);
    if all == 0 {
        // Nothing was asked, which is no answer.
        Completeness::Failed
    } else if count(Status::is_answered) == all {
        Completeness::Complete
    } else if count(|status| status == Status::NotStarted) == all {
        Completeness::NotStarted
    } else if count(|status| status.is_answered() || status == Status::Partial) > 0 {
        Completeness::Partial
    } else {
        Completeness::Failed
    }
}

/// The inputs of a run's manifest.
pub(in crate::engine) struct ManifestInputs<'a> {
    pub plan: Plan,
    pub shards: Vec<ShardManifest>,
    /// The run that this one resumes.
    pub resumes: Option<RunId>,
    /// The planned tables. Each is listed in `records`, with zero if it has no record.
    pub tables: &'a [&'a str],
    /// The address of the manifest.
    pub address: String,
}

/// Assembles the manifest of a run.
pub(in crate::engine) fn assemble_manifest(inputs: ManifestInputs<'_>) -> Manifest {
    let ManifestInputs { plan, mut shards, resumes, tables, address } = inputs;
    shards.sort_by(|one, other| one.shard.cmp(&other.shard));
    let mut response = response(&plan, &shards, tables, address);
    let failures: Vec<FailureGroup> = shards.iter().flat_map(|shard| shard.failures.clone()).collect();
    let bytes = serde_json::to_string(&response.clone().bounded()).map_or(RESPONSE_BYTES, |text| text.len());
    let (failures, omitted) = bounded_failures(failures, RESPONSE_BYTES.saturating_sub(bytes));
    response.failures = failures;
    response.failures_omitted += omitted;
    let mut manifest = Manifest {
        version: 1,
        response,
        resumes,
        files: Vec::new(),
        partly_answered: Vec::new(),
        by_account: Vec::with_capacity(plan.accounts.len()),
        attempts: BTreeMap::new(),
        plan,
    };
    // Moved, since a large fleet's accounts take much memory.
    for shard in shards {
        manifest.files.extend(shard.files);
        manifest.partly_answered.extend(shard.partly_answered);
        manifest.by_account.extend(shard.accounts);
        manifest.attempts.insert(shard.shard, shard.attempt);
    }
    manifest
}

/// Assembles the response, without failures.
fn response(plan: &Plan, shards: &[ShardManifest], tables: &[&str], address: String) -> Response {
    let accounts = || shards.iter().flat_map(|shard| &shard.accounts);
    let counted = AccountCounts::of(accounts().map(|account| account.status));
    let mut records: BTreeMap<String, u64> = tables.iter().map(|table| ((*table).to_owned(), 0)).collect();
    let mut cells = BTreeMap::new();
    for account in accounts() {
        account.records.iter().for_each(|(table, n)| *records.entry(table.clone().into_owned()).or_default() += n);
        account.cells.iter().for_each(|(status, n)| *cells.entry(*status).or_default() += n);
    }
    let status = match completeness(&cells) {
        Completeness::NotStarted => Completeness::Failed,
        // Accounts may be missing that nobody knows of.
        Completeness::Complete if has_unlisted_accounts(plan) => Completeness::Partial,
        other => other,
    };
    let ended_at = shards.iter().map(|shard| shard.committed_at).max().unwrap_or(plan.started_at);
    let duration_ms = ended_at.duration_since(plan.started_at).as_millis();
    Response {
        run_id: plan.run_id.clone(),
        status,
        accounts: AccountCounts { planned: plan.accounts.len() as u64, ..counted },
        records,
        cells,
        calls: accounts().map(|account| account.calls).sum(),
        retries: accounts().map(|account| account.retries).sum(),
        throttles: accounts().map(|account| account.throttles).sum(),
        started_at: plan.started_at,
        // Negative if clocks differ between invocations.
        duration_ms: u64::try_from(duration_ms).unwrap_or_default(),
        manifest: address,
        failures: Vec::new(),
        failures_omitted: shards.iter().map(|shard| shard.failures_omitted).sum(),
        unknown_accounts: first(&plan.unknown_accounts),
        unknown_accounts_omitted: omitted(&plan.unknown_accounts),
        unshared_accounts: first(&plan.unshared_accounts),
        unshared_accounts_omitted: omitted(&plan.unshared_accounts),
        organizations: OrganizationListing::bounded(&plan.organizations, MAX_LEFT_OUT),
        trust: plan.trust.as_ref().map(|window| TrustSummary::new(window, &plan.accounts, accounts())),
        disabling: None,
        changes: None,
        report: None,
        remaining: remaining_request(plan, shards.iter().flat_map(|shard| shard.unfinished.clone()).collect()),
        remaining_omitted: false,
        inline: None,
        inline_omitted: false,
    }
}

/// Returns whether an account may be missing from the run since an organization could not be listed: the run asks for all
/// accounts, or for one that is not known.
pub(super) fn has_unlisted_accounts(plan: &Plan) -> bool {
    if plan.organizations.iter().all(|listing| listing.error.is_none()) {
        return false;
    }
    match &plan.request.accounts {
        Accounts::All => true,
        Accounts::Named(named) => {
            let unknown: HashSet<&AccountId> = plan.unknown_accounts.iter().collect();
            named.iter().any(|account| unknown.contains(account))
        }
    }
}

fn first(accounts: &[AccountId]) -> Vec<AccountId> {
    accounts.iter().take(MAX_LEFT_OUT).cloned().collect()
}

fn omitted(accounts: &[AccountId]) -> u64 {
    accounts.len().saturating_sub(MAX_LEFT_OUT) as u64
}

/// The request that does the rest of a run, or `None` if no account is unfinished.
fn remaining_request(plan: &Plan, unfinished: Vec<AccountId>) -> Option<Request> {
    let run_id = plan.run_id.continuation()?;
    if unfinished.is_empty() {
        return None;
    }
    let request = &plan.request;
    Some(Request {
        run_id: Some(run_id),
        skip_unknown: request.skip_unknown,
        regions: request.regions.clone(),
        resources: request.resources.clone(),
        format: request.format,
        ..Request::of(Accounts::Named(unfinished))
    })
}
