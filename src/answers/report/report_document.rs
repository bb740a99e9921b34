//! Puts the document of a page together: the head, and what is read when somebody looks.
//!
//! The parts do not depend on each other, so each processor makes some of them.
//!
//! **Invariant:** the same facts give the same document, however many processors there are.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Mutex;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::gaps::{CellGap, GapRemedy, gaps};
use super::map_model::{MapLink, NetworkMap};
use super::map_network::DrawnMap;
use super::overview::{EstateOverview, RegisteredAccount, overview};
use super::report_limits::{BASE_ROWS, FoldedPart, SHEET_ROWS};
use super::report_sections::{ReportSection, SECTIONS};
use super::report_sheet::{ReportColumn, ReportSheet, SheetHead, SheetTitle, column, text};
use super::search_index::{self, SearchIndex};
use super::{map_network, tag_keys, zone_sheets};
use crate::answers::changes::{Change, Changes};
use crate::answers::facts::{AsOf, Coverage, Facts, Read};
use crate::answers::lookup::searched_reads;
use crate::answers::questions::{ColumnKind, Options, Question, of_one_moment};
use crate::domain::lock;

/// The version of the document's form.
const VERSION: u32 = 1;
/// The most gaps for which the first section says what mends them. The sheet `unknown-cells` has all.
const REMEDIES: usize = 200;

/// What changed since the run before.
#[derive(Debug)]
pub(crate) struct ComparedRuns {
    pub older: String,
    pub newer: String,
    pub changes: Changes,
}

/// What a page is made of beside the facts.
#[derive(Debug, Default)]
pub(crate) struct ReportInputs {
    /// The questions with their options.
    pub options: Vec<(&'static Question, Options)>,
    /// Every table of the inventory.
    pub tables: Vec<&'static str>,
    /// The accounts of the registry, if one is given.
    pub registered: Option<HashMap<String, RegisteredAccount>>,
    /// The two newest whole runs, if there are two.
    pub compared: Option<ComparedRuns>,
    /// What the user narrowed the page to, in words.
    pub narrowed: Vec<String>,
}

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

/// What the page reads when it opens.
#[derive(Debug, Serialize)]
pub(crate) struct ReportHead {
    version: u32,
    made_by: &'static str,
    /// The moment from which ages count.
    at: Timestamp,
    as_of: AsOf,
    narrowed: Vec<String>,
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
}

impl ReportDocument {
    /// The page in one line.
    pub(crate) fn summary(&self) -> String {
        let head = &self.head;
        let (accounts, resources) = (head.overview.accounts.len(), head.overview.resources);
        let folded = if head.folded.is_empty() { "" } else { ". What did not fit is named on the page" };
        format!("{accounts} accounts, {resources} resources, {} of {} cells unknown{folded}", head.unknown, head.needed)
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

/// A part of the document.
enum DocumentPart {
    Sheet(ReportSheet),
    Overview(EstateOverview),
    Map(Box<DrawnMap>, ReportSheet),
    Search(SearchIndex, Vec<FoldedPart>),
}

type PartMaker<'a> = Box<dyn FnOnce() -> DocumentPart + Send + 'a>;

/// Makes the document of the selected resources.
pub(crate) fn document(facts: &Facts, inputs: ReportInputs) -> ReportDocument {
    let ReportInputs { options, tables, registered, compared, narrowed } = inputs;
    let every_table: Vec<Read> = tables.iter().map(|table| Read::subject(table, &[])).collect();
    let everything = facts.cells.coverage(&every_table, &facts.selection);
    let all_gaps = gaps(&everything.unknown);
    let mut makers: Vec<PartMaker<'_>> = Vec::new();
    makers.push(Box::new(|| {
        let drawn = map_network::map(facts);
        let sheet = links(facts, &drawn.links);
        DocumentPart::Map(Box::new(drawn), sheet)
    }));
    makers.push(Box::new(|| {
        let (search, folded) = search_index::index(facts, &tables, search_index::MOST);
        DocumentPart::Search(search, folded)
    }));
    makers.push(Box::new(|| DocumentPart::Overview(overview(facts, &tables, registered.as_ref()))));
    makers.push(Box::new(|| DocumentPart::Sheet(records(facts))));
    makers.push(Box::new(|| DocumentPart::Sheet(zones(facts))));
    makers.push(Box::new(|| DocumentPart::Sheet(keys(facts, &tables, &everything))));
    let every = every_table.as_slice();
    for (question, options) in &options {
        makers.push(Box::new(move || DocumentPart::Sheet(asked(facts, question, options, every))));
    }
    let parts = made(makers);

    let mut sheets: Vec<ReportSheet> = Vec::new();
    let (mut drawn, mut search, mut counts, mut folded) =
        (DrawnMap::default(), SearchIndex::default(), EstateOverview::default(), Vec::new());
    for part in parts {
        match part {
            DocumentPart::Sheet(sheet) => sheets.push(sheet),
            DocumentPart::Overview(overview) => counts = overview,
            DocumentPart::Map(mut map, links) => {
                folded.append(&mut map.folded);
                drawn = *map;
                sheets.push(links);
            }
            DocumentPart::Search(index, left_out) => {
                search = index;
                folded.extend(left_out);
            }
        }
    }
    let compared_head = compared.as_ref().map(compared_head);
    sheets.extend(compared.map(changes));
    sheets.push(unknown_cells(&all_gaps, &everything));
    let order: Vec<&str> = SECTIONS.iter().flat_map(|section| section.sheets).copied().collect();
    sheets.sort_by_key(|sheet| order.iter().position(|name| *name == sheet.head.name));
    folded.extend(sheets.iter().filter_map(ReportSheet::folded));
    let more_gaps = all_gaps.len().saturating_sub(REMEDIES);
    let mended = all_gaps.into_iter().take(REMEDIES).map(|gap| MendedGap { remedy: gap.remedy(), gap });
    let (heads, rows): (Vec<SheetHead>, Vec<_>) =
        sheets.into_iter().map(|sheet| (sheet.head.clone(), (sheet.head.name, sheet.rows))).unzip();
    let head = ReportHead {
        version: VERSION,
        made_by: concat!("rolecall ", env!("CARGO_PKG_VERSION")),
        at: facts.at,
        as_of: as_of(&heads),
        narrowed,
        has_registry: registered.is_some(),
        overview: counts,
        gaps: mended.collect(),
        more_gaps,
        needed: everything.cells,
        unknown: everything.unknown.len(),
        sections: SECTIONS.iter().map(|section| covered(facts, *section, &every_table)).collect(),
        sheets: heads,
        compared: compared_head,
        folded,
    };
    ReportDocument { head, map: drawn.map, links: drawn.links, search, rows }
}

/// Makes the parts on every processor. They come back in their order.
fn made(makers: Vec<PartMaker<'_>>) -> Vec<DocumentPart> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(8);
    let results: Vec<Mutex<Option<DocumentPart>>> = makers.iter().map(|_| Mutex::new(None)).collect();
    let queue = Mutex::new(makers.into_iter().enumerate());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = lock(&queue).next();
                    let Some((at, make)) = next else { break };
                    *lock(&results[at]) = Some(make());
                }
            });
        }
    });
    results.into_iter().filter_map(|result| lock(&result).take()).collect()
}

