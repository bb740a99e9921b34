//! What is asked of resources besides their listing: one by one, so many at once, or once for all.

use std::collections::{HashMap, HashSet};

use super::cell::Cell;
use super::paging::Paging;
use super::{Context, ends_the_cell};
use crate::catalogue::TableDetail;
use crate::failure::{Cause, Kind};
use crate::record::Record;
use crate::transcode::Item;

/// The records of a cell while details are asked for.
struct Held<'a> {
    records: &'a mut Vec<Record>,
    places: HashMap<String, usize>,
    gone: HashSet<String>,
}

impl Context {
    /// Asks what is wanted of each resource besides. A resource that is gone by then makes no record.
    pub(super) async fn add_details(&self, cell: &mut Cell, records: &mut Vec<Record>) {
        let places = records.iter().enumerate().map(|(place, record)| (record.id.clone(), place)).collect();
        let mut held = Held { records, places, gone: HashSet::new() };
        for detail in &cell.table.details {
            self.add_detail(cell, detail, &mut held).await;
        }
        let gone = held.gone;
        records.retain(|record| !gone.contains(&record.id));
    }

    async fn add_detail(&self, cell: &mut Cell, detail: &'static TableDetail, held: &mut Held<'_>) {
        let table = cell.table;
        let chosen: Vec<String> = held
            .records
            .iter()
            .filter(|record| !held.gone.contains(&record.id) && table.holds(record, detail.detail.only))
            .map(|record| record.id.clone())
            .collect();
        let (mut detail, mut from) = (detail, 0);
        while from < chosen.len() {
            let to = chosen.len().min(from.saturating_add(detail.detail.batch));
            let subjects = &chosen[from..to];
            match self.ask_detail(cell, detail, subjects, held).await {
                Ok(()) => from = to,
                Err(cause) if cause.kind == Kind::Gone => {
                    // In a batch nobody says which one is gone: ask one by one from here on.
                    match (subjects, &detail.otherwise) {
                        ([id], _) => {
                            held.gone.insert(id.clone());
                            from = to;
                        }
                        (_, Some(otherwise)) => detail = otherwise,
                        (_, None) => {
                            cell.failed(cause);
                            from = to;
                        }
                    }
                }
                Err(cause) => {
                    if let Some(otherwise) = &detail.otherwise
                        && is_not_answered_there(&cause)
                    {
                        detail = otherwise;
                        continue;
                    }
                    let stop = ends_the_cell(&cause);
                    cell.failed(cause);
                    if stop {
                        break;
                    }
                    from = to;
                }
            }
        }
    }

    /// Asks a detail of so many resources, page by page.
    async fn ask_detail(
        &self,
        cell: &mut Cell,
        detail: &'static TableDetail,
        subjects: &[String],
        held: &mut Held<'_>,
    ) -> Result<(), Cause> {
        let table = cell.table;
        let only = if let [id] = subjects { Some(id.as_str()) } else { None };
        let (operation, call) = (detail.detail.operation, detail.detail.call);
        let mut paging = Paging::new(operation, call, detail.wanted.clone(), subjects.to_vec(), &cell.region);
        loop {
            let Some((taken, next)) = paging.page(cell).await? else {
                // Once more from the start, without what came before.
                for place in subjects.iter().filter_map(|id| held.places.get(id)) {
                    table.forget_detail(&mut held.records[*place], detail);
                }
                continue;
            };
            for item in taken.answer.items {
                let place = place_of(detail, &item, only, &held.places);
                if let Some(record) = place.and_then(|place| held.records.get_mut(place)) {
                    table.add_detail(record, detail, item);
                }
            }
            if !paging.goes_on(next)? {
                return Ok(());
            }
        }
    }
}

/// Whether the operation itself is refused, so that another one may be answered.
fn is_not_answered_there(cause: &Cause) -> bool {
    matches!(cause.kind, Kind::Denied | Kind::Unsupported) || (cause.kind == Kind::Other && cause.code.is_some())
}

/// The record that a detail's item is about.
fn place_of(detail: &TableDetail, item: &Item, only: Option<&str>, places: &HashMap<String, usize>) -> Option<usize> {
    places.get(detail.subject(item).or(only)?).copied()
}
