//! Makes the parts of a document that do not depend on each other, on every processor.
//!
//! **Invariant:** the parts come back in their order, however many processors there are.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::document_sheets;
use super::map_network::{self, DrawnMap};
use super::overview::{EstateOverview, overview};
use super::report_inputs::ReportInputs;
use super::report_limits::FoldedPart;
use super::report_sheet::ReportSheet;
use super::search_index::{self, SearchIndex};
use crate::answers::facts::{Coverage, Facts, Read};
use crate::domain::lock;

/// The most threads that make parts.
const MOST_THREADS: usize = 8;

/// The parts of a document.
#[derive(Debug, Default)]
pub(super) struct DocumentParts {
    pub sheets: Vec<ReportSheet>,
    pub overview: EstateOverview,
    pub drawn: DrawnMap,
    pub search: SearchIndex,
    /// What the map and the search leave out.
    pub folded: Vec<FoldedPart>,
}

/// A part of the document.
enum DocumentPart {
    Sheet(ReportSheet),
    Overview(EstateOverview),
    Map(Box<DrawnMap>, ReportSheet),
    Search(SearchIndex, Vec<FoldedPart>),
}

type PartMaker<'a> = Box<dyn FnOnce() -> DocumentPart + Send + 'a>;

impl DocumentParts {
    /// Makes the parts. `every_table` are the tables of the inventory, and `everything` says what of them is unknown.
    pub(super) fn of(facts: &Facts, inputs: &ReportInputs, every_table: &[Read], everything: &Coverage) -> Self {
        let mut parts = Self::default();
        for part in made(makers(facts, inputs, every_table, everything), &inputs.stop) {
            match part {
                DocumentPart::Sheet(sheet) => parts.sheets.push(sheet),
                DocumentPart::Overview(overview) => parts.overview = overview,
                DocumentPart::Map(mut map, links) => {
                    parts.folded.append(&mut map.folded);
                    parts.drawn = *map;
                    parts.sheets.push(links);
                }
                DocumentPart::Search(index, left_out) => {
                    parts.search = index;
                    parts.folded.extend(left_out);
                }
            }
        }
        parts
    }
}

fn makers<'a>(
    facts: &'a Facts,
    inputs: &'a ReportInputs,
    every_table: &'a [Read],
    everything: &'a Coverage,
) -> Vec<PartMaker<'a>> {
    let tables = inputs.tables.as_slice();
    let mut makers: Vec<PartMaker<'a>> = vec![
        Box::new(|| {
            let drawn = map_network::map(facts);
            let sheet = document_sheets::links(facts, &drawn.links);
            DocumentPart::Map(Box::new(drawn), sheet)
        }),
        Box::new(|| {
            let (search, folded) = search_index::index(facts, tables, search_index::MOST);
            DocumentPart::Search(search, folded)
        }),
        Box::new(|| DocumentPart::Overview(overview(facts, tables, inputs.registered.as_ref()))),
        Box::new(|| DocumentPart::Sheet(document_sheets::records(facts))),
        Box::new(|| DocumentPart::Sheet(document_sheets::zones(facts))),
        Box::new(|| DocumentPart::Sheet(document_sheets::keys(facts, tables, everything))),
    ];
    for (question, options) in &inputs.options {
        makers
            .push(Box::new(move || DocumentPart::Sheet(document_sheets::asked(facts, question, options, every_table))));
    }
    makers
}

/// Makes the parts. What is not begun when nobody waits for them any more is left out.
fn made(makers: Vec<PartMaker<'_>>, stop: &AtomicBool) -> Vec<DocumentPart> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let results: Vec<Mutex<Option<DocumentPart>>> = makers.iter().map(|_| Mutex::new(None)).collect();
    let queue = Mutex::new(makers.into_iter().enumerate());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let next = lock(&queue).next();
                    let Some((at, make)) = next else { break };
                    *lock(&results[at]) = Some(make());
                }
            });
        }
    });
    results.into_iter().filter_map(|result| lock(&result).take()).collect()
}
