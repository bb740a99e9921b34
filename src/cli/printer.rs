//! What a run came to, for a person.

use std::io::Write;

use crate::domain::RunId;
use crate::engine::{Chain, Completeness, Manifest, Response, advice};
use comfy_table::{CellAlignment, Table, presets};

/// Prints a result. A reader that has gone away (`| head`) is no reason to complain, let alone to panic.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end());
}

/// Prints a result as JSON.
pub(super) fn print_json(value: &impl serde::Serialize) {
    print(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// A word for how something ended.
pub(super) fn word(status: Completeness) -> &'static str {
    match status {
        Completeness::Complete => "complete",
        Completeness::Partial => "partial",
        Completeness::Failed => "failed",
        Completeness::NotStarted => "not started",
    }
}

/// A table whose columns from `numbers` on stand to the right.
pub(super) fn table(header: &[&str], numbers: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.to_vec());
    for (place, column) in table.column_iter_mut().enumerate() {
        if place >= numbers {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The accounts, what went wrong and what to do about it, and where the files lie.
pub(super) fn summary(response: &Response, manifest: Option<&Manifest>) -> String {
    let mut text = String::new();
    if let Some(manifest) = manifest {
        let mut accounts = table(&["account", "name", "status", "records", "cells", "gaps", "calls"], 3);
        for account in &manifest.by_account {
            let cells: u64 = account.cells.values().sum();
            let answered: u64 = account.cells.iter().filter(|(status, _)| status.is_answered()).map(|(_, n)| n).sum();
            accounts.add_row([
                account.account_id.to_string(),
                account.name.clone().unwrap_or_default(),
                word(account.status).to_owned(),
                account.records.values().sum::<u64>().to_string(),
                cells.to_string(),
                (cells - answered).to_string(),
                account.calls.to_string(),
            ]);
        }
        text.push_str(&format!("{}\n\n", accounts.trim_fmt()));
    }
    if !response.failures.is_empty() {
        text.push_str("What was not answered, and what to do about it:\n");
        for group in &response.failures {
            let code = group.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
            let cells = if group.cells == 1 { "1 cell".to_owned() } else { format!("{} cells", group.cells) };
            text.push_str(&format!(
                "  {} {}{code}: {cells} of {} in {}\n    AWS or rolecall: {}\n    {}\n",
                group.account_id,
                group.status.name(),
                some(&group.tables),
                some(&group.regions),
                group.message,
                advice(group),
            ));
        }
        if response.failures_omitted > 0 {
            text.push_str(&format!("  … and {} more groups: see the ledger\n", response.failures_omitted));
        }
        text.push('\n');
    }
    for account in &response.unknown_accounts {
        text.push_str(&format!("{account} is not in the registry and was left out.\n"));
    }
    let records: u64 = response.records.values().sum();
    text.push_str(&format!(
        "run {}: {}, {} of {} accounts complete, {records} records, {} calls in {:.1} s\n",
        response.run_id,
        word(response.status),
        response.accounts.complete,
        response.accounts.planned,
        response.calls,
        response.duration_ms as f64 / 1000.0,
    ));
    text.push_str(&format!("manifest: {}\n", response.manifest));
    text
}

/// What to do about a run that leaves something undone.
pub(super) fn cut(run_id: &RunId) -> String {
    format!("Its time ended first: `rolecall resume {run_id}` does the rest.")
}

/// A run and those that did its rest.
pub(super) fn together(chain: &Chain) -> String {
    let [first, rest @ ..] = chain.runs.as_slice() else { return String::new() };
    let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
    let Chain { status, accounts, .. } = chain;
    format!(
        "run {first} with its rest, {}: {}, {} of {} accounts complete",
        rest.join(" and "),
        word(*status),
        accounts.complete,
        accounts.planned
    )
}

/// The first of many names.
pub(super) fn some(names: &[String]) -> String {
    match names {
        [one, two, three, rest @ ..] if !rest.is_empty() => format!("{one}, {two}, {three} and {} more", rest.len()),
        names => names.join(", "),
    }
}
