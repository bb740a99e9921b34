//! `rolecall onboard`: targets added, and what their administrators are sent.

use std::collections::BTreeSet;
use std::process::ExitCode;

use crate::aws::Backend;
use crate::customers::RegistryStore;
use crate::customers::{ExternalIdSource, NewTarget, RegistryFile, TargetEntry};
use crate::domain::AccountId;
use crate::domain::RoleArn;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;
use crate::onboarding::import;
use crate::onboarding::invitation::{Invitation, shell, template_sha256};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::cli::args::{OnboardArgs, tags};
use crate::cli::commands::{check, targets};
use crate::cli::printer;

pub(crate) async fn onboard(arguments: OnboardArgs) -> Result<ExitCode, Error> {
    let new = new_targets(&arguments)?;
    let accounts: Vec<AccountId> = new.iter().map(|target| target.account_id.clone()).collect();
    if arguments.enable {
        return check::of_accounts(&accounts, &arguments).await;
    }
    let settings = arguments.settings.settings()?;
    let backend = Backend::load(&settings).await;
    let registry_store = RegistryStore::open(&settings, &backend.config, backend.partition.name)?;
    let role = targets::backend_role(None, &settings, &registry_store).await?.ok_or_else(|| {
        let what = "which role are customers to trust? Give --backend-role ARN; `make deploy` publishes it beside the registry";
        Error::new(ErrorKind::InvalidSettings, what)
    })?;
    let published = registry_store.published().await?;
    if role.partition != backend.partition.name {
        let what = format!(
            "{role} lies in the partition {}, and this runs in {}: set a region of that partition (AWS_REGION)",
            role.partition, backend.partition.name
        );
        return Err(Error::new(ErrorKind::InvalidSettings, what));
    }
    // Whoever is there already is invited again, with the external ID that is theirs.
    let (added, moved, file) = registry_store
        .update(|file| {
            let missing: Vec<NewTarget> =
                new.iter().filter(|target| file.entry(&target.account_id).is_none()).cloned().collect();
            file.add(&missing)?;
            let moved = match (&arguments.role_arn, accounts.as_slice()) {
                (Some(role), [account]) => file.set_role(account, role)?,
                _ => false,
            };
            without_external_ids(file, &accounts)?;
            Ok((missing.into_iter().map(|target| target.account_id).collect::<Vec<_>>(), moved, file.clone()))
        })
        .await?;
    let template_url =
        arguments.template_url.clone().or_else(|| published.as_ref().map(|published| published.template_url.clone()));
    // Of a template that somebody else has published, nothing is known but what it should be.
    let sha256 = match (&arguments.template_url, &published) {
        (None, Some(published)) => published.template_sha256.clone(),
        _ => template_sha256(),
    };
    let region = backend.partition.sts_region(&backend.region);
    let invitations = invitations(&file, &accounts, |accounts, external_id, (role_path, role_name)| Invitation {
        accounts,
        external_id,
        backend_role: role.clone(),
        role_name,
        role_path,
        scope: arguments.scope,
        region: region.clone(),
        template_url: template_url.clone(),
    });
    if arguments.json {
        let told: Vec<Value> = invitations.iter().map(|one| as_json(one, &added, moved, &sha256)).collect();
        printer::print_json(&told);
        return Ok(ExitCode::SUCCESS);
    }
    let there = There {
        added: &added,
        moved: arguments.role_arn.as_deref().filter(|_| moved),
        registry: registry_store.address(),
        of_customer: arguments.customer.is_some(),
    };
    let ours = arguments.template_url.is_none();
    let told: Vec<String> = invitations.iter().map(|one| in_words(one, &there, &sha256, ours)).collect();
    let ignored = left_as_it_was(&file, &new, &added);
    if !ignored.is_empty() {
        let flags = ignored.into_iter().collect::<Vec<_>>().join(", ");
        eprintln!("rolecall: {flags} of targets that are there already are left as they were: edit the registry");
    }
    let ids: Vec<&str> = accounts.iter().map(AccountId::as_str).collect();
    printer::print(&format!(
        "{}\n\nOnce the role is there (it takes IAM some seconds, and the check waits for it):\n\n  \
         rolecall check --accounts {}{} --enable --registry {} --backend-role {}",
        told.join("\n\n"),
        ids.join(","),
        arguments.scope.resource_globs().map(|globs| format!(" --resources '{}'", globs.join(","))).unwrap_or_default(),
        shell(registry_store.address()),
        shell(&role.to_string()),
    ));
    Ok(ExitCode::SUCCESS)
}

