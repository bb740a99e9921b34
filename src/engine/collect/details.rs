//! Collects the details of listed resources: one by one, in batches, or once for all.

use std::collections::{HashMap, HashSet};

use super::cell::Cell;
use super::children::NotFound;
use super::detail_answer::DetailAnswer;
use super::failures::{ResourceFailures, ends_the_session};
use super::paging::Pager;
use super::{Context, SIDE_BY_SIDE};
use crate::aws::{AwsError, AwsErrorKind, CallParams, PageRequest};
use crate::catalogue::TableDetail;
use crate::decode::Item;
use crate::inventory::Record;

/// The records of a cell while their details are collected.
struct DetailBatch<'a> {
    records: &'a mut [Record],
    /// The places of the records with each id.
    places: HashMap<String, Vec<usize>>,
    not_found: Vec<NotFound>,
}

impl Context {
    /// Adds the details to the records. Returns the resources that were not found.
    pub(super) async fn add_details(&self, cell: &mut Cell, records: &mut [Record]) -> Vec<NotFound> {
        let mut places: HashMap<String, Vec<usize>> = HashMap::with_capacity(records.len());
        for (place, record) in records.iter().enumerate() {
            places.entry(record.id.clone()).or_default().push(place);
        }
        let mut held = DetailBatch { records, places, not_found: Vec::new() };
        for detail in &cell.table.details {
            self.add_detail(cell, detail, &mut held).await;
        }
        held.not_found
    }

    /// Adds one detail. A failure for some resources ends those alone, since the role may be allowed to read others. A denial
    /// for a resource that another account owns is no failure if any other was answered: its owner may not share the detail.
    async fn add_detail(&self, cell: &mut Cell, detail: &'static TableDetail, held: &mut DetailBatch<'_>) {
        let mut waiting = held.to_ask(cell, detail);
        let (asked, operation) = (waiting.len(), detail.entry.operation);
        let mut failures = ResourceFailures::default();
        let (mut detail, mut ended, mut not_ours) = (detail, false, None);
        let mut unknown: HashSet<String> = waiting.iter().cloned().collect();
        while !waiting.is_empty() && !ended {
            // Some batches are asked concurrently. Their results are handled in order.
            let later = waiting.split_off(waiting.len().min(detail.entry.batch.saturating_mul(SIDE_BY_SIDE)));
            let batches: Vec<&[String]> = waiting.chunks(detail.entry.batch).collect();
            let shared: &Cell = cell;
            let answers = batches.iter().map(|batch| self.ask_detail(shared, detail, batch));
            let answers = futures::future::join_all(answers).await;
            let mut again: Vec<String> = Vec::new();
            for (batch, (items, cause)) in batches.into_iter().zip(answers) {
                let is_list = cell.table.lists_items_of(detail);
                let answer = DetailAnswer { detail, batch, items, is_list, is_complete: cause.is_none() };
                let contradiction = held.add(cell, answer);
                if cause.is_none() && contradiction.is_none() {
                    unknown.retain(|id| !batch.contains(id));
                }
                if let Some(contradiction) = contradiction {
                    failures.add(batch, contradiction);
                }
                let Some(cause) = cause else { continue };
                let not_found = cause.kind == AwsErrorKind::NotFound;
                match batch {
                    [id] if not_found => held.not_found.push((id.clone(), cause)),
                    // A batch does not say which resource was deleted, and an operation on one resource may be allowed
                    // where the one on many is not: ask one by one from here on.
                    _ if detail.fallback.is_some() && (not_found || is_not_answered_there(&cause)) => {
                        again.extend_from_slice(batch);
                    }
                    [id] if cause.kind == AwsErrorKind::Denied && held.is_foreign(id, &self.account.id) => {
                        not_ours = Some(cause);
                    }
                    _ => {
                        ended |= ends_the_session(&cause);
                        failures.add(batch, cause);
                    }
                }
            }
            if let (false, Some(fallback)) = (again.is_empty(), &detail.fallback) {
                detail = fallback;
            }
            again.extend(later);
            waiting = again;
        }
        held.forget_digests(&unknown);
        let is_all_unknown = unknown.len() == asked;
        if let Some(cause) = failures.into_error(operation, asked).or(not_ours.filter(|_| is_all_unknown)) {
            cell.failed(cause);
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

impl DetailBatch<'_> {
    /// The ids of the resources to ask a detail of, each once.
    fn to_ask(&self, cell: &Cell, detail: &TableDetail) -> Vec<String> {
        let mut chosen = HashSet::new();
        let passes = |record: &&Record| cell.table.passes(record, detail.entry.filter);
        // One that another detail did not find is asked too: whether it is gone is decided at the end.
        let records = self.records.iter().filter(passes);
        records.filter(|record| chosen.insert(record.id.as_str())).map(|record| record.id.clone()).collect()
    }

    /// Whether another account owns the resources of this id.
    fn is_foreign(&self, id: &str, account_id: &str) -> bool {
        let places = self.places.get(id).map(Vec::as_slice).unwrap_or_default();
        places.iter().all(|place| self.records[*place].owner_id.as_deref() != Some(account_id))
    }

    /// The details of these resources are unknown, and so are their digests.
    fn forget_digests(&mut self, unknown: &HashSet<String>) {
        for place in unknown.iter().filter_map(|id| self.places.get(id)).flatten() {
            self.records[*place].digest = None;
        }
    }

    /// Adds an answer to the records that it describes. Returns an error if it does not fit the question.
    fn add(&mut self, cell: &Cell, answer: DetailAnswer<'_>) -> Option<AwsError> {
        let detail = answer.detail;
        let (items, contradiction) = answer.by_resource();
        for (id, item) in items {
            let Some((last, others)) = self.places.get(&id).and_then(|places| places.split_last()) else { continue };
            for place in others {
                cell.table.add_detail(&mut self.records[*place], detail, copy(&item));
            }
            cell.table.add_detail(&mut self.records[*last], detail, item);
        }
        contradiction
    }
}

fn copy(item: &Item) -> Item {
    let Item { values, tags, extra, digest, .. } = item;
    Item { values: values.clone(), tags: tags.clone(), extra: extra.clone(), digest: *digest, context: Vec::new() }
}

/// Whether the operation itself is refused, so that its fallback may succeed.
fn is_not_answered_there(cause: &AwsError) -> bool {
    matches!(cause.kind, AwsErrorKind::Denied | AwsErrorKind::ScpDenied | AwsErrorKind::Unsupported)
        || (cause.kind == AwsErrorKind::Other && cause.code.is_some())
}
