//! Targets from the command line, instead of a registry: the own account, an organization, or accounts with one role name.
//!
//! They are written as a registry and validated like one, so that the same rules hold for both.
//!
//! **Invariant:** writes nothing. No external ID comes from the command line, where the system's list of processes shows it.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::aws::{AwsError, AwsErrorKind, Backend, Identity, SessionPolicy};
use crate::cli::args::GivenTargetArgs;
use crate::customers::{DEFAULT_ROLE_NAME, NO_REGISTRY, Registry, RoleAssumer};
use crate::domain::{AccountId, RoleArn, new_attempt_id};
use crate::engine::{GivenTargets, TargetFlags};
use crate::error::{Error, ErrorKind};
use crate::event::{Accounts, Request};
use crate::input::{ValidationErrors, quoted};
use crate::onboarding::import::{self, ImportCandidates};
use crate::settings::Settings;
use crate::terminal;

/// The most accounts that a note names.
const MAX_NAMED: usize = 5;

/// Refuses flags that do not go together, before anything is called.
pub(crate) fn refuse_unusable(given: &GivenTargetArgs, names_accounts: bool) -> Result<(), Error> {
    let mut errors = ValidationErrors::new();
    if let Some(name) = given.role_name.as_ref().filter(|name| !RoleArn::is_path_and_name(name)) {
        let what = format!("{} is no name of a role: write it as rolecall-inventory, or path/name", quoted(name));
        errors.push("--role-name", what);
    }
    if given.role_name.is_some() && !given.organization {
        if !names_accounts {
            errors.push("--role-name", "needs the accounts: --accounts 111122223333,…, or --organization");
        }
        if !given.no_external_id {
            errors.push(
                "--role-name",
                "comes without external IDs: add --no-external-id if the accounts are your own. The roles of customers have \
                 to require one: `rolecall onboard` adds them to a registry",
            );
        }
    }
    errors.into_result(()).map_err(|errors| Error::of(ErrorKind::InvalidRequest, &errors))
}

/// Refuses a command without a registry whose flags name no targets either.
pub(crate) fn require_some(given: &GivenTargetArgs, settings: &Settings) -> Result<(), Error> {
    if given.is_given() || settings.registry.is_some() {
        return Ok(());
    }
    let what = format!(
        "{NO_REGISTRY}. Without one, --here names your own account, --organization all of your organization, and --accounts with \
         --role-name single ones"
    );
    Err(Error::new(ErrorKind::InvalidSettings, what))
}

/// Returns the targets of a request that the flags name, or `None` if they name none.
pub(crate) async fn named(
    given: &GivenTargetArgs,
    request: &Request,
    backend: &Backend,
) -> Result<Option<GivenTargets>, Error> {
    let accounts: &[AccountId] = match &request.accounts {
        Accounts::Named(accounts) => accounts,
        Accounts::All => &[],
    };
    let targets = of_accounts(given, (accounts, !request.tags.is_empty()), backend).await?;
    if let Some(targets) = targets.as_ref().filter(|_| !request.skip_unknown) {
        let named = accounts.iter().map(|account| ("--accounts", account));
        refuse_others(
            given,
            &targets.registry,
            named.chain(request.exclude.iter().map(|account| ("--exclude", account))),
        )?;
    }
    Ok(targets)
}

/// Refuses accounts that the flags do not name, which would be called missing from a registry.
fn refuse_others<'a>(
    given: &GivenTargetArgs,
    targets: &Registry,
    accounts: impl Iterator<Item = (&'static str, &'a AccountId)>,
) -> Result<(), Error> {
    let what = match given {
        GivenTargetArgs { here: true, .. } => "is not the account of your credentials, which --here enters",
        GivenTargetArgs { organization: true, .. } => "is no active account of your organization",
        _ => "is none of --accounts",
    };
    let known: HashSet<&AccountId> = targets.targets.iter().map(|target| &target.account_id).collect();
    let mut errors = ValidationErrors::new();
    for (flag, account) in accounts.filter(|(_, account)| !known.contains(account)) {
        errors.push(flag, format!("{account} {what}: leave it out"));
    }
    errors.into_result(()).map_err(|errors| Error::of(ErrorKind::InvalidRequest, &errors))
}

/// Returns targets without accounts, or `None` if the flags name none.
pub(crate) fn none(given: &GivenTargetArgs) -> Option<GivenTargets> {
    given.is_given().then(|| GivenTargets { registry: Registry::empty(), flags: flags(given) })
}

