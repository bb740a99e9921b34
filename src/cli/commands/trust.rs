//! `rolecall trust`: tries whether customers' roles still refuse `backend_role` without the external ID, and disables the
//! targets of those that do not.

use std::process::ExitCode;

use serde_json::json;

use crate::cli::args::TrustArgs;
use crate::cli::commands::check::names;
use crate::cli::commands::check_report::render_finding;
use crate::cli::text_table::TextTable;
use crate::customers::TargetSwitch;
use crate::domain::AccountId;
use crate::error::Error;
use crate::input::ValidationErrors;
use crate::logging;
use crate::onboarding::check::{Checker, Finding, Severity, TrialVerdict, TrustTrial};
use crate::terminal::{self, one_line};

/// The exit code if a role is open, if it is unknown whether one is, or if no role was tried.
const NOT_REFUSED: u8 = 1;

pub(crate) async fn trust(arguments: TrustArgs) -> Result<ExitCode, Error> {
    let mut problems = ValidationErrors::new();
    let request = arguments.selection.request(&mut problems);
    let settings = arguments.settings.settings()?;
    logging::to_terminal(settings.log.as_deref(), arguments.verbose);
    let checker = Checker::start(&settings).await?;
    if !arguments.json {
        terminal::print(&format!("This runs as {}, and customers trust {}.\n", checker.identity.arn, checker.role))?;
    }
    let trials = checker.try_trust(&request, problems).await?;
    // The report comes first: it is worth having even if the registry cannot be written.
    if !arguments.json {
        terminal::print(&render(&trials))?;
    }
    let open = with_result(&trials, TrialVerdict::Open);
    let switch = if arguments.disable && !open.is_empty() { Some(checker.disable(&open).await?) } else { None };
    if arguments.json {
        let TargetSwitch { switched, changed_meanwhile, .. } = switch.clone().unwrap_or_default();
        terminal::print_json(&json!({
            "identity": checker.identity.arn, "backend_role": checker.role.to_string(), "targets": trials,
            "disabled": switched, "changed_meanwhile": changed_meanwhile,
        }))?;
    } else if let Some(switch) = &switch {
        terminal::print(&render_switch(checker.registry_store.address(), switch))?;
    } else if !open.is_empty() {
        terminal::print(&format!("\n{} roles are open: --disable disables their targets", open.len()))?;
    }
    if switch.is_some_and(|switch| switch.enabled == 0) {
        terminal::note("no target of the registry is enabled any more: runs are refused until one is");
    }
    Ok(exit_code(&trials))
}

fn with_result(trials: &[TrustTrial], result: TrialVerdict) -> Vec<AccountId> {
    trials.iter().filter(|trial| trial.result == result).map(|trial| trial.account_id.clone()).collect()
}

/// Returns 0 if every role that was tried refused, and at least one was tried.
fn exit_code(trials: &[TrustTrial]) -> ExitCode {
    let mut tried = trials.iter().filter(|trial| trial.result != TrialVerdict::NotTried).peekable();
    let any = tried.peek().is_some();
    let safe = any && tried.all(|trial| trial.result == TrialVerdict::Refused);
    if safe { ExitCode::SUCCESS } else { ExitCode::from(NOT_REFUSED) }
}

fn result_text(result: TrialVerdict) -> &'static str {
    match result {
        TrialVerdict::Refused => "REFUSED",
        TrialVerdict::Open => "OPEN",
        TrialVerdict::Unknown => "UNKNOWN",
        TrialVerdict::NotEntered => "NOT ENTERED",
        TrialVerdict::NotTried => "NOT TRIED",
    }
}

