//! `rolecall check`: the customers' roles, tried.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use crate::domain::AccountId;
use crate::error::Error;
use crate::event::{Accounts, Request};
use crate::input::ValidationErrors;
use crate::logging;
use crate::onboarding::check::{
    CheckOptions, Checked, Checker, Finding, NegativeProbe, ProbeOutcome, Severity, TypeRow, Verdict, Watcher,
};
use serde_json::json;

use crate::cli::args::{CheckArgs, OnboardArgs, SettingArgs};
use crate::cli::printer;

/// Something is not in order.
const NOT_READY: u8 = 1;

pub(crate) async fn check(mut arguments: CheckArgs) -> Result<ExitCode, Error> {
    if arguments.selection.event.is_none() && arguments.selection.accounts.is_empty() {
        arguments.selection.accounts = vec!["all".to_owned()];
    }
    let mut problems = ValidationErrors::new();
    let (request, _) = arguments.selection.request(None, &mut problems)?;
    let manner = CheckOptions { wait: arguments.wait, negative: !arguments.no_negative };
    let what = CheckRequest { request, problems, manner, enable: arguments.enable, json: arguments.json };
    carry_out(&arguments.settings, what, arguments.verbose).await
}

/// Checks and enables accounts that were onboarded.
pub(crate) async fn of_accounts(accounts: &[AccountId], arguments: &OnboardArgs) -> Result<ExitCode, Error> {
    let resources = arguments.scope.resource_globs().map(|globs| globs.map(str::to_owned).to_vec());
    let what = CheckRequest {
        request: Request { resources, ..Request::of(Accounts::Named(accounts.to_vec())) },
        problems: ValidationErrors::new(),
        manner: CheckOptions { wait: None, negative: true },
        enable: true,
        json: arguments.json,
    };
    carry_out(&arguments.settings, what, 0).await
}

struct CheckRequest {
    request: Request,
    problems: ValidationErrors,
    manner: CheckOptions,
    enable: bool,
    json: bool,
}

struct CheckProgress {
    each: bool,
}

impl Watcher for CheckProgress {
    fn waiting(&self, account_id: &AccountId, longest: Duration) {
        eprintln!(
            "rolecall: {account_id} does not let us in yet; a new role takes IAM some seconds: trying for {} s",
            longest.as_secs()
        );
    }

    fn checked(&self, target: &Checked) {
        if self.each {
            eprintln!("rolecall: {} {}", target.account_id, word(target.verdict));
        }
    }
}

async fn carry_out(flags: &SettingArgs, what: CheckRequest, verbose: u8) -> Result<ExitCode, Error> {
    let settings = flags.settings()?;
    logging::to_terminal(settings.log.as_deref(), verbose, std::io::stderr);
    let checker = Checker::start(&settings).await?;
    if !what.json {
        printer::print(&format!("This runs as {}, and customers trust {}.\n", checker.identity.arn, checker.role));
    }
    let told = CheckProgress { each: std::io::stderr().is_terminal() && !what.json };
    let checked = checker.check(&what.request, what.problems, what.manner, &told).await?;
    let ready: Vec<AccountId> = checked
        .iter()
        .filter(|one| one.verdict == Verdict::Ready && !one.enabled)
        .map(|one| one.account_id.clone())
        .collect();
    // First what was found: should the registry not be writable, it is told all the same.
    if !what.json {
        printer::print(&in_words(&checked, verbose > 0));
    }
    let (enabled, changed) =
        if what.enable && !ready.is_empty() { checker.enable(&ready).await? } else { Default::default() };
    if what.json {
        printer::print_json(&json!({
            "identity": checker.identity.arn, "backend_role": checker.role.to_string(), "targets": checked,
            "enabled": enabled, "changed_meanwhile": changed,
        }));
    } else if what.enable {
        let names = |accounts: &[AccountId]| match accounts {
            [] => "none".to_owned(),
            some => some.iter().map(AccountId::as_str).collect::<Vec<_>>().join(", "),
        };
        printer::print(&format!("\nenabled in {}: {}", checker.registry_store.address(), names(&enabled)));
        if !changed.is_empty() {
            printer::print(&format!("changed in the registry meanwhile, to be checked again: {}", names(&changed)));
        }
    } else if !ready.is_empty() {
        printer::print(&format!("\n{} ready and not enabled yet: --enable does that", ready.len()));
    }
    let fine = checked.iter().all(|one| one.verdict == Verdict::Ready);
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::from(NOT_READY) })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ready => "ready",
        Verdict::Gaps => "gaps",
        Verdict::NotEntered => "not entered",
        Verdict::Unsafe => "UNSAFE",
    }
}

