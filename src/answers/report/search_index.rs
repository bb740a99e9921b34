//! What the page's search finds: of each resource its id, name, addresses, ranges, DNS names and tags.
//!
//! The index is columns of texts, one entry a resource, so that it is small and is searched as one text.
//!
//! **Invariant:** whole tables are left out when there is no room, the least useful first, and the page says which.

use serde::Serialize;

use super::report_limits::{FoldedPart, SEARCHED, SEARCHED_TEXT};
use crate::answers::facts::{Facts, Resource};
use crate::answers::lookup::searched_values;
use crate::answers::searched::name_column;

/// The resources that the page finds.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct SearchIndex {
    pub(super) tables: Vec<&'static str>,
    pub(super) accounts: Vec<String>,
    pub(super) regions: Vec<String>,
    /// A line for each resource: the numbers of its table, account and region, its id, its name, and everything else that it
    /// is found by. Fields are separated by U+001F, and what it is found by too. Texts have no such character and no line
    /// feed.
    pub(super) lines: String,
}

/// Tables that people search for last. They are left out first.
const LAST: [&str; 9] = [
    "ec2_security_group_rules",
    "ec2_snapshots",
    "ec2_public_snapshots",
    "ec2_instance_status",
    "ec2_spot_instance_requests",
    "ec2_transit_gateway_routes",
    "ec2_security_group_vpc_associations",
    "ec2_account_settings",
    "ec2_network_acls",
];

/// The tables that a page searches, those that are left out last first.
fn in_order(tables: &[&'static str]) -> Vec<&'static str> {
    let mut ordered: Vec<&'static str> = tables.iter().copied().filter(|table| !LAST.contains(table)).collect();
    ordered.extend(LAST.iter().rev().copied().filter(|table| tables.contains(table)));
    ordered
}

/// Makes the index of the selected resources of these tables.
pub(super) fn index(facts: &Facts, tables: &[&'static str], most: usize) -> (SearchIndex, Vec<FoldedPart>) {
    let (mut index, mut folded, mut room) = (SearchIndex::default(), Vec::new(), most);
    let mut numbers = IndexNumbers::default();
    // A table without room is left out, and those after it that have room are not.
    let mut sized: Vec<(usize, &'static str)> = Vec::new();
    for table in in_order(tables) {
        let count = facts.selected(table).count();
        if count > 0 {
            sized.push((count, table));
        }
    }
    for (count, table) in sized {
        if count > room {
            folded.push(FoldedPart {
                what: format!("{table} in the search"),
                shown: 0,
                total: count,
                command: "rolecall where".to_owned(),
            });
            continue;
        }
        room -= count;
        let number = index.tables.len();
        index.tables.push(table);
        let name = name_column(table);
        for resource in facts.selected(table) {
            let account = numbers.account(resource.account_id(), &mut index.accounts);
            let region = numbers.region(resource.region(), &mut index.regions);
            index.push(number, account, region, resource, name);
        }
    }
    (index, folded)
}

/// The numbers of accounts and regions.
#[derive(Default)]
struct IndexNumbers {
    accounts: std::collections::HashMap<String, usize>,
    regions: std::collections::HashMap<String, usize>,
}

impl IndexNumbers {
    fn account(&mut self, account: &str, list: &mut Vec<String>) -> usize {
        number(&mut self.accounts, account, list)
    }

    fn region(&mut self, region: &str, list: &mut Vec<String>) -> usize {
        number(&mut self.regions, region, list)
    }
}

fn number(numbers: &mut std::collections::HashMap<String, usize>, text: &str, list: &mut Vec<String>) -> usize {
    if let Some(number) = numbers.get(text) {
        return *number;
    }
    list.push(text.to_owned());
    numbers.insert(text.to_owned(), list.len() - 1);
    list.len() - 1
}

impl SearchIndex {
    fn push(
        &mut self,
        table: usize,
        account: usize,
        region: usize,
        resource: Resource<'_>,
        name: Option<&'static str>,
    ) {
        let tags = resource.tags();
        let name_tag = tags.get("Name").filter(|name| !name.is_empty()).map(String::as_str);
        let name = name_tag.or_else(|| name.and_then(|column| resource.text(column)));
        self.lines.push_str(&format!("{table}\u{1f}{account}\u{1f}{region}\u{1f}"));
        self.text(resource.id());
        self.lines.push('\u{1f}');
        self.text(name.unwrap_or_default());
        for value in searched_values(resource) {
            self.lines.push('\u{1f}');
            self.text(&value);
        }
        for (key, value) in tags.iter().filter(|(key, _)| *key != "Name") {
            self.lines.push('\u{1f}');
            self.text(&format!("{key}={value}"));
        }
        self.lines.push('\n');
    }

    /// Adds a text without the characters that separate fields and lines, and not more of it than somebody searches.
    fn text(&mut self, text: &str) {
        let shown = text.chars().take(SEARCHED_TEXT);
        self.lines.extend(shown.map(|character| if matches!(character, '\u{1f}' | '\n') { ' ' } else { character }));
    }
}

/// The most resources of a page's search.
pub(super) const MOST: usize = SEARCHED;
