//! A record: one resource as AWS described it, ready to become a row of its table.
//!
//! Knows nothing of AWS's wire, of files or of formats: only what a row holds.

use std::sync::Arc;

use jiff::Timestamp;

use crate::decode::Value;

/// The columns that every resource table opens with, in their order.
pub(crate) const OPENING_COLUMNS: &[&str] =
    &["run_id", "account_id", "account_alias", "partition", "region", "id", "arn", "owner_id", "tags", "collected_at"];

/// The last column of every resource table: what AWS answered and its service model does not know.
pub(crate) const EXTRA_COLUMN: &str = "aws_extra";

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
