//! A record: one resource as AWS described it, ready to become a row of its table.
//!
//! Knows nothing of AWS's wire, of files or of formats: only what a row holds.

use std::sync::Arc;

use jiff::Timestamp;

use crate::json;

/// The columns that every resource table opens with, in their order.
pub const OPENING_COLUMNS: &[&str] =
    &["run_id", "account_id", "account_alias", "partition", "region", "id", "arn", "owner_id", "tags", "collected_at"];

/// The last column of every resource table: what AWS answered and its service model does not know.
pub const EXTRA_COLUMN: &str = "aws_extra";

/// One value of a row. Missing, empty text and an empty list are three different things.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// AWS did not answer this member.
    #[default]
    Missing,
    /// A string, as it came.
    Text(String),
    /// A boolean.
    Boolean(bool),
    /// An integer of at most 64 bits.
    Integer(i64),
    /// A floating-point number.
    Double(f64),
    /// A UTC instant.
    Timestamp(Timestamp),
    /// A structure or a list, as JSON text that keeps AWS's own member names.
    Json(String),
}

impl Value {
    /// Appends the value as JSON; nothing where it is missing.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Self::Missing => {}
            Self::Text(text) => json::string(out, text),
            Self::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Integer(value) => out.push_str(&value.to_string()),
            Self::Double(value) => out.push_str(&serde_json::Value::from(*value).to_string()),
            Self::Timestamp(value) => json::string(out, &value.to_string()),
            Self::Json(json) => out.push_str(json),
        }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// [`Value::Text`].
    String,
    /// [`Value::Boolean`].
    Boolean,
    /// [`Value::Integer`].
    Integer,
    /// [`Value::Double`].
    Double,
    /// [`Value::Timestamp`].
    Timestamp,
    /// A map of strings: `tags` alone.
    Map,
    /// [`Value::Json`].
    Json,
}

/// One column after the opening ones.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Column {
    /// Its name in every format.
    pub name: String,
    /// What it holds; never depends on the data of a run.
    #[serde(rename = "type")]
    pub kind: ColumnType,
}

/// Where and when a page of records was seen: the same for all of its rows.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The account that was asked.
    pub account_id: Arc<str>,
    /// Its alias, where it has one and we were let in to read it.
    pub account_alias: Option<Arc<str>>,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'static str,
    /// The region that was asked, or `global`.
    pub region: Arc<str>,
    /// When the answer had come.
    pub collected_at: Timestamp,
}

/// One resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The resource's bare id (`vpc-1`, `Z123`).
    pub id: String,
    /// Its ARN, where AWS defines one.
    pub arn: Option<String>,
    /// The account that owns it: differs from the one that was asked for shared resources.
    pub owner_id: Option<String>,
    /// Its tags in AWS's order; `None` where AWS answered none at all.
    pub tags: Option<Vec<(String, String)>>,
    /// One value for each column of the table between the opening ones and `aws_extra`.
    pub values: Vec<Value>,
    /// A JSON object of the members that the service model does not know.
    pub extra: Option<String>,
}

/// Records of one table from one answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// The table's place in the catalogue.
    pub table: usize,
    /// Where they were seen.
    pub origin: Origin,
    /// The records.
    pub records: Vec<Record>,
}
