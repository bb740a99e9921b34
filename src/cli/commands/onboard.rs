//! `rolecall onboard`: adds targets, and prints what their administrators need.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::process::ExitCode;

use secrecy::SecretString;

use crate::aws::Backend;
use crate::catalogue::Scope;
use crate::cli::args::{OnboardArgs, tags};
use crate::cli::commands::onboard_report::{Registered, print_check_command, render, to_json};
use crate::cli::commands::{check, targets};
use crate::customers::{ExternalIdSource, NewTarget, Published, RegistryFile, RegistryStore, TargetEntry};
use crate::domain::{AccountId, RoleArn};
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::logging;
use crate::onboarding::import;
use crate::onboarding::invitation::{Invitation, module_sha256, template_sha256};
use crate::settings::Settings;
use crate::terminal::{self, one_line};

pub(crate) async fn onboard(arguments: OnboardArgs) -> Result<ExitCode, Error> {
    let new = new_targets(&arguments)?;
    let accounts: Vec<AccountId> = new.iter().map(|target| target.account_id.clone()).collect();
    if arguments.enable {
        return check::check_onboarded(&accounts, &arguments).await;
    }
    let settings = arguments.settings.settings()?;
    logging::to_terminal(settings.log.as_deref(), 0);
    let backend = Backend::load(&settings).await;
    let registry_store = RegistryStore::open(&settings, &backend.config, backend.partition.name)?;
    let role = targets::backend_role(None, &settings, &backend, &registry_store).await?.ok_or_else(|| {
        let message = "it is unknown which role customers should trust: give --backend-role ARN, or run `make deploy`, which \
                       publishes it beside the registry";
        Error::new(ErrorKind::InvalidSettings, message)
    })?;
    require_partition(&role, backend.partition.name)?;
    let published = published_template(&arguments, &settings, &backend, &registry_store).await?;
    let module_source = match &published {
        Some(published) => published.module_source(&module_sha256(), &backend.config, settings.call_timeout).await?,
        None => None,
    };
    let (registered, file) = register(&registry_store, &arguments, &new).await?;
    // A published template has this SHA-256. Nothing else is known of one that was published elsewhere.
    let sha256 = template_sha256();
    let common = CommonInvitation {
        region: backend.partition.sts_region(&backend.region),
        template_url: arguments.template_url.clone().or(published.map(|published| published.template_url)),
        module_source,
        scope: arguments.scope,
        self_read: arguments.self_read,
        backend_role: role,
    };
    let invitations = invitations(&file, &accounts, &common);
    if arguments.json {
        let printed: Vec<_> = invitations.iter().map(|one| to_json(one, &registered, &sha256)).collect();
        terminal::print_json(&printed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let texts: Vec<String> = invitations.iter().map(|one| render(one, &registered, &sha256)).collect();
    let ignored = ignored_flags(&file, &new, &registered.added);
    if !ignored.is_empty() {
        let flags = ignored.into_iter().collect::<Vec<_>>().join(", ");
        terminal::note(&format!(
            "{flags} of targets that are in the registry already were not changed: edit the registry"
        ));
    }
    terminal::print(&texts.join("\n\n"))?;
    print_check_command(&accounts, &registered.registry, &common.backend_role)?;
    Ok(ExitCode::SUCCESS)
}

fn require_partition(role: &RoleArn, partition: &str) -> Result<(), Error> {
    if role.partition == partition {
        return Ok(());
    }
    let message = format!(
        "{role} is in the partition {}, and this runs in {partition}: set a region of that partition (AWS_REGION)",
        role.partition
    );
    Err(Error::new(ErrorKind::InvalidSettings, message))
}

/// Returns what was published about the template, unless the operator gives another one. It is verified before anything is
/// registered.
async fn published_template(
    arguments: &OnboardArgs,
    settings: &Settings,
    backend: &Backend,
    registry_store: &RegistryStore,
) -> Result<Option<Published>, Error> {
    if arguments.template_url.is_some() {
        return Ok(None);
    }
    let Some(published) = registry_store.published().await? else { return Ok(None) };
    let unread = published.verify_template(&template_sha256(), &backend.config, settings.call_timeout).await?;
    if let Some(reason) = unread {
        terminal::note(&format!(
            "the published template could not be read, so its content was not compared with this version's: {reason}"
        ));
    }
    Ok(Some(published))
}

/// Adds the targets that the registry does not have. Targets that it has keep their external IDs.
async fn register(
    registry_store: &RegistryStore,
    arguments: &OnboardArgs,
    new: &[NewTarget],
) -> Result<(Registered, RegistryFile), Error> {
    let accounts: Vec<AccountId> = new.iter().map(|target| target.account_id.clone()).collect();
    let (added, role_changed, file) = registry_store
        .update(|file| {
            let present = file.by_account();
            let missing: Vec<NewTarget> =
                new.iter().filter(|target| !present.contains_key(&target.account_id)).cloned().collect();
            file.add(&missing)?;
            let role_changed = match (&arguments.role_arn, accounts.as_slice()) {
                (Some(role), [account]) => file.set_role(account, role)?,
                _ => false,
            };
            require_external_ids(file, &accounts, arguments.allow_guessable_external_ids)?;
            Ok((
                missing.into_iter().map(|target| target.account_id).collect::<HashSet<_>>(),
                role_changed,
                file.clone(),
            ))
        })
        .await?;
    let registered = Registered {
        added,
        new_role: arguments.role_arn.clone().filter(|_| role_changed),
        registry: registry_store.address().to_owned(),
        has_customer: arguments.customer.is_some(),
        is_own_template: arguments.template_url.is_none(),
    };
    Ok((registered, file))
}

/// Returns the flags that differ from what the registry has for targets that it already had.
fn ignored_flags(file: &RegistryFile, given: &[NewTarget], added: &HashSet<AccountId>) -> BTreeSet<&'static str> {
    let (mut flags, present) = (BTreeSet::new(), file.by_account());
    for new in given.iter().filter(|new| !added.contains(&new.account_id)) {
        let Some(entry) = present.get(&new.account_id) else { continue };
        let differs = [
            ("--name", new.name.is_some() && new.name != entry.name),
            ("--customer", new.customer.is_some() && new.customer != entry.customer),
            ("--regions", !new.regions.is_empty() && entry.regions.as_ref() != Some(&new.regions)),
            ("--scope", entry.resources.clone().unwrap_or_default() != new.resources),
            ("--tags", new.tags.iter().any(|(key, value)| entry.tags.get(key) != Some(value))),
        ];
        flags.extend(differs.into_iter().filter(|(_, differs)| *differs).map(|(flag, _)| flag));
    }
    flags
}

/// Returns the targets that the command line names.
fn new_targets(arguments: &OnboardArgs) -> Result<Vec<NewTarget>, Error> {
    let mut problems = ValidationErrors::new();
    let tags = tags(&arguments.tags, &mut problems);
    if arguments.name.is_some() && arguments.accounts.len() > 1 {
        problems.push("--name", "names one account: use --customer for several");
    }
    if arguments.role_arn.is_some() && arguments.accounts.len() > 1 {
        problems.push("--role-arn", "is the role of one account: onboard the others separately");
    }
    let mut new: Vec<NewTarget> = arguments.accounts.iter().cloned().map(NewTarget::new).collect();
    if let Some(path) = &arguments.accounts_file {
        match import::accounts_file(&targets::read_bytes(path)?) {
            Ok(candidates) => {
                for (what, why) in &candidates.left_out {
                    terminal::note(&format!("{}: {}", one_line(what), one_line(why)));
                }
                new.extend(candidates.targets);
            }
            Err(more) => problems.merge(more),
        }
    }
    for target in &mut new {
        target.name = target.name.take().or_else(|| arguments.name.clone());
        target.customer.clone_from(&arguments.customer);
        target.tags.extend(tags.clone());
        if target.regions.is_empty() {
            target.regions = arguments.regions.clone();
        }
        target.resources =
            arguments.scope.resource_globs().into_iter().flatten().map(|glob| (*glob).to_owned()).collect();
        target.external_id = ExternalIdSource::Generated;
        target.allow_guessable = arguments.allow_guessable_external_ids;
    }
    if problems.is_empty() { Ok(new) } else { Err(Error::of(ErrorKind::InvalidRequest, &problems)) }
}

/// Refuses accounts without an external ID in the registry, since an invitation contains one, and accounts with one that can
/// be guessed, since no new role should have it.
fn require_external_ids(
    file: &RegistryFile,
    accounts: &[AccountId],
    allow_guessable: bool,
) -> Result<(), ValidationErrors> {
    let (mut problems, present) = (ValidationErrors::new(), file.by_account());
    for entry in accounts.iter().filter_map(|account| present.get(account)) {
        if entry.external_id.is_none() {
            let message = format!(
                "account {} has no external ID, and the customer's template requires one: remove the target and onboard it \
                 again, or create its role in another way (rolecall policy customer)",
                entry.account_id
            );
            problems.push("registry", message);
        }
        if let Some(error) = entry.guessable_error().filter(|_| !allow_guessable) {
            let message = format!("{error}, or print the invitation with --allow-guessable-external-ids");
            problems.push("registry", message);
        }
    }
    problems.into_result(())
}

/// What all invitations of one command have in common.
struct CommonInvitation {
    backend_role: RoleArn,
    scope: Scope,
    self_read: bool,
    region: String,
    template_url: Option<String>,
    module_source: Option<String>,
}

/// Returns one invitation for all accounts that share an external ID, a role's path and its name.
fn invitations(file: &RegistryFile, accounts: &[AccountId], common: &CommonInvitation) -> Vec<Invitation> {
    let mut invitations: Vec<Invitation> = Vec::new();
    let mut places: HashMap<(String, String, String), usize> = HashMap::new();
    let present = file.by_account();
    for entry in accounts.iter().filter_map(|account| present.get(account)) {
        let Some(external_id) = entry.external_id.clone() else { continue };
        let (role_path, role_name) = role_path_and_name(file, entry);
        let place =
            *places.entry((external_id.clone(), role_path.clone(), role_name.clone())).or_insert(invitations.len());
        if let Some(invitation) = invitations.get_mut(place) {
            invitation.accounts.push(entry.account_id.clone());
            continue;
        }
        let invitation = Invitation {
            accounts: vec![entry.account_id.clone()],
            external_id: SecretString::from(external_id),
            backend_role: common.backend_role.clone(),
            role_name,
            role_path,
            scope: common.scope,
            self_read: common.self_read,
            region: common.region.clone(),
            template_url: common.template_url.clone(),
            module_source: common.module_source.clone(),
        };
        invitations.push(invitation);
    }
    invitations
}

/// Returns the path of a target's role, with slashes at both ends, and its name.
fn role_path_and_name(file: &RegistryFile, entry: &TargetEntry) -> (String, String) {
    let arn = entry.role_arn.clone().flatten().and_then(|arn| arn.parse::<RoleArn>().ok());
    let path_and_name = arn.map_or_else(|| file.role_name().to_owned(), |arn| arn.path_and_name);
    match path_and_name.rsplit_once('/') {
        Some((path, name)) => (format!("/{path}/"), name.to_owned()),
        None => ("/".to_owned(), path_and_name),
    }
}
