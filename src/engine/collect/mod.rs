//! Collects one listing, its children and its details: pages become records, records go to the sink, and every cell gets one
//! ledger row.
//!
//! A job is one resource type in one region of one account, together with its children. A type may be listed only for its
//! children.
//!
//! **Invariant:** knows the AWS clients and the catalogue; not which accounts there are, nor why calls are cancelled.

mod cell;
mod paging;
mod duplicates;
mod failures;
mod children;
mod detail_answer;
mod details;
mod not_found;
mod regions;
mod account;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;

pub(crate) use account::{AccountInfo, accounts_row};
pub(crate) use regions::{EnabledRegions, RegionQuery};

use crate::aws::{AwsError, CallParams, Cancellation, MemoryPermit, NextPage, PageRequest, SendFn, Service, Session};
use crate::catalogue::{Catalogue, Parent, Reach, Source};
use crate::domain::{CallCounts, Partition};
use crate::inventory::{GLOBAL, LedgerRow, Location, Page, Record, Status};
use crate::output::sink::SinkMessage;
use cell::Cell;
use children::NotFound;
use duplicates::SeenRecords;
use paging::Pager;

/// Records per message to the sink, if they were held back for their details.
const HELD_BACK_PAGE: usize = 1000;
/// Parents that are listed for, or details that are asked for, concurrently. At 5 calls a second, 8 suffice for calls that
/// take a second and a half each.
const SIDE_BY_SIDE: usize = 8;

/// The state that all jobs of one account share.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub run_id: Arc<str>,
    pub session: Arc<Session>,
    /// The account's alias and partition.
    pub account: Arc<AccountInfo>,
    pub catalogue: &'static Catalogue,
    /// Receives the account's records.
    pub sink: mpsc::Sender<SinkMessage>,
    /// The parents that an earlier run completed, by cell.
    pub completed_parents: Arc<StartedParents>,
    /// Ends the calls with the account's or the run's time.
    pub stop: Cancellation,
}

/// The cells of an account that an earlier run answered in part, by region and table.
pub(super) type StartedParents = HashMap<(String, String), CompletedParents>;

/// The part of a cell that an earlier run completed.
#[derive(Clone, Debug, Default)]
pub(super) struct CompletedParents {
    /// The parents whose listings are complete.
    pub parents: HashSet<String>,
    /// The number of their records, which are written.
    pub records: u64,
}

/// The result of a job.
#[derive(Debug)]
pub(super) struct Collected {
    /// The ledger row of each cell.
    pub rows: Vec<LedgerRow>,
    /// Calls that no row counts: those of a type that is listed only for its children, and second listings.
    pub overhead: CallCounts,
    /// How the listing itself ended.
    pub listing: Status,
}

/// One listing, and the types that are listed for each of its resources.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The type that is listed.
    pub root: usize,
    /// Whether its own records are wanted, or only those of its children.
    pub wanted: bool,
    /// The types that are listed for each of its resources.
    pub children: Vec<usize>,
    /// The region; `global` for a type without regions.
    pub region: String,
}

/// Groups the planned types of one region into jobs. A parent is listed once, for itself and for all its children.
pub(crate) fn jobs(catalogue: &Catalogue, planned: &[usize], reach: Reach, region: &str) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    for index in planned.iter().copied().filter(|index| catalogue.at(*index).entry.reach == reach) {
        let root = match catalogue.at(index).entry.source {
            Source::Account => continue,
            Source::Listed(_) => index,
            Source::PerParent(parents, _) => catalogue.find(parents.table).map_or(index, |table| table.index),
        };
        let at = jobs.iter().position(|job| job.root == root).unwrap_or_else(|| {
            jobs.push(Job { root, wanted: false, children: Vec::new(), region: region.to_owned() });
            jobs.len() - 1
        });
        if index == root { jobs[at].wanted = true } else { jobs[at].children.push(index) }
    }
    jobs
}

