//! The results of runs as text.
//!
//! **Invariant:** names of customers and messages of AWS keep to their line and their cell.

use crate::cli::args::TypedFlags;
use crate::cli::text_table::TextTable;
use crate::domain::{AccountId, RunId};
use crate::engine::{
    Chain, ChangesSummary, Completeness, Disabling, Manifest, OrganizationListing, PageWriting, PagesSummary,
    Recording, Response, TargetFlags, TrustSummary, advice,
};
use crate::terminal::{one_line, shell_word};

/// The most open accounts that are printed.
const MAX_OPEN_LISTED: usize = 20;

/// Returns the name of a completeness.
pub(super) fn status_name(status: Completeness) -> &'static str {
    match status {
        Completeness::Complete => "complete",
        Completeness::Partial => "partial",
        Completeness::Failed => "failed",
        Completeness::NotStarted => "not started",
    }
}

/// Says of each organization who joined, who left, and whether it could be listed.
pub(super) fn organizations(listings: &[OrganizationListing]) -> String {
    let mut text = String::new();
    for listing in listings {
        let OrganizationListing { name, accounts, joined, left, unregistered, .. } = listing;
        match (&listing.error, listing.listed_at) {
            (None, _) => text.push_str(&format!("organization {name}: {accounts} active accounts\n")),
            (Some(error), Some(listed_at)) => text.push_str(&format!(
                "organization {name} could not be listed: {}. Its {accounts} accounts are those of {listed_at}; accounts that \
                 joined since are missing\n",
                one_line(error)
            )),
            (Some(error), None) => text.push_str(&format!(
                "organization {name} could not be listed: {}. Its accounts are unknown, and missing\n",
                one_line(error)
            )),
        }
        for (what, accounts) in [("joined", joined), ("left", left), ("unregistered", unregistered)] {
            if !accounts.is_empty() {
                let ids: Vec<String> = accounts.iter().map(ToString::to_string).collect();
                text.push_str(&format!("  {what}: {}\n", abbreviate(&ids)));
            }
        }
    }
    text
}

/// Renders a run for a person: its accounts, its failures with advice, and where its files are.
pub(super) fn render_text(response: &Response, manifest: Option<&Manifest>) -> String {
    let mut text = String::new();
    if let Some(manifest) = manifest {
        text.push_str(&format!("{}\n\n", accounts(manifest).render()));
    }
    if !response.failures.is_empty() {
        let given = manifest.and_then(|manifest| manifest.plan.given_targets.as_deref());
        text.push_str(&failures(response, given));
    }
    for account in &response.unknown_accounts {
        text.push_str(&format!("{account} is not in the registry and was left out.\n"));
    }
    if response.unknown_accounts_omitted > 0 {
        let more = response.unknown_accounts_omitted;
        text.push_str(&format!(
            "{more} more accounts are not in the registry and were left out: the manifest's plan lists them.\n"
        ));
    }
    if !response.unshared_accounts.is_empty() {
        let ids: Vec<String> = response.unshared_accounts.iter().map(ToString::to_string).collect();
        let more = match response.unshared_accounts_omitted {
            0 => String::new(),
            omitted => format!(" and {omitted} more"),
        };
        let ids = abbreviate(&ids);
        text.push_str(&format!("left out, since they share none of the requested resource types: {ids}{more}\n"));
    }
    text.push_str(&organizations(&response.organizations));
    if let Some(trust) = &response.trust {
        text.push_str(&self::trust(trust));
    }
    if let Some(disabling) = &response.disabling {
        text.push_str(&disabled_targets(disabling));
    }
    let records: u64 = response.records.values().sum();
    text.push_str(&format!(
        "run {}: {}, {} of {} accounts complete, {records} records, {} calls in {:.1} s\n",
        response.run_id,
        status_name(response.status),
        response.accounts.complete,
        response.accounts.planned,
        response.calls,
        response.duration_ms as f64 / 1000.0,
    ));
    text.push_str(&format!("manifest: {}\n", response.manifest));
    if let Some(changes) = &response.changes {
        text.push_str(&recorded_changes(changes, &response.run_id));
    }
    if let Some(report) = &response.report {
        text.push_str(&written_pages(report, &response.run_id));
    }
    text
}

