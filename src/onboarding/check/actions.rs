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
use crate::engine::{EnabledRegions, Job, RegionChoice, RegionQuery, called_region, jobs};
use crate::inventory::{ANY_REGION, GLOBAL, Location, Record};

/// The resources of a listing that are asked about one by one.
const SUBJECTS: usize = 5;

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
        let Some(regions) = self.enabled_regions(filter.names()).await else { return probed };
        let chosen = filter.choose(regions.regions.iter().map(String::as_str));
        // Globs mean nothing without the list of the account's regions: what they select is unknown, and not disabled.
        let unknown = regions.unknown_because().filter(|_| !filter.has_names_only());
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
        probed.extend(match unknown {
            Some(cause) => self.in_unknown_regions(&cause),
            None => self.in_disabled_regions(chosen.disabled),
        });
        settle(&mut probed);
        probed
    }

    fn regional_tables(&self) -> impl Iterator<Item = &'static Table> {
        let tables = self.tables.iter().map(|index| self.catalogue.at(*index));
        tables.filter(|table| table.entry.reach == Reach::Regional)
    }

    /// The reads in the regions that are not known, since AWS did not list them.
    fn in_unknown_regions(&self, cause: &AwsError) -> Vec<ProbedAction> {
        let action = "ec2:DescribeRegions";
        let probe = |table: &Table| ProbedAction::new(table.entry.table, action, ANY_REGION.into(), Err(cause.clone()));
        self.regional_tables().map(probe).collect()
    }

    fn in_disabled_regions(&self, regions: Vec<(String, String)>) -> Vec<ProbedAction> {
        let mut probed = Vec::new();
        for (region, reason) in regions {
            let (region, reason): (Arc<str>, Arc<str>) = (region.into(), reason.into());
            probed.extend(self.regional_tables().map(|Table { entry, .. }| {
                ProbedAction::in_disabled_region(entry.table, entry.operation, region.clone(), reason.clone())
            }));
        }
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

    async fn enabled_regions(&self, named: Vec<String>) -> Option<EnabledRegions> {
        let accounts = self.catalogue.find(ACCOUNTS)?;
        let query = RegionQuery {
            session: self.session.clone(),
            table: accounts,
            partition: self.partition,
            named,
            stop: self.stop.clone(),
        };
        Some(EnabledRegions::discover(query).await)
    }

    /// Probes one listing, then its children and details for the first resources listed.
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
        let (listed, records) = self.probe(root, &region, listing, None).await;
        let mut probed: Vec<ProbedAction> =
            needing.iter().map(|table| ProbedAction { table: table.entry.table, ..listed.clone() }).collect();
        for table in needing {
            if let Source::PerParent(Parents { filter, .. }, call) = table.entry.source {
                for subject in self.subjects_of(root, &records, filter, &region) {
                    let listing = request(table.entry.operation, call, &table.selector, vec![subject.id.clone()]);
                    probed.push(subject.judge(self.probe(table, &region, listing, None).await.0));
                }
            }
            for TableDetail { entry: detail, selector, .. } in table.details.iter().flat_map(chain) {
                let own = table.index == root.index;
                let subjects = match own {
                    true => self.subjects_of(root, &records, detail.filter, &region),
                    false => vec![self.invented(table, &region)],
                };
                for subject in subjects {
                    let named = if detail.by_arn { &subject.arn } else { &subject.id };
                    let details = request(detail.operation, detail.call, selector, vec![named.clone()]);
                    let place = detail.region.and_then(|member| root.text_member(subject.record.as_ref()?, member));
                    probed.push(subject.judge(self.probe(table, &region, details, place.as_deref()).await.0));
                }
            }
        }
        probed
    }

    /// The first resources that exist, since a role may be limited to some of them; or else one that does not exist.
    fn subjects_of(
        &self,
        root: &Table,
        records: &[Record],
        filter: Option<MemberFilter>,
        region: &str,
    ) -> Vec<Subject> {
        let existing: Vec<&Record> = records.iter().filter(|record| root.passes(record, filter)).collect();
        if existing.is_empty() {
            return vec![self.invented(root, region)];
        }
        let is_sample = existing.len() > SUBJECTS;
        existing.into_iter().take(SUBJECTS).map(|record| Subject::existing(record, is_sample)).collect()
    }

    fn invented(&self, table: &Table, region: &str) -> Subject {
        let place = called_region(table.entry.service, self.partition, region);
        let id = table.entry.probe_id.replace("{partition}", self.partition.name);
        let id = id.replace("{region}", place).replace("{account}", &self.account_id);
        Subject { arn: id.clone(), id, record: None, is_sample: false }
    }

    /// Makes one call, in another region than the usual one if a place is given.
    async fn probe(
        &self,
        table: &'static Table,
        region: &Arc<str>,
        request: PageRequest,
        place: Option<&str>,
    ) -> (ProbedAction, Vec<Record>) {
        let service = table.entry.service;
        let place = place.unwrap_or(called_region(service, self.partition, region));
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

/// A resource that a probe asks about.
struct Subject {
    id: String,
    arn: String,
    /// The resource. `None` if no resource has this id.
    record: Option<Record>,
    /// Whether there are resources that are not asked about.
    is_sample: bool,
}

impl Subject {
    fn existing(record: &Record, is_sample: bool) -> Self {
        let arn = record.arn.clone().unwrap_or_default();
        Self { id: record.id.clone(), arn, record: Some(record.clone()), is_sample }
    }

    fn judge(&self, probed: ProbedAction) -> ProbedAction {
        let probed = if self.record.is_none() { probed.with_probe_id() } else { probed };
        ProbedAction { is_sample: self.is_sample, ..probed }
    }
}

fn without_pages<T>(answer: Result<T, AwsError>) -> Result<NextPage, AwsError> {
    answer.map(|_| NextPage::End)
}

/// A detail and its fallbacks.
fn chain(detail: &TableDetail) -> impl Iterator<Item = &TableDetail> {
    std::iter::successors(Some(detail), |detail| detail.fallback.as_deref())
}
