//! What `rolecall onboard` prints: an invitation as text or as JSON, and the next command.

use std::collections::HashSet;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::domain::{AccountId, RoleArn};
use crate::error::Error;
use crate::onboarding::invitation::{Invitation, shell};
use crate::terminal;

/// What happened to the targets in the registry.
pub(super) struct Registered {
    pub added: HashSet<AccountId>,
    /// The role that a target got in place of its former one.
    pub new_role: Option<String>,
    /// The address of the registry.
    pub registry: String,
    /// Whether the targets have a customer, who may have more accounts.
    pub has_customer: bool,
    /// Whether the template is the one that `make deploy` published.
    pub is_own_template: bool,
}

pub(super) fn to_json(invitation: &Invitation, registered: &Registered, sha256: &str) -> Value {
    let added = invitation.accounts.iter().filter(|account| registered.added.contains(account));
    json!({
        "accounts": invitation.accounts,
        "added": added.collect::<Vec<_>>(),
        "role_changed": registered.new_role.is_some(), "backend_role_arn": invitation.backend_role.to_string(),
        "external_id": invitation.external_id.expose_secret(),
        "template_url": invitation.template_url, "template_sha256": sha256,
        "link": invitation.link(), "command": invitation.command(), "terraform": invitation.terraform(),
        "stack_set": invitation.stack_set(),
    })
}

pub(super) fn render(invitation: &Invitation, registered: &Registered, sha256: &str) -> String {
    let mut text = render_registered(invitation, registered);
    text.push_str(
        "\nSend one of these to the administrator. All create the same role. The external ID is for this customer only,\n\
         and the link contains it.\n",
    );
    if let Some(link) = invitation.link() {
        text.push_str(&format!("\nA link, to open while signed in to the account:\n\n  {link}\n"));
    }
    text.push_str(&render_template(invitation, registered, sha256));
    text.push_str(&format!("\nThe AWS CLI:\n\n{}\n", indented(&invitation.command())));
    text.push_str(&format!(
        "\nTerraform, with the module infra/terraform/customer-role:\n\n{}\n",
        indented(&invitation.terraform())
    ));
    if registered.has_customer || invitation.accounts.len() > 1 {
        text.push_str(&format!(
            "\nA whole organization, once it trusts StackSets (aws cloudformation activate-organizations-access). Its\n\
             management account also needs a stack of its own, by one of the forms above; see infra/ONBOARDING.md:\n\n{}\n",
            indented(&invitation.stack_set())
        ));
    }
    text.trim_end().to_owned()
}

fn render_registered(invitation: &Invitation, registered: &Registered) -> String {
    let ids = joined(&invitation.accounts, ", ");
    let new = invitation.accounts.iter().filter(|account| registered.added.contains(account)).count();
    let registry = &registered.registry;
    match (new, &registered.new_role) {
        (0, None) => format!("In {registry} already, unchanged: {ids}. The same invitation again.\n"),
        (0, Some(role)) => {
            format!(
                "In {registry} already: {ids}. Its role is now {role}; it is disabled until that role is checked.\n"
            )
        }
        _ => format!("Added to {registry}, disabled until the role is checked: {ids}.\n"),
    }
}

fn render_template(invitation: &Invitation, registered: &Registered, sha256: &str) -> String {
    let Some(url) = &invitation.template_url else {
        return format!(
            "\nNo template is published (`make deploy` publishes it, or give --template-url), so there is no link: send\n\
             infra/customer-role.yaml too. Its SHA-256 is {sha256}\n"
        );
    };
    let is = if registered.is_own_template { "is" } else { "should be" };
    format!(
        "\nThe template is {url}\nand its SHA-256 {is} {sha256}\nThe account that opens it must be one of the template's \
         readers (make deploy ARTIFACT_PARAMETERS=TemplateReaders=…, the whole list\neach time; or TemplatePublic=true).\n"
    )
}

/// Prints the command that checks the accounts and enables them.
pub(super) fn print_check_command(accounts: &[AccountId], registry: &str, backend_role: &RoleArn) -> Result<(), Error> {
    terminal::print(&format!(
        "\nOnce the role exists (the check waits some seconds until IAM knows it):\n\n  \
         rolecall check --accounts {} --enable --registry {} --backend-role {}",
        joined(accounts, ","),
        shell(registry),
        shell(&backend_role.to_string()),
    ))
}

fn joined(accounts: &[AccountId], separator: &str) -> String {
    accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(separator)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
