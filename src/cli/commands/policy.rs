//! `rolecall policy`: prints IAM policies to attach or to paste.

use std::collections::BTreeSet;
use std::process::ExitCode;

use crate::aws::{Backend, SessionPolicy};
use crate::catalogue::{Table, actions_of, session_policies};
use crate::cli::args::{PolicyArgs, WhichPolicy};
use crate::cli::commands::{resources, targets};
use crate::customers::{DEFAULT_ROLE_NAME, RegistryFile, RegistryStore, TargetRole};
use crate::domain::{Globs, Place, RoleArn};
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::logging;
use crate::onboarding::iam_policy::write::{self, AdminPolicyInputs, MANAGED_POLICY_LIMIT};
use crate::onboarding::iam_policy::{PolicyDocument, decode_document};
use crate::settings::Settings;
use crate::terminal;

pub(crate) async fn policy(arguments: PolicyArgs) -> Result<ExitCode, Error> {
    let settings = arguments.settings()?;
    logging::to_terminal(settings.log.as_deref(), 0);
    let documents = match arguments.of {
        WhichPolicy::Customer if arguments.trust => vec![trust(&settings).await?],
        WhichPolicy::Customer => vec![customer(&arguments, &settings).await?],
        WhichPolicy::Session => session(&arguments)?,
        WhichPolicy::Backend => backend(&arguments, &settings).await?,
        WhichPolicy::Admin => vec![admin(&settings).await?],
    };
    match documents.as_slice() {
        [one] => terminal::print_json(one)?,
        many => {
            terminal::note(&format!("{} policies, to attach separately", many.len()));
            terminal::print_json(&many)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the resource types that the globs match.
fn chosen_tables(arguments: &PolicyArgs) -> Result<Vec<&'static Table>, Error> {
    let tables = resources::catalogue()?.tables();
    if arguments.resources.is_empty() {
        return Ok(tables.iter().collect());
    }
    let mut problems = ValidationErrors::new();
    let globs = match Globs::new(&arguments.resources) {
        Ok(globs) => globs,
        Err(error) => {
            problems.push("--resources", error.to_string());
            return Err(Error::of(ErrorKind::InvalidRequest, &problems));
        }
    };
    for pattern in globs.unmatched(tables.iter().map(|table| table.entry.table)) {
        problems.push("--resources", format!("{pattern} matches no resource type: `rolecall resources` lists them"));
    }
    let chosen = tables.iter().filter(|table| globs.matches(table.entry.table)).collect();
    problems.into_result(chosen).map_err(|problems| Error::of(ErrorKind::InvalidRequest, &problems))
}

/// Returns the permissions of a customer role, on request with the reads of itself.
async fn customer(arguments: &PolicyArgs, settings: &Settings) -> Result<PolicyDocument, Error> {
    let mut document = write::customer(&actions_of(chosen_tables(arguments)?.into_iter()));
    if arguments.self_read {
        let backend = Backend::load(settings).await;
        let (partition, name) = (backend.partition.name, default_role_name(settings, &backend).await?);
        // A role may call IAM in its own account alone, so the account needs no number here.
        document.statements.extend(write::self_read(&format!("arn:{partition}:iam::*:role/{name}"), partition));
    }
    Ok(document)
}

/// Returns the name of roles that the registry does not name, by its defaults if there is a registry.
async fn default_role_name(settings: &Settings, backend: &Backend) -> Result<String, Error> {
    if settings.registry.is_none() {
        return Ok(DEFAULT_ROLE_NAME.to_owned());
    }
    let registry_store = RegistryStore::open(settings, &backend.config, backend.partition.name)?;
    Ok(registry_store.existing_file().await?.role_name().to_owned())
}

/// Returns the session policies: the most exact ones that fit STS's limit.
fn session(arguments: &PolicyArgs) -> Result<Vec<PolicyDocument>, Error> {
    first_policies(&session_policies(chosen_tables(arguments)?.into_iter()))
}

fn first_policies(ladder: &[SessionPolicy]) -> Result<Vec<PolicyDocument>, Error> {
    let texts = match ladder.first() {
        Some(SessionPolicy::One(document)) => vec![document],
        Some(SessionPolicy::Two { ec2, rest }) => vec![ec2, rest],
        None => {
            let message = "no session policy for these resource types fits STS's limit: choose fewer (--resources)";
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        }
    };
    let documents = texts.iter().map(|text| decode_document(text)).collect::<Result<_, _>>();
    documents.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
}

/// Returns what `backend_role` needs: the default role in any account, or (`--listed`) exactly the roles that it
/// assumes for the registry's targets. For chained targets that is the intermediate role.
async fn backend(arguments: &PolicyArgs, settings: &Settings) -> Result<Vec<PolicyDocument>, Error> {
    let backend = Backend::load(settings).await;
    let partition = backend.partition.name;
    if !arguments.listed {
        let name = default_role_name(settings, &backend).await?;
        let mut roles = BTreeSet::from([format!("arn:{partition}:iam::*:role/{name}")]);
        let mut lists_itself = false;
        if settings.registry.is_some() {
            let file = RegistryStore::open(settings, &backend.config, partition)?.existing_file().await?;
            roles.extend(organization_roles(&file, partition));
            lists_itself = lists_own_organization(&file);
        }
        return Ok(write::backend(&Vec::from_iter(roles), lists_itself));
    }
    let registry_store = RegistryStore::open(settings, &backend.config, partition)?;
    let (registry, file) = (registry_store.read().await?, registry_store.existing_file().await?);
    let mut roles: Vec<String> = registry
        .targets
        .iter()
        .filter_map(|target| match (&target.via, &target.role) {
            (Some(via), _) => Some(via.clone()),
            (None, TargetRole::Assume { role_arn }) => Some(role_arn.clone()),
            (None, TargetRole::OwnCredentials) => None,
        })
        .chain(organization_roles(&file, partition))
        .collect();
    roles.sort();
    roles.dedup();
    if roles.is_empty() {
        let message = "the registry names no role to assume: its targets are entered with own credentials";
        return Err(Error::new(ErrorKind::InvalidRequest, message));
    }
    let documents = write::backend(&roles, lists_own_organization(&file));
    if documents.len() > 1 {
        terminal::note(&format!(
            "{} roles do not fit one managed policy ({MANAGED_POLICY_LIMIT} characters). A role may have ten managed \
             policies, unless the quota is raised. If all roles had one name, one statement would do",
            roles.len()
        ));
    }
    Ok(documents)
}

/// Returns the roles that list organizations, and those of their accounts, which are not known by their numbers.
fn organization_roles(file: &RegistryFile, partition: &str) -> Vec<String> {
    let of_members = file.organizations.iter().filter(|entry| entry.enable.unwrap_or(true));
    let of_members = of_members.map(|entry| entry.role_name.as_deref().unwrap_or_else(|| file.role_name()));
    let of_members = of_members.map(|name| format!("arn:{partition}:iam::*:role/{name}"));
    file.organizations.iter().filter_map(|entry| entry.management_role_arn.clone()).chain(of_members).collect()
}

/// Returns whether the backend lists an organization with its own credentials.
fn lists_own_organization(file: &RegistryFile) -> bool {
    file.organizations.iter().any(|entry| entry.management_role_arn.is_none())
}

async fn trust(settings: &Settings) -> Result<PolicyDocument, Error> {
    let role = match (&settings.backend_role, &settings.registry) {
        (None, None) => None,
        (Some(arn), None) => Some(targets::parse_backend_role(arn)?),
        _ => {
            let backend = Backend::load(settings).await;
            let registry_store = RegistryStore::open(settings, &backend.config, backend.partition.name)?;
            targets::backend_role(None, settings, &backend, &registry_store).await?
        }
    };
    let role = role.ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidSettings,
            "it is unknown which role the customer should trust: give --backend-role ARN",
        )
    })?;
    Ok(write::trust(&role.into(), true))
}

