//! Assigns the items of a detail's answer to the resources that it was asked about.
//!
//! AWS may answer about another resource, not about one that was asked, or twice about one. None of it may pass for an
//! answer.
//!
//! **Invariant:** makes no call.

use std::collections::{BTreeMap, HashSet};

use crate::aws::{AwsError, AwsErrorKind};
use crate::catalogue::TableDetail;
use crate::decode::Item;

/// The resources that a message names at most.
const NAMED: usize = 3;

/// The answer to one question about some resources.
pub(super) struct DetailAnswer<'a> {
    pub detail: &'a TableDetail,
    /// The ids of the resources that were asked about.
    pub batch: &'a [String],
    /// The items of all pages.
    pub items: Vec<Item>,
    /// Whether one resource may have several items.
    pub is_list: bool,
    /// Whether the last page was read.
    pub is_complete: bool,
}

impl DetailAnswer<'_> {
    /// The items with the ids of their resources, and an error if the answer does not fit the question.
    pub(super) fn by_resource(self) -> (Vec<(String, Item)>, Option<AwsError>) {
        let Self { detail, batch, items, is_list, is_complete } = self;
        let asked: HashSet<&str> = batch.iter().map(String::as_str).collect();
        let names_resources = !detail.entry.key.is_empty();
        let mut by_id: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        let (mut problems, mut foreign) = (Vec::new(), Vec::new());
        for item in items {
            let id = match (detail.subject(&item), batch) {
                (Some(id), _) => id,
                (None, [only]) => {
                    if names_resources {
                        problems.push("it does not name its resource".to_owned());
                    }
                    only.clone()
                }
                (None, _) => {
                    problems.push("an item of it names no resource".to_owned());
                    continue;
                }
            };
            if !asked.contains(id.as_str()) {
                foreign.push(id);
                continue;
            }
            let of_resource = by_id.entry(id).or_default();
            // A listing that shifts while it is read repeats some items.
            if !names_resources || !of_resource.contains(&item) {
                of_resource.push(item);
            }
        }
        // A call that names no resource answers about all of them, also about one that was created since they were listed.
        if !detail.entry.is_unlimited() {
            let twice = by_id.iter().filter(|(_, items)| items.len() > 1 && names_resources && !is_list);
            problems.extend(named("it has different items about", twice.map(|(id, _)| id.as_str())));
            problems.extend(named("it is about resources that were not asked:", foreign.iter().map(String::as_str)));
        }
        if names_resources && is_complete {
            let missing = batch.iter().filter(|id| !by_id.contains_key(*id));
            problems.extend(named("it says nothing of", missing.map(String::as_str)));
        }
        problems.dedup();
        let contradiction = (!problems.is_empty()).then(|| {
            let what =
                format!("the answer of {} does not fit its question: {}", detail.entry.operation, problems.join("; "));
            AwsError::new(AwsErrorKind::Unreadable, what)
        });
        let items = by_id.into_iter().flat_map(|(id, items)| items.into_iter().map(move |item| (id.clone(), item)));
        (items.collect(), contradiction)
    }
}

fn named<'a>(what: &str, ids: impl Iterator<Item = &'a str>) -> Option<String> {
    let ids: Vec<&str> = ids.collect();
    let more = ids.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    (!ids.is_empty()).then(|| format!("{what} {}{more}", ids[..ids.len().min(NAMED)].join(", ")))
}