/// What was given of targets that are there already, and is another than theirs.
fn left_as_it_was(file: &RegistryFile, given: &[NewTarget], added: &[AccountId]) -> BTreeSet<&'static str> {
    let mut flags = BTreeSet::new();
    for new in given.iter().filter(|new| !added.contains(&new.account_id)) {
        let Some(there) = file.entry(&new.account_id) else { continue };
        let other = [
            ("--name", new.name.is_some() && new.name != there.name),
            ("--customer", new.customer.is_some() && new.customer != there.customer),
            ("--regions", !new.regions.is_empty() && there.regions.as_ref() != Some(&new.regions)),
            ("--tags", new.tags.iter().any(|(key, value)| there.tags.get(key) != Some(value))),
        ];
        flags.extend(other.into_iter().filter(|(_, other)| *other).map(|(flag, _)| flag));
    }
    flags
}

/// What the command line asks for.
fn new_targets(arguments: &OnboardArgs) -> Result<Vec<NewTarget>, Error> {
    let mut problems = ValidationErrors::new();
    let tags = tags(&arguments.tags, &mut problems);
    if arguments.name.is_some() && arguments.accounts.len() > 1 {
        problems.push("--name", "is of one account: --customer names several");
    }
    if arguments.role_arn.is_some() && arguments.accounts.len() > 1 {
        problems.push("--role-arn", "is of one account: onboard the others on their own");
    }
    let mut new: Vec<NewTarget> = arguments.accounts.iter().cloned().map(NewTarget::new).collect();
    if let Some(path) = &arguments.accounts_file {
        match import::accounts_file(&targets::text_of(path)?) {
            Ok(found) => new.extend(found.targets),
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
        target.external_id = ExternalIdSource::Generated;
    }
    if problems.is_empty() { Ok(new) } else { Err(Error::of(ErrorKind::InvalidRequest, &problems)) }
}

/// An invitation holds an external ID; accounts of which the registry says that they ask for none get no invitation.
fn without_external_ids(file: &RegistryFile, accounts: &[AccountId]) -> Result<(), ValidationErrors> {
    let mut problems = ValidationErrors::new();
    for entry in accounts.iter().filter_map(|account| file.entry(account)) {
        if entry.external_id.is_none() {
            let what = format!(
                "account {} has no external ID by the registry's word, and the customer's template asks for one: remove it and \
                 onboard it anew, or make its role otherwise (rolecall policy customer)",
                entry.account_id
            );
            problems.push("registry", what);
        }
    }
    problems.into_result(())
}

/// One invitation for all accounts that share an external ID, and a role's path and name.
fn invitations(
    file: &RegistryFile,
    accounts: &[AccountId],
    make: impl Fn(Vec<AccountId>, SecretString, (String, String)) -> Invitation,
) -> Vec<Invitation> {
    let role_of = |entry: &TargetEntry| {
        let arn = entry.role_arn.clone().flatten().and_then(|arn| arn.parse::<RoleArn>().ok());
        let path_and_name = arn.map_or_else(|| file.role_name().to_owned(), |arn| arn.path_and_name);
        match path_and_name.rsplit_once('/') {
            Some((path, name)) => (format!("/{path}/"), name.to_owned()),
            None => ("/".to_owned(), path_and_name),
        }
    };
    type Group = (String, (String, String), Vec<AccountId>);
    let mut groups: Vec<Group> = Vec::new();
    for entry in accounts.iter().filter_map(|account| file.entry(account)) {
        let (Some(id), role) = (entry.external_id.clone(), role_of(entry)) else { continue };
        match groups.iter_mut().find(|(other, name, _)| *other == id && *name == role) {
            Some((_, _, accounts)) => accounts.push(entry.account_id.clone()),
            None => groups.push((id, role, vec![entry.account_id.clone()])),
        }
    }
    groups.into_iter().map(|(id, role, accounts)| make(accounts, SecretString::from(id), role)).collect()
}

fn as_json(invitation: &Invitation, added: &[AccountId], moved: bool, sha256: &str) -> Value {
    use secrecy::ExposeSecret;
    json!({
        "accounts": invitation.accounts,
        "added": invitation.accounts.iter().filter(|account| added.contains(account)).collect::<Vec<_>>(),
        "role_changed": moved, "backend_role_arn": invitation.backend_role.to_string(),
        "external_id": invitation.external_id.expose_secret(),
        "template_url": invitation.template_url, "template_sha256": sha256,
        "link": invitation.link(), "command": invitation.command(), "terraform": invitation.terraform(),
        "stack_set": invitation.stack_set(),
    })
}

/// What became of the targets in the registry.
struct There<'a> {
    added: &'a [AccountId],
    /// The role that one of them has from now on.
    moved: Option<&'a str>,
    registry: &'a str,
    /// They are a customer's who may have more.
    of_customer: bool,
}

