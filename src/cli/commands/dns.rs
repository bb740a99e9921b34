//! `rolecall dns`: what each record leads to, and one verdict for it.

use std::collections::BTreeSet;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::answer::{FOUND, open, show};
use super::dns_findings::{RULES, finding};
use super::dns_resolve::resolved;
use crate::answers::dns::PublishedRanges;
use crate::answers::facts::Coverage;
use crate::answers::questions::ColumnKind;
use crate::answers::verdicts::{EstateJudge, VERDICT_COLUMNS, VerdictReads, verdict_values};
use crate::cli::answers::{AnswerSet, AnswerSheet, CoveredAnswer, SheetColumn, SheetRows, write_sarif};
use crate::cli::args::DnsArgs;
use crate::error::Error;
use crate::terminal;

/// Prints the verdicts.
pub(crate) async fn dns(arguments: DnsArgs) -> Result<ExitCode, Error> {
    // What is wrong with the arguments is said before anything is read.
    let asked = arguments.asked()?;
    let given = arguments.ranges()?;
    let reads = VerdictReads::of_catalogue()?;
    let tables: Vec<&str> = reads.all().iter().map(|read| read.table).collect();
    let estate = open(&arguments.estate, Some(&tables)).await?;
    let ranges = given.as_ref().unwrap_or_else(|| PublishedRanges::included());
    let judge = EstateJudge::open(&estate.estate, &estate.selection, reads, ranges).await?;
    let mut rows = SheetRows::default();
    let judged = judge.judge(&asked, |row| rows.push(&verdict_values(row)));
    let is_found = judged.findings > 0 || !judged.coverage.unknown.is_empty();
    print(&arguments, rows, judged.coverage).await?;
    Ok(if arguments.check && is_found { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

async fn print(arguments: &DnsArgs, mut rows: SheetRows, coverage: Coverage) -> Result<(), Error> {
    let Some(shape) = arguments.shape() else {
        let findings = rows.iter().filter_map(|row| finding(&names(), row));
        return terminal::stream(|out| write_sarif(RULES, findings, &coverage, out));
    };
    let mut columns: Vec<SheetColumn> =
        VERDICT_COLUMNS.iter().map(|(name, kind)| SheetColumn { name, kind: *kind }).collect();
    if arguments.resolve {
        columns.push(SheetColumn { name: "resolves", kind: ColumnKind::Flag });
        rows = with_resolves(&rows).await;
    }
    let sheet = AnswerSheet { columns, rows };
    show(&AnswerSet::One(CoveredAnswer { question: None, sheet, coverage: Some(coverage) }), &shape)
}

/// The names of the columns, in their order.
fn names() -> [&'static str; VERDICT_COLUMNS.len()] {
    VERDICT_COLUMNS.map(|(name, _)| name)
}

/// Adds what the system's resolver says of each target.
async fn with_resolves(rows: &SheetRows) -> SheetRows {
    let target = names().iter().position(|name| *name == "target").unwrap_or_default();
    let text = |row: &[Value]| row.get(target).and_then(Value::as_str).unwrap_or_default().to_owned();
    let targets: BTreeSet<String> = rows.iter().map(|row| text(&row)).collect();
    let resolved = resolved(targets).await;
    let resolves = |row: &[Value]| json!(resolved.get(&text(row)).copied().flatten());
    rows.iter()
        .map(|mut row| {
            let resolves = resolves(&row);
            row.push(resolves);
            row
        })
        .collect()
}
