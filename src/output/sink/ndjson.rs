//! Rows as lines of JSON: nested values nest, and missing members are left out but for the opening
//! columns, which are always there.

use crate::catalogue::Table;
use crate::decode::Value;
use crate::decode::json::{member, string};
use crate::inventory::LedgerRow;
use crate::inventory::{EXTRA_COLUMN, Origin, Record};

/// Appends one record.
pub(super) fn record(out: &mut String, run_id: &str, table: &Table, origin: &Origin, record: &Record) {
    out.push('{');
    text(out, "run_id", Some(run_id));
    text(out, "account_id", Some(&origin.account_id));
    text(out, "account_alias", origin.account_alias.as_deref());
    text(out, "partition", Some(origin.partition));
    text(out, "region", Some(&origin.region));
    text(out, "id", Some(&record.id));
    text(out, "arn", record.arn.as_deref());
    text(out, "owner_id", record.owner_id.as_deref());
    member(out, "tags", |out| match &record.tags {
        None => out.push_str("null"),
        Some(tags) => {
            out.push('{');
            for (key, value) in tags {
                member(out, key, |out| string(out, value));
            }
            out.push('}');
        }
    });
    member(out, "collected_at", |out| string(out, &origin.collected_at.to_string()));
    for (column, value) in table.columns.iter().zip(&record.values) {
        if *value != Value::Missing {
            member(out, &column.name, |out| value.write_json(out));
        }
    }
    if let Some(extra) = &record.extra {
        member(out, EXTRA_COLUMN, |out| out.push_str(extra));
    }
    out.push('}');
}

/// Appends one row of the ledger.
pub(super) fn ledger(out: &mut String, row: &LedgerRow) {
    // A row of plain fields has no way to fail.
    out.push_str(&serde_json::to_string(row).unwrap_or_default());
}

fn text(out: &mut String, name: &str, value: Option<&str>) {
    member(out, name, |out| match value {
        Some(value) => string(out, value),
        None => out.push_str("null"),
    });
}
