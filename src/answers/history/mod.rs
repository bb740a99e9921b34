//! `rolecall history`: who held an address, a name or an id, from when to when.
//!
//! ```text
//! commits -> where at each of them -> what each run said of the cells -> spans of time
//! ```
//!
//! **Invariant:** something has gone only if a cell that was answered in full has it no more.

mod held_spans;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::estate::{Estate, Moment, commits};
use super::facts::{Coverage, Facts, RowFilter};
use super::lookup::{Hit, Query, Relation, look_up, narrow, reads};
use crate::engine::Engine;
use crate::error::Error;
use held_spans::{CellRun, HeldSpan, held_spans};

/// Something that was found, and when.
#[derive(Clone, Debug)]
pub(crate) struct HistoryRow {
    /// As the last run that has it shows it.
    pub hit: Hit,
    pub span: HeldSpan,
}

/// What is the same over time: the number of the term, and what was found by it.
type HistoryKey = (usize, Relation, String, String, &'static str, String, Option<String>, Option<String>);

/// Finds what the terms look for, at every commit up to a moment. The names are those of accounts in the registry.
pub(crate) async fn history(
    engine: &Engine,
    until: Option<Timestamp>,
    terms: &[Query],
    selection: &RowFilter,
    names: &[(String, String)],
) -> Result<(Vec<HistoryRow>, Coverage), Error> {
    let reads = reads(terms);
    let tables: Vec<&str> = reads.iter().map(|read| read.table).collect();
    let mut found: BTreeMap<HistoryKey, Vec<(Timestamp, Hit)>> = BTreeMap::new();
    let mut commits = commits(engine).await?;
    commits.retain(|commit| until.is_none_or(|until| commit.committed_at <= until));
    if commits.is_empty() {
        // The error says what is missing.
        Estate::open(engine, &until.map_or(Moment::Now, Moment::At), Some(&tables)).await?;
    }
    let mut coverage = Coverage::default();
    for commit in &commits {
        let estate = Estate::open(engine, &Moment::At(commit.committed_at), Some(&tables)).await?;
        estate.require_regions(selection)?;
        let mut facts = Facts::new(Vec::new(), estate.cells().await, selection.clone(), estate.at());
        facts.account_names.extend(names.iter().cloned());
        narrow(&mut facts, &mut estate.search(&reads), terms, &reads).await?;
        for hit in look_up(&facts, terms) {
            let term = terms.iter().position(|term| term.text() == hit.query).unwrap_or(usize::MAX);
            let identity = (
                term,
                hit.relation,
                hit.account_id.clone(),
                hit.region.clone(),
                hit.table,
                hit.id.clone(),
                hit.arn.clone(),
                hit.value.clone(),
            );
            found.entry(identity).or_default().push((commit.started_at, hit));
        }
        coverage = facts.cells.coverage(&reads, selection);
    }
    let mut runs: BTreeMap<(String, String, &'static str), Vec<CellRun>> =
        found.values().flatten().map(|(_, hit)| (cell(hit), Vec::new())).collect();
    let asked = if runs.is_empty() { &[][..] } else { &commits[..] };
    for commit in asked {
        let estate = Estate::open(engine, &Moment::At(commit.committed_at), Some(&tables)).await?;
        let cells = estate.cells().await;
        for ((account_id, region, table), runs) in &mut runs {
            let word = cells.word(account_id, region, table).filter(|(at, _)| *at == commit.started_at);
            runs.extend(word.map(|(started_at, is_answered)| CellRun { started_at, is_answered }));
        }
    }
    let mut rows = Vec::new();
    for hits in found.into_values() {
        let Some(of_cell) = hits.first().and_then(|(_, hit)| runs.get_mut(&cell(hit))) else { continue };
        of_cell.sort_by_key(|run| run.started_at);
        let hits: BTreeMap<Timestamp, Hit> = hits.into_iter().collect();
        for span in held_spans(of_cell, |started_at| hits.contains_key(&started_at)) {
            if let Some(hit) = hits.get(&span.last) {
                coverage.saw(hit.collected_at);
                rows.push(HistoryRow { hit: hit.clone(), span });
            }
        }
    }
    Ok((rows, coverage))
}

/// The cell that shows a resource: the owner's, if the owner sees it.
fn cell(hit: &Hit) -> (String, String, &'static str) {
    let owner = hit.observers.iter().find(|observer| **observer == hit.account_id);
    let account_id = owner.or(hit.observers.first()).unwrap_or(&hit.account_id);
    (account_id.clone(), hit.region.clone(), hit.table)
}
