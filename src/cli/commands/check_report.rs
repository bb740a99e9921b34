//! The report of `rolecall check` as text.

use crate::cli::printer;
use crate::cli::text_table::TextTable;
use crate::onboarding::check::{CheckedTarget, Finding, NegativeProbe, ProbeOutcome, Severity, TypeRow, Verdict};
use crate::terminal::one_line;

/// Renders a table of all targets, the findings of each, and the notes. `in_full` gives each resource
/// type its own line.
pub(super) fn render(checked: &[CheckedTarget], in_full: bool) -> String {
    let mut text = summary_table(checked);
    for target in checked.iter().filter(|target| needs_details(target)) {
        let name = target.name.as_ref().map(|name| format!(" {}", one_line(name))).unwrap_or_default();
        text.push_str(&format!("\n{}{name}: {}\n", target.account_id, verdict_text(target.verdict)));
        for finding in target.findings.iter().filter(|finding| finding.severity > Severity::Note) {
            text.push_str(&render_finding(finding));
        }
        text.push_str(&type_table(target, in_full));
    }
    text.push_str(&notes(checked));
    text
}

pub(super) fn verdict_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ready => "ready",
        Verdict::Gaps => "gaps",
        Verdict::NotEntered => "not entered",
        Verdict::Unsafe => "UNSAFE",
    }
}

fn severity_text(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Gap => "gap",
        Severity::AccessDenied => "access denied",
        Severity::Unsafe => "UNSAFE",
    }
}

fn summary_table(checked: &[CheckedTarget]) -> String {
    let columns = ["account", "name", "enabled", "verdict", "negative probe", "types", "seconds"];
    let mut table = TextTable::new(&columns, 5);
    for target in checked {
        let negative_probe = match target.negative_probe {
            NegativeProbe::Refused => "refused",
            NegativeProbe::LetIn => "LET IN",
            NegativeProbe::Unknown => "unknown",
            NegativeProbe::NotTried => "not tried",
        };
        let allowed = target.types.iter().filter(|row| row.is_allowed());
        table.add_row([
            target.account_id.to_string(),
            target.name.clone().unwrap_or_default(),
            if target.enabled { "yes" } else { "no" }.to_owned(),
            verdict_text(target.verdict).to_owned(),
            negative_probe.to_owned(),
            format!("{}/{}", allowed.count(), target.types.len()),
            format!("{:.1}", target.duration_ms as f64 / 1000.0),
        ]);
    }
    format!("{}\n", table.render())
}

fn needs_details(target: &CheckedTarget) -> bool {
    let allowed = target.types.iter().all(TypeRow::is_allowed);
    !allowed || target.findings.iter().any(|finding| finding.severity > Severity::Note)
}

pub(super) fn render_finding(finding: &Finding) -> String {
    let mut text = format!("  {}: {}\n", severity_text(finding.severity), one_line(&finding.message));
    if !finding.remedy.is_empty() {
        text.push_str(&format!("    to do: {}\n", one_line(&finding.remedy)));
    }
    if let Some(policy) = &finding.policy {
        let policy = serde_json::to_string_pretty(policy).unwrap_or_default();
        text.push_str(&policy.lines().map(|line| format!("      {line}\n")).collect::<String>());
    }
    text
}

/// Renders each note once, with the accounts that it is about.
fn notes(checked: &[CheckedTarget]) -> String {
    let mut notes: Vec<(&Finding, Vec<&str>)> = Vec::new();
    for target in checked {
        for note in target.findings.iter().filter(|finding| finding.severity == Severity::Note) {
            match notes.iter_mut().find(|(other, _)| *other == note) {
                Some((_, accounts)) => accounts.push(target.account_id.as_str()),
                None => notes.push((note, vec![target.account_id.as_str()])),
            }
        }
    }
    let mut text = String::new();
    for (note, accounts) in notes {
        let about = match accounts.as_slice() {
            all if all.len() == checked.len() && all.len() > 1 => "all accounts".to_owned(),
            few if few.len() <= 3 => few.join(", "),
            many => format!("{} accounts", many.len()),
        };
        text.push_str(&format!("\nnote about {about}: {}\n", one_line(&note.message)));
        if !note.remedy.is_empty() {
            text.push_str(&format!("  to do: {}\n", one_line(&note.remedy)));
        }
    }
    text
}

/// Renders the types that are not allowed everywhere, with the number of regions for each outcome; nothing if all are
/// allowed. Types with the same regions share a line, unless `in_full`.
fn type_table(target: &CheckedTarget, in_full: bool) -> String {
    let columns = [
        (ProbeOutcome::Allowed, "allowed"),
        (ProbeOutcome::Denied, "denied"),
        (ProbeOutcome::ScpDenied, "by SCP"),
        (ProbeOutcome::RegionDisabled, "disabled"),
        (ProbeOutcome::Unsupported, "unsupported"),
        (ProbeOutcome::Unknown, "unknown"),
    ];
    let gaps: Vec<&TypeRow> = target.types.iter().filter(|row| !row.is_allowed()).collect();
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
    let mut table = TextTable::new(&header, header.len());
    for group in &groups {
        let numbers = used.iter().map(|(outcome, _)| group[0].regions.get(outcome).map_or(0, Vec::len).to_string());
        let names: Vec<String> = group.iter().map(|row| row.table.to_owned()).collect();
        table.add_row(numbers.chain([printer::abbreviate(&names)]));
    }
    let (all, rest) = (target.types.len(), target.types.len() - gaps.len());
    let lines = table.render().lines().map(|line| format!("   {line}\n")).collect::<String>();
    let more = if in_full { "" } else { "; -v and --json show each type" };
    format!("  Regions by outcome, for the types that are not allowed everywhere ({rest} of {all} are{more}):\n{lines}")
}
