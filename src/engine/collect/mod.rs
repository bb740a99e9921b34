//! One listing and all that hangs on it: pages into records, records into the sink, and one ledger row
//! a cell.
//!
//! A job is one resource type in one region of one account, or one that is read only for its children,
//! with those children. Knows the wire and the catalogue; not which accounts there are, nor why it is
//! told to stop.

mod cell;
mod paging;
mod details;
mod account;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) use account::{AccountInfo, EnabledRegions, accounts_row};
pub(crate) use cell::{Line, PageRequest};

use crate::aws::MemoryPermit;
use crate::aws::{AwsError, AwsErrorKind};
use crate::aws::{Service, Session};
use crate::catalogue::{Catalogue, NextPage, Parent, Reach, SendFn, Source, Table};
use crate::domain::CallCounts;
use crate::inventory::{GLOBAL, LedgerRow};
use crate::inventory::{Location, Page, Record};
use crate::output::sink::SinkMessage;
use cell::Cell;
use paging::Pager;

/// How many records are sent to the sink at once where they were held back for their details.
const HELD_BACK_PAGE: usize = 1000;
/// How many parents are listed for, or details asked for, side by side. At 5 calls a second they are enough for calls
/// that take a second and a half each.
const SIDE_BY_SIDE: usize = 8;

/// What all jobs of one account share.
#[derive(Clone, Debug)]
pub(super) struct Context {
    /// The run.
    pub run_id: Arc<str>,
    /// The account, entered.
    pub session: Arc<Session>,
    /// What was learned on entering.
    pub account: Arc<AccountInfo>,
    /// The resource types.
    pub catalogue: &'static Catalogue,
    /// Where records go.
    pub sink: mpsc::Sender<SinkMessage>,
    /// What a run before this one has answered of some cells.
    pub completed_parents: Arc<StartedParents>,
    /// Told when the account's or the run's time is up.
    pub stop: Cancellation,
}

/// Cells of an account that were answered in part before, by region and table.
pub(super) type StartedParents = HashMap<(String, String), CompletedParents>;

/// What was answered of a cell.
#[derive(Clone, Debug, Default)]
pub(super) struct CompletedParents {
    /// The parents whose listings came to their end.
    pub parents: HashSet<String>,
    /// How many records came of them; they are written.
    pub records: u64,
}

/// Why and when an account's calls end.
#[derive(Clone, Debug)]
pub(crate) struct Cancellation {
    /// The run's own end.
    pub run: CancellationToken,
    /// The account's: a child of the run's, cancelled too when its budget is spent.
    pub account: CancellationToken,
}

impl Cancellation {
    /// Returns, with the cause, once either has ended.
    pub(crate) async fn cancelled(&self) -> AwsError {
        self.account.cancelled().await;
        if self.run.is_cancelled() {
            AwsError::new(AwsErrorKind::RunEnded, "the run's time ended before AWS answered")
        } else {
            AwsError::new(AwsErrorKind::OutOfTime, "the account's time budget was spent before AWS answered")
        }
    }
}

/// What a job came to.
#[derive(Debug, Default)]
pub(super) struct Collected {
    /// A row for each of its cells.
    pub rows: Vec<LedgerRow>,
    /// Calls that stand in none of them: a listing that was read for its children alone.
    pub overhead: CallCounts,
}

/// One listing, and the types that hang on it.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The type that is listed.
    pub root: usize,
    /// Whether its records are wanted, or only those of its children.
    pub wanted: bool,
    /// The types that are listed for each of its resources.
    pub children: Vec<usize>,
    /// Where; `global` where the type has no region.
    pub region: String,
}

