//! What is asked of resources besides their listing: one by one, so many at once, or once for all.

use std::collections::{HashMap, HashSet};

use super::cell::Cell;
use super::paging::Pager;
use super::{Context, SIDE_BY_SIDE, ends_the_cell};
use crate::aws::{AwsError, AwsErrorKind};
use crate::catalogue::TableDetail;
use crate::decode::Item;
use crate::inventory::Record;

/// The records of a cell while details are asked for.
struct DetailBatch<'a> {
    records: &'a mut Vec<Record>,
    places: HashMap<String, usize>,
    gone: HashSet<String>,
}

impl Context {
    /// Asks what is wanted of each resource besides. A resource that is gone by then makes no record.
    pub(super) async fn add_details(&self, cell: &mut Cell, records: &mut Vec<Record>) {
        let places = records.iter().enumerate().map(|(place, record)| (record.id.clone(), place)).collect();
        let mut held = DetailBatch { records, places, gone: HashSet::new() };
        for detail in &cell.table.details {
            self.add_detail(cell, detail, &mut held).await;
        }
        let gone = held.gone;
        records.retain(|record| !gone.contains(&record.id));
    }

    async fn add_detail(&self, cell: &mut Cell, detail: &'static TableDetail, held: &mut DetailBatch<'_>) {
        let table = cell.table;
        let chosen: Vec<String> = held
            .records
            .iter()
            .filter(|record| !held.gone.contains(&record.id) && table.passes(record, detail.entry.filter))
            .map(|record| record.id.clone())
            .collect();
        let (mut detail, mut from) = (detail, 0);
        while from < chosen.len() {
            // Some side by side; what they come to is looked at in their order.
            let batches: Vec<&[String]> = chosen[from..].chunks(detail.entry.batch).take(SIDE_BY_SIDE).collect();
            let (shared, asked): (&Cell, _) = (cell, detail);
            let answers = batches.iter().map(|batch| self.ask_detail(shared, asked, batch));
            let answers = futures::future::join_all(answers).await;
            for (batch, answer) in batches.into_iter().zip(answers) {
                let (items, cause) = answer;
                for item in items {
                    let only = if let [id] = batch { Some(id.as_str()) } else { None };
                    let place = place_of(detail, &item, only, &held.places);
                    if let Some(record) = place.and_then(|place| held.records.get_mut(place)) {
                        table.add_detail(record, detail, item);
                    }
                }
                let Some(cause) = cause else {
                    from += batch.len();
                    continue;
                };
                let gone = cause.kind == AwsErrorKind::NotFound;
                match (&detail.fallback, batch) {
                    (_, [id]) if gone => {
                        held.gone.insert(id.clone());
                    }
                    // In a batch nobody says which one is gone, and where nobody answers for many somebody may for
                    // one: ask one by one from here on.
                    (Some(fallback), _) if gone || is_not_answered_there(&cause) => {
                        detail = fallback;
                        break;
                    }
                    _ => {
                        let stop = !gone && ends_the_cell(&cause);
                        cell.failed(cause);
                        if stop {
                            return;
                        }
                    }
                }
                from += batch.len();
            }
        }
    }

    /// Asks a detail of so many resources, page by page: what came, and why it ended where it failed.
    async fn ask_detail(
        &self,
        cell: &Cell,
        detail: &'static TableDetail,
        subjects: &[String],
    ) -> (Vec<Item>, Option<AwsError>) {
        let (operation, call) = (detail.entry.operation, detail.entry.call);
        let line = cell.line();
        let mut paging = Pager::new(operation, call, detail.selector.clone(), subjects.to_vec(), &cell.region);
        let mut items = Vec::new();
        loop {
            let next = match paging.page(&line).await {
                Ok(Some((taken, next))) => {
                    cell.dropped(taken.answer.dropped);
                    items.extend(taken.answer.items);
                    next
                }
                // Once more from the start, without what came before.
                Ok(None) => {
                    items.clear();
                    continue;
                }
                Err(cause) => return (items, Some(cause)),
            };
            match paging.goes_on(next) {
                Ok(true) => {}
                Ok(false) => return (items, None),
                Err(cause) => return (items, Some(cause)),
            }
        }
    }
}

/// Whether the operation itself is refused, so that another one may be answered.
fn is_not_answered_there(cause: &AwsError) -> bool {
    matches!(cause.kind, AwsErrorKind::Denied | AwsErrorKind::Unsupported)
        || (cause.kind == AwsErrorKind::Other && cause.code.is_some())
}

/// The record that a detail's item is about.
fn place_of(detail: &TableDetail, item: &Item, only: Option<&str>, places: &HashMap<String, usize>) -> Option<usize> {
    places.get(detail.subject(item).or(only)?).copied()
}
