//! Which of the planned reads are allowed: each is asked once in each region, for its first page, by the calls that a run
//! would make. Where there is nothing to ask about (no zone, no prefix list), it is asked about an id that nobody has.
//!
//! Knows nothing of how the account was entered, nor of what is to be done about a gap.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde::Serialize;

use crate::catalogue::{Catalogue, MemberFilter, Parents, Reach, Source, Table, TableDetail};

use crate::aws::{
    AwsError, AwsErrorKind, CallParams, Cancellation, NextPage, PageRequest, Priority, SendFn, Service, Session,
};
use crate::domain::{Partition, partition_of_region};
use crate::engine::RegionChoice;
use crate::engine::{EnabledRegions, Job, jobs};
use crate::inventory::{GLOBAL, Location, Record};

/// What came of a read, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProbeOutcome {
    /// AWS answered.
    Allowed,
    /// The region does not know the operation.
    Unsupported,
    /// The region is not enabled in the account.
    RegionDisabled,
    /// It could not be found out.
    Unknown,
    /// A service control policy forbids it.
    ScpDenied,
    /// The role may not.
    Denied,
}

/// One read in one region.
#[derive(Clone, Debug)]
pub(super) struct ProbedAction {
    /// The resource type that needs it.
    pub table: &'static str,
    /// The action, as IAM names it.
    pub action: &'static str,
    /// Where; `global` for what has no region.
    pub region: Arc<str>,
    /// What came of it.
    pub outcome: ProbeOutcome,
    /// What AWS said, where it is not allowed.
    pub cause: Option<AwsError>,
}

/// What a resource type may be asked, by region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TypeRow {
    /// The resource type.
    pub table: &'static str,
    /// The regions in which all that it needs is allowed; and those in which it is not, by the worst of its reads.
    pub regions: BTreeMap<ProbeOutcome, Vec<String>>,
    /// The actions that were denied by the role's policies somewhere.
    pub denied_actions: BTreeSet<&'static str>,
    /// And those that a service control policy forbids somewhere.
    pub scp_denied_actions: BTreeSet<&'static str>,
    /// Those of which it could not be found out, with what was answered.
    pub unknown_actions: BTreeMap<&'static str, String>,
}

impl TypeRow {
    /// Whether all that the type needs is allowed in every region.
    pub(crate) fn is_allowed(&self) -> bool {
        self.regions.keys().all(|outcome| *outcome == ProbeOutcome::Allowed)
    }
}

impl ProbedAction {
    /// AWS looks at permissions first: whoever is told what is wrong with an id that nobody has may ask.
    fn about_nobody(mut self) -> Self {
        let told = self.cause.as_ref().is_some_and(|cause| cause.kind == AwsErrorKind::Other && cause.code.is_some());
        if self.outcome == ProbeOutcome::Unknown && told {
            self.outcome = ProbeOutcome::Allowed;
        }
        self
    }
}

/// The account to ask in, and what.
#[derive(Clone, Debug)]
pub(super) struct ReadProbes {
    /// The account, entered.
    pub session: Arc<Session>,
    /// Its id.
    pub account_id: Arc<str>,
    /// The resource types.
    pub catalogue: &'static Catalogue,
    /// Those of them that are planned.
    pub tables: Arc<[usize]>,
    /// How its regions are chosen.
    pub regions: RegionChoice,
    /// The backend's partition.
    pub partition: &'static Partition,
    /// Told when no more time is left.
    pub stop: Cancellation,
}

impl ReadProbes {
    /// Asks everything, side by side as the account's rates allow.
    pub(super) async fn ask(&self) -> Vec<ProbedAction> {
        let accounts = self.tables.iter().map(|index| self.catalogue.at(*index)).find(|table| is_account(table));
        let mut asked = self.ask_of_account(accounts).await;
        let regions = self.known_regions().await;
        let chosen = self.regions.choose(regions.iter().map(String::as_str));
        let mut waiting = FuturesUnordered::new();
        for region in &chosen.ask {
            for job in jobs(self.catalogue, &self.tables, Reach::Regional, region) {
                waiting.push(self.ask_job(job));
            }
        }
        for job in jobs(self.catalogue, &self.tables, Reach::Global, GLOBAL) {
            waiting.push(self.ask_job(job));
        }
        while let Some(more) = waiting.next().await {
            asked.extend(more);
        }
        for (region, why) in chosen.disabled {
            let region: Arc<str> = region.into();
            for table in self.tables.iter().map(|index| self.catalogue.at(*index)) {
                if table.entry.reach == Reach::Regional {
                    let (action, region) = (table.entry.operation, region.clone());
                    let cause = Some(AwsError::new(AwsErrorKind::CredentialsRejected, why.clone()));
                    let outcome = ProbeOutcome::RegionDisabled;
                    asked.push(ProbedAction { table: table.entry.table, action, region, outcome, cause });
                }
            }
        }
        settle(&mut asked);
        asked
    }

