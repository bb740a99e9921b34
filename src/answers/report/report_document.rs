//! Puts the document of a page together: the head, and what is read when somebody looks.
//!
//! **Invariant:** the same facts give the same document.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::customer_page::CustomerPage;
use super::dns_verdicts::DnsVerdicts;
use super::document_parts::DocumentParts;
use super::document_sheets;
use super::gaps::{CellGap, GapRemedy, gaps};
use super::map_model::{MapLink, NetworkMap};
use super::map_network;
use super::overview::EstateOverview;
use super::report_inputs::ReportInputs;
use super::report_limits::FoldedPart;
use super::report_sections::{ReportSection, SECTIONS};
use super::report_sheet::{ReportSheet, SheetHead};
use super::run_stamp::RunStamp;
use super::search_index::SearchIndex;
use super::zone_sheets;
use crate::answers::changes::{Change, ComparedRuns};
use crate::answers::facts::{AsOf, Facts, Read, UnknownCell};
use crate::answers::lookup::searched_reads;
use crate::answers::questions::{find, of_one_moment};

/// The version of the document's form.
pub(super) const VERSION: u32 = 1;
/// What wrote the page.
pub(super) const MADE_BY: &str = concat!("rolecall ", env!("CARGO_PKG_VERSION"));
/// The most gaps for which the first section says what mends them. The sheet `unknown-cells` has all.
const REMEDIES: usize = 200;

/// A gap with what would mend it.
#[derive(Debug, Serialize)]
struct MendedGap {
    #[serde(flatten)]
    gap: CellGap,
    remedy: GapRemedy,
}

/// A section, with the cells that its sheets need.
#[derive(Debug, Serialize)]
struct CoveredSection {
    #[serde(flatten)]
    section: ReportSection,
    needed: u64,
    unknown: usize,
}

/// The runs that were compared, and the number of changes of each kind.
#[derive(Debug, Serialize)]
struct ComparedHead {
    older: String,
    newer: String,
    added: usize,
    removed: usize,
    changed: usize,
}

impl ComparedHead {
    fn of(compared: &ComparedRuns) -> Self {
        let count = |change| compared.changes.rows.iter().filter(|row| row.change == change).count();
        Self {
            older: compared.older.clone(),
            newer: compared.newer.clone(),
            added: count(Change::Added),
            removed: count(Change::Removed),
            changed: count(Change::Changed),
        }
    }

    /// All changes.
    pub(super) fn total(&self) -> usize {
        self.added + self.removed + self.changed
    }
}

/// What the page reads when it opens.
#[derive(Debug, Serialize)]
pub(crate) struct ReportHead {
    version: u32,
    made_by: &'static str,
    /// The moment from which ages count.
    at: Timestamp,
    as_of: AsOf,
    narrowed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<String>,
    has_registry: bool,
    overview: EstateOverview,
    gaps: Vec<MendedGap>,
    more_gaps: usize,
    needed: u64,
    unknown: usize,
    sections: Vec<CoveredSection>,
    sheets: Vec<SheetHead>,
    compared: Option<ComparedHead>,
    folded: Vec<FoldedPart>,
}

/// A page's content.
#[derive(Debug)]
pub(crate) struct ReportDocument {
    pub head: ReportHead,
    pub map: NetworkMap,
    /// Every link, also those for which the map has no room.
    links: Vec<MapLink>,
    pub search: SearchIndex,
    /// The name and the rows of each sheet.
    pub rows: Vec<(&'static str, Vec<u8>)>,
    pub(super) run: Option<RunStamp>,
}

impl ReportDocument {
    /// The page in one line.
    pub(crate) fn summary(&self) -> String {
        let head = &self.head;
        let (accounts, resources) = (head.overview.accounts.len(), head.overview.resources);
        let folded = if head.folded.is_empty() { "" } else { ". What did not fit is named on the page" };
        format!("{accounts} accounts, {resources} resources, {} of {} cells unknown{folded}", head.unknown, head.needed)
    }

    /// What the index of all customers says of it.
    pub(crate) fn customer_page(&self) -> CustomerPage {
        let head = &self.head;
        let exposed = head.sheets.iter().find(|sheet| sheet.name == "exposed-instances").map(|sheet| sheet.total);
        CustomerPage {
            customer: head.customer.clone(),
            accounts: head.overview.accounts.clone(),
            resources: head.overview.resources,
            cells: head.needed,
            unknown: head.unknown,
            exposed: exposed.unwrap_or_default(),
            changes: head.compared.as_ref().map(ComparedHead::total),
            as_of: head.as_of,
        }
    }

