//! The plan of a run: which targets, which resource types, and which regions. It reports all problems of a request at once.
//!
//! **Invariant:** pure. Knows the request, the registry and the catalogue. Which regions an account has enabled is asked
//! later; the plan only says how to choose among them.

mod regions;
mod organization_listing;
mod shared_types;
mod target_flags;
mod trust_window;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use organization_listing::OrganizationListing;
pub(crate) use regions::{ChosenRegions, RegionChoice, RegionFilter};
pub(crate) use shared_types::SharedTypes;
pub(crate) use target_flags::TargetFlags;
pub(crate) use trust_window::TrustWindow;

use crate::catalogue::Catalogue;
use crate::customers::{Registry, Target, TargetRole};
use crate::domain::{AccountId, Format, Globs, Partition, RunId, is_region_in_form, partition_of_region};
use crate::event::{Accounts, Request};
use crate::input::{ValidationErrors, quoted};
use crate::settings::Runtime;

/// The plan of a run: `runs/<run_id>/plan.json`. It contains no role ARN and no external ID.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Plan {
    /// The name of the run.
    pub run_id: RunId,
    /// The time at which the run began.
    pub started_at: Timestamp,
    /// The UTC date of that time. It is part of the key of every file of the run.
    pub dt: String,
    /// The attempt that wrote this plan: eight hexadecimal digits.
    pub attempt: String,
    /// The account that rolecall itself runs in.
    #[serde(default)]
    pub backend_account_id: String,
    /// The flags of the command line that named the targets (`--here`); missing if a registry did. The run continues with the same
    /// flags, and with credentials of the same account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "String")]
    pub given_targets: Option<String>,
    /// The request that was planned.
    pub request: Request,
    /// The format of the files.
    pub format: Format,
    /// The accounts, in the order of the registry.
    pub accounts: Vec<PlannedAccount>,
    /// Accounts that the request names and the registry does not have: with `skip_unknown`, and below `exclude` also if the
    /// registry has organizations, which accounts leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_accounts: Vec<AccountId>,
    /// Accounts that the request selects and whose customers share none of the resource types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unshared_accounts: Vec<AccountId>,
    /// The organizations of the registry, as they were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<OrganizationListing>,
    /// The resource types, in the order of the catalogue. An account is asked for those of them that it shares.
    pub resources: Vec<String>,
    /// The number of accounts in a shard. If it is missing, one shard has all accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize")]
    pub batch: Option<usize>,
    /// The window in which roles are tried without their external IDs; missing if none is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "TrustWindow")]
    pub trust: Option<TrustWindow>,
}

/// A part of a plan's accounts, carried out by one invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    /// The name: `0`, `1` …
    pub name: String,
    /// The accounts, by their index in the plan.
    pub accounts: Vec<usize>,
}

impl Plan {
    /// The shards of the plan. Each account is in exactly one of them.
    pub(super) fn shards(&self) -> Vec<Shard> {
        let batch = self.batch.unwrap_or(self.accounts.len()).max(1);
        let indices: Vec<usize> = (0..self.accounts.len()).collect();
        let batches = indices.chunks(batch).enumerate();
        batches.map(|(number, accounts)| Shard { name: number.to_string(), accounts: accounts.to_vec() }).collect()
    }

    /// The accounts of a shard.
    pub(super) fn accounts_of<'a>(&'a self, shard: &'a Shard) -> impl Iterator<Item = &'a PlannedAccount> {
        shard.accounts.iter().map(|index| &self.accounts[*index])
    }

    /// The names of the shards that have any of these accounts.
    pub(super) fn shards_with<'a>(&self, accounts: impl Iterator<Item = &'a AccountId>) -> HashSet<String> {
        let wanted: HashSet<&AccountId> = accounts.collect();
        let has_any = |shard: &Shard| self.accounts_of(shard).any(|account| wanted.contains(&account.account_id));
        self.shards().into_iter().filter(has_any).map(|shard| shard.name).collect()
    }
}

/// One account of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlannedAccount {
    /// The account to ask.
    pub account_id: AccountId,
    /// The name of the account in the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How its regions are chosen among the enabled ones.
    pub regions: RegionChoice,
    /// Globs of the resource types that its customer shares. If they are missing, it shares all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "Vec<String>")]
    pub resources: Option<Vec<String>>,
    /// The organization that the account was found in; missing for a target of the registry's own list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "String")]
    pub organization: Option<String>,
    /// True if its role is to be tried without the external ID.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub try_trust: bool,
}

/// The inputs of a selection, besides the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Basis<'a> {
    pub registry: &'a Registry,
    pub catalogue: &'a Catalogue,
    /// The partition that the backend runs in.
    pub partition: &'a Partition,
    pub runtime: Runtime,
    /// The format if the request names none.
    pub format: Format,
    /// True to select disabled targets too. They are checked, and never collected.
    pub disabled_too: bool,
}