    /// What is asked in every account besides its resources.
    async fn ask_of_account(&self, accounts: Option<&'static Table>) -> Vec<ProbedAction> {
        let table = accounts.map_or("accounts", |table| table.entry.table);
        let home = self.partition.default_region;
        let helpers: [(&'static str, Service, &'static str, SendFn); 3] = [
            ("ec2:DescribeRegions", Service::Ec2, home, |client, _| {
                Box::pin(
                    async move { nothing_more(client.ec2().describe_regions().send().await.map_err(AwsError::of)) },
                )
            }),
            ("iam:ListAccountAliases", Service::Iam, self.partition.iam_region, |client, _| {
                Box::pin(
                    async move { nothing_more(client.iam().list_account_aliases().send().await.map_err(AwsError::of)) },
                )
            }),
            ("account:ListRegions", Service::Account, home, |client, _| {
                Box::pin(async move {
                    nothing_more(client.account().list_regions().max_results(1).send().await.map_err(AwsError::of))
                })
            }),
        ];
        let mut asked = Vec::new();
        for (action, service, region, send) in helpers {
            // A run asks for it only where EC2 did not say which regions there are.
            let regions_known =
                |one: &ProbedAction| one.action == "ec2:DescribeRegions" && one.outcome == ProbeOutcome::Allowed;
            if action == "account:ListRegions" && asked.iter().any(regions_known) {
                continue;
            }
            let client = self.session.client(service, region, Priority::High);
            let params = CallParams::default();
            let result = client.call(action, &self.stop, || send(&client, &params)).await;
            asked.push(judged(table, action, GLOBAL.into(), result.map(|_| ())));
        }
        asked
    }

    async fn known_regions(&self) -> Vec<String> {
        let Some(accounts) = self.catalogue.tables().iter().find(|table| is_account(table)) else {
            return Vec::new();
        };
        let named = self.regions.names();
        EnabledRegions::discover(self.session.clone(), accounts, self.partition, named, self.stop.clone()).await.regions
    }

    /// One listing with what hangs on it: its children and its details, about the first of the resources.
    async fn ask_job(&self, job: Job) -> Vec<ProbedAction> {
        let root = self.catalogue.at(job.root);
        let Source::Listed(call) = root.entry.source else { return Vec::new() };
        let region: Arc<str> = job.region.as_str().into();
        let mut needing: Vec<&'static Table> = job.children.iter().map(|index| self.catalogue.at(*index)).collect();
        needing.extend(job.wanted.then_some(root));
        let request = |operation, send, selector: &Arc<_>, subjects| {
            let params = CallParams { token: None, subjects, region: region.to_string() };
            PageRequest { operation, send, selector: Arc::clone(selector), params }
        };
        let listing = request(root.entry.operation, call, &root.selector, Vec::new());
        let (listed, found) = self.ask_one(root, &region, listing).await;
        let mut asked: Vec<ProbedAction> =
            needing.iter().map(|table| ProbedAction { table: table.entry.table, ..listed.clone() }).collect();
        // A resource that is there; else an id that nobody has.
        let first = |filter: Option<MemberFilter>| match found.iter().find(|record| root.passes(record, filter)) {
            Some(record) => (vec![record.id.clone()], false),
            None => (vec![root.entry.probe_id.to_owned()], true),
        };
        for table in needing {
            if let Source::PerParent(Parents { filter, .. }, call) = table.entry.source {
                let (about, made_up) = first(filter);
                let listing = request(table.entry.operation, call, &table.selector, about);
                let one = self.ask_one(table, &region, listing).await.0;
                asked.push(if made_up { one.about_nobody() } else { one });
            }
            for TableDetail { entry: detail, selector, .. } in table.details.iter().flat_map(chain) {
                let own = table.index == root.index;
                let nobody = || (vec![table.entry.probe_id.to_owned()], true);
                let (about, made_up) = if own { first(detail.filter) } else { nobody() };
                let details = request(detail.operation, detail.call, selector, about);
                let one = self.ask_one(table, &region, details).await.0;
                asked.push(if made_up { one.about_nobody() } else { one });
            }
        }
        asked
    }

