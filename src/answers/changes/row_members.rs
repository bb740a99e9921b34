//! The members of a row, and those that differ between two rows.
//!
//! **Invariant:** what no digest counts does not differ: measures, and the order of lists.

use serde_json::{Map, Value, json};

use crate::answers::facts::Resource;
use crate::catalogue::Table;
use crate::decode::json_hash;
use crate::inventory::{ColumnType, EXTRA_COLUMN};

/// The columns of a table beside the opening ones.
pub(crate) fn own_columns(table: &'static Table) -> impl Iterator<Item = (&'static str, ColumnType)> {
    let own = table.columns.iter().map(|column| (column.name.as_str(), column.kind));
    own.chain([(EXTRA_COLUMN, ColumnType::Json)])
}

/// The value of a column of the table's own.
pub(crate) fn own_value(row: Resource<'_>, name: &str, kind: ColumnType) -> Value {
    match kind {
        ColumnType::Json | ColumnType::Map => row.json(name),
        ColumnType::String => json!(row.text(name)),
        ColumnType::Boolean => json!(row.flag(name)),
        ColumnType::Integer => json!(row.integer(name)),
        ColumnType::Double => json!(row.double(name)),
        ColumnType::Timestamp => json!(row.time(name)),
    }
}

/// The content of a row that a digest counts.
pub(super) fn members(table: &'static Table, row: Resource<'_>) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("id".into(), json!(row.id()));
    members.insert("arn".into(), json!(row.arn()));
    members.insert("owner_id".into(), json!(row.account_id()));
    members.insert("tags".into(), json!(row.tags()));
    for (name, kind) in own_columns(table) {
        members.insert(name.into(), own_value(row, name, kind));
    }
    table.counted(members)
}

/// The members that differ, with both values.
pub(super) fn differing(before: &Map<String, Value>, after: &Map<String, Value>) -> Value {
    let mut found = Map::new();
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    for name in names {
        let side = |members: &Map<String, Value>| members.get(name).cloned().unwrap_or_default();
        let (before, after) = (side(before), side(after));
        let is_unknown_to_both = name == EXTRA_COLUMN && before.is_null() && after.is_null();
        if !is_unknown_to_both && json_hash(&before) != json_hash(&after) {
            found.insert(name.clone(), json!({ "before": before, "after": after }));
        }
    }
    Value::Object(found)
}