/// The accounts and resource types that a request selects.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selection {
    /// The accounts, in the order of the registry.
    pub accounts: Vec<PlannedAccount>,
    /// Accounts that the request names and the registry does not have.
    pub unknown_accounts: Vec<AccountId>,
    /// Accounts that the request selects and whose customers share none of the resource types.
    pub unshared_accounts: Vec<AccountId>,
    /// The resource types, in the order of the catalogue.
    pub resources: Vec<String>,
    pub format: Format,
}

/// What makes a selection the plan of one run.
#[derive(Clone, Debug)]
pub(super) struct PlanOrigin {
    pub request: Request,
    pub run_id: RunId,
    pub started_at: Timestamp,
    /// The attempt that writes the plan: eight hexadecimal digits.
    pub attempt: String,
    pub backend_account_id: String,
    /// The flags that named the targets; `None` if a registry did.
    pub given_targets: Option<String>,
    /// The organizations of the registry.
    pub organizations: Vec<OrganizationListing>,
    /// Accounts per shard; `None` for one shard of all accounts.
    pub batch: Option<usize>,
    /// The window in which roles are tried, with the accounts that were tried in it already.
    pub trust: Option<(TrustWindow, HashSet<AccountId>)>,
}

impl Selection {
    /// Makes the plan of a run.
    pub(super) fn plan(mut self, origin: PlanOrigin) -> Plan {
        let (trust, tried) = origin.trust.unzip();
        for account in &mut self.accounts {
            account.try_trust &= tried.as_ref().is_some_and(|tried| !tried.contains(&account.account_id));
        }
        Plan {
            run_id: origin.run_id,
            dt: origin.started_at.strftime("%Y-%m-%d").to_string(),
            started_at: origin.started_at,
            attempt: origin.attempt,
            backend_account_id: origin.backend_account_id,
            given_targets: origin.given_targets,
            request: origin.request,
            format: self.format,
            accounts: self.accounts,
            unknown_accounts: self.unknown_accounts,
            unshared_accounts: self.unshared_accounts,
            organizations: origin.organizations,
            resources: self.resources,
            batch: origin.batch,
            trust,
        }
    }
}

/// Selects what a request asks for. With any problem in `problems` the selection must not be carried out.
pub(crate) fn select(request: &Request, basis: Basis<'_>, problems: &mut ValidationErrors) -> Selection {
    let resources = resources(request, basis.catalogue, problems);
    regions(request, basis.partition, problems);
    let format = request.format.unwrap_or(basis.format);
    // A lookup in the registry would read all of its targets for each account.
    let targets: HashMap<&AccountId, &Target> =
        basis.registry.targets.iter().map(|target| (&target.account_id, target)).collect();
    let mut unknown = Vec::new();
    for account in request.exclude.iter().filter(|account| !targets.contains_key(account)) {
        // An account that left its organization must not stop the run of all others.
        if request.skip_unknown || !basis.registry.organizations.is_empty() {
            unknown.push(account.clone());
            continue;
        }
        let what = format!("account {account} is not in the registry: correct it or leave it out");
        problems.push("request.exclude", what);
    }
    let named = named(request, (&targets, basis.disabled_too), &mut unknown, problems);
    let excluded: HashSet<&AccountId> = request.exclude.iter().collect();
    let selected: Vec<&Target> = basis
        .registry
        .targets
        .iter()
        .filter(|target| target.enabled || basis.disabled_too)
        .filter(|target| named.as_ref().is_none_or(|named| named.contains(&target.account_id)))
        .filter(|target| target.has_tags(&request.tags) && !excluded.contains(&target.account_id))
        .collect();
    if selected.is_empty() && problems.is_empty() {
        problems.push(
            "request",
            "it selects no target: no enabled target of the registry is left by its accounts, tags and exclude",
        );
    }
    for target in &selected {
        if target.role == TargetRole::OwnCredentials && basis.runtime == Runtime::Lambda {
            let what = format!(
                "account {}: `\"role_arn\": null` (own credentials) is for the CLI alone; give it a role like any other",
                target.account_id
            );
            problems.push("registry", what);
        }
        if let Err(error) = Globs::new(&target.regions) {
            problems.push("registry", format!("account {}: `regions` {error}", target.account_id));
        }
    }
    // With a problem nothing is run, and the globs of a faulty request may be too many to be copied for each account.
    let request_regions = request.regions.as_ref().filter(|_| problems.is_empty());
    let accounts = selected.into_iter().map(|target| PlannedAccount {
        account_id: target.account_id.clone(),
        name: target.name.clone(),
        regions: RegionChoice { target: target.regions.clone(), request: request_regions.cloned() },
        resources: target.resources.clone(),
        organization: target.organization.clone(),
        try_trust: target.has_trust_to_try(),
    });
    let (accounts, unshared_accounts) = with_shared_types(request, accounts.collect(), &resources, problems);
    Selection { accounts, unknown_accounts: unknown, unshared_accounts, resources, format }
}