impl Context {
    /// Collects the cells of a job.
    pub(super) async fn collect(self, job: Job) -> Collected {
        let root = self.catalogue.at(job.root);
        let mut children: Vec<Cell> =
            job.children.iter().map(|index| Cell::new(&self, self.catalogue.at(*index), &job.region)).collect();
        let mut cell = Cell::new(&self, root, &job.region);
        let hold = !children.is_empty() || (job.wanted && !root.details.is_empty());
        let mut held: Vec<Record> = Vec::new();
        let Source::Listed(call) = root.entry.source else {
            return Collected { rows: Vec::new(), overhead: CallCounts::default(), listing: Status::Empty };
        };
        let listed = self
            .list(&cell, call, None, cell.region.to_string(), |records| {
                if hold {
                    held.extend(records);
                    None
                } else {
                    Some(records)
                }
            })
            .await;
        if let Err(cause) = listed {
            cell.failed(cause);
        }
        let listing = cell.status();
        let mut without_children: Vec<Vec<NotFound>> = Vec::new();
        for child in &mut children {
            without_children.push(self.collect_child(child, root, &held).await);
            child.inherit_failure(&cell);
        }
        let mut without_details: Vec<NotFound> = Vec::new();
        if job.wanted && hold {
            without_details = self.add_details(&mut cell, &mut held).await;
        }
        let mut overhead = CallCounts::default();
        if !without_details.is_empty() || without_children.iter().any(|not_found| !not_found.is_empty()) {
            let again = self.list_again(root, &job.region).await;
            overhead += again.call_counts;
            for (child, not_found) in children.iter_mut().zip(without_children) {
                again.settle(child, not_found);
            }
            let gone = again.settle(&mut cell, without_details);
            held.retain(|record| !gone.contains(&record.id));
        }
        while job.wanted && !held.is_empty() {
            let rest = held.split_off(held.len().min(HELD_BACK_PAGE));
            self.send(&cell, std::mem::replace(&mut held, rest), None).await;
        }
        if !job.wanted {
            overhead += cell.call_counts();
        }
        let own = job.wanted.then_some(cell);
        let rows = own.into_iter().chain(children).map(|cell| cell.row(&self.run_id, &self.account.id)).collect();
        Collected { rows, overhead, listing }
    }

    /// Lists page by page, of this region where the call names one. `keep` holds records back, or returns those to send at once.
    async fn list(
        &self,
        cell: &Cell,
        send: SendFn,
        parent: Option<Parent<'_>>,
        region: String,
        mut keep: impl FnMut(Vec<Record>) -> Option<Vec<Record>>,
    ) -> Result<(), AwsError> {
        let table = cell.table;
        let subjects = parent.iter().map(|parent| parent.record.id.clone()).collect();
        let params = CallParams { token: None, subjects, region };
        let request = PageRequest { operation: table.entry.operation, send, selector: table.selector.clone(), params };
        let mut pager = Pager::new(cell.client(), &self.stop, request);
        let mut seen = SeenRecords::default();
        loop {
            let Some((page, next)) = pager.page().await? else { continue };
            cell.dropped(page.body.dropped);
            let location = self.location(cell);
            let items = page.body.items.into_iter();
            let mut records: Vec<Record> = items.map(|item| table.record(item, &location, parent)).collect();
            seen.retain_new(table, &mut records, matches!(next, NextPage::Page(_)));
            if let Some(records) = keep(records) {
                self.send(cell, records, Some(page.permit)).await;
            }
            if !pager.advance(next)? {
                return Ok(());
            }
        }
    }

    /// Sends records to the sink. A sink that is gone fails the whole run, so its error is ignored here.
    async fn send(&self, cell: &Cell, records: Vec<Record>, permit: Option<MemoryPermit>) {
        if records.is_empty() {
            return;
        }
        cell.sent(records.len() as u64);
        let page = Page { table: cell.table.index, location: self.location(cell), records };
        let _ = self.sink.send(SinkMessage::Page(page, permit)).await;
    }

    fn location(&self, cell: &Cell) -> Location {
        Location {
            account_id: self.account.id.clone(),
            account_alias: self.account.alias.clone(),
            partition: self.account.partition,
            region: cell.region.clone(),
            collected_at: now(),
        }
    }
}

/// The region to call for a cell: the service's own, or any for a regional service whose type is global.
pub(crate) fn called_region<'a>(service: Service, partition: &'static Partition, region: &'a str) -> &'a str {
    let otherwise = if region == GLOBAL { partition.default_region } else { region };
    service.home_region(partition).unwrap_or(otherwise)
}

/// The time to the millisecond. Network latency makes finer digits meaningless.
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(jiff::Unit::Millisecond).unwrap_or(now)
}
