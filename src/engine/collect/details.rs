//! Collects the details of listed resources: one by one, in batches, or once for all.

use std::collections::{HashMap, HashSet};

use super::cell::Cell;
use super::paging::Pager;
use super::{Context, SIDE_BY_SIDE, ends_the_cell};
use crate::aws::{AwsError, AwsErrorKind, CallParams, PageRequest};
use crate::catalogue::TableDetail;
use crate::decode::Item;
use crate::inventory::Record;

/// The records of a cell while their details are collected.
struct DetailBatch<'a> {
    records: &'a mut Vec<Record>,
    places: HashMap<String, usize>,
    gone: HashSet<String>,
}

impl Context {
    /// Adds the details to the records. Drops the records of resources that were deleted meanwhile.
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
            // Some batches are asked concurrently. Their results are handled in order.
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
                    // A batch does not say which resource was deleted, and an operation on one resource may be allowed
                    // where the one on many is not: ask one by one from here on.
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

    /// Asks a detail of some resources, page by page. Returns the items, and the error that ended the listing early.
    async fn ask_detail(
        &self,
        cell: &Cell,
        detail: &'static TableDetail,
        subjects: &[String],
    ) -> (Vec<Item>, Option<AwsError>) {
        let params = CallParams { token: None, subjects: subjects.to_vec(), region: cell.region.to_string() };
        let (operation, send) = (detail.entry.operation, detail.entry.call);
        let request = PageRequest { operation, send, selector: detail.selector.clone(), params };
        let mut pager = Pager::new(cell.client(), &self.stop, request);
        let mut items = Vec::new();
        loop {
            let next = match pager.page().await {
                Ok(Some((page, next))) => {
                    cell.dropped(page.body.dropped);
                    items.extend(page.body.items);
                    next
                }
                // The listing starts again, so its items come again.
                Ok(None) => {
                    items.clear();
                    continue;
                }
                Err(error) => return (items, Some(error)),
            };
            match pager.advance(next) {
                Ok(true) => {}
                Ok(false) => return (items, None),
                Err(error) => return (items, Some(error)),
            }
        }
    }
}

/// Whether the operation itself is refused, so that its fallback may succeed.
fn is_not_answered_there(cause: &AwsError) -> bool {
    matches!(cause.kind, AwsErrorKind::Denied | AwsErrorKind::Unsupported)
        || (cause.kind == AwsErrorKind::Other && cause.code.is_some())
}

/// The index of the record that an item of a detail describes.
fn place_of(detail: &TableDetail, item: &Item, only: Option<&str>, places: &HashMap<String, usize>) -> Option<usize> {
    places.get(detail.subject(item).or(only)?).copied()
}
