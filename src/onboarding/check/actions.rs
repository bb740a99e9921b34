//! Probes the planned reads: asks each once in each region, for its first page, by the calls that a run would make. If the
//! account has no resource to ask about (no zone, no prefix list), the probe asks about an id that does not exist.
//!
//! **Invariant:** knows neither how the session was opened nor what follows from an answer.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::outcome::{ProbeOutcome, ProbedAction, settle};
use crate::aws::{
    AwsError, AwsErrorKind, CallParams, Cancellation, NextPage, PageRequest, Priority, SendFn, Service, Session,
};
use crate::catalogue::{ACCOUNTS, Catalogue, MemberFilter, Parents, Reach, Source, Table, TableDetail};
use crate::domain::Partition;
use crate::engine::{EnabledRegions, Job, RegionChoice, RegionQuery, jobs};
use crate::inventory::{ANY_REGION, GLOBAL, Location, Record};

/// The probes of one account.
#[derive(Clone, Debug)]
pub(super) struct ReadProbes {
    /// The session in the account.
    pub session: Arc<Session>,
    pub account_id: Arc<str>,
    pub catalogue: &'static Catalogue,
    /// The indexes of the planned resource types.
    pub tables: Arc<[usize]>,
    /// Which of the account's regions to probe.
    pub regions: RegionChoice,
    pub partition: &'static Partition,
    /// Cancelled when the account's time ends.
    pub stop: Cancellation,
}

impl ReadProbes {
    /// Makes all probes, concurrently as the account's rates allow.
    pub(super) async fn run(&self) -> Vec<ProbedAction> {
        let mut probed = self.probe_account().await;
        let filter = match self.regions.filter() {
            Ok(filter) => filter,
            Err(error) => {
                let error = AwsError::new(AwsErrorKind::Other, format!("the regions to probe are unknown: {error}"));
                probed.extend(self.tables.iter().map(|index| {
                    let entry = self.catalogue.at(*index).entry;
                    ProbedAction::new(entry.table, entry.operation, ANY_REGION.into(), Err(error.clone()))
                }));
                return probed;
            }
        };
        let regions = self.known_regions(filter.names()).await;
        let chosen = filter.choose(regions.iter().map(String::as_str));
        let mut waiting = FuturesUnordered::new();
        for region in &chosen.ask {
            for job in jobs(self.catalogue, &self.tables, Reach::Regional, region) {
                waiting.push(self.probe_job(job));
            }
        }
        for job in jobs(self.catalogue, &self.tables, Reach::Global, GLOBAL) {
            waiting.push(self.probe_job(job));
        }
        while let Some(more) = waiting.next().await {
            probed.extend(more);
        }
        for (region, _) in chosen.disabled {
            let region: Arc<str> = region.into();
            let tables = self.tables.iter().map(|index| self.catalogue.at(*index).entry);
            for entry in tables.filter(|entry| entry.reach == Reach::Regional) {
                probed.push(ProbedAction::in_disabled_region(entry.table, entry.operation, region.clone()));
            }
        }
        settle(&mut probed);
        probed
    }

    /// Probes the reads that a run makes in every account: its alias and its enabled regions.
    async fn probe_account(&self) -> Vec<ProbedAction> {
        let home = self.partition.default_region;
        let helpers: [(&'static str, Service, &'static str, SendFn); 3] = [
            ("ec2:DescribeRegions", Service::Ec2, home, |client, _| {
                Box::pin(
                    async move { without_pages(client.ec2().describe_regions().send().await.map_err(AwsError::of)) },
                )
            }),
            ("iam:ListAccountAliases", Service::Iam, self.partition.iam_region, |client, _| {
                Box::pin(async move {
                    without_pages(client.iam().list_account_aliases().send().await.map_err(AwsError::of))
                })
            }),
            ("account:ListRegions", Service::Account, home, |client, _| {
                Box::pin(async move {
                    without_pages(client.account().list_regions().max_results(1).send().await.map_err(AwsError::of))
                })
            }),
        ];
        let mut probed = Vec::new();
        for (action, service, region, send) in helpers {
            // A run calls it only if ec2:DescribeRegions fails.
            let regions_known =
                |one: &ProbedAction| one.action == "ec2:DescribeRegions" && one.outcome == ProbeOutcome::Allowed;
            if action == "account:ListRegions" && probed.iter().any(regions_known) {
                continue;
            }
            let client = self.session.client(service, region, Priority::High);
            let params = CallParams::default();
            let result = client.call(action, &self.stop, || send(&client, &params)).await;
            probed.push(ProbedAction::new(ACCOUNTS, action, GLOBAL.into(), result.map(|_| ())));
        }
        probed
    }

    async fn known_regions(&self, named: Vec<String>) -> Vec<String> {
        let Some(accounts) = self.catalogue.find(ACCOUNTS) else { return Vec::new() };
        let query = RegionQuery {
            session: self.session.clone(),
            table: accounts,
            partition: self.partition,
            named,
            stop: self.stop.clone(),
        };
        EnabledRegions::discover(query).await.regions
    }

    /// Probes one listing, then its children and details for the first resource listed.
    async fn probe_job(&self, job: Job) -> Vec<ProbedAction> {
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
        let (listed, records) = self.probe(root, &region, listing).await;
        let mut probed: Vec<ProbedAction> =
            needing.iter().map(|table| ProbedAction { table: table.entry.table, ..listed.clone() }).collect();
        // The id of a resource that exists, or else one that does not.
        let first = |filter: Option<MemberFilter>| match records.iter().find(|record| root.passes(record, filter)) {
            Some(record) => (vec![record.id.clone()], false),
            None => (vec![root.entry.probe_id.to_owned()], true),
        };
        for table in needing {
            if let Source::PerParent(Parents { filter, .. }, call) = table.entry.source {
                let (subjects, is_probe_id) = first(filter);
                let listing = request(table.entry.operation, call, &table.selector, subjects);
                let one = self.probe(table, &region, listing).await.0;
                probed.push(if is_probe_id { one.with_probe_id() } else { one });
            }
            for TableDetail { entry: detail, selector, .. } in table.details.iter().flat_map(chain) {
                let own = table.index == root.index;
                let probe_id = || (vec![table.entry.probe_id.to_owned()], true);
                let (subjects, is_probe_id) = if own { first(detail.filter) } else { probe_id() };
                let details = request(detail.operation, detail.call, selector, subjects);
                let one = self.probe(table, &region, details).await.0;
                probed.push(if is_probe_id { one.with_probe_id() } else { one });
            }
        }
        probed
    }

    async fn probe(
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
            partition: self.partition.name,
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
        (ProbedAction::new(table.entry.table, action, region.clone(), outcome), records)
    }
}

fn without_pages<T>(answer: Result<T, AwsError>) -> Result<NextPage, AwsError> {
    answer.map(|_| NextPage::End)
}

/// A detail and its fallbacks.
fn chain(detail: &TableDetail) -> impl Iterator<Item = &TableDetail> {
    std::iter::successors(Some(detail), |detail| detail.fallback.as_deref())
}
