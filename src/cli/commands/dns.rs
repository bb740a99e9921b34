//! `rolecall dns`: what each record leads to, and one verdict for it.

use std::collections::{BTreeSet, HashMap};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::answer::{FOUND, Opened, open, show};
use super::dns_findings::{RULES, finding};
use super::dns_resolve::resolved;
use crate::answers::dns::{AskedRecords, DnsJudge, DnsRow, MissingCells, PublishedRanges, holder_reads, zone_reads};
use crate::answers::facts::{Coverage, Read, UnknownCell};
use crate::answers::questions::ColumnKind;
use crate::answers::report::DnsVerdicts;
use crate::catalogue::Catalogue;
use crate::cli::answers::{AnswerSet, AnswerSheet, CoveredAnswer, SheetColumn, SheetRows, write_sarif};
use crate::cli::args::DnsArgs;
use crate::error::{Error, ErrorKind};
use crate::terminal;

const COLUMNS: [(&str, ColumnKind); 13] = [
    ("account_id", ColumnKind::Text),
    ("hosted_zone_id", ColumnKind::Text),
    ("zone_name", ColumnKind::Text),
    ("private_zone", ColumnKind::Flag),
    ("name", ColumnKind::Text),
    ("type", ColumnKind::Text),
    ("set_identifier", ColumnKind::Text),
    ("target", ColumnKind::Text),
    ("verdict", ColumnKind::Text),
    ("kind", ColumnKind::Text),
    ("holder", ColumnKind::Json),
    ("reason", ColumnKind::Text),
    ("needs", ColumnKind::Json),
];

/// The unknown cells that a row lists. `coverage` lists all, and the reason says how many there are.
const MOST_NEEDS: usize = 50;

/// Prints the verdicts.
pub(crate) async fn dns(arguments: DnsArgs) -> Result<ExitCode, Error> {
    // What is wrong with the arguments is said before anything is read.
    let asked = arguments.asked()?;
    let given = arguments.ranges()?;
    let reads = DnsReads::of_catalogue()?;
    let tables: Vec<&str> = reads.all().iter().map(|read| read.table).collect();
    let estate = open(&arguments.estate, Some(&tables)).await?;
    let ranges = given.as_ref().unwrap_or_else(|| PublishedRanges::included());
    let judged = judged(&estate, reads, ranges, &asked).await?;
    let is_found = judged.findings > 0 || !judged.coverage.unknown.is_empty();
    print(&arguments, judged.rows, judged.coverage).await?;
    Ok(if arguments.check && is_found { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

/// Every record with its verdict, for the page.
pub(super) async fn all_verdicts(estate: &Opened) -> Result<DnsVerdicts, Error> {
    let reads = DnsReads::of_catalogue()?;
    let all = reads.all();
    let judged = judged(estate, reads, PublishedRanges::included(), &AskedRecords::default()).await?;
    let rows = judged.rows.iter().collect();
    Ok(DnsVerdicts { columns: COLUMNS.to_vec(), rows, coverage: judged.coverage, reads: all })
}

/// What verdicts are made of.
struct DnsReads {
    collected: BTreeSet<&'static str>,
    holders: Vec<Read>,
    zones: Vec<Read>,
}

impl DnsReads {
    fn of_catalogue() -> Result<Self, Error> {
        let catalogue = Catalogue::get().map_err(|what| Error::new(ErrorKind::Internal, what))?;
        let collected = catalogue.tables().iter().map(|table| table.entry.table).collect();
        let (holders, zones) = (holder_reads(&collected), zone_reads(&collected));
        Ok(Self { collected, holders, zones })
    }

    fn all(&self) -> Vec<Read> {
        self.holders.iter().chain(&self.zones).copied().collect()
    }
}

/// The verdicts on the records that are asked for.
struct JudgedRecords {
    rows: SheetRows,
    coverage: Coverage,
    findings: u64,
}

async fn judged(
    estate: &Opened,
    reads: DnsReads,
    ranges: &PublishedRanges,
    asked: &AskedRecords,
) -> Result<JudgedRecords, Error> {
    let all = reads.all();
    let mut judge = DnsJudge::new(ranges, reads.collected);
    for read in &reads.holders {
        // One table after another, since a fleet's are large, and little of each is kept.
        judge.add_holders(&estate.facts(std::slice::from_ref(read)).await?);
    }
    let facts = estate.facts(&reads.zones).await?;
    let mut verdicts = Verdicts::default();
    judge.judge(&facts, asked, |row| verdicts.add(&row));
    let coverage = verdicts.coverage(facts.cells.coverage(&all, &facts.selection));
    Ok(JudgedRecords { rows: verdicts.rows, coverage, findings: verdicts.findings })
}

async fn print(arguments: &DnsArgs, mut rows: SheetRows, coverage: Coverage) -> Result<(), Error> {
    let Some(shape) = arguments.shape() else {
        let findings = rows.iter().filter_map(|row| finding(&names(), row));
        return terminal::stream(|out| write_sarif(RULES, findings, &coverage, out));
    };
    let mut columns: Vec<SheetColumn> = COLUMNS.iter().map(|(name, kind)| SheetColumn { name, kind: *kind }).collect();
    if arguments.resolve {
        columns.push(SheetColumn { name: "resolves", kind: ColumnKind::Flag });
        rows = with_resolves(&rows).await;
    }
    let sheet = AnswerSheet { columns, rows };
    show(&AnswerSet::One(CoveredAnswer { question: None, sheet, coverage: Some(coverage) }), &shape)
}

/// The names of the columns, in their order.
fn names() -> [&'static str; COLUMNS.len()] {
    COLUMNS.map(|(name, _)| name)
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

/// The rows of the answer, and what they are based on.
#[derive(Debug, Default)]
struct Verdicts {
    rows: SheetRows,
    findings: u64,
    /// Every cell that a row needs.
    needs: BTreeSet<UnknownCell>,
    /// The lists of cells that were added, by their addresses: most rows share theirs with others.
    added: HashMap<usize, MissingCells>,
    as_of: Coverage,
}

impl Verdicts {
    fn add(&mut self, row: &DnsRow) {
        self.findings += u64::from(row.verdict.is_finding());
        self.as_of.saw(row.collected_at);
        if !row.needs.is_empty() && self.added.insert(row.needs.as_ptr() as usize, row.needs.clone()).is_none() {
            self.needs.extend(row.needs.iter().cloned());
        }
        self.rows.push(&cells(row));
    }

    /// What the answer is based on: the tables that it reads, and cells of regions in which nobody asked.
    fn coverage(&self, of_tables: Coverage) -> Coverage {
        let mut unknown: BTreeSet<UnknownCell> = of_tables.unknown.into_iter().collect();
        let known = unknown.len();
        unknown.extend(self.needs.iter().cloned());
        let cells = of_tables.cells + (unknown.len() - known) as u64;
        Coverage { as_of: self.as_of.as_of, unknown: unknown.into_iter().collect(), cells, ..Coverage::default() }
    }
}

fn cells(row: &DnsRow) -> Vec<Value> {
    let listed = &row.needs[..row.needs.len().min(MOST_NEEDS)];
    vec![
        json!(row.account_id),
        json!(row.hosted_zone_id),
        json!(row.zone_name),
        json!(row.private_zone),
        json!(row.name),
        json!(row.r#type),
        json!(row.set_identifier),
        json!(row.target),
        json!(row.verdict),
        json!(row.kind),
        json!(row.holder),
        json!(row.reason),
        json!(listed),
    ]
}