fn in_words(invitation: &Invitation, there: &There<'_>, sha256: &str, ours: bool) -> String {
    let ids: Vec<&str> = invitation.accounts.iter().map(AccountId::as_str).collect();
    let new = invitation.accounts.iter().filter(|account| there.added.contains(account)).count();
    let (ids, registry) = (ids.join(", "), there.registry);
    let mut text = match (new, there.moved) {
        (0, None) => format!("In {registry} already, as it was: {ids}. The same invitation again.\n"),
        (0, Some(role)) => format!(
            "In {registry} already: {ids}. Its role is {role} from now on; disabled until that one was checked.\n"
        ),
        _ => format!("Added to {registry}, disabled until the role was checked: {ids}.\n"),
    };
    text.push_str(
        "\nSend one of these to the administrator. All make the same role; the external ID is for this customer alone,\n\
         and the link holds it.\n",
    );
    if let Some(link) = invitation.link() {
        text.push_str(&format!("\nA link, to be opened by whoever is signed in to the account:\n\n  {link}\n"));
    }
    match &invitation.template_url {
        Some(url) => text.push_str(&format!(
            "\nThe template is {url}\nand its SHA-256 {} {sha256}\nWhoever opens it must be among the template's readers \
             (make deploy ARTIFACT_PARAMETERS=TemplateReaders=…, the whole list\neach time; or TemplatePublic=true).\n",
            if ours { "is" } else { "should be" }
        )),
        None => text.push_str(&format!(
            "\nNo template is published (`make deploy` does, or give --template-url), so there is no link: send\n\
             infra/customer-role.yaml along. Its SHA-256 is {sha256}\n"
        )),
    }
    text.push_str(&format!("\nThe AWS CLI:\n\n{}\n", indented(&invitation.command())));
    text.push_str(&format!(
        "\nTerraform, with the module of infra/terraform/customer-role:\n\n{}\n",
        indented(&invitation.terraform())
    ));
    if there.of_customer || invitation.accounts.len() > 1 {
        text.push_str(&format!(
            "\nA whole organization at once, once it trusts StackSets (aws cloudformation activate-organizations-access; its\n\
             management account needs a stack of its own besides, by one of the forms above; infra/ONBOARDING.md):\n\n{}\n",
            indented(&invitation.stack_set())
        ));
    }
    text.trim_end().to_owned()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
