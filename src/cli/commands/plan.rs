//! `rolecall plan`: prints what a run would ask.
//!
//! It calls AWS only to find the backend's identity, to read the registry and to list organizations; with `--organization` also to
//! find how the own account is entered.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::catalogue::{Reach, Source, Table};
use crate::cli::args::PlanArgs;
use crate::cli::given_targets;
use crate::cli::printer;
use crate::cli::text_table::TextTable;
use crate::domain::Partition;
use crate::engine::{Engine, OrganizationListing, PlannedAccount, RequestDraft, SharedTypes, prepare};
use crate::error::{Error, ErrorKind};
use crate::event::Accounts;
use crate::input::ValidationErrors;
use crate::logging;
use crate::settings::Runtime;
use crate::terminal;

/// Calls before an account's first cell: AssumeRole, its alias, its enabled regions.
const CALLS_TO_ENTER: u64 = 3;

/// The name of the sessions that list the registry's organizations.
const SESSION_NAME: &str = "rolecall-plan";

/// Prints the plan of a request, as a table or as JSON.
pub(crate) async fn plan(arguments: PlanArgs) -> Result<ExitCode, Error> {
    let settings = arguments.settings()?;
    logging::to_terminal(settings.log.as_deref(), 0);
    let mut errors = ValidationErrors::default();
    let (request, _) = arguments.selection.request(None, &arguments.targets, &mut errors)?;
    given_targets::refuse_unusable(&arguments.targets, matches!(request.accounts, Accounts::Named(_)))?;
    given_targets::require_some(&arguments.targets, &settings)?;
    let mut engine = Engine::start(settings, Runtime::Terminal).await;
    if errors.is_empty()
        && let Some(targets) = given_targets::named(&arguments.targets, &request, &engine.backend).await?
    {
        engine = engine.with_targets(targets);
    }
    let prepared = prepare(&engine, RequestDraft::new(request, errors), SESSION_NAME.to_owned(), None).await?;
    let guessable: Vec<String> = prepared.guessable_accounts().into_iter().map(ToString::to_string).collect();
    let selection = prepared.selection;
    let shared = SharedTypes::new(&selection.resources, &selection.accounts);
    let shared = shared.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
    let estimate = |account: &PlannedAccount| {
        let types = shared.of(account);
        let types = types.iter().filter_map(|index| prepared.catalogue.find(&selection.resources[*index]));
        let estimate = Estimate::new(account, &types.collect::<Vec<_>>(), engine.backend.partition)?;
        Ok((account.clone(), estimate))
    };
    let outline = PlanOutline {
        accounts: selection.accounts.iter().map(estimate).collect::<Result<_, Error>>()?,
        guessable,
        unknown_accounts: selection.unknown_accounts.iter().map(ToString::to_string).collect(),
        unshared_accounts: selection.unshared_accounts.iter().map(ToString::to_string).collect(),
        resources: &selection.resources,
        organizations: &prepared.organizations.listings,
    };
    if arguments.json {
        terminal::print_json(&outline.to_json())?;
    } else {
        terminal::print(&outline.render_text())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a run would ask, with estimates.
struct PlanOutline<'a> {
    accounts: Vec<(PlannedAccount, Estimate)>,
    unknown_accounts: Vec<String>,
    /// Accounts that share none of the resource types.
    unshared_accounts: Vec<String>,
    /// The accounts whose external IDs can be guessed.
    guessable: Vec<String>,
    resources: &'a [String],
    /// The organizations of the registry, as they were listed.
    organizations: &'a [OrganizationListing],
}

impl PlanOutline<'_> {
    fn cells(&self) -> u64 {
        self.accounts.iter().map(|(_, estimate)| estimate.cells).sum()
    }

    fn calls(&self) -> u64 {
        self.accounts.iter().map(|(_, estimate)| estimate.calls).sum()
    }

    fn to_json(&self) -> Value {
        let accounts = self.accounts.iter().map(|(account, estimate)| {
            json!({
                "account_id": account.account_id, "name": account.name, "organization": account.organization, "regions": account.regions,
                "resources": account.resources, "types": estimate.types, "known_regions": estimate.regions, "cells": estimate.cells, "calls_at_least": estimate.calls,
            })
        });
        json!({
            "accounts": accounts.collect::<Vec<_>>(), "unknown_accounts": self.unknown_accounts,
            "unshared_accounts": self.unshared_accounts, "organizations": self.organizations,
            "guessable_external_ids": self.guessable, "resources": self.resources, "cells": self.cells(), "calls_at_least": self.calls(),
        })
    }

    fn render_text(&self) -> String {
        let mut table = TextTable::new(&["account", "name", "regions", "known", "types", "cells", "calls"], 3);
        for (account, estimate) in &self.accounts {
            let only = account.regions.request.as_ref().map(|globs| format!(" only {}", globs.join(" ")));
            table.add_row([
                account.account_id.to_string(),
                account.name.clone().unwrap_or_default(),
                format!("{}{}", account.regions.target.join(" "), only.unwrap_or_default()),
                estimate.regions.to_string(),
                estimate.types.to_string(),
                estimate.cells.to_string(),
                estimate.calls.to_string(),
            ]);
        }
        let left_out = |account| format!("{account} is not in the registry and would be left out.\n");
        let left_out: String = self.unknown_accounts.iter().map(left_out).collect();
        let unshared = match self.unshared_accounts.as_slice() {
            [] => String::new(),
            some => format!("These share none of the types and would be left out: {}.\n", printer::abbreviate(some)),
        };
        let organizations = printer::organizations(self.organizations);
        let guessable = match self.guessable.as_slice() {
            [] => String::new(),
            some => format!(
                "The external IDs of these accounts can be guessed (`rolecall check` says why and what to do): {}.\n",
                printer::abbreviate(some)
            ),
        };
        format!(
            "{}\n\n{left_out}{unshared}{guessable}{organizations}resource types: {}\n\
             {} accounts, about {} cells, at least {} calls. The enabled regions of an account are known only after entering\n\
             it: this plan uses the partition's default regions. More pages, DNS zones and details come on top.",
            table.render(),
            self.resources.join(" "),
            self.accounts.len(),
            self.cells(),
            self.calls(),
        )
    }
}

/// The size of an account's part of a run, if exactly the partition's default regions are enabled in it.
struct Estimate {
    types: usize,
    regions: usize,
    cells: u64,
    calls: u64,
}

impl Estimate {
    fn new(account: &PlannedAccount, types: &[&Table], partition: &Partition) -> Result<Self, Error> {
        let filter = account.regions.filter().map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let enabled = match filter.named_in_full() {
            Some(named) => named,
            None => partition.default_regions.iter().map(|&region| region.to_owned()).collect(),
        };
        let regions = filter.choose(enabled.iter().map(String::as_str)).ask.len();
        let (mut cells, mut calls) = (0, CALLS_TO_ENTER);
        for table in types {
            let cells_of_type = if table.entry.reach == Reach::Regional { regions as u64 } else { 1 };
            cells += cells_of_type;
            calls += if matches!(table.entry.source, Source::Listed(_)) { cells_of_type } else { 0 };
        }
        Ok(Self { types: types.len(), regions, cells, calls })
    }
}