/// The flags as they are typed to continue a run.
fn flags(given: &GivenTargetArgs) -> String {
    let name = given.role_name.as_deref().unwrap_or(DEFAULT_ROLE_NAME);
    let flags = match given {
        GivenTargetArgs { here: true, .. } => TargetFlags::Here,
        GivenTargetArgs { organization: true, .. } => TargetFlags::Organization(name),
        _ => TargetFlags::Accounts(name),
    };
    flags.to_string()
}

/// Returns the targets that the flags name for these accounts, or `None` if they name none. Tags cost a call for each account of
/// an organization, and are read only if they select.
pub(crate) async fn of_accounts(
    given: &GivenTargetArgs,
    (accounts, selects_by_tags): (&[AccountId], bool),
    backend: &Backend,
) -> Result<Option<GivenTargets>, Error> {
    let targets = match given {
        _ if !given.is_given() => return Ok(None),
        GivenTargetArgs { here: true, .. } => vec![own_account(&backend.identify().await?.account_id)],
        GivenTargetArgs { organization: true, role_name, .. } => {
            let name = role_name.as_deref().unwrap_or(DEFAULT_ROLE_NAME);
            of_organization(backend, name, selects_by_tags).await?
        }
        GivenTargetArgs { role_name, .. } => {
            let name = role_name.as_deref().unwrap_or(DEFAULT_ROLE_NAME);
            accounts.iter().map(|account| target(backend, account, name)).collect()
        }
    };
    Ok(Some(GivenTargets { registry: read(&targets, backend)?, flags: flags(given) }))
}

fn read(targets: &[Value], backend: &Backend) -> Result<Registry, Error> {
    let file = json!({ "version": 1, "targets": targets }).to_string();
    let registry = Registry::read(file.as_bytes(), backend.partition.name);
    registry.map_err(|errors| Error::of(ErrorKind::InvalidRequest, &errors))
}

fn own_account(account_id: &str) -> Value {
    json!({ "account_id": account_id, "role_arn": null, "external_id": null })
}

fn target(backend: &Backend, account: &AccountId, role_name: &str) -> Value {
    let role_arn = format!("arn:{}:iam::{account}:role/{role_name}", backend.partition.name);
    json!({ "account_id": account, "role_arn": role_arn, "external_id": null })
}

/// How the own account of an organization is entered: through its role, or else with the own credentials. An organization makes
/// roles in its members, and none in the account that manages it.
async fn own_member(backend: &Backend, identity: &Identity, own: &AccountId, role_name: &str) -> Result<Value, Error> {
    let through_role = target(backend, own, role_name);
    let registry = read(std::slice::from_ref(&through_role), backend)?;
    let Some(role) = registry.target(own) else { return Ok(own_account(own.as_str())) };
    let roles = RoleAssumer::new(backend.clone(), identity.clone(), format!("rolecall-own-{}", new_attempt_id()));
    let policy = SessionPolicy::document(&[("*", vec!["sts:GetCallerIdentity"])]);
    match roles.open_credentials(role, &policy).await {
        Err(cause) if matches!(cause.kind, AwsErrorKind::Denied | AwsErrorKind::ScpDenied) => {
            terminal::note(&format!(
                "{own}, your own account, is entered with your own credentials: its role {role_name} does not let them in"
            ));
            Ok(own_account(own.as_str()))
        }
        // Another failure is the run's to tell.
        _ => Ok(through_role),
    }
}

/// The active accounts of the organization.
async fn of_organization(backend: &Backend, role_name: &str, with_tags: bool) -> Result<Vec<Value>, Error> {
    let identity = backend.identify().await?;
    let unreadable = |cause: AwsError| {
        let message = format!(
            "the organization cannot be listed: {cause}. Use credentials of its management account or of a delegated \
             administrator, or name the accounts: --accounts … --role-name {role_name} --no-external-id"
        );
        Error::new(ErrorKind::SourceUnreadable, message)
    };
    let ImportCandidates { targets, left_out, .. } =
        import::organization(backend, &[], with_tags).await.map_err(unreadable)?;
    tell_left_out(&left_out);
    let mut entries = Vec::with_capacity(targets.len());
    for member in &targets {
        let account = &member.account_id;
        let mut entry = match account.as_str() == identity.account_id {
            true => own_member(backend, &identity, account, role_name).await?,
            false => target(backend, account, role_name),
        };
        if let Some(name) = &member.name {
            entry["name"] = name.as_str().into();
        }
        entry["tags"] = json!(member.tags);
        entries.push(entry);
    }
    Ok(entries)
}

fn tell_left_out(left_out: &[(String, String)]) {
    for (what, why) in left_out.iter().take(MAX_NAMED) {
        terminal::note(&format!("{what} is left out: {why}"));
    }
    if left_out.len() > MAX_NAMED {
        terminal::note(&format!("{} more accounts are left out", left_out.len() - MAX_NAMED));
    }
}