/// Returns the ARNs of the registry's role names in any account. If the registry cannot be read, it is the default
/// name: an operator without this policy may not be able to read it yet.
async fn customer_roles(settings: &Settings, backend: &Backend) -> Vec<String> {
    let partition = backend.partition.name;
    let of_any_account = |name: &str| format!("arn:{partition}:iam::*:role/{name}");
    if settings.registry.is_none() {
        return vec![of_any_account(DEFAULT_ROLE_NAME)];
    }
    let file = match RegistryStore::open(settings, &backend.config, partition) {
        Ok(registry_store) => registry_store.existing_file().await,
        Err(error) => Err(error),
    };
    match file {
        Ok(file) => {
            let given =
                file.targets.iter().filter_map(|target| target.role_arn.clone().flatten()?.parse::<RoleArn>().ok());
            let mut names: BTreeSet<String> = given.map(|arn| arn.path_and_name).collect();
            names.insert(file.role_name().to_owned());
            let roles: BTreeSet<String> = names.iter().map(|name| of_any_account(name)).collect();
            roles.into_iter().chain(organization_roles(&file, partition)).collect::<BTreeSet<_>>().into_iter().collect()
        }
        Err(error) => {
            terminal::note(&format!(
                "the registry cannot be read, so the policy names only roles called {DEFAULT_ROLE_NAME}: {error}"
            ));
            vec![of_any_account(DEFAULT_ROLE_NAME)]
        }
    }
}

async fn admin(settings: &Settings) -> Result<PolicyDocument, Error> {
    let backend = Backend::load(settings).await;
    let partition = backend.partition.name.to_owned();
    let backend_role = settings.backend_role.clone().unwrap_or_else(|| {
        terminal::note("--backend-role is missing: replace 111122223333 by your backend's account");
        format!("arn:{partition}:iam::111122223333:role/rolecall-backend")
    });
    let bucket_and_key = |address: &Option<String>| match Place::read(address.as_deref()?) {
        Ok(Place::Bucket { bucket, key }) => Some((bucket, key)),
        // The settings were read: a wrong address has been refused.
        Ok(Place::Path(_)) | Err(_) => None,
    };
    let output = bucket_and_key(&settings.output).map(|(bucket, prefix)| {
        let slash = if prefix.is_empty() { "" } else { "/" };
        (bucket, format!("{prefix}{slash}"))
    });
    let customer_roles = customer_roles(settings, &backend).await;
    let kms_key = settings.output_kms_key.clone().filter(|key| key.contains(":key/"));
    if kms_key.is_none() && settings.output_kms_key.is_some() {
        terminal::note(
            "ROLECALL_OUTPUT_KMS_KEY is not the ARN of a key, as a policy requires: the policy has no statement for it",
        );
    }
    let registry = bucket_and_key(&settings.registry);
    Ok(write::admin(&AdminPolicyInputs { partition, backend_role, customer_roles, kms_key, registry, output }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_that_fits_no_session_policy_is_an_error() {
        assert_eq!(first_policies(&[]).unwrap_err().kind, ErrorKind::InvalidRequest);
        let all = session_policies(resources::catalogue().unwrap().tables().iter());
        assert!(!first_policies(&all).unwrap().is_empty());
    }
}
