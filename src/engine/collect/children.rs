//! Lists a child type for each of its parents, several at a time.
//!
//! A failure for one parent ends that parent alone, since the role may be allowed to read some of them.

use std::cmp::Reverse;

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::cell::Cell;
use super::failures::{ResourceFailures, ends_the_session};
use super::{Context, SIDE_BY_SIDE};
use crate::aws::{AwsError, AwsErrorKind, SendFn};
use crate::catalogue::{Parent, Source, Table};
use crate::inventory::Record;

/// A resource that AWS does not find by its id, and the answer that says so.
pub(super) type NotFound = (String, AwsError);

impl Context {
    /// Lists a child type for each parent, up to [`SIDE_BY_SIDE`] at a time, since slow calls would not reach the rate
    /// otherwise. A denial for a parent that another account owns is no failure if any other parent was answered. Returns the
    /// parents that were not found.
    pub(super) async fn collect_child(
        &self,
        child: &mut Cell,
        parents: &'static Table,
        found: &[Record],
    ) -> Vec<NotFound> {
        let Source::PerParent(which, call) = child.table.entry.source else { return Vec::new() };
        let foreign = |record: &Record| record.owner_id.as_deref() != Some(&*self.account.id);
        let begun = self.completed_parents.get(&(child.region.to_string(), child.table.entry.table.to_owned()));
        let before = |record: &Record| begun.is_some_and(|done| done.parents.contains(&record.id));
        let asked = |record: &&Record| parents.passes(record, which.filter) && !before(record);
        let mut chosen: Vec<&Record> = found.iter().filter(asked).collect();
        // The longest first, so that no long listing is left alone at the end.
        chosen.sort_by_key(|record| {
            (foreign(record), Reverse(which.child_count.and_then(|of| parents.integer_member(record, of))))
        });
        let (mut answered, mut not_ours) = (false, None);
        let mut done: Vec<String> = Vec::new();
        if let Some(begun) = begun {
            done.extend(begun.parents.iter().cloned());
            child.resume_from(begun);
        }
        let (asked, operation) = (chosen.len(), child.table.entry.operation);
        let region = child.region.to_string();
        let in_regions = |record| parents.regions_of(record, which.regions, &region).into_iter();
        let mut waiting = chosen.into_iter().flat_map(|record| in_regions(record).map(move |region| (record, region)));
        let mut listings = FuturesUnordered::new();
        let (mut failures, mut not_found) = (ResourceFailures::default(), Vec::new());
        let shared: &Cell = child;
        loop {
            for (record, region) in waiting.by_ref().take(SIDE_BY_SIDE - listings.len()) {
                listings.push(self.list_under(shared, call, Parent { table: parents, record }, region));
            }
            let Some((record, listed)) = listings.next().await else { break };
            match listed {
                Ok(()) => {
                    answered = true;
                    done.push(record.id.clone());
                }
                Err(cause) if cause.kind == AwsErrorKind::NotFound => not_found.push((record.id.clone(), cause)),
                Err(cause) if cause.kind == AwsErrorKind::Denied && foreign(record) => not_ours = Some(cause),
                Err(cause) => {
                    let ended = ends_the_session(&cause);
                    failures.add(std::slice::from_ref(&record.id), cause);
                    if ended {
                        break;
                    }
                }
            }
        }
        drop(listings);
        if let Some(cause) = failures.into_error(operation, asked) {
            child.failed(cause);
        }
        child.done = done;
        if answered {
            child.record_answer();
        } else if let Some(cause) = not_ours {
            child.failed(cause);
        }
        not_found
    }

    async fn list_under<'a>(
        &self,
        cell: &Cell,
        send: SendFn,
        parent: Parent<'a>,
        region: String,
    ) -> (&'a Record, Result<(), AwsError>) {
        (parent.record, self.list(cell, send, Some(parent), region, Some).await)
    }
}
