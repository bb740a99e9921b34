//! `rolecall targets`: lists and edits the registry.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use crate::aws::{AwsError, Backend};
use crate::cli::args::{ImportArgs, RegistryArgs, TargetArgs, TargetsCommand, tags};
use crate::cli::commands::target_list;
use crate::customers::{ExternalIdSource, NewTarget, Published, RegistryFile, RegistryStore, external_id};
use crate::domain::{AccountId, RoleArn};
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::logging;
use crate::onboarding::import;
use crate::onboarding::import::{ImportCandidates, ImportDefaults, ImportReport};
use crate::settings::Settings;
use crate::terminal::{self, one_line};

pub(crate) async fn targets(command: TargetsCommand) -> Result<ExitCode, Error> {
    match command {
        TargetsCommand::List { json, registry } => target_list::list(&open(&registry).await?.1, json).await?,
        TargetsCommand::Add(target) => add(*target).await?,
        TargetsCommand::Remove(named) => {
            let (_, registry_store) = open(&named.registry).await?;
            let accounts = distinct(&named.accounts);
            registry_store.edit(|file| file.remove(&accounts)).await?;
            terminal::print(&format!(
                "{} targets removed from {}. Their collected data stays: infra/ONBOARDING.md says how to purge it.",
                accounts.len(),
                registry_store.address()
            ))?;
        }
        TargetsCommand::Enable(named) => set_enabled(&named.registry, &named.accounts, true).await?,
        TargetsCommand::Disable(named) => set_enabled(&named.registry, &named.accounts, false).await?,
        TargetsCommand::Import(arguments) => import_targets(*arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns each account once, however often it was given.
fn distinct(accounts: &[AccountId]) -> Vec<AccountId> {
    let mut seen = HashSet::new();
    accounts.iter().filter(|account| seen.insert(account.as_str())).cloned().collect()
}

/// Opens the registry with the operator's own credentials: `backend_role` may only read it.
async fn open(registry: &RegistryArgs) -> Result<(Backend, RegistryStore), Error> {
    let settings = registry.settings()?;
    logging::to_terminal(settings.log.as_deref(), 0);
    let backend = Backend::load(&settings).await;
    let registry_store = RegistryStore::open(&settings, &backend.config, backend.partition.name)?;
    Ok((backend, registry_store))
}

async fn set_enabled(registry: &RegistryArgs, accounts: &[AccountId], enabled: bool) -> Result<(), Error> {
    let (_, registry_store) = open(registry).await?;
    let accounts = distinct(accounts);
    let changed = registry_store.edit(|file| file.set_enabled(&accounts, enabled)).await?;
    let (word, already) = (if enabled { "enabled" } else { "disabled" }, accounts.len() - changed.len());
    let already = if already > 0 { format!("; {already} already were") } else { String::new() };
    terminal::print(&format!("{} targets {word} in {}{already}.", changed.len(), registry_store.address()))?;
    Ok(())
}

async fn add(arguments: TargetArgs) -> Result<(), Error> {
    let mut problems = ValidationErrors::new();
    let given = match (&arguments.external_id_file, arguments.no_external_id) {
        (Some(path), _) => {
            let bytes = read_bytes(path)?;
            // Some editors begin a file with a byte order mark.
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
            // What is not UTF-8 is no external ID either, and the message repeats nothing of it.
            match external_id(String::from_utf8_lossy(bytes).trim()) {
                Ok(id) => ExternalIdSource::Given(id),
                Err(error) => {
                    problems.push("--external-id-file", error.to_string());
                    ExternalIdSource::Generated
                }
            }
        }
        (None, true) => ExternalIdSource::None,
        (None, false) => ExternalIdSource::Generated,
    };
    let target = NewTarget {
        external_id: given,
        role_arn: arguments.role_arn,
        via: arguments.via,
        name: arguments.name,
        customer: arguments.customer,
        regions: arguments.regions,
        resources: arguments.resources,
        tags: tags(&arguments.tags, &mut problems),
        enabled: arguments.enabled,
        allow_guessable: arguments.allow_guessable_external_ids,
        ..NewTarget::new(arguments.account)
    };
    if !problems.is_empty() {
        return Err(Error::of(ErrorKind::InvalidRequest, &problems));
    }
    let (_, registry_store) = open(&arguments.registry).await?;
    registry_store.update(|file| file.add(std::slice::from_ref(&target))).await?;
    let account = &target.account_id;
    let next = match (target.enabled, &target.external_id) {
        (true, _) => "enabled, its role is not checked".to_owned(),
        (false, ExternalIdSource::Generated) => {
            format!("disabled; `rolecall onboard {account}` prints what its administrator needs")
        }
        (false, _) if target.guessable().is_some() => {
            "disabled, and it cannot be enabled, since its external ID can be guessed".to_owned()
        }
        (false, _) => format!("disabled; `rolecall check --accounts {account} --enable` checks its role"),
    };
    terminal::print(&format!("{account} was added to {}: {next}.", registry_store.address()))?;
    Ok(())
}

/// Reads a file that the operator named; `-` is standard input.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let read = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map_err(|error| Error::new(ErrorKind::InvalidRequest, format!("{} cannot be read: {error}", path.display())))
}

async fn import_targets(arguments: ImportArgs) -> Result<(), Error> {
    let mut problems = ValidationErrors::new();
    let defaults = ImportDefaults {
        customer: arguments.customer.clone(),
        no_external_id: arguments.no_external_id,
        allow_guessable: arguments.allow_guessable_external_ids,
        tags: tags(&arguments.tags, &mut problems),
    };
    let many = arguments.organization || arguments.csv.is_some();
    if many && defaults.customer.is_none() && !defaults.no_external_id {
        let message = "give the customer of the accounts, --customer NAME (they share one external ID, which is generated here), or \
                    --no-external-id for accounts of your own organization";
        problems.push("import", message);
    }
    if !problems.is_empty() {
        return Err(Error::of(ErrorKind::InvalidRequest, &problems));
    }
    let settings = arguments.registry.settings()?;
    let (backend, registry_store) = open(&arguments.registry).await?;
    let candidates = find_candidates(&arguments, &settings, &backend, &registry_store).await?;
    let imported = registry_store.update(|file: &mut RegistryFile| candidates.add_to(file, &defaults)).await?;
    if arguments.json {
        terminal::print_json(&imported)?;
    } else {
        terminal::print(&render_import(&imported, registry_store.address()))?;
    }
    Ok(())
}

async fn find_candidates(
    arguments: &ImportArgs,
    settings: &Settings,
    backend: &Backend,
    registry_store: &RegistryStore,
) -> Result<ImportCandidates, Error> {
    let invalid = |problems: ValidationErrors| Error::of(ErrorKind::InvalidRequest, &problems);
    let of_aws = |what: &str, cause: AwsError| {
        Error::new(ErrorKind::SourceUnreadable, format!("{what} cannot be read: {cause}"))
    };
    if arguments.organization {
        let source = match &arguments.profile {
            Some(profile) => Backend::load_profile(settings, profile).await,
            None => backend.clone(),
        };
        return import::organization(&source, &arguments.ou, true)
            .await
            .map_err(|cause| of_aws("the organization", cause));
    }
    if let Some(path) = &arguments.csv {
        return import::csv(&read_bytes(path)?).map_err(invalid);
    }
    if arguments.identity {
        let identity = backend.identify().await?;
        return import::identity(&backend.config, &identity, arguments.no_external_id)
            .await
            .map_err(|cause| of_aws("the caller's own policies", cause));
    }
    let role = backend_role(arguments.backend_role.as_deref(), settings, backend, registry_store).await?;
    if let Some(path) = &arguments.profile_file {
        return import::profiles(path, role.as_ref(), arguments.no_external_id, arguments.role_name.as_deref())
            .await
            .map_err(invalid);
    }
    let role = role.ok_or_else(|| {
        let message = "the import reads the policies of a role: give --backend-role ARN, or set ROLECALL_BACKEND_ROLE";
        Error::new(ErrorKind::InvalidSettings, message)
    })?;
    let identity = backend.identify().await?;
    import::backend_role(&backend.config, &identity, &role, arguments.no_external_id)
        .await
        .map_err(|cause| of_aws(&format!("the policies of {role}"), cause))
}

/// Returns `backend_role`: the given one, else the one of the settings, else the published one. Settings that differ
/// from what was published are an error, since customers would trust the wrong role. A published role that no setting names
/// must be of the account that this runs in.
pub(crate) async fn backend_role(
    given: Option<&str>,
    settings: &Settings,
    backend: &Backend,
    registry_store: &RegistryStore,
) -> Result<Option<RoleArn>, Error> {
    if let Some(given) = given.filter(|arn| !arn.is_empty()) {
        return parse_backend_role(given).map(Some);
    }
    let set = settings.backend_role.as_deref().map(parse_backend_role).transpose()?;
    match (set, registry_store.published().await?) {
        (Some(set), Some(Published { backend_role, .. })) if set != backend_role => {
            let message = format!(
                "customers trust {backend_role}, as published beside {}, but --backend-role (ROLECALL_BACKEND_ROLE) is \
                 {set}",
                registry_store.address()
            );
            Err(Error::new(ErrorKind::InvalidSettings, message))
        }
        (None, Some(published)) => {
            published.require_account(&backend.identify().await?)?;
            Ok(Some(published.backend_role))
        }
        (set, _) => Ok(set),
    }
}

pub(crate) fn parse_backend_role(arn: &str) -> Result<RoleArn, Error> {
    arn.parse().map_err(|error| Error::new(ErrorKind::InvalidSettings, format!("--backend-role: {error}")))
}

fn render_import(imported: &ImportReport, registry: &str) -> String {
    let ImportReport { added, already, disabled, left_out } = imported;
    let mut text = format!(
        "{} targets added to {registry}, disabled until `rolecall check --enable` passes; {} were there already.\n",
        added.len(),
        already.len()
    );
    if !added.is_empty() {
        text.push_str(
            "`rolecall onboard ID` prints what an account's administrator needs, including the external ID.\n",
        );
    }
    if !disabled.is_empty() {
        let names: Vec<&str> = disabled.iter().map(|account| account.as_str()).collect();
        text.push_str(&format!("Disabled, since the accounts are closed: {}.\n", names.join(", ")));
    }
    for (what, why) in left_out {
        text.push_str(&format!("Left out: {}: {}.\n", one_line(what), one_line(why)));
    }
    text
}