/// Leaves out the accounts that share none of the resource types, and returns them too. Such an account is refused if the
/// request names it, since the request asks for what nobody may ask.
fn with_shared_types(
    request: &Request,
    accounts: Vec<PlannedAccount>,
    resources: &[String],
    problems: &mut ValidationErrors,
) -> (Vec<PlannedAccount>, Vec<AccountId>) {
    // The types of a faulty request are unknown.
    if !problems.is_empty() {
        return (accounts, Vec::new());
    }
    let types = match SharedTypes::new(resources, &accounts) {
        Ok(types) => types,
        Err(error) => {
            problems.push("registry", format!("the `resources` of a target: {error}"));
            return (accounts, Vec::new());
        }
    };
    let planned: Vec<bool> = accounts.iter().map(|account| !types.of(account).is_empty()).collect();
    let unshared = accounts.iter().zip(&planned).filter(|(_, planned)| !**planned);
    let unshared: Vec<AccountId> = unshared.map(|(account, _)| account.account_id.clone()).collect();
    if matches!(request.accounts, Accounts::Named(_)) && !request.skip_unknown && !is_continuation(request) {
        for account in &unshared {
            let what = format!(
                "account {account} shares none of the requested resource types: ask for others, leave it out, or change its \
                 `resources` in the registry"
            );
            problems.push("request.accounts", what);
        }
    }
    if unshared.len() == accounts.len() && problems.is_empty() {
        problems.push("request", "it selects no target that shares any of the requested resource types");
    }
    let accounts = accounts.into_iter().zip(planned).filter_map(|(account, planned)| planned.then_some(account));
    (accounts.collect(), unshared)
}

/// A continuation skips an account that has left the registry since, so that it can do the rest.
fn is_continuation(request: &Request) -> bool {
    request.run_id.as_ref().is_some_and(|run_id| run_id.continuation_number() > 0)
}

/// Checks what a request says of resource types and regions, without a registry.
pub(in crate::engine) fn check_globs(
    request: &Request,
    catalogue: &Catalogue,
    partition: &Partition,
    problems: &mut ValidationErrors,
) {
    resources(request, catalogue, problems);
    regions(request, partition, problems);
}

/// The accounts that the request names, or `None` for "all".
fn named<'a>(
    request: &'a Request,
    (targets, disabled_too): (&HashMap<&AccountId, &Target>, bool),
    unknown: &mut Vec<AccountId>,
    problems: &mut ValidationErrors,
) -> Option<HashSet<&'a AccountId>> {
    let Accounts::Named(accounts) = &request.accounts else { return None };
    let is_continuation = is_continuation(request);
    for account in accounts {
        let place = "request.accounts";
        match targets.get(account) {
            Some(target) if target.enabled || disabled_too => {}
            Some(_) if is_continuation => unknown.push(account.clone()),
            Some(_) => problems
                .push(place, format!("account {account} is disabled in the registry: enable it or leave it out")),
            None if request.skip_unknown || is_continuation => unknown.push(account.clone()),
            None => problems.push(
                place,
                format!("account {account} is not in the registry: add it there, or say \"skip_unknown\": true"),
            ),
        }
    }
    Some(accounts.iter().collect())
}

fn resources(request: &Request, catalogue: &Catalogue, problems: &mut ValidationErrors) -> Vec<String> {
    let names = || catalogue.tables().iter().map(|table| table.entry.table);
    let Some(patterns) = &request.resources else { return names().map(str::to_owned).collect() };
    let globs = match Globs::new(patterns) {
        Ok(globs) => globs,
        Err(error) => {
            problems.push("request.resources", error.to_string());
            return Vec::new();
        }
    };
    let unmatched: HashSet<&str> = globs.unmatched(names()).into_iter().collect();
    for (index, pattern) in patterns.iter().enumerate().filter(|(_, pattern)| unmatched.contains(pattern.as_str())) {
        let what = format!("{} matches no resource type: `rolecall resources` lists them", quoted(pattern));
        problems.push(format!("request.resources[{index}]"), what);
    }
    let chosen: Vec<String> = names().filter(|name| globs.matches(name)).map(str::to_owned).collect();
    if chosen.is_empty() && problems.is_empty() {
        problems.push("request.resources", "it selects no resource type: `rolecall resources` lists them");
    }
    chosen
}

fn regions(request: &Request, partition: &Partition, problems: &mut ValidationErrors) {
    let Some(patterns) = &request.regions else { return };
    let globs = match Globs::new(patterns) {
        Ok(globs) => globs,
        Err(error) => return problems.push("request.regions", error.to_string()),
    };
    let unmatched: HashSet<&str> = globs.unmatched(partition.regions()).into_iter().collect();
    for (index, pattern) in patterns.iter().enumerate().filter(|(_, pattern)| unmatched.contains(pattern.as_str())) {
        let home = partition_of_region(pattern).map(|other| other.name).filter(|name| *name != partition.name);
        let what = match home {
            Some(home) => format!(
                "{} is in the partition {}, which a backend in {} cannot enter: deploy a backend there",
                quoted(pattern),
                quoted(home),
                quoted(partition.name)
            ),
            None if is_region_in_form(pattern) => continue,
            None => {
                format!("{} is no region, and as a glob matches none of partition {}", quoted(pattern), partition.name)
            }
        };
        problems.push(format!("request.regions[{index}]"), what);
    }
}

#[cfg(test)]
mod tests;
