//! Decides about resources that AWS lists and then does not find: a resource that was deleted meanwhile is no failure, and one
//! that is listed still is one.

use std::collections::HashSet;

use super::Context;
use super::cell::Cell;
use super::children::NotFound;
use super::failures::ResourceFailures;
use crate::aws::AwsError;
use crate::catalogue::{Source, Table};
use crate::domain::CallCounts;

/// A second listing of resources of which some were not found.
pub(super) struct SecondListing {
    /// The ids that are listed still, or the error that leaves them unknown.
    ids: Result<HashSet<String>, AwsError>,
    /// Its calls. No ledger row counts them.
    pub call_counts: CallCounts,
}

impl Context {
    /// Lists the resources again, for their ids alone.
    pub(super) async fn list_again(&self, table: &'static Table, region: &str) -> SecondListing {
        let cell = Cell::new(self, table, region);
        let mut ids = HashSet::new();
        let listed = match table.entry.source {
            Source::Listed(call) => {
                self.list(&cell, call, None, region.to_owned(), |records| {
                    ids.extend(records.into_iter().map(|record| record.id));
                    None
                })
                .await
            }
            Source::PerParent(..) | Source::Account => Ok(()),
        };
        SecondListing { ids: listed.map(|()| ids), call_counts: cell.call_counts() }
    }
}

impl SecondListing {
    /// Returns the resources that are gone, which counts as an answer. All others are failures of the cell.
    pub(super) fn settle(&self, cell: &mut Cell, not_found: Vec<NotFound>) -> HashSet<String> {
        let (mut gone, mut failures) = (HashSet::new(), ResourceFailures::default());
        let mut settled = HashSet::new();
        for (id, cause) in not_found {
            // Several calls may not have found it.
            if !settled.insert(id.clone()) {
                continue;
            }
            let why = match &self.ids {
                Ok(listed) if !listed.contains(&id) => {
                    gone.insert(id);
                    continue;
                }
                Ok(_) => "AWS lists the resource and does not find it".to_owned(),
                Err(error) => {
                    format!("AWS does not find the resource, and whether it was deleted is not known ({error})")
                }
            };
            let message = format!("{why}: {}", cause.message);
            failures.add(&[id], AwsError { message, ..cause });
        }
        if !gone.is_empty() {
            cell.record_answer();
        }
        if let Some(cause) = failures.into_error(cell.table.entry.operation, settled.len()) {
            cell.failed(cause);
        }
        gone
    }
}
