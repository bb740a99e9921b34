//! What could not be seen, in groups that have one cause, with what would mend it.
//!
//! **Invariant:** every unknown cell of a coverage is in one group, and is counted once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::answers::facts::UnknownCell;
use crate::catalogue::{Catalogue, actions_of};
use crate::inventory::{ANY_REGION, Status};

/// Cells of one account that are unknown for one reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct CellGap {
    pub account_id: String,
    pub status: &'static str,
    pub error_code: Option<String>,
    pub cells: usize,
    pub tables: BTreeSet<String>,
    pub regions: BTreeSet<String>,
    /// The start of the newest run that answered any of them.
    pub last_answered: Option<Timestamp>,
}

/// What would mend a gap.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct GapRemedy {
    /// What to do, in a sentence.
    pub advice: String,
    /// The command that helps, if one does.
    pub command: Option<String>,
    /// The statement that the role's policy lacks, if one does.
    pub statement: Option<Value>,
}

/// Groups unknown cells by account, status and error code, the largest group of each account first.
pub(super) fn gaps(unknown: &[UnknownCell]) -> Vec<CellGap> {
    let mut groups: BTreeMap<(&str, &'static str, Option<&str>), CellGap> = BTreeMap::new();
    for cell in unknown {
        let key = (cell.account_id.as_str(), cell.status.name(), cell.error_code.as_deref());
        let gap = groups.entry(key).or_insert_with(|| CellGap {
            account_id: cell.account_id.clone(),
            status: cell.status.name(),
            error_code: cell.error_code.clone(),
            cells: 0,
            tables: BTreeSet::new(),
            regions: BTreeSet::new(),
            last_answered: None,
        });
        gap.cells += 1;
        if !gap.tables.contains(&cell.table) {
            gap.tables.insert(cell.table.clone());
        }
        if !gap.regions.contains(&cell.region) {
            gap.regions.insert(cell.region.clone());
        }
        gap.last_answered = gap.last_answered.max(cell.last_answered);
    }
    let mut gaps: Vec<CellGap> = groups.into_values().collect();
    gaps.sort_by(|one, other| one.account_id.cmp(&other.account_id).then(other.cells.cmp(&one.cells)));
    gaps
}

impl CellGap {
    /// What would mend it.
    pub(super) fn remedy(&self) -> GapRemedy {
        let account = &self.account_id;
        let rerun = Some(format!("rolecall run --accounts {account}"));
        let status = Status::of_name(self.status).unwrap_or(Status::Failed);
        match status {
            Status::Denied if self.regions.contains(ANY_REGION) => GapRemedy {
                advice: "The account could not be entered, or its regions could not be listed. The check tells what the role \
                         and its trust policy lack."
                    .to_owned(),
                command: Some(format!("rolecall check --accounts {account}")),
                statement: None,
            },
            Status::Denied => GapRemedy {
                advice: "The role may not read this. Add the statement to the policy of the role in the account.".to_owned(),
                command: Some(format!("rolecall check --accounts {account}")),
                statement: self.statement(),
            },
            Status::ScpDenied => GapRemedy {
                advice: "A service control policy of the organization denies this, so that no policy of the role can allow \
                         it. The statement lists the actions to ask for."
                    .to_owned(),
                command: None,
                statement: self.statement(),
            },
            Status::RegionDisabled => GapRemedy {
                advice: "The region is not enabled in the account. Nothing can be in it until somebody enables it.".to_owned(),
                ..GapRemedy::default()
            },
            Status::NotStarted => GapRemedy {
                advice: "This was never asked, or the time of the run ended before. Run again.".to_owned(),
                command: rerun,
                statement: None,
            },
            Status::Throttled => GapRemedy {
                advice: "AWS refused the calls for their rate. Run again, with a lower rate if it happens often.".to_owned(),
                command: rerun,
                statement: None,
            },
            _ => GapRemedy {
                advice: "The answer did not arrive, or not as a whole. Run again.".to_owned(),
                command: rerun,
                statement: None,
            },
        }
    }

    /// The statement that allows the reads of its tables.
    fn statement(&self) -> Option<Value> {
        let catalogue = Catalogue::get().ok()?;
        let actions = actions_of(self.tables.iter().filter_map(|table| catalogue.find(table)));
        (!actions.is_empty()).then(|| json!({ "Effect": "Allow", "Action": actions, "Resource": "*" }))
    }
}
