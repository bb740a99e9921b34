//! What is asked first in an account: its alias and its enabled regions. They are the one row of the table `accounts`; the
//! alias is a column of every record, and the regions are where everything else is asked.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::Instant;

use super::Context;
use crate::aws::{
    AwsError, AwsErrorKind, CallParams, Cancellation, DecodedPage, NextPage, PageRequest, Priority, SendFn, Service,
    ServiceClient, Session,
};
use crate::catalogue::Table;
use crate::decode::{Item, Value};
use crate::domain::{CallCounts, Partition};
use crate::inventory::{CellType, GLOBAL, LedgerRow, Location, Page, Status};
use crate::output::sink::SinkMessage;

/// A region of an account, as EC2 describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Region {
    /// The name, such as `eu-west-1`.
    pub region_name: String,
    /// `opt-in-not-required`, `opted-in` or `not-opted-in`.
    #[serde(default)]
    pub opt_in_status: Option<String>,
}

/// The account, as its records and rows name it.
#[derive(Debug)]
pub(crate) struct AccountInfo {
    pub id: Arc<str>,
    /// Its alias; none if it has none or the role may not read it.
    pub alias: Option<Arc<str>>,
    pub partition: &'static str,
    /// Names the regions in which global services are called.
    pub where_global: &'static Partition,
    /// The failure to read the alias.
    gap: Option<AwsError>,
    call_counts: CallCounts,
    started_at: Timestamp,
}

/// The regions of an account in which there is something to ask.
#[derive(Debug)]
pub(crate) struct EnabledRegions {
    /// The enabled regions, or the ones that stand in for them.
    pub regions: Vec<String>,
    /// The operations that failed.
    gaps: Vec<(&'static str, AwsError)>,
    call_counts: CallCounts,
    listed: Option<Item>,
    stand_in: Option<String>,
    took_ms: u64,
}

/// The parameters of [`EnabledRegions::discover`].
pub(crate) struct RegionQuery {
    pub session: Arc<Session>,
    /// The table `accounts`, which the response is decoded for.
    pub table: &'static Table,
    pub partition: &'static Partition,
    /// The regions that the plan names in full.
    pub named: Vec<String>,
    pub stop: Cancellation,
}

impl AccountInfo {
    /// Reads the alias, which is a column of every record.
    pub(crate) async fn load(
        session: &Arc<Session>,
        account_id: &str,
        partition: &'static Partition,
        stop: &Cancellation,
    ) -> Self {
        let started_at = super::now();
        let client = session.client(Service::Iam, partition.iam_region, Priority::Normal);
        let (alias, gap) = match alias(&client, stop).await {
            Ok(alias) => (alias, None),
            Err(cause) => (None, Some(cause)),
        };
        Self {
            id: account_id.into(),
            alias: alias.map(Into::into),
            partition: partition.name,
            where_global: partition,
            gap,
            call_counts: client.call_counts(),
            started_at,
        }
    }

    /// Whether AWS answered, which proves that the session works.
    pub(crate) fn answered(&self) -> bool {
        self.gap.is_none()
    }

    pub(crate) fn call_counts(&self) -> CallCounts {
        self.call_counts
    }
}

impl EnabledRegions {
    /// Finds the enabled regions. The named regions and the partition's default ones stand in if the role
    /// may not list regions.
    pub(crate) async fn discover(query: RegionQuery) -> Self {
        let RegionQuery { session, table, partition, named, stop } = query;
        let began = Instant::now();
        let client = session.client(Service::Ec2, partition.default_region, Priority::High);
        let regions = PageRequest {
            operation: table.entry.operation,
            send: DESCRIBE_REGIONS,
            selector: table.selector.clone(),
            params: CallParams { region: partition.default_region.to_owned(), ..CallParams::default() },
        };
        let found = client.page(&regions, &stop).await.and_then(|(page, _)| enabled(table, page));
        let mut around = Self {
            regions: Vec::new(),
            gaps: Vec::new(),
            call_counts: client.call_counts(),
            listed: None,
            stand_in: None,
            took_ms: 0,
        };
        match found {
            Ok((names, item)) => (around.regions, around.listed) = (names, Some(item)),
            Err(cause) => {
                around.gaps.push(("ec2:DescribeRegions", cause));
                let client = session.client(Service::Account, partition.default_region, Priority::Normal);
                let second = list_regions(&client, &stop).await;
                around.call_counts += client.call_counts();
                match second {
                    Ok((names, json)) => (around.regions, around.stand_in) = (names, Some(json)),
                    Err(cause) => {
                        around.gaps.push(("account:ListRegions", cause));
                        let defaults = partition.default_regions.iter().map(|&name| name.to_owned());
                        let others = defaults.filter(|name| !named.contains(name)).collect::<Vec<_>>();
                        around.regions = named.into_iter().chain(others).collect();
                    }
                }
            }
        }
        around.took_ms = crate::domain::millis(began.elapsed());
        around
    }

    /// Whether AWS listed the regions, so that none stand in.
    pub(crate) fn is_known(&self) -> bool {
        self.listed.is_some() || self.stand_in.is_some()
    }

