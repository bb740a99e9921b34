//! One row of the answer, and what a target was found to be.
//!
//! **Invariant:** a row's members are the columns of ANSWERS.md, in their order.

use std::rc::Rc;

use jiff::Timestamp;
use serde::Serialize;

use crate::answers::facts::UnknownCell;

/// What a record is, by what it leads to. In the order in which one of several counts: the last one says most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DnsVerdict {
    /// The target is a resource of the estate.
    Held,
    /// The target is outside of what rolecall collects.
    Foreign,
    /// A cell that could have the target was not answered.
    Unknown,
    /// The target has the form of a resource that rolecall collects, and nobody in the estate has it.
    Unheld,
    /// The record cannot work.
    Broken,
    /// Nobody in the estate has the target, and a stranger can claim it.
    Takeable,
}

impl DnsVerdict {
    /// The name in every format.
    #[cfg(test)]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Foreign => "foreign",
            Self::Unknown => "unknown",
            Self::Unheld => "unheld",
            Self::Broken => "broken",
            Self::Takeable => "takeable",
        }
    }

    /// Whether somebody has to look at the record.
    pub(crate) fn is_finding(self) -> bool {
        !matches!(self, Self::Held | Self::Foreign)
    }
}

/// The resource that a target is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DnsHolder {
    pub account_id: String,
    pub region: String,
    pub table: &'static str,
    pub id: String,
    pub arn: Option<String>,
}

/// What a target was found to be.
#[derive(Clone, Debug)]
pub(super) struct Judgement {
    pub verdict: DnsVerdict,
    /// The kind of a takeable target.
    pub kind: Option<&'static str>,
    pub holder: Option<DnsHolder>,
    /// Why, as the rest of a sentence.
    pub reason: String,
    /// The unknown cells that could have the target.
    pub needs: MissingCells,
}

/// Unknown cells, of which many targets have the same.
pub(crate) type MissingCells = Rc<[UnknownCell]>;

impl Judgement {
    /// A judgement that needs no cell.
    pub(super) fn new(verdict: DnsVerdict, reason: impl Into<String>) -> Self {
        Self { verdict, kind: None, holder: None, reason: reason.into(), needs: Rc::from([]) }
    }

    /// The same with what is not known.
    pub(super) fn needing(self, needs: MissingCells) -> Self {
        Self { needs, ..self }
    }
}

/// A value of a record, with its verdict.
#[derive(Clone, Debug)]
pub(crate) struct DnsRow {
    pub account_id: String,
    pub hosted_zone_id: String,
    pub zone_name: String,
    pub private_zone: bool,
    /// The record's name without escapes.
    pub name: String,
    pub r#type: String,
    pub set_identifier: Option<String>,
    /// The address or name to which the value leads, as the record has it.
    pub target: String,
    pub verdict: DnsVerdict,
    pub kind: Option<&'static str>,
    pub holder: Option<DnsHolder>,
    /// One sentence.
    pub reason: String,
    pub needs: MissingCells,
    pub collected_at: Option<Timestamp>,
}