    /// The links of the map, as the table `links` has them.
    pub(crate) fn links(&self) -> &[MapLink] {
        &self.links
    }
}

/// Everything that a page reads.
pub(crate) fn reads() -> Vec<Read> {
    let asked = of_one_moment().flat_map(|question| question.reads).copied();
    let own = [zone_sheets::ZONES, zone_sheets::RECORDS];
    asked.chain(map_network::reads()).chain(searched_reads()).chain(own).collect()
}

/// Makes the document of the selected resources.
pub(crate) fn document(facts: &Facts, mut inputs: ReportInputs) -> ReportDocument {
    let every_table: Vec<Read> = inputs.tables.iter().map(|table| Read::subject(table, &[])).collect();
    let everything = facts.cells.coverage(&every_table, &facts.selection);
    let all_gaps = gaps(&everything.unknown);
    let mut parts = DocumentParts::of(facts, &inputs, &every_table, &everything);
    let compared = inputs.compared.as_ref().map(ComparedHead::of);
    parts.sheets.extend(inputs.compared.take().map(document_sheets::changes));
    let judged: Option<JudgedCells> = inputs.verdicts.as_ref().map(JudgedCells::of);
    parts.sheets.extend(inputs.verdicts.take().map(DnsVerdicts::into_sheet));
    parts.sheets.push(document_sheets::unknown_cells(&all_gaps, &everything));
    let order: Vec<&str> = SECTIONS.iter().flat_map(|section| section.sheets).copied().collect();
    parts.sheets.sort_by_key(|sheet| order.iter().position(|name| *name == sheet.head.name));
    parts.folded.extend(parts.sheets.iter().filter_map(ReportSheet::folded));
    let (heads, rows): (Vec<SheetHead>, Vec<_>) =
        parts.sheets.into_iter().map(|sheet| (sheet.head.clone(), (sheet.head.name, sheet.rows))).unzip();
    let more_gaps = all_gaps.len().saturating_sub(REMEDIES);
    let mended = all_gaps.into_iter().take(REMEDIES).map(|gap| MendedGap { remedy: gap.remedy(), gap });
    let head = ReportHead {
        version: VERSION,
        made_by: MADE_BY,
        at: facts.at,
        as_of: as_of(&heads),
        narrowed: inputs.narrowed,
        customer: inputs.customer,
        index: inputs.index,
        has_registry: inputs.registered.is_some(),
        overview: parts.overview,
        gaps: mended.collect(),
        more_gaps,
        needed: everything.cells,
        unknown: everything.unknown.len(),
        sections: SECTIONS.iter().map(|section| covered(facts, *section, &every_table, judged.as_ref())).collect(),
        sheets: heads,
        compared,
        folded: parts.folded,
    };
    ReportDocument { head, map: parts.drawn.map, links: parts.drawn.links, search: parts.search, rows, run: inputs.run }
}

/// The cells that verdicts on DNS records need: those of tables, and those of regions in which nobody asked.
struct JudgedCells {
    reads: Vec<Read>,
    unknown: BTreeSet<UnknownCell>,
}

impl JudgedCells {
    fn of(verdicts: &DnsVerdicts) -> Self {
        let judged = &verdicts.judged;
        Self { reads: judged.reads.clone(), unknown: judged.coverage.unknown.iter().cloned().collect() }
    }
}

/// A section with the cells that its sheets need, each counted once.
fn covered(
    facts: &Facts,
    section: ReportSection,
    every_table: &[Read],
    judged: Option<&JudgedCells>,
) -> CoveredSection {
    let judged = judged.filter(|_| section.sheets.contains(&"dns-verdicts"));
    let mut reads: Vec<Read> = judged.map_or_else(Vec::new, |judged| judged.reads.clone());
    for sheet in section.sheets {
        match (*sheet, find(sheet)) {
            (_, Some(question)) => reads.extend(question.reads),
            ("links", _) => reads.extend(map_network::reads()),
            ("zones", _) => reads.push(zone_sheets::ZONES),
            ("records", _) => reads.push(zone_sheets::RECORDS),
            _ => {}
        }
    }
    let is_about_all = matches!(section.id, "overview" | "tags" | "changes" | "unknown");
    let coverage = facts.cells.coverage(if is_about_all { every_table } else { &reads }, &facts.selection);
    let known: BTreeSet<&UnknownCell> = coverage.unknown.iter().collect();
    let more = judged.map_or(0, |judged| judged.unknown.iter().filter(|cell| !known.contains(cell)).count());
    CoveredSection { section, needed: coverage.cells + more as u64, unknown: known.len() + more }
}

/// The times of the oldest and the newest row of all sheets.
fn as_of(sheets: &[SheetHead]) -> AsOf {
    let oldest = sheets.iter().filter_map(|sheet| sheet.as_of().oldest).min();
    let newest = sheets.iter().filter_map(|sheet| sheet.as_of().newest).max();
    AsOf { oldest, newest }
}