    pub(crate) fn call_counts(&self) -> CallCounts {
        self.call_counts
    }
}

/// Sends the account's one record, if AWS answered anything about it, and returns its ledger row.
pub(crate) async fn accounts_row(context: &Context, around: &EnabledRegions, table: &Table) -> LedgerRow {
    let account = &context.account;
    let cell = CellType { table: table.entry.table, operation: table.entry.operation };
    let location = Location {
        account_id: account.id.clone(),
        account_alias: account.alias.clone(),
        partition: account.partition,
        region: GLOBAL.into(),
        collected_at: super::now(),
    };
    let item = around.listed.as_ref().map(|item| Item {
        values: item.values.clone(),
        extra: item.extra.clone(),
        ..Item::default()
    });
    let mut record = table.record(item.unwrap_or_else(|| blank(table)), &location, None);
    if let (Some(json), Some(value)) = (&around.stand_in, record.values.first_mut()) {
        *value = Value::Json(json.clone());
    }
    let answered = account.answered() || around.is_known();
    if answered {
        let page = Page { table: table.index, location, records: vec![record] };
        let _ = context.sink.send(SinkMessage::Page(page, None)).await;
    }
    let alias = account.gap.iter().map(|cause| ("iam:ListAccountAliases", cause));
    let gaps: Vec<_> = alias.chain(around.gaps.iter().map(|(operation, cause)| (*operation, cause))).collect();
    let status = match gaps.last() {
        None => Status::Ok,
        Some(_) if answered => Status::Partial,
        Some((_, cause)) => Status::of_earlier_call(cause.kind),
    };
    let mut tally = account.call_counts;
    tally += around.call_counts;
    let mut row = LedgerRow::new(&context.run_id, &account.id, GLOBAL, cell, status).costing(tally);
    if let Some((_, cause)) = gaps.first() {
        let told: Vec<String> =
            gaps.iter().map(|(operation, cause)| format!("{operation}: {}", cause.message)).collect();
        let regions = match (&around.listed, &around.stand_in) {
            (Some(_), _) => "",
            (None, Some(_)) => "; the regions are those of account:ListRegions",
            (None, None) => "; the regions are those named in full, or else the partition's default ones",
        };
        row = row.because(cause);
        row.error_message = Some(format!("{}{regions}", told.join("; ")));
    }
    row.records = u64::from(answered);
    row.cut = !gaps.is_empty() && context.stop.run.is_cancelled();
    row.started_at = Some(account.started_at);
    row.duration_ms = around.took_ms;
    row
}

const DESCRIBE_REGIONS: SendFn = |client, _| {
    Box::pin(async move {
        let request = client.ec2().describe_regions().all_regions(true);
        request.send().await.map(|_| NextPage::End).map_err(AwsError::of)
    })
};

fn enabled(table: &Table, page: DecodedPage) -> Result<(Vec<String>, Item), AwsError> {
    let unreadable = |what: &str| AwsError::new(AwsErrorKind::Unreadable, format!("the answer is unreadable: {what}"));
    let item = page.body.items.into_iter().next().ok_or_else(|| unreadable("it has no regions"))?;
    let (index, _) = table.selector.item().member("Regions").ok_or_else(|| unreadable("it has no regions"))?;
    let Value::Json(json) = &item.values[index] else { return Err(unreadable("it has no regions")) };
    let regions: Vec<Region> = serde_json::from_str(json).map_err(|_| unreadable("its regions have no names"))?;
    let on = |region: &Region| region.opt_in_status.as_deref() != Some("not-opted-in");
    Ok((regions.into_iter().filter(on).map(|region| region.region_name).collect(), item))
}

async fn alias(client: &ServiceClient, stop: &Cancellation) -> Result<Option<String>, AwsError> {
    let send = || client.iam().list_account_aliases().send();
    let answer = client.call("iam:ListAccountAliases", stop, send).await?;
    Ok(answer.account_aliases.into_iter().next())
}

/// The enabled regions by Account Management, and its list as the AWS CLI prints it.
async fn list_regions(client: &ServiceClient, stop: &Cancellation) -> Result<(Vec<String>, String), AwsError> {
    let (mut names, mut all, mut token) = (Vec::new(), Vec::new(), None::<String>);
    loop {
        let send = || client.account().list_regions().max_results(50).set_next_token(token.clone()).send();
        let answer = client.call("account:ListRegions", stop, send).await?;
        for region in answer.regions.unwrap_or_default() {
            let name = region.region_name.unwrap_or_default();
            let status = region.region_opt_status.map(|status| status.as_str().to_owned()).unwrap_or_default();
            if matches!(status.as_str(), "ENABLED" | "ENABLED_BY_DEFAULT") {
                names.push(name.clone());
            }
            all.push(serde_json::json!({ "RegionName": name, "RegionOptStatus": status }));
        }
        let next = answer.next_token.filter(|next| !next.is_empty());
        if next.is_none() || next == token {
            return Ok((names, serde_json::Value::from(all).to_string()));
        }
        token = next;
    }
}

fn blank(table: &Table) -> Item {
    Item { values: vec![Value::Missing; table.selector.item().members.len()], ..Item::default() }
}