fn asked(facts: &Facts, question: &'static Question, options: &Options, every_table: &[Read]) -> ReportSheet {
    let answer = question.answered(facts, options, every_table);
    let own = question.columns.iter().map(|own| column(own.name, own.kind));
    let columns: Vec<ReportColumn> = [text("account_id"), text("region")].into_iter().chain(own).collect();
    let rows = answer
        .rows
        .into_iter()
        .map(|row| [json!(row.account_id), json!(row.region)].into_iter().chain(row.values).collect::<Vec<Value>>());
    let most = if question.name == "address-plan" { BASE_ROWS } else { SHEET_ROWS };
    let mut title = SheetTitle::of(question);
    let defaults = Options::defaults(question);
    for option in question.options.iter().filter(|option| options.text(option.name) != defaults.text(option.name)) {
        title.command.push_str(&format!(" --{} {}", option.name, options.text(option.name)));
    }
    ReportSheet::new(title, columns, rows, &answer.coverage, most)
}

fn links(facts: &Facts, links: &[MapLink]) -> ReportSheet {
    let title = SheetTitle {
        name: "links",
        title: "Links",
        description: "The links of the map: what is connected with what, and by which resource. The account and the region are \
                      those of that resource.",
        why: "Graph tools read it: `rolecall report --links FILE.csv` writes it.",
        command: "rolecall report --links links.csv".to_owned(),
    };
    let columns = ["account_id", "region", "from", "to", "kind", "via", "state"].map(text).to_vec();
    let rows = links.iter().map(|link| {
        vec![
            json!(link.account),
            json!(link.region),
            json!(link.from),
            json!(link.to),
            json!(link.kind),
            json!(link.via),
            json!(link.state),
        ]
    });
    let coverage = facts.cells.coverage(&map_network::reads(), &facts.selection);
    ReportSheet::new(title, columns, rows, &coverage, SHEET_ROWS)
}

fn zones(facts: &Facts) -> ReportSheet {
    let title = SheetTitle {
        name: "zones",
        title: "Hosted zones",
        description: "Every hosted zone. Zones of the same name are rows of their own.",
        why: "",
        command: "rolecall where".to_owned(),
    };
    let coverage = facts.cells.coverage(&[zone_sheets::ZONES], &facts.selection);
    ReportSheet::new(title, zone_sheets::zone_columns(), zone_sheets::zone_rows(facts), &coverage, BASE_ROWS)
}

