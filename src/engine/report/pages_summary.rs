//! What became of writing a run's report pages, for its response.
//!
//! **Invariant:** follows the commit of a run, so no manifest has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far the report pages of a run are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageWriting {
    /// All of them, and `latest.html` names this run or a newer one.
    Written,
    /// Pages are left. The run's event, delivered again, continues with them.
    Unfinished,
    /// An error stopped it. The run's event, delivered again, tries again.
    Failed,
}

/// The report pages of a run, as far as they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PagesSummary {
    /// How far they are written.
    pub status: PageWriting,
    /// The pages, without the index of several; 0 if they were not planned.
    pub pages: u64,
    /// The pages that are written.
    pub pages_written: u64,
    /// The address of the page, or of the index of several: a path, or `s3://bucket/key`. Missing until all are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "String")]
    pub page: Option<String>,
    /// What stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(default, with = "String")]
    pub error: Option<String>,
}

impl PagesSummary {
    /// Nothing is written yet.
    pub(crate) fn nothing(status: PageWriting) -> Self {
        Self { status, pages: 0, pages_written: 0, page: None, error: None }
    }
}
