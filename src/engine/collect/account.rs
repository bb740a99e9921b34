//! The alias of an account, and the account's one row of the table `accounts`. The alias is a column of every record.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Context, EnabledRegions};
use crate::aws::{AwsError, Cancellation, Priority, Service, ServiceClient, Session};
use crate::catalogue::Table;
use crate::decode::{Item, Value};
use crate::domain::{CallCounts, Partition};
use crate::inventory::{CellType, GLOBAL, LedgerRow, Location, Page, Status};
use crate::output::sink::SinkMessage;

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
        let (alias, gap) = match session.first_call(alias(&client, stop)).await {
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
        digest: item.digest,
        ..Item::default()
    });
    let mut record = table.record(item.unwrap_or_else(|| blank(table)), &location, None);
    if let (Some(json), Some(value)) = (&around.stand_in, record.values.first_mut()) {
        *value = Value::Json(json.clone());
    }
    if around.listed.is_none() {
        record.digest = None;
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
    tally += around.call_counts();
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

async fn alias(client: &ServiceClient, stop: &Cancellation) -> Result<Option<String>, AwsError> {
    let send = || client.iam().list_account_aliases().send();
    let answer = client.call("iam:ListAccountAliases", stop, send).await?;
    Ok(answer.account_aliases.into_iter().next())
}

fn blank(table: &Table) -> Item {
    Item { values: vec![Value::Missing; table.selector.item().members.len()], ..Item::default() }
}
