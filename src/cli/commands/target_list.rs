//! `rolecall targets list`: the registry as a table, or as JSON.
//!
//! **Invariant:** prints no external ID, and calls no customer.

use serde_json::{Value, json};

use crate::cli::text_table::TextTable;
use crate::customers::{OrganizationEntry, RegistryFile, RegistryStore, TargetEntry};
use crate::error::Error;
use crate::terminal;

/// Prints the targets and the organizations of a registry. What an organization has now, `rolecall plan` says.
pub(super) async fn list(registry_store: &RegistryStore, as_json: bool) -> Result<(), Error> {
    let file = registry_store.existing_file().await?;
    if as_json {
        let targets = file.targets.iter().map(target_json);
        terminal::print_json(&targets.chain(file.organizations.iter().map(organization_json)).collect::<Vec<_>>())?;
        return Ok(());
    }
    let mut table = TextTable::new(
        &["account", "name", "customer", "enabled", "external id", "regions", "shares", "tags", "role"],
        9,
    );
    let mut guessable = 0;
    for entry in &file.targets {
        let external_id = match (&entry.external_id, entry.guessable()) {
            (None, _) => "none",
            (Some(_), None) => "yes",
            (Some(_), Some(_)) => {
                guessable += 1;
                "GUESSABLE"
            }
        };
        let tags: Vec<String> = entry.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let role = match &entry.role_arn {
            None => String::new(),
            Some(None) => "own credentials".into(),
            Some(Some(arn)) => arn.clone(),
        };
        let via = entry.via.as_ref().map(|via| format!(" via {via}")).unwrap_or_default();
        table.add_row([
            entry.account_id.to_string(),
            entry.name.clone().unwrap_or_default(),
            entry.customer.clone().unwrap_or_default(),
            if entry.enabled.unwrap_or(true) { "yes" } else { "no" }.to_owned(),
            external_id.to_owned(),
            entry.regions.clone().unwrap_or_default().join(" "),
            entry.resources.clone().unwrap_or_default().join(" "),
            tags.join(" "),
            format!("{role}{via}"),
        ]);
    }
    let enabled = file.targets.iter().filter(|entry| entry.enabled.unwrap_or(true)).count();
    let count = file.targets.len();
    let guessable = match guessable {
        0 => String::new(),
        some => format!(
            ". {some} external IDs can be guessed: `rolecall check` says why, and infra/ONBOARDING.md how to make new ones \
             (Another external ID)"
        ),
    };
    terminal::print(&format!(
        "{}\n{}\n{count} targets, {enabled} enabled, in {}{guessable}",
        table.render(),
        organizations(&file),
        registry_store.address()
    ))?;
    Ok(())
}

fn target_json(entry: &TargetEntry) -> Value {
    json!({
        "account_id": entry.account_id, "name": entry.name, "customer": entry.customer,
        "enabled": entry.enabled.unwrap_or(true), "role_arn": entry.role_arn, "via": entry.via,
        "has_external_id": entry.external_id.is_some(), "external_id_is_guessable": entry.guessable().is_some(),
        "regions": entry.regions, "resources": entry.resources, "tags": entry.tags,
    })
}

/// An element without an account, for all accounts of the organization.
fn organization_json(entry: &OrganizationEntry) -> Value {
    json!({
        "account_id": null, "organization": entry.name, "management_role_arn": entry.management_role_arn,
        "ous": entry.ous, "exclude": entry.exclude, "role_name": entry.role_name, "customer": entry.customer,
        "enabled": entry.enable.unwrap_or(true), "has_external_id": entry.external_id.is_some(),
        "external_id_is_guessable": entry.guessable().is_some(), "regions": entry.regions,
        "resources": entry.resources, "tags": entry.tags,
    })
}

/// The table of organizations. Empty if there is none.
fn organizations(file: &RegistryFile) -> String {
    if file.organizations.is_empty() {
        return String::new();
    }
    let columns = [
        "organization",
        "customer",
        "enabled",
        "external id",
        "units",
        "excluded",
        "regions",
        "shares",
        "tags",
        "role",
        "listed by",
    ];
    let mut table = TextTable::new(&columns, columns.len() + 1);
    for entry in &file.organizations {
        let external_id = match (&entry.external_id, entry.guessable()) {
            (None, _) => "none",
            (Some(_), None) => "yes",
            (Some(_), Some(_)) => "GUESSABLE",
        };
        let tags: Vec<String> = entry.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        table.add_row([
            entry.name.clone(),
            entry.customer.clone().unwrap_or_default(),
            if entry.enable.unwrap_or(true) { "yes" } else { "no" }.to_owned(),
            external_id.to_owned(),
            entry.ous.join(" "),
            entry.exclude.join(" "),
            entry.regions.clone().unwrap_or_default().join(" "),
            entry.resources.clone().unwrap_or_default().join(" "),
            tags.join(" "),
            entry.role_name.clone().unwrap_or_else(|| file.role_name().to_owned()),
            entry.management_role_arn.clone().unwrap_or_else(|| "own credentials".to_owned()),
        ]);
    }
    format!("\n{}\n", table.render())
}
