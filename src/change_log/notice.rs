//! The event about the changes of one account, as EventBridge carries it.
//!
//! **Invariant:** stays below the 256 KiB that EventBridge allows, whatever changed: resources that do not fit are counted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::documents::{AccountChanges, ChangeCounts, ChangedResource};
use crate::domain::{AccountId, RunId};

/// The most bytes of an event.
const MAX_BYTES: usize = 200 << 10;
/// The most resources in an event: a reader with more to read opens the table.
const MAX_RESOURCES: usize = 100;
/// The most tables that the summary names.
const MAX_NAMED: usize = 4;

/// The `detail` of the event `rolecall changed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ChangesNotice {
    /// The name of the run.
    pub run_id: RunId,
    /// The time at which the run began.
    pub started_at: Timestamp,
    /// The account whose resources changed.
    pub account_id: AccountId,
    /// Resources that were added.
    pub added: u64,
    /// Resources that were removed.
    pub removed: u64,
    /// Resources that changed.
    pub changed: u64,
    /// The same in words, for a message: it has no quotes and no line breaks.
    pub summary: String,
    /// Resources by table. Tables without changes are left out.
    pub tables: BTreeMap<String, ChangeCounts>,
    /// The first resources, at most 100.
    pub resources: Vec<ChangedResource>,
    /// The number of resources that were left out to keep the event small. The table `changes` has all.
    pub omitted: u64,
    /// The address of the document that names the files of the table `changes`: a path, or `s3://bucket/key`.
    pub document: String,
}

impl ChangesNotice {
    /// The notice of an account.
    pub(super) fn new(
        (run_id, started_at): (&RunId, Timestamp),
        account_id: AccountId,
        account: AccountChanges,
        document: &str,
    ) -> Self {
        let mut all = ChangeCounts::default();
        account.tables.values().for_each(|counts| all.add(*counts));
        let mut notice = Self {
            run_id: run_id.clone(),
            started_at,
            account_id,
            added: all.added,
            removed: all.removed,
            changed: all.changed,
            summary: summary(all, &account.tables),
            tables: account.tables,
            resources: Vec::new(),
            omitted: 0,
            document: document.to_owned(),
        };
        let size = |value: &Self| serde_json::to_vec(value).map_or(usize::MAX, |json| json.len());
        let mut bytes = size(&notice);
        for resource in account.resources.into_iter().take(MAX_RESOURCES) {
            let own = serde_json::to_vec(&resource).map_or(usize::MAX, |json| json.len()).saturating_add(1);
            if bytes.saturating_add(own) <= MAX_BYTES {
                bytes += own;
                notice.resources.push(resource);
            }
        }
        notice.omitted = all.total().saturating_sub(notice.resources.len() as u64);
        notice
    }
}

fn summary(all: ChangeCounts, tables: &BTreeMap<String, ChangeCounts>) -> String {
    let mut largest: Vec<(&String, u64)> = tables.iter().map(|(table, counts)| (table, counts.total())).collect();
    largest.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(other.0)));
    let named: Vec<String> = largest.iter().take(MAX_NAMED).map(|(table, count)| format!("{table} {count}")).collect();
    let more = match largest.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more tables"),
    };
    let ChangeCounts { added, removed, changed } = all;
    format!("{added} added, {removed} removed, {changed} changed ({}{more})", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::changes::Change;

    fn resource(id: &str) -> ChangedResource {
        ChangedResource {
            table: "route53_records".into(),
            region: "global".into(),
            id: id.into(),
            arn: None,
            name: Some(id.into()),
            change: Change::Changed,
            members: vec!["resource_records".into()],
        }
    }

    fn notice(resources: Vec<ChangedResource>, tables: usize) -> ChangesNotice {
        let counts = ChangeCounts { changed: resources.len() as u64, ..ChangeCounts::default() };
        let mut named: BTreeMap<String, ChangeCounts> =
            (1..tables).map(|table| (format!("ec2_table_{table}"), ChangeCounts::default())).collect();
        named.insert("route53_records".into(), counts);
        let account = AccountChanges { tables: named, resources };
        let run: RunId = "nightly".parse().unwrap();
        let account_id: AccountId = "111122223333".parse().unwrap();
        ChangesNotice::new((&run, Timestamp::UNIX_EPOCH), account_id, account, "s3://results/runs/nightly/changes.json")
    }

    #[test]
    fn an_event_stays_small_whatever_changed() {
        let long = |number: usize| resource(&format!("{number}{}", "\u{1}ä\"".repeat(1500)));
        let notice = notice((0..90).map(long).collect(), 200);
        let bytes = serde_json::to_vec(&notice).unwrap().len();
        assert!(bytes <= MAX_BYTES && bytes > MAX_BYTES / 2, "{bytes}");
        assert_eq!(notice.omitted + notice.resources.len() as u64, 90);
        assert!(notice.omitted > 0 && !notice.resources.is_empty());
        assert!(!notice.summary.contains(['"', '\n', '\\']));
    }

    #[test]
    fn few_resources_are_all_named() {
        let notice = notice((0..3).map(|number| resource(&number.to_string())).collect(), 1);
        assert_eq!((notice.omitted, notice.resources.len(), notice.changed), (0, 3, 3));
        assert_eq!(notice.summary, "0 added, 0 removed, 3 changed (route53_records 3)");
    }

    #[test]
    fn many_resources_are_cut() {
        let notice = notice((0..150).map(|number| resource(&number.to_string())).collect(), 6);
        assert_eq!((notice.omitted, notice.resources.len()), (50, MAX_RESOURCES));
        assert!(notice.summary.ends_with("and 2 more tables)"), "{}", notice.summary);
    }
}
