//! `rolecall plan`: what would be asked. Nothing is called but what reading the registry needs.

use std::process::ExitCode;

use crate::catalogue::{Catalogue, Reach, Source};

use crate::domain::Partition;
use crate::engine::PlannedAccount;
use crate::engine::{Engine, RequestDraft, prepare};
use crate::error::Error;
use crate::input::ValidationErrors;
use crate::logging;
use crate::settings::Runtime;
use serde_json::json;

use crate::cli::args::PlanArgs;
use crate::cli::printer;

/// AssumeRole, the alias, the regions.
const CALLS_TO_ENTER: u64 = 3;

pub(crate) async fn plan(arguments: PlanArgs) -> Result<ExitCode, Error> {
    let settings = arguments.settings()?;
    logging::to_terminal(settings.log.as_deref(), 0, std::io::stderr);
    let mut problems = ValidationErrors::default();
    let (request, _) = arguments.selection.request(None, &mut problems)?;
    let engine = Engine::start(settings, Runtime::Terminal).await;
    let prepared = prepare(&engine, RequestDraft::new(request, problems)).await?;
    let selection = &prepared.selection;
    let estimate = |account: &PlannedAccount| {
        Estimate::new(account, &selection.resources, prepared.catalogue, engine.backend.partition)
    };
    let estimates: Vec<Estimate> = selection.accounts.iter().map(estimate).collect();
    let (cells, calls): (u64, u64) =
        estimates.iter().fold((0, 0), |(cells, calls), one| (cells + one.cells, calls + one.calls));
    if arguments.json {
        let accounts = selection.accounts.iter().zip(&estimates).map(|(account, estimate)| {
            json!({
                "account_id": account.account_id, "name": account.name, "regions": account.regions,
                "known_regions": estimate.regions, "cells": estimate.cells, "calls_at_least": estimate.calls,
            })
        });
        let plan = json!({
            "accounts": accounts.collect::<Vec<_>>(), "unknown_accounts": selection.unknown_accounts,
            "resources": selection.resources, "cells": cells, "calls_at_least": calls,
        });
        printer::print_json(&plan);
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = printer::table(&["account", "name", "regions", "known", "types", "cells", "calls"], 3);
    for (account, estimate) in selection.accounts.iter().zip(&estimates) {
        let narrowed =
            account.regions.request.as_ref().map(|globs| format!(" only {}", globs.join(" "))).unwrap_or_default();
        table.add_row([
            account.account_id.to_string(),
            account.name.clone().unwrap_or_default(),
            format!("{}{narrowed}", account.regions.target.join(" ")),
            estimate.regions.to_string(),
            selection.resources.len().to_string(),
            estimate.cells.to_string(),
            estimate.calls.to_string(),
        ]);
    }
    let unknown = selection.unknown_accounts.iter();
    let left_out: String =
        unknown.map(|account| format!("{account} is not in the registry and would be left out.\n")).collect();
    printer::print(&format!(
        "{}\n\n{left_out}resource types: {}\n\
         {} accounts, about {cells} cells, at least {calls} calls. Which regions an account has enabled is asked on\n\
         entering it: here the partition's default regions stand in. Further pages, DNS zones and their details come on top.",
        table.trim_fmt(),
        selection.resources.join(" "),
        selection.accounts.len(),
    ));
    Ok(ExitCode::SUCCESS)
}

/// What an account would take, if just the partition's default regions were enabled in it.
struct Estimate {
    regions: usize,
    cells: u64,
    calls: u64,
}

impl Estimate {
    fn new(account: &PlannedAccount, resources: &[String], catalogue: &Catalogue, partition: &Partition) -> Self {
        let enabled = match account.regions.named_in_full() {
            Some(named) => named,
            None => partition.default_regions.iter().map(|&region| region.to_owned()).collect(),
        };
        let regions = account.regions.choose(enabled.iter().map(String::as_str)).ask.len();
        let (mut cells, mut calls) = (0, CALLS_TO_ENTER);
        for table in resources.iter().filter_map(|name| catalogue.find(name)) {
            let times = if table.entry.reach == Reach::Regional { regions as u64 } else { 1 };
            cells += times;
            calls += if matches!(table.entry.source, Source::Listed(_)) { times } else { 0 };
        }
        Self { regions, cells, calls }
    }
}