/// Puts the planned types of one region together: parents are read once, for themselves and all their children.
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
    /// Carries a job out and gives a row for each of its cells.
    pub(super) async fn collect(self, job: Job) -> Collected {
        let root = self.catalogue.at(job.root);
        let mut children: Vec<Cell> =
            job.children.iter().map(|index| Cell::new(&self, self.catalogue.at(*index), &job.region)).collect();
        let mut cell = Cell::new(&self, root, &job.region);
        let hold = !children.is_empty() || (job.wanted && !root.details.is_empty());
        let mut held: Vec<Record> = Vec::new();
        let Source::Listed(call) = root.entry.source else { return Collected::default() };
        let listed = self
            .list(&cell, call, None, |records| {
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
        for child in &mut children {
            self.collect_child(child, root, &held).await;
            child.suffers_from(&cell);
        }
        if job.wanted && hold {
            self.add_details(&mut cell, &mut held).await;
            while !held.is_empty() {
                let rest = held.split_off(held.len().min(HELD_BACK_PAGE));
                self.send(&cell, std::mem::replace(&mut held, rest), None).await;
            }
        }
        let overhead = if job.wanted { CallCounts::default() } else { cell.call_counts() };
        let own = job.wanted.then_some(cell);
        let rows = own.into_iter().chain(children).map(|cell| cell.row(&self.run_id, &self.account.id)).collect();
        Collected { rows, overhead }
    }

    /// Lists a type for each of its parents, some side by side: where a call takes long, the rate is only reached so.
    /// A parent that belongs to others may be told of to these alone, which is no failure while AWS tells of the
    /// account's own.
    async fn collect_child(&self, child: &mut Cell, parents: &'static Table, found: &[Record]) {
        let Source::PerParent(which, call) = child.table.entry.source else { return };
        let foreign = |record: &Record| record.owner_id.as_deref() != Some(&*self.account.id);
        let begun = self.completed_parents.get(&(child.region.to_string(), child.table.entry.table.to_owned()));
        let before = |record: &Record| begun.is_some_and(|done| done.parents.contains(&record.id));
        let asked = |record: &&Record| parents.passes(record, which.filter) && !before(record);
        let mut chosen: Vec<&Record> = found.iter().filter(asked).collect();
        // Long ones first, so that no long one is left alone at the end.
        chosen.sort_by_key(|record| {
            (foreign(record), Reverse(which.child_count.and_then(|of| parents.integer_member(record, of))))
        });
        let (mut answered, mut not_ours) = (false, None);
        let mut done: Vec<String> = Vec::new();
        if let Some(begun) = begun {
            done.extend(begun.parents.iter().cloned());
            child.goes_on_from(begun);
        }
        let (mut waiting, mut listings, mut failures) = (chosen.into_iter(), FuturesUnordered::new(), Vec::new());
        let shared: &Cell = child;
        loop {
            for record in waiting.by_ref().take(SIDE_BY_SIDE - listings.len()) {
                listings.push(self.list_under(shared, call, Parent { table: parents, record }));
            }
            let Some((record, listed)) = listings.next().await else { break };
            match listed {
                Ok(()) => {
                    answered = true;
                    done.push(record.id.clone());
                }
                // A parent that was deleted meanwhile makes nothing.
                Err(cause) if cause.kind == AwsErrorKind::NotFound => answered = true,
                Err(cause) if cause.kind == AwsErrorKind::Denied && foreign(record) => not_ours = Some(cause),
                Err(cause) => {
                    let stop = ends_the_cell(&cause);
                    failures.push(cause);
                    if stop {
                        break;
                    }
                }
            }
        }
        drop(listings);
        failures.into_iter().for_each(|cause| child.failed(cause));
        child.done = done;
        if answered {
            child.some_answered();
        } else if let Some(cause) = not_ours {
            child.failed(cause);
        }
    }

    async fn list_under<'a>(
        &self,
        cell: &Cell,
        call: SendFn,
        parent: Parent<'a>,
    ) -> (&'a Record, Result<(), AwsError>) {
        (parent.record, self.list(cell, call, Some(parent), Some).await)
    }

    /// One listing, page by page. `keep` takes the records, or gives back those to be written at once.
    async fn list(
        &self,
        cell: &Cell,
        call: SendFn,
        parent: Option<Parent<'_>>,
        mut keep: impl FnMut(Vec<Record>) -> Option<Vec<Record>>,
    ) -> Result<(), AwsError> {
        let operation = cell.table.entry.operation;
        let (table, subjects) = (cell.table, parent.iter().map(|parent| parent.record.id.clone()).collect());
        let mut paging = Pager::new(operation, call, table.selector.clone(), subjects, &cell.region);
        let line = cell.line();
        let mut kept = HashSet::new();
        loop {
            let Some((taken, next)) = paging.page(&line).await? else { continue };
            cell.dropped(taken.answer.dropped);
            let location = self.location(cell);
            let items = taken.answer.items.into_iter();
            let mut records: Vec<Record> = items.map(|item| table.record(item, &location, parent)).collect();
            if paging.restarted {
                records.retain(|record| !kept.contains(&fingerprint(record)));
            } else if matches!(next, NextPage::Page(_)) {
                kept.extend(records.iter().map(fingerprint));
            }
            if let Some(records) = keep(records) {
                self.send(cell, records, Some(taken.grant)).await;
            }
            if !paging.goes_on(next)? {
                return Ok(());
            }
        }
    }

    /// Hands records to the sink. Should it be gone, the run fails as a whole, and so need nobody here.
    async fn send(&self, cell: &Cell, records: Vec<Record>, grant: Option<MemoryPermit>) {
        if records.is_empty() {
            return;
        }
        cell.sent(records.len() as u64);
        let page = Page { table: cell.table.index, location: self.location(cell), records };
        let _ = self.sink.send(SinkMessage::Page(page, grant)).await;
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

    fn asked_region<'a>(&self, service: Service, region: &'a str) -> &'a str {
        match (service, region) {
            // These have one endpoint, whichever region a question is about.
            (Service::Route53, _) => self.account.where_global.route53_region,
            (Service::Iam, _) => self.account.where_global.iam_region,
            (_, GLOBAL) => self.account.where_global.default_region,
            _ => region,
        }
    }
}

/// Eight bytes stand for a record's id while a listing goes on, should it have to start again.
fn fingerprint(record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    record.id.hash(&mut hasher);
    hasher.finish()
}

/// The time to the millisecond: finer would be a claim about a network.
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(jiff::Unit::Millisecond).unwrap_or(now)
}

/// Whether asking for the next one is of no use after this.
fn ends_the_cell(cause: &AwsError) -> bool {
    matches!(
        cause.kind,
        AwsErrorKind::Denied
            | AwsErrorKind::ScpDenied
            | AwsErrorKind::CredentialsRejected
            | AwsErrorKind::RunEnded
            | AwsErrorKind::Expired
            | AwsErrorKind::NoCredentials
            | AwsErrorKind::Unsupported
    )
}