fn records(facts: &Facts) -> ReportSheet {
    let title = SheetTitle {
        name: "records",
        title: "Records",
        description: "Every record set with its values, or with what it is an alias of.",
        why: "",
        command: "rolecall where".to_owned(),
    };
    let coverage = facts.cells.coverage(&[zone_sheets::RECORDS], &facts.selection);
    ReportSheet::new(title, zone_sheets::record_columns(), zone_sheets::record_rows(facts), &coverage, BASE_ROWS)
}

fn keys(facts: &Facts, tables: &[&'static str], coverage: &Coverage) -> ReportSheet {
    let title = SheetTitle {
        name: "tag-keys",
        title: "Keys of tags",
        description: "Each key with the number of resources that have it, of their accounts and of its values.",
        why: "Keys that differ only in writing are found side by side.",
        command: "rolecall where KEY=VALUE".to_owned(),
    };
    ReportSheet::new(title, tag_keys::columns(), tag_keys::rows(facts, tables).into_iter(), coverage, SHEET_ROWS)
}

fn changes(compared: ComparedRuns) -> ReportSheet {
    let description = format!("What was added, removed and changed from {} to {}.", compared.older, compared.newer);
    let title = SheetTitle {
        name: "changes",
        title: "Changes since the previous run",
        description: &description,
        why: "",
        command: "rolecall diff".to_owned(),
    };
    let mut columns = ["account_id", "region", "table", "id", "name", "change"].map(text).to_vec();
    columns.extend([column("previous_collected_at", ColumnKind::Time), column("members", ColumnKind::Json)]);
    let rows = compared.changes.rows.into_iter().map(|row| {
        vec![
            json!(row.account_id),
            json!(row.region),
            json!(row.table),
            json!(row.id),
            json!(row.name),
            json!(row.change),
            json!(row.previous_collected_at),
            json!(row.members),
        ]
    });
    ReportSheet::new(title, columns, rows, &compared.changes.coverage, SHEET_ROWS)
}

fn compared_head(compared: &ComparedRuns) -> ComparedHead {
    let count = |change| compared.changes.rows.iter().filter(|row| row.change == change).count();
    ComparedHead {
        older: compared.older.clone(),
        newer: compared.newer.clone(),
        added: count(Change::Added),
        removed: count(Change::Removed),
        changed: count(Change::Changed),
    }
}

fn unknown_cells(gaps: &[CellGap], coverage: &Coverage) -> ReportSheet {
    let title = SheetTitle {
        name: "unknown-cells",
        title: "What could not be seen",
        description: "The cells (account, region and table) whose newest word is not an answer, in groups with one cause. The \
                      region `*` stands for all regions that are not known. Where they were answered before, the page shows \
                      that older answer.",
        why: "Nothing on this page means that what is not shown here does not exist there.",
        command: "rolecall ask denied --coverage".to_owned(),
    };
    let columns = vec![
        text("account_id"),
        text("status"),
        text("error_code"),
        column("cells", ColumnKind::Integer),
        column("tables", ColumnKind::Json),
        column("regions", ColumnKind::Json),
        column("last_answered", ColumnKind::Time),
        text("advice"),
    ];
    let rows = gaps.iter().map(|gap| {
        vec![
            json!(gap.account_id),
            json!(gap.status),
            json!(gap.error_code),
            json!(gap.cells),
            json!(gap.tables),
            json!(gap.regions),
            json!(gap.last_answered),
            json!(gap.remedy().advice),
        ]
    });
    ReportSheet::new(title, columns, rows, coverage, SHEET_ROWS)
}

/// A section with the cells that its sheets need, each counted once.
fn covered(facts: &Facts, section: ReportSection, every_table: &[Read]) -> CoveredSection {
    let mut reads: Vec<Read> = Vec::new();
    for sheet in section.sheets {
        match (*sheet, crate::answers::questions::find(sheet)) {
            (_, Some(question)) => reads.extend(question.reads),
            ("links", _) => reads.extend(map_network::reads()),
            ("zones", _) => reads.push(zone_sheets::ZONES),
            ("records", _) => reads.push(zone_sheets::RECORDS),
            _ => {}
        }
    }
    let is_about_all = matches!(section.id, "overview" | "tags" | "changes" | "unknown");
    let coverage = facts.cells.coverage(if is_about_all { every_table } else { &reads }, &facts.selection);
    CoveredSection { section, needed: coverage.cells, unknown: coverage.unknown.len() }
}

/// The times of the oldest and the newest row of all sheets.
fn as_of(sheets: &[SheetHead]) -> AsOf {
    let oldest = sheets.iter().filter_map(|sheet| sheet.as_of().oldest).min();
    let newest = sheets.iter().filter_map(|sheet| sheet.as_of().newest).max();
    AsOf { oldest, newest }
}
