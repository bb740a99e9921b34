//! The digest of a row by its columns, for rows that have none of AWS's response.
//!
//! **Invariant:** never compared with a digest of the response: both sides of a comparison are made in the same way.

use serde_json::{Map, Value};

use super::Table;
use crate::decode::json_hash;
use crate::inventory::OPENING_COLUMNS;

/// The opening columns that are part of the resource.
const OWN: [&str; 4] = ["id", "arn", "owner_id", "tags"];

impl Table {
    /// The digest of a row, an object with a member for each column. JSON columns are JSON, not text. Measures do not count.
    pub(crate) fn digest_of_columns(&self, row: Map<String, Value>) -> u64 {
        json_hash(&Value::Object(self.counted(row)))
    }

    /// The columns of a row that a digest counts, without measures.
    pub(crate) fn counted(&self, mut row: Map<String, Value>) -> Map<String, Value> {
        row.retain(|name, _| OWN.contains(&name.as_str()) || !OPENING_COLUMNS.contains(&name.as_str()));
        for measure in self.entry.measures.iter().filter(|measure| measure.detail.is_empty()) {
            let (member, within) =
                measure.member.split_once('.').map_or((measure.member, None), |(first, rest)| (first, Some(rest)));
            let Some((_, member)) = self.selector.item().member(member) else { continue };
            match within {
                None => drop(row.remove(member.column)),
                Some(name) => row.get_mut(member.column).into_iter().for_each(|value| remove(value, name)),
            }
        }
        row
    }
}

/// Removes a member wherever it stands.
fn remove(value: &mut Value, name: &str) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| remove(element, name)),
        Value::Object(members) => {
            members.remove(name);
            members.values_mut().for_each(|member| remove(member, name));
        }
        _ => {}
    }
}
