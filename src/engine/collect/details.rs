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
    /// The places of the records with each subject of the detail: their ids, or their ARNs.
    places: HashMap<String, Vec<usize>>,
    not_found: Vec<NotFound>,
}

impl Context {
    /// Adds the details to the records. Returns the resources that were not found.
    pub(super) async fn add_details(&self, cell: &mut Cell, records: &mut [Record]) -> Vec<NotFound> {
        let mut held = DetailBatch { records, places: HashMap::new(), not_found: Vec::new() };
        for detail in &cell.table.details {
            held.find_places(detail);
            self.add_detail(cell, detail, &mut held).await;
        }
        held.not_found
    }

    /// Adds one detail. A failure for some resources ends those alone, since the role may be allowed to read others. A denial
    /// for a resource that another account owns, or that has a policy of its own, is no failure if any other was answered.
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
            let ask = |batch| self.ask_detail(shared, detail, batch, held.region(shared, detail, batch));
            let answers = batches.iter().map(|batch| ask(batch));
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
                    [subject] if not_found => held.not_found.push((held.id_of(subject), cause)),
                    // A batch does not say which resource was deleted, and an operation on one resource may be allowed
                    // where the one on many is not: ask one by one from here on.
                    _ if detail.fallback.is_some() && (not_found || is_not_answered_there(&cause)) => {
                        again.extend_from_slice(batch);
                    }
                    [subject]
                        if cause.kind == AwsErrorKind::Denied && held.may_refuse(subject, detail, &self.account.id) =>
                    {
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

    /// Asks a detail of some resources, page by page, in a region of their own if one is given. Returns the items, and the error that ended the listing early.
    async fn ask_detail(
        &self,
        cell: &Cell,
        detail: &'static TableDetail,
        subjects: &[String],
        region: Option<String>,
    ) -> (Vec<Item>, Option<AwsError>) {
        let params = CallParams { token: None, subjects: subjects.to_vec(), region: cell.region.to_string() };
        let (operation, send) = (detail.entry.operation, detail.entry.call);
        let request = PageRequest { operation, send, selector: detail.selector.clone(), params };
        let elsewhere = region.map(|region| cell.client_in(self, &region));
        let mut pager = Pager::new(elsewhere.as_ref().unwrap_or(cell.client()), &self.stop, request);
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
                Err(error) if error.kind == AwsErrorKind::NoneThere => return (items, None),
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
    /// Finds the records of each subject of a detail.
    fn find_places(&mut self, detail: &TableDetail) {
        self.places.clear();
        for (place, record) in self.records.iter().enumerate() {
            self.places.entry(subject_of(record, detail).to_owned()).or_default().push(place);
        }
    }

    /// The id of the resource with this subject.
    fn id_of(&self, subject: &str) -> String {
        let place = self.places.get(subject).and_then(|places| places.first());
        place.map_or_else(|| subject.to_owned(), |place| self.records[*place].id.clone())
    }

    /// The region in which a detail is asked of a resource, if it is not the cell's.
    fn region(&self, cell: &Cell, detail: &TableDetail, batch: &[String]) -> Option<String> {
        let (member, [subject]) = (detail.entry.region?, batch) else { return None };
        let place = self.places.get(subject)?.first()?;
        cell.table.text_member(&self.records[*place], member)
    }

    /// The subjects of the resources to ask a detail of, each once.
    fn to_ask(&self, cell: &Cell, detail: &TableDetail) -> Vec<String> {
        let mut chosen = HashSet::new();
        let passes = |record: &&Record| cell.table.passes(record, detail.entry.filter);
        // One that another detail did not find is asked too: whether it is gone is decided at the end.
        let records = self.records.iter().filter(passes);
        let subjects = records.map(|record| subject_of(record, detail));
        subjects.filter(|subject| chosen.insert(*subject)).map(str::to_owned).collect()
    }

    /// Whether somebody else than the role may deny a detail: the resource's own policy, or another account that owns it.
    fn may_refuse(&self, subject: &str, detail: &TableDetail, account_id: &str) -> bool {
        if detail.entry.has_own_policy {
            return true;
        }
        let places = self.places.get(subject).map(Vec::as_slice).unwrap_or_default();
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

/// What a detail's call names a resource by.
fn subject_of<'r>(record: &'r Record, detail: &TableDetail) -> &'r str {
    if detail.entry.by_arn { record.arn.as_deref().unwrap_or_default() } else { &record.id }
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
