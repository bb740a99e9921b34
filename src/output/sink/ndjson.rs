//! Writes rows as lines of JSON.
//!
//! Nested values are nested JSON. Missing values are left out, except those of the opening columns.
//!
//! **Invariant:** knows nothing of files or compression.

use crate::catalogue::Table;
use crate::decode::Value;
use crate::decode::json::{write_member, write_string};
use crate::inventory::{ChangeRecord, EXTRA_COLUMN, LedgerRow, Location, Record};

/// Appends a record as one JSON object.
pub(super) fn record(out: &mut String, run_id: &str, table: &Table, location: &Location, record: &Record) {
    out.push('{');
    text(out, "run_id", Some(run_id));
    text(out, "account_id", Some(&location.account_id));
    text(out, "account_alias", location.account_alias.as_deref());
    text(out, "partition", Some(location.partition));
    text(out, "region", Some(&location.region));
    text(out, "id", Some(&record.id));
    text(out, "arn", record.arn.as_deref());
    text(out, "owner_id", record.owner_id.as_deref());
    write_member(out, "tags", |out| match &record.tags {
        None => out.push_str("null"),
        Some(tags) => {
            out.push('{');
            for (key, value) in tags {
                write_member(out, key, |out| write_string(out, value));
            }
            out.push('}');
        }
    });
    write_member(out, "collected_at", |out| write_string(out, &location.collected_at.to_string()));
    write_member(out, "digest", |out| match record.digest {
        Some(digest) => out.push_str(&digest.cast_signed().to_string()),
        None => out.push_str("null"),
    });
    for (column, value) in table.columns.iter().zip(&record.values) {
        if *value != Value::Missing {
            write_member(out, &column.name, |out| value.write_json(out));
        }
    }
    if let Some(extra) = &record.extra {
        write_member(out, EXTRA_COLUMN, |out| out.push_str(extra));
    }
    out.push('}');
}

/// Appends a ledger row as one JSON object.
pub(super) fn ledger_row(out: &mut String, row: &LedgerRow) {
    // Serialising plain fields cannot fail.
    out.push_str(&serde_json::to_string(row).unwrap_or_default());
}

/// Appends a row of the table `changes` as one JSON object.
pub(super) fn change(out: &mut String, row: &ChangeRecord) {
    // Serialising plain fields cannot fail.
    out.push_str(&serde_json::to_string(row).unwrap_or_default());
}

fn text(out: &mut String, name: &str, value: Option<&str>) {
    write_member(out, name, |out| match value {
        Some(value) => write_string(out, value),
        None => out.push_str("null"),
    });
}