fn in_words(checked: &[Checked], in_full: bool) -> String {
    let mut table = printer::table(&["account", "name", "enabled", "verdict", "strangers", "types", "seconds"], 5);
    for one in checked {
        let strangers = match one.strangers {
            NegativeProbe::Refused => "refused",
            NegativeProbe::LetIn => "LET IN",
            NegativeProbe::NotKnown => "not known",
            NegativeProbe::NotTried => "not tried",
        };
        let allowed = one.types.iter().filter(|row| row.is_allowed());
        table.add_row([
            one.account_id.to_string(),
            one.name.clone().unwrap_or_default(),
            if one.enabled { "yes" } else { "no" }.to_owned(),
            word(one.verdict).to_owned(),
            strangers.to_owned(),
            format!("{}/{}", allowed.count(), one.types.len()),
            format!("{:.1}", one.duration_ms as f64 / 1000.0),
        ]);
    }
    let mut text = format!("{}\n", table.trim_fmt());
    let told = |one: &&Checked| {
        let allowed = one.types.iter().all(TypeRow::is_allowed);
        !allowed || one.findings.iter().any(|finding| finding.severity > Severity::Note)
    };
    for one in checked.iter().filter(told) {
        let name = one.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        text.push_str(&format!("\n{}{name}: {}\n", one.account_id, word(one.verdict)));
        for finding in one.findings.iter().filter(|finding| finding.severity > Severity::Note) {
            text.push_str(&format!("  {}: {}\n", severity(finding.severity), finding.what));
            if !finding.to_do.is_empty() {
                text.push_str(&format!("    to do: {}\n", finding.to_do));
            }
            if let Some(paste) = &finding.paste {
                let paste = serde_json::to_string_pretty(paste).unwrap_or_default();
                text.push_str(&paste.lines().map(|line| format!("      {line}\n")).collect::<String>());
            }
        }
        text.push_str(&matrix(one, in_full));
    }
    text.push_str(&notes(checked));
    text
}

/// What is good to know, once for all accounts that it is so of.
fn notes(checked: &[Checked]) -> String {
    let mut notes: Vec<(&Finding, Vec<&str>)> = Vec::new();
    for one in checked {
        for note in one.findings.iter().filter(|finding| finding.severity == Severity::Note) {
            match notes.iter_mut().find(|(other, _)| *other == note) {
                Some((_, accounts)) => accounts.push(one.account_id.as_str()),
                None => notes.push((note, vec![one.account_id.as_str()])),
            }
        }
    }
    let mut text = String::new();
    for (note, accounts) in notes {
        let of = match accounts.as_slice() {
            all if all.len() == checked.len() && all.len() > 1 => "all of them".to_owned(),
            few if few.len() <= 3 => few.join(", "),
            many => format!("{} accounts", many.len()),
        };
        text.push_str(&format!("\nnote, of {of}: {}\n", note.what));
        if !note.to_do.is_empty() {
            text.push_str(&format!("  to do: {}\n", note.to_do));
        }
    }
    text
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Gap => "gap",
        Severity::Shut => "shut",
        Severity::Unsafe => "UNSAFE",
    }
}

/// The types that may not be read in full, by how many regions; nothing where all may. Types of which the same is so stand
/// together, unless all is to be shown.
fn matrix(checked: &Checked, in_full: bool) -> String {
    let columns = [
        (ProbeOutcome::Allowed, "allowed"),
        (ProbeOutcome::Denied, "denied"),
        (ProbeOutcome::ScpDenied, "by SCP"),
        (ProbeOutcome::RegionDisabled, "disabled"),
        (ProbeOutcome::Unsupported, "unsupported"),
        (ProbeOutcome::Unknown, "unknown"),
    ];
    let gaps: Vec<&TypeRow> = checked.types.iter().filter(|row| !row.is_allowed()).collect();
    if gaps.is_empty() {
        return String::new();
    }
    let mut groups: Vec<Vec<&TypeRow>> = Vec::new();
    for row in &gaps {
        match groups.iter_mut().find(|group| !in_full && group[0].regions == row.regions) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    let used: Vec<_> =
        columns.into_iter().filter(|(outcome, _)| gaps.iter().any(|row| row.regions.contains_key(outcome))).collect();
    let header: Vec<&str> = used.iter().map(|(_, name)| *name).chain(["types"]).collect();
    let mut table = printer::table(&header, header.len());
    for group in &groups {
        let numbers = used.iter().map(|(outcome, _)| group[0].regions.get(outcome).map_or(0, Vec::len).to_string());
        let names: Vec<String> = group.iter().map(|row| row.table.to_owned()).collect();
        table.add_row(numbers.chain([printer::abbreviate(&names)]));
    }
    let (all, rest) = (checked.types.len(), checked.types.len() - gaps.len());
    let lines = table.trim_fmt().lines().map(|line| format!("   {line}\n")).collect::<String>();
    let more = if in_full { "" } else { "; -v and --json show each" };
    format!("  in so many regions, of the types that are not allowed everywhere ({rest} of {all} are{more}):\n{lines}")
}
