//! Lists the values of a row, borrowed from a record or from a ledger row, in the order of the columns.
//!
//! **Invariant:** knows nothing of their encoding.

use serde_json::value::RawValue;

use crate::decode::{UtcTime, Value};
use crate::inventory::{ChangeRecord, LedgerRow, Location, Record};

/// A value for one column of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ColumnValue<'a> {
    Missing,
    /// A value for a column of strings or of JSON.
    Text(&'a str),
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Timestamp(UtcTime),
    /// The pairs of a map.
    Map(&'a [(String, String)]),
}

impl ColumnValue<'_> {
    /// The name of the type, for errors. They must not contain the value.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Missing => "null",
            Self::Text(_) => "text",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Double(_) => "a double",
            Self::Timestamp(_) => "a timestamp",
            Self::Map(_) => "a map",
        }
    }
}

impl<'a> From<&'a Value> for ColumnValue<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Missing => Self::Missing,
            Value::Text(text) | Value::Json(text) => Self::Text(text),
            Value::Boolean(value) => Self::Boolean(*value),
            Value::Integer(value) => Self::Integer(*value),
            Value::Double(value) => Self::Double(*value),
            Value::Timestamp(value) => Self::Timestamp(*value),
        }
    }
}

/// The values of a record: the opening columns, the columns of the table, and `aws_extra`.
pub(crate) fn record_values<'a>(
    run_id: &'a str,
    location: &'a Location,
    record: &'a Record,
) -> impl Iterator<Item = ColumnValue<'a>> + use<'a> {
    let opening = [
        ColumnValue::Text(run_id),
        ColumnValue::Text(&location.account_id),
        text(location.account_alias.as_deref()),
        ColumnValue::Text(location.partition),
        ColumnValue::Text(&location.region),
        ColumnValue::Text(&record.id),
        text(record.arn.as_deref()),
        text(record.owner_id.as_deref()),
        record.tags.as_deref().map_or(ColumnValue::Missing, ColumnValue::Map),
        ColumnValue::Timestamp(location.collected_at.into()),
        // The same 64 bits, since no reader of Parquet has trouble with a signed integer.
        record.digest.map_or(ColumnValue::Missing, |digest| ColumnValue::Integer(digest.cast_signed())),
    ];
    opening.into_iter().chain(record.values.iter().map(ColumnValue::from)).chain([text(record.extra.as_deref())])
}

/// The values of a ledger row, in the order of [`super::ledger_columns`].
pub(crate) fn ledger_values(row: &LedgerRow) -> [ColumnValue<'_>; 18] {
    [
        ColumnValue::Text(&row.run_id),
        ColumnValue::Text(&row.account_id),
        ColumnValue::Text(&row.region),
        ColumnValue::Text(row.table),
        ColumnValue::Text(row.operation),
        ColumnValue::Text(row.status.name()),
        count(row.records),
        count(row.dropped),
        count(row.pages),
        count(row.calls),
        count(row.retries),
        count(row.throttles),
        row.started_at.map_or(ColumnValue::Missing, |at| ColumnValue::Timestamp(at.into())),
        count(row.duration_ms),
        text(row.parent),
        text(row.error_code.as_deref()),
        text(row.error_message.as_deref()),
        text(row.request_id.as_deref()),
    ]
}

/// The values of a row of the table `changes`, in the order of [`super::changes_columns`].
pub(crate) fn change_values(row: &ChangeRecord) -> [ColumnValue<'_>; 11] {
    [
        ColumnValue::Text(&row.run_id),
        ColumnValue::Text(&row.account_id),
        ColumnValue::Text(&row.region),
        ColumnValue::Text(row.table),
        ColumnValue::Text(&row.id),
        text(row.arn.as_deref()),
        text(row.name.as_deref()),
        ColumnValue::Text(row.change),
        ColumnValue::Text(&row.previous_run_id),
        row.previous_collected_at.map_or(ColumnValue::Missing, |at| ColumnValue::Timestamp(at.into())),
        text(row.members.as_deref().map(RawValue::get)),
    ]
}

fn text(text: Option<&str>) -> ColumnValue<'_> {
    text.map_or(ColumnValue::Missing, ColumnValue::Text)
}

fn count(count: u64) -> ColumnValue<'static> {
    ColumnValue::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}
