//! A record: one resource as AWS described it, ready to become a row of its table.
//!
//! **Invariant:** knows nothing of AWS's wire, of files or of formats.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;

use crate::decode::Value;

/// The columns that every resource table opens with, in their order.
pub(crate) const OPENING_COLUMNS: &[&str] = &[
    "run_id",
    "account_id",
    "account_alias",
    "partition",
    "region",
    "id",
    "arn",
    "owner_id",
    "tags",
    "collected_at",
    "digest",
];

/// The last column of every resource table. It holds the members that the service model does not know.
pub(crate) const EXTRA_COLUMN: &str = "aws_extra";

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    String,
    Boolean,
    Integer,
    Double,
    Timestamp,
    /// A map of strings. Only `tags` has this type.
    Map,
    Json,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Column {
    /// The name in every format.
    pub name: String,
    /// The type, which never depends on the data of a run.
    #[serde(rename = "type")]
    pub kind: ColumnType,
}

/// Where and when AWS returned a resource. All records of one response share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// The account that was asked.
    pub account_id: Arc<str>,
    /// The alias of that account, if it has one and the role may read it.
    pub account_alias: Option<Arc<str>>,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'static str,
    /// The region that was asked, or `global`.
    pub region: Arc<str>,
    /// The time at which the response was received.
    pub collected_at: Timestamp,
}

/// One resource, without its location.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The bare id (`vpc-1`, `Z123`).
    pub id: String,
    /// The ARN, if AWS defines one for the type.
    pub arn: Option<String>,
    /// The account that owns the resource. It differs from the account that was asked if the resource is shared.
    pub owner_id: Option<String>,
    /// The tags in AWS's order; `None` if the response has none at all.
    pub tags: Option<Vec<(String, String)>>,
    /// One value for each column between the opening ones and `aws_extra`.
    pub values: Vec<Value>,
    /// A JSON object of the members that the service model does not know.
    pub extra: Option<String>,
    /// A hash of the content that AWS sent, without measures. `None` if details of the resource are unknown.
    pub digest: Option<u64>,
}

/// Equal records have equal hashes. Numbers are hashed by their bits.
impl Hash for Record {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (&self.id, &self.arn, &self.owner_id, &self.tags, &self.extra, self.digest).hash(hasher);
        for value in &self.values {
            std::mem::discriminant(value).hash(hasher);
            match value {
                Value::Missing => {}
                Value::Text(text) | Value::Json(text) => text.hash(hasher),
                Value::Boolean(value) => value.hash(hasher),
                Value::Integer(value) => value.hash(hasher),
                // Zero and its negative are equal.
                Value::Double(value) => (value + 0.0).to_bits().hash(hasher),
                Value::Timestamp(value) => value.hash(hasher),
            }
        }
    }
}

/// Records of one table from one response.
#[derive(Clone, Debug)]
pub struct Page {
    /// The position of the table in the catalogue.
    pub table: usize,
    /// The location that all records share.
    pub location: Location,
    /// The records in the order of the response.
    pub records: Vec<Record>,
}
