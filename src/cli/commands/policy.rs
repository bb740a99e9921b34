//! `rolecall policy`: IAM policies to attach or to paste.

use std::collections::BTreeSet;
use std::process::ExitCode;

use crate::aws::Backend;
use crate::aws::SessionPolicy;
use crate::catalogue::{Table, actions_of, session_policies};
use crate::customers::RegistryStore;
use crate::customers::{DEFAULT_ROLE_NAME, TargetRole};
use crate::domain::Globs;
use crate::domain::RoleArn;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::onboarding::iam_policy::write;
use crate::onboarding::iam_policy::write::{AdminPolicyInputs, MANAGED_POLICY_LIMIT, PolicyDocument as Document};
use crate::settings::Settings;

use crate::cli::args::{PolicyArgs, WhichPolicy};
use crate::cli::commands::{resources, targets};
use crate::cli::printer;

pub(crate) async fn policy(arguments: PolicyArgs) -> Result<ExitCode, Error> {
    let settings = arguments.settings()?;
    let documents = match arguments.of {
        WhichPolicy::Customer if arguments.trust => vec![trust(&settings).await?],
        WhichPolicy::Customer => vec![write::customer(&actions_of(chosen(&arguments)?.into_iter()))],
        WhichPolicy::Session => session(&arguments)?,
        WhichPolicy::Backend => backend(&arguments, &settings).await?,
        WhichPolicy::Admin => vec![admin(&settings).await?],
    };
    match documents.as_slice() {
        [one] => printer::print_json(one),
        many => {
            eprintln!("rolecall: {} policies, each to be attached on its own", many.len());
            printer::print_json(&many);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The resource types that the globs choose.
fn chosen(arguments: &PolicyArgs) -> Result<Vec<&'static Table>, Error> {
    let tables = resources::catalogue()?.tables();
    if arguments.resources.is_empty() {
        return Ok(tables.iter().collect());
    }
    let mut problems = ValidationErrors::new();
    for pattern in &arguments.resources {
        if !tables.iter().any(|table| Globs::new([pattern]).matches(table.entry.table)) {
            problems
                .push("--resources", format!("{pattern} matches no resource type: `rolecall resources` lists them"));
        }
    }
    let globs = Globs::new(&arguments.resources);
    let chosen = tables.iter().filter(|table| globs.matches(table.entry.table)).collect();
    problems.into_result(chosen).map_err(|problems| Error::of(ErrorKind::InvalidRequest, &problems))
}

/// What sessions are narrowed to, the most exact that fits STS's limit.
fn session(arguments: &PolicyArgs) -> Result<Vec<Document>, Error> {
    let ladder = session_policies(chosen(arguments)?.into_iter());
    let texts = match ladder.first() {
        Some(SessionPolicy::One(document)) => vec![document.clone()],
        Some(SessionPolicy::Two { ec2, rest }) => vec![ec2.clone(), rest.clone()],
        None => Vec::new(),
    };
    Ok(texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect())
}

/// The role of that name in any account; or exactly the roles of the registry, those of the way in place of those behind.
async fn backend(arguments: &PolicyArgs, settings: &Settings) -> Result<Vec<Document>, Error> {
    let backend = Backend::load(settings).await;
    let partition = backend.partition.name;
    if !arguments.listed {
        let name = match settings.registry {
            Some(_) => RegistryStore::open(settings, &backend.config, partition)?.file().await?.role_name().to_owned(),
            None => DEFAULT_ROLE_NAME.to_owned(),
        };
        return Ok(write::backend(&[format!("arn:{partition}:iam::*:role/{name}")]));
    }
    let registry = RegistryStore::open(settings, &backend.config, partition)?.read().await?;
    let mut roles: Vec<String> = registry
        .targets
        .iter()
        .filter_map(|target| match (&target.via, &target.role) {
            (Some(via), _) => Some(via.clone()),
            (None, TargetRole::Assume { role_arn }) => Some(role_arn.clone()),
            (None, TargetRole::OwnCredentials) => None,
        })
        .collect();
    roles.sort();
    roles.dedup();
    if roles.is_empty() {
        let what = "the registry names no role to enter: its targets are entered with own credentials";
        return Err(Error::new(ErrorKind::InvalidRequest, what));
    }
    let documents = write::backend(&roles);
    if documents.len() > 1 {
        eprintln!(
            "rolecall: {} roles do not fit one managed policy ({MANAGED_POLICY_LIMIT} characters); a role takes ten of them \
             unless the quota is raised. One name for all roles would fit one statement",
            roles.len()
        );
    }
    Ok(documents)
}

async fn trust(settings: &Settings) -> Result<Document, Error> {
    let role = match (&settings.backend_role, &settings.registry) {
        (None, None) => None,
        (Some(arn), None) => arn.parse().ok(),
        _ => {
            let backend = Backend::load(settings).await;
            let registry_store = RegistryStore::open(settings, &backend.config, backend.partition.name)?;
            targets::backend_role(None, settings, &registry_store).await?
        }
    };
    let role = role.ok_or_else(|| {
        Error::new(ErrorKind::InvalidSettings, "which role is to be trusted? Give --backend-role ARN")
    })?;
    Ok(write::trust(&role, true))
}

/// The roles that customers have made, in whatever account; the default one where the registry cannot be asked, which
/// whoever needs this policy may perhaps not read yet.
async fn customer_roles(settings: &Settings, backend: &Backend) -> Vec<String> {
    let partition = backend.partition.name;
    let of_any_account = |name: &str| format!("arn:{partition}:iam::*:role/{name}");
    if settings.registry.is_none() {
        return vec![of_any_account(DEFAULT_ROLE_NAME)];
    }
    let file = match RegistryStore::open(settings, &backend.config, partition) {
        Ok(registry_store) => registry_store.file().await,
        Err(refusal) => Err(refusal),
    };
    match file {
        Ok(file) => {
            let given =
                file.targets.iter().filter_map(|target| target.role_arn.clone().flatten()?.parse::<RoleArn>().ok());
            let mut names: BTreeSet<String> = given.map(|arn| arn.path_and_name).collect();
            names.insert(file.role_name().to_owned());
            names.iter().map(|name| of_any_account(name)).collect()
        }
        Err(refusal) => {
            eprintln!(
                "rolecall: the registry cannot be read, so only roles named {DEFAULT_ROLE_NAME} are named: {refusal}"
            );
            vec![of_any_account(DEFAULT_ROLE_NAME)]
        }
    }
}

async fn admin(settings: &Settings) -> Result<Document, Error> {
    let backend = Backend::load(settings).await;
    let partition = backend.partition.name.to_owned();
    let backend_role = settings.backend_role.clone().unwrap_or_else(|| {
        eprintln!("rolecall: no --backend-role is given: put your backend's account in place of 111122223333");
        format!("arn:{partition}:iam::111122223333:role/rolecall-backend")
    });
    let split = |address: &Option<String>| {
        let rest = address.as_deref()?.strip_prefix("s3://")?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        Some((bucket.to_owned(), key.to_owned()))
    };
    let output = split(&settings.output).map(|(bucket, prefix)| {
        let prefix = prefix.trim_matches('/');
        (bucket, if prefix.is_empty() { String::new() } else { format!("{prefix}/") })
    });
    let customer_roles = customer_roles(settings, &backend).await;
    let kms_key = settings.output_kms_key.clone().filter(|key| key.contains(":key/"));
    if kms_key.is_none() && settings.output_kms_key.is_some() {
        eprintln!(
            "rolecall: ROLECALL_OUTPUT_KMS_KEY is no key's ARN, which a policy wants: no statement is made for it"
        );
    }
    let registry = split(&settings.registry);
    Ok(write::admin(&AdminPolicyInputs { partition, backend_role, customer_roles, kms_key, registry, output }))
}
