//! Targets from the command line, instead of a registry: the own account, an organization, or accounts with one role name.
//!
//! They are written as a registry and validated like one, so that the same rules hold for both.
//!
//! **Invariant:** writes nothing. No external ID comes from the command line, where the system's list of processes shows it.

use serde_json::{Value, json};

use crate::aws::{AwsError, Backend};
use crate::cli::args::GivenTargetArgs;
use crate::customers::{DEFAULT_ROLE_NAME, Registry};
use crate::domain::AccountId;
use crate::engine::GivenTargets;
use crate::error::{Error, ErrorKind};
use crate::event::{Accounts, Request};
use crate::input::ValidationErrors;
use crate::onboarding::import::{self, ImportCandidates};
use crate::terminal;

/// The most accounts that a note names.
const MAX_NAMED: usize = 5;

/// Refuses flags that do not go together, before anything is called.
pub(crate) fn refuse_unusable(given: &GivenTargetArgs, names_accounts: bool) -> Result<(), Error> {
    let mut errors = ValidationErrors::new();
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
    if let Some(targets) = targets.as_ref().filter(|_| given.here) {
        refuse_others(&targets.registry, accounts)?;
    }
    Ok(targets)
}

/// Refuses accounts beside the own one, which would be called missing from a registry.
fn refuse_others(own: &Registry, accounts: &[AccountId]) -> Result<(), Error> {
    let mut errors = ValidationErrors::new();
    for account in accounts.iter().filter(|account| own.targets.iter().all(|target| target.account_id != **account)) {
        errors.push(
            "--accounts",
            format!("{account} is not the account of your credentials, which --here enters: leave it out"),
        );
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
    match given {
        GivenTargetArgs { here: true, .. } => "--here".to_owned(),
        GivenTargetArgs { organization: true, .. } => format!("--organization --role-name {name}"),
        _ => format!("--role-name {name} --no-external-id"),
    }
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
    let file = json!({ "version": 1, "targets": targets }).to_string();
    let registry = Registry::read(file.as_bytes(), backend.partition.name);
    let registry = registry.map_err(|errors| Error::of(ErrorKind::InvalidRequest, &errors))?;
    Ok(Some(GivenTargets { registry, flags: flags(given) }))
}

fn own_account(account_id: &str) -> Value {
    json!({ "account_id": account_id, "role_arn": null, "external_id": null })
}

fn target(backend: &Backend, account: &AccountId, role_name: &str) -> Value {
    let role_arn = format!("arn:{}:iam::{account}:role/{role_name}", backend.partition.name);
    json!({ "account_id": account, "role_arn": role_arn, "external_id": null })
}

/// The active accounts of the organization. The own account is entered with the own credentials: an organization makes roles in
/// its members, and none in the account that manages it.
async fn of_organization(backend: &Backend, role_name: &str, with_tags: bool) -> Result<Vec<Value>, Error> {
    let own = backend.identify().await?.account_id;
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
    let targets = targets.iter().map(|member| {
        let account = &member.account_id;
        let mut target = match account.as_str() == own {
            true => own_account(&own),
            false => target(backend, account, role_name),
        };
        if let Some(name) = &member.name {
            target["name"] = name.as_str().into();
        }
        target["tags"] = json!(member.tags);
        target
    });
    Ok(targets.collect())
}

fn tell_left_out(left_out: &[(String, String)]) {
    for (what, why) in left_out.iter().take(MAX_NAMED) {
        terminal::note(&format!("{what} is left out: {why}"));
    }
    if left_out.len() > MAX_NAMED {
        terminal::note(&format!("{} more accounts are left out", left_out.len() - MAX_NAMED));
    }
}