/// What the run changed in the inventory, or how to go on recording it.
fn recorded_changes(changes: &ChangesSummary, run_id: &RunId) -> String {
    let again = format!("`rolecall resume {run_id} --changes` goes on");
    let ChangesSummary { added, removed, changed, accounts, .. } = changes;
    let counts = format!("changes: {added} added, {removed} removed, {changed} changed, in {accounts} accounts\n");
    let error = changes.error.as_deref().map(one_line).unwrap_or_default();
    match changes.status {
        Recording::Recorded => counts,
        Recording::Failed if changes.document.is_some() => format!("{counts}Events about them ARE MISSING: {error}\n"),
        Recording::Unfinished => {
            format!("changes: {} of {} parts are recorded. {again}\n", changes.parts_recorded, changes.parts)
        }
        Recording::Failed => format!("changes: NOT RECORDED: {error}. {again}\n"),
    }
}

/// Where the report page of the run is, or how to go on writing it.
fn written_pages(report: &PagesSummary, run_id: &RunId) -> String {
    let again = format!("`rolecall resume {run_id} --report` goes on");
    let PagesSummary { pages, pages_written, page, .. } = report;
    match report.status {
        PageWriting::Written => format!("report: {}\n", page.as_deref().unwrap_or_default()),
        PageWriting::Unfinished => format!("report: {pages_written} of {pages} pages are written. {again}\n"),
        PageWriting::Failed => {
            let error = report.error.as_deref().map(one_line).unwrap_or_default();
            format!("report: NOT WRITTEN: {error}. {again}\n")
        }
    }
}

fn accounts(manifest: &Manifest) -> TextTable {
    let mut accounts = TextTable::new(&["account", "name", "status", "records", "cells", "gaps", "calls"], 3);
    for account in &manifest.by_account {
        let cells: u64 = account.cells.values().sum();
        let answered: u64 = account.cells.iter().filter(|(status, _)| status.is_answered()).map(|(_, n)| n).sum();
        accounts.add_row([
            account.account_id.to_string(),
            account.name.clone().unwrap_or_default(),
            status_name(account.status).to_owned(),
            account.records.values().sum::<u64>().to_string(),
            cells.to_string(),
            (cells - answered).to_string(),
            account.calls.to_string(),
        ]);
    }
    accounts
}

fn failures(response: &Response, given: Option<&str>) -> String {
    let mut text = "What was not answered, and what to do about it:\n".to_owned();
    for group in &response.failures {
        let code = group.code.as_deref().map(|code| format!(" ({})", one_line(code))).unwrap_or_default();
        let cells = if group.cells == 1 { "1 cell".to_owned() } else { format!("{} cells", group.cells) };
        text.push_str(&format!(
            "  {} {}{code}: {cells} of {} in {}\n    AWS or rolecall: {}\n    {}\n",
            group.account_id,
            group.status.name(),
            abbreviate(&group.tables),
            abbreviate(&group.regions),
            one_line(&group.message),
            advice(group, given),
        ));
    }
    if response.failures_omitted > 0 {
        text.push_str(&format!("  … and {} more groups: see the ledger\n", response.failures_omitted));
    }
    text.push('\n');
    text
}

/// Says which roles are open, and how many attempts showed nothing. Refused attempts are as they should be.
fn trust(trust: &TrustSummary) -> String {
    let mut text = open_roles(&trust.open, trust.open_count);
    if trust.unknown > 0 {
        let (unknown, tried) = (trust.unknown, trust.tried);
        text.push_str(&format!(
            "{unknown} of {tried} attempts without the external ID gave no answer that shows whether the role refuses.\n"
        ));
    }
    text
}

