//! `rolecall check`: checks customer roles, and enables the targets that pass.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use crate::cli::args::{CheckArgs, GivenTargetArgs, OnboardArgs, SettingArgs};
use crate::cli::commands::check_report::{render, verdict_text};
use crate::customers::TargetSwitch;
use crate::domain::AccountId;
use crate::error::Error;
use crate::event::{Accounts, Request};
use crate::input::ValidationErrors;
use crate::logging;
use crate::onboarding::check::{CheckObserver, CheckOptions, CheckedOrganization, CheckedTarget, Checker, Verdict};
use crate::terminal::{self, one_line};

/// The exit code if a target is not ready.
const NOT_READY: u8 = 1;

pub(crate) async fn check(mut arguments: CheckArgs) -> Result<ExitCode, Error> {
    if arguments.selection.event.is_none() && arguments.selection.accounts.is_empty() {
        arguments.selection.accounts = vec!["all".to_owned()];
    }
    let mut problems = ValidationErrors::new();
    let (request, _) = arguments.selection.request(None, &GivenTargetArgs::default(), &mut problems)?;
    let options = CheckOptions { wait: arguments.wait, negative: !arguments.no_negative };
    let request = CheckRequest {
        request,
        problems,
        options,
        enable: arguments.enable,
        json: arguments.json,
        as_self: arguments.backend.is_some(),
    };
    run_check(&arguments.settings, request, arguments.verbose).await
}

/// Checks accounts that were onboarded, and enables those that pass.
pub(crate) async fn check_onboarded(accounts: &[AccountId], arguments: &OnboardArgs) -> Result<ExitCode, Error> {
    let resources = arguments.scope.resource_globs().map(|globs| globs.iter().map(|glob| (*glob).to_owned()).collect());
    let request = CheckRequest {
        request: Request { resources, ..Request::of(Accounts::Named(accounts.to_vec())) },
        problems: ValidationErrors::new(),
        options: CheckOptions { wait: None, negative: true },
        enable: true,
        json: arguments.json,
        as_self: false,
    };
    run_check(&arguments.settings, request, 0).await
}

struct CheckRequest {
    request: Request,
    problems: ValidationErrors,
    options: CheckOptions,
    enable: bool,
    json: bool,
    /// Whether the caller's own identity is the one that customers trust.
    as_self: bool,
}

async fn run_check(flags: &SettingArgs, request: CheckRequest, verbose: u8) -> Result<ExitCode, Error> {
    let settings = flags.settings()?;
    logging::to_terminal(settings.log.as_deref(), verbose);
    let checker = match request.as_self {
        true => Checker::start_as_self(&settings).await?,
        false => Checker::start(&settings).await?,
    };
    if !request.json {
        terminal::print(&format!("This runs as {}, and customers trust {}.\n", checker.identity.arn, checker.role))?;
    }
    let organizations = checker.check_organizations(request.options).await;
    if !request.json {
        print_organizations(&organizations)?;
    }
    let progress = CheckProgress { each_target: terminal::is_watched() && !request.json };
    let checked = checker.check(&request.request, request.problems, request.options, &progress).await?;
    let ready: Vec<AccountId> = checked
        .iter()
        .filter(|target| target.verdict == Verdict::Ready && !target.enabled)
        .map(|target| target.account_id.clone())
        .collect();
    // The report comes first: it is worth having even if the registry cannot be written.
    if !request.json {
        terminal::print(&render(&checked, verbose > 0))?;
    }
    let TargetSwitch { switched: enabled, changed_meanwhile: changed, .. } =
        if request.enable && !ready.is_empty() { checker.enable(&ready).await? } else { TargetSwitch::default() };
    if request.json {
        terminal::print_json(&json!({
            "identity": checker.identity.arn, "backend_role": checker.role.to_string(), "targets": checked,
            "organizations": organizations,
            "enabled": enabled, "changed_meanwhile": changed,
        }))?;
    } else if request.enable {
        print_enabled(checker.registry_store.address(), &enabled, &changed)?;
    } else if !ready.is_empty() {
        terminal::print(&format!("\n{} targets are ready and not enabled yet: --enable enables them", ready.len()))?;
    }
    let all_ready = checked.iter().all(|target| target.verdict == Verdict::Ready)
        && organizations.iter().all(CheckedOrganization::is_ready);
    // A target that was ready and is not enabled is not done either.
    Ok(if all_ready && changed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(NOT_READY) })
}

/// Returns account ids as one text, or `none`.
pub(super) fn names(accounts: &[AccountId]) -> String {
    match accounts {
        [] => "none".to_owned(),
        some => some.iter().map(AccountId::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn print_enabled(registry: &str, enabled: &[AccountId], changed: &[AccountId]) -> Result<(), Error> {
    terminal::print(&format!("\nenabled in {registry}: {}", names(enabled)))?;
    if !changed.is_empty() {
        terminal::print(&format!("changed in the registry during the check, check them again: {}", names(changed)))?;
    }
    Ok(())
}

fn print_organizations(organizations: &[CheckedOrganization]) -> Result<(), Error> {
    for organization in organizations {
        let name = &organization.name;
        let listed = match (&organization.error, organization.accounts) {
            (Some(error), _) => format!(
                "cannot be listed: {}. Runs plan the accounts of its last listing, and are partial",
                one_line(error)
            ),
            (None, accounts) => format!("{} active accounts", accounts.unwrap_or_default()),
        };
        let open = match organization.is_open {
            Some(true) => "\n  UNSAFE: its management role lets us in without the external ID. To do: update its stack",
            Some(false) | None => "",
        };
        terminal::print(&format!("organization {name}: {listed}{open}"))?;
    }
    if organizations.is_empty() { Ok(()) } else { terminal::print("") }
}

struct CheckProgress {
    each_target: bool,
}

impl CheckObserver for CheckProgress {
    fn nothing_to_check(&self, accounts: &[AccountId]) {
        terminal::note(&format!("left out, since they share none of these resource types: {}", names(accounts)));
    }

    fn waiting_for_role(&self, account_id: &AccountId, patience: Duration) {
        terminal::note(&format!(
            "the role of {account_id} does not let us in yet. IAM takes some seconds to know a new role: trying \
             for {} s",
            patience.as_secs()
        ));
    }

    fn target_checked(&self, target: &CheckedTarget) {
        if self.each_target {
            terminal::note(&format!("{} {}", target.account_id, verdict_text(target.verdict)));
        }
    }
}