    async fn ask_one(
        &self,
        table: &'static Table,
        region: &Arc<str>,
        request: PageRequest,
    ) -> (ProbedAction, Vec<Record>) {
        let service = table.entry.service;
        let place = match service {
            Service::Route53 => self.partition.route53_region,
            _ => region,
        };
        let client = self.session.client(service, place, Priority::Normal);
        let action = request.operation;
        let outcome = client.page(&request, &self.stop).await;
        let location = Location {
            account_id: self.account_id.clone(),
            account_alias: None,
            partition: partition_of_region(place).name,
            region: region.clone(),
            collected_at: jiff::Timestamp::now(),
        };
        let is_listing = matches!(table.entry.source, Source::Listed(_)) && action == table.entry.operation;
        let (outcome, records) = match outcome {
            Ok((page, _)) if is_listing => {
                (Ok(()), page.body.items.into_iter().map(|item| table.record(item, &location, None)).collect())
            }
            Ok(_) => (Ok(()), Vec::new()),
            Err(cause) => (Err(cause), Vec::new()),
        };
        (judged(table.entry.table, action, region.clone(), outcome), records)
    }
}

fn is_account(table: &Table) -> bool {
    matches!(table.entry.source, Source::Account)
}

fn nothing_more<T>(answer: Result<T, AwsError>) -> Result<NextPage, AwsError> {
    answer.map(|_| NextPage::End)
}

/// A detail, and what is asked instead of it.
fn chain(detail: &TableDetail) -> impl Iterator<Item = &TableDetail> {
    std::iter::successors(Some(detail), |detail| detail.fallback.as_deref())
}

fn judged(table: &'static str, action: &'static str, region: Arc<str>, outcome: Result<(), AwsError>) -> ProbedAction {
    let (outcome, cause) = match outcome {
        Ok(()) => (ProbeOutcome::Allowed, None),
        Err(cause) => match cause.kind {
            // Whoever is told that it is not there may ask.
            AwsErrorKind::NotFound => (ProbeOutcome::Allowed, None),
            AwsErrorKind::Denied => (ProbeOutcome::Denied, Some(cause)),
            AwsErrorKind::ScpDenied => (ProbeOutcome::ScpDenied, Some(cause)),
            AwsErrorKind::CredentialsRejected => (ProbeOutcome::RegionDisabled, Some(cause)),
            AwsErrorKind::Unsupported => (ProbeOutcome::Unsupported, Some(cause)),
            _ => (ProbeOutcome::Unknown, Some(cause)),
        },
    };
    ProbedAction { table, action, region, outcome, cause }
}

/// A session that is known nowhere is no session: its regions are not disabled. And one that has answered in a region
/// is known there.
fn settle(asked: &mut [ProbedAction]) {
    let answered: BTreeSet<Arc<str>> =
        asked.iter().filter(|one| one.outcome == ProbeOutcome::Allowed).map(|one| one.region.clone()).collect();
    for one in asked.iter_mut().filter(|one| {
        one.outcome == ProbeOutcome::RegionDisabled && one.cause.as_ref().is_some_and(|cause| cause.code.is_some())
    }) {
        if answered.is_empty() || answered.contains(&one.region) {
            one.outcome = ProbeOutcome::Denied;
        }
    }
}

/// The matrix: a row for each of the types.
pub(super) fn by_type(catalogue: &Catalogue, asked: &[ProbedAction]) -> Vec<TypeRow> {
    let mut rows = Vec::new();
    for table in catalogue.tables().iter().map(|table| table.entry.table) {
        let mut worst: BTreeMap<&str, ProbeOutcome> = BTreeMap::new();
        let mut row = TypeRow {
            table,
            regions: BTreeMap::new(),
            denied_actions: BTreeSet::new(),
            scp_denied_actions: BTreeSet::new(),
            unknown_actions: BTreeMap::new(),
        };
        for one in asked.iter().filter(|one| one.table == table) {
            let place = worst.entry(&one.region).or_insert(one.outcome);
            *place = (*place).max(one.outcome);
            match one.outcome {
                ProbeOutcome::Denied => drop(row.denied_actions.insert(one.action)),
                ProbeOutcome::ScpDenied => drop(row.scp_denied_actions.insert(one.action)),
                ProbeOutcome::Unknown => {
                    let said = one.cause.as_ref().map(AwsError::to_string).unwrap_or_default();
                    row.unknown_actions.entry(one.action).or_insert(said);
                }
                _ => {}
            }
        }
        for (region, outcome) in &worst {
            row.regions.entry(*outcome).or_default().push((*region).to_owned());
        }
        if !worst.is_empty() {
            rows.push(row);
        }
    }
    rows
}