/// Renders a table of all targets, then the findings of each. The same note about many accounts is printed once.
fn render(trials: &[TrustTrial]) -> String {
    let mut table = TextTable::new(&["account", "name", "without the external ID", "seconds"], 3);
    let mut notes: Vec<&Finding> = Vec::new();
    for trial in trials {
        let reason = trial.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        table.add_row([
            trial.account_id.to_string(),
            trial.name.clone().unwrap_or_default(),
            format!("{}{reason}", result_text(trial.result)),
            format!("{:.1}", trial.duration_ms as f64 / 1000.0),
        ]);
        let of_trial = trial.findings.iter().filter(|finding| finding.severity == Severity::Note);
        for note in of_trial {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    let mut text = format!("{}\n", table.render());
    for trial in trials {
        let findings = || trial.findings.iter().filter(|finding| finding.severity > Severity::Note);
        if findings().next().is_some() {
            let name = trial.name.as_ref().map(|name| format!(" {}", one_line(name))).unwrap_or_default();
            text.push_str(&format!("\n{}{name}: {}\n", trial.account_id, result_text(trial.result)));
            text.extend(findings().map(render_finding));
        }
    }
    if !notes.is_empty() {
        text.push('\n');
        text.extend(notes.into_iter().map(render_finding));
    }
    text
}

fn render_switch(registry: &str, switch: &TargetSwitch) -> String {
    let mut text = format!("\ndisabled in {registry}: {}", names(&switch.switched));
    if !switch.changed_meanwhile.is_empty() {
        let changed = names(&switch.changed_meanwhile);
        text.push_str(&format!("\nchanged in the registry during the trial, try them again: {changed}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(result: TrialVerdict) -> TrustTrial {
        TrustTrial {
            account_id: "111122223333".parse().unwrap(),
            name: Some("acme \u{1b}[2J".into()),
            role_arn: None,
            via: None,
            enabled: true,
            result,
            reason: (result == TrialVerdict::NotTried).then_some("the registry has it disabled"),
            findings: Vec::new(),
            duration_ms: 1_234,
        }
    }

    #[test]
    fn only_refusals_end_with_zero() {
        use TrialVerdict::{NotEntered, NotTried, Open, Refused, Unknown};
        let code = |results: &[TrialVerdict]| exit_code(&results.iter().copied().map(trial).collect::<Vec<_>>());
        assert_eq!(code(&[Refused, NotTried, Refused]), ExitCode::SUCCESS);
        for results in [&[Refused, Open][..], &[Unknown], &[NotEntered, Refused], &[NotTried], &[]] {
            assert_eq!(code(results), ExitCode::from(NOT_REFUSED), "{results:?}");
        }
    }

    #[test]
    fn a_trial_is_rendered_on_lines_of_its_own() {
        let mut open = trial(TrialVerdict::Open);
        open.findings.push(Finding {
            severity: Severity::Unsafe,
            message: "the role lets us in\u{7}".into(),
            remedy: "replace its trust policy".into(),
            policy: None,
        });
        let mut refused = trial(TrialVerdict::Refused);
        refused.findings.push(Finding {
            severity: Severity::Note,
            message: "a note".into(),
            remedy: String::new(),
            policy: None,
        });
        let text = render(&[refused.clone(), refused, trial(TrialVerdict::NotTried), open]);
        insta::assert_snapshot!(text, @r"
         account       name            without the external ID                  seconds
         111122223333  acme \u{1b}[2J  REFUSED                                      1.2
         111122223333  acme \u{1b}[2J  REFUSED                                      1.2
         111122223333  acme \u{1b}[2J  NOT TRIED: the registry has it disabled      1.2
         111122223333  acme \u{1b}[2J  OPEN                                         1.2

        111122223333 acme \u{1b}[2J: OPEN
          UNSAFE: the role lets us in\u{7}
            to do: replace its trust policy

          note: a note
        ");
        let switch = TargetSwitch {
            switched: vec!["111122223333".parse().unwrap()],
            changed_meanwhile: vec!["444455556666".parse().unwrap()],
            enabled: 0,
        };
        insta::assert_snapshot!(render_switch("targets.json", &switch), @r"
        disabled in targets.json: 111122223333
        changed in the registry during the trial, try them again: 444455556666
        ");
    }
}