/// Says which roles are open, if any is.
fn open_roles(accounts: &[AccountId], count: u64) -> String {
    if count == 0 {
        return String::new();
    }
    let (roles, verb) = if count == 1 { ("ROLE", "lets") } else { ("ROLES", "let") };
    let listed: Vec<String> = accounts.iter().take(MAX_OPEN_LISTED).map(ToString::to_string).collect();
    let more = count.saturating_sub(listed.len() as u64);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "!! {count} OPEN {roles} {verb} rolecall in without the external ID: {}{more}\n   Ask these customers to require it \
         again (sts:ExternalId in the role's trust policy). The ledger's rows of table trust say more.\n\n",
        listed.join(", ")
    )
}

/// Says what became of the targets of open roles.
fn disabled_targets(disabling: &Disabling) -> String {
    let mut text = format!("Their targets: {} disabled in the registry", disabling.disabled_count);
    if disabling.skipped > 0 {
        text.push_str(&format!(", {} left as they are, since role or target has changed", disabling.skipped));
    }
    if disabling.failed > 0 {
        text.push_str(&format!(", {} COULD NOT BE DISABLED (the log says why)", disabling.failed));
    }
    format!("{text}.\n\n")
}

/// Says how to finish a run that ran out of time.
pub(super) fn resume_hint(run_id: &RunId, given: Option<&str>, flags: &TypedFlags) -> String {
    format!("The run ran out of time: `{}` finishes it.", resume_command(run_id, given, flags))
}

/// The command that finishes a run. `given` are the flags that named its targets, instead of a registry; `flags` are those
/// for its output and registry.
pub(super) fn resume_command(run_id: &RunId, given: Option<&str>, flags: &TypedFlags) -> String {
    let Some(given) = given else { return format!("rolecall resume {run_id}{flags}") };
    // It refuses a registry beside flags that name the targets, and `--here` another identity than the caller's.
    let is_here = TargetFlags::read(given) == Some(TargetFlags::Here);
    let refused: &[&str] = if is_here { &["registry", "backend-role"] } else { &["registry"] };
    let words: Vec<_> = given.split(' ').map(shell_word).collect();
    format!("rolecall resume {run_id} {}{}", words.join(" "), flags.without(refused))
}

/// Says what can be asked of an inventory. `place` is the flag of its output.
pub(super) fn next_hint(place: &TypedFlags) -> String {
    format!(
        "Next: `rolecall ask public-addresses{place}`; `rolecall ask` lists the questions; `rolecall where ADDRESS{place}` finds \
         who has an address."
    )
}

/// Renders the summary of a run and of those that continued it.
pub(super) fn render_chain(chain: &Chain) -> String {
    let [first, rest @ ..] = chain.runs.as_slice() else { return String::new() };
    let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
    let Chain { status, accounts, open_roles: open, .. } = chain;
    format!(
        "{}run {first}, continued by {}: {}, {} of {} accounts complete",
        open_roles(open, open.len() as u64),
        rest.join(" and "),
        status_name(*status),
        accounts.complete,
        accounts.planned
    )
}

/// Joins names. Of more than three, the others are only counted.
pub(super) fn abbreviate(names: &[String]) -> String {
    match names {
        [one, two, three, rest @ ..] if !rest.is_empty() => format!("{one}, {two}, {three} and {} more", rest.len()),
        names => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_open_roles_is_said_in_one_line() {
        let disabling =
            |disabled_count, skipped, failed| Disabling { disabled_count, skipped, failed, disabled: Vec::new() };
        assert_eq!(disabled_targets(&disabling(2, 0, 0)), "Their targets: 2 disabled in the registry.\n\n");
        insta::assert_snapshot!(disabled_targets(&disabling(1, 2, 3)), @"Their targets: 1 disabled in the registry, 2 left as they are, since role or target has changed, 3 COULD NOT BE DISABLED (the log says why).");
    }
}
